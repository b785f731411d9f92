"""Logs read from their end, with a bound on what one call reads."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.log_events import LogEvent, access_log_reader
from apps.metering import log_files
from apps.metering.log_files import LogFiles, LogFilter, NoSuchLog, Position, position
from gateway_runtime.stores.access_logs import FileAccessLogs

API = "a1b2c3d4e5"
read = access_log_reader("$context.requestTimeEpoch $context.status $context.requestId $context.path")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "access" / API / "prod.log"
    path.parent.mkdir(parents=True)
    return path


def line(number: int, status: int = 200, path: str = "/pets") -> str:
    return f"{(1_700_000_000 + number) * 1000} {status} r{number} {path}\n"


def numbers(found: log_files.Found) -> list[int]:
    return [int(event.fields["request_id"][1:]) for event in found.events]


def search(log: Path, most: int = 10, before: Position | None = None, **wanted: object) -> log_files.Found:
    files = LogFiles(log.parents[2])
    return files.search("access", API, "prod", read, LogFilter(**wanted), most, before)  # type: ignore[arg-type]


def test_pages_lead_back_through_the_file_before_to_the_first_line(log: Path) -> None:
    log.with_name("prod.log.1").write_text("".join(map(line, range(5_000))))
    log.write_text("".join(map(line, range(5_000, 10_000))))

    seen, before = [], None
    while True:
        found = search(log, 700, before)
        seen += numbers(found)
        if found.older is None:
            break
        before = position(str(found.older))

    assert seen == list(range(9_999, -1, -1))


def test_a_page_goes_on_where_it_was_after_the_file_was_put_aside(log: Path) -> None:
    log.write_text("".join(map(line, range(20))))
    first = search(log, 5)
    log.replace(log.with_name("prod.log.1"))
    log.write_text("".join(map(line, range(20, 30))))

    assert numbers(search(log, 5, first.older)) == [14, 13, 12, 11, 10]


def test_what_was_put_aside_twice_is_the_end(log: Path) -> None:
    log.write_text("".join(map(line, range(20))))
    first = search(log, 5)
    kept = log.open("rb")  # so that no other file gets its number
    log.unlink()
    log.write_text(line(20))

    found = search(log, 5, first.older)
    kept.close()

    assert (found.events, found.older) == ([], None)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"status": "5xx"}, [7]),
        ({"status": "504"}, [7]),
        ({"path": "/cats"}, [5]),
        ({"request_id": "r3"}, [3]),
        ({"text": "r4"}, [4]),
        ({"text": "no such"}, []),
        ({"start": 1_700_000_008.0}, [9, 8]),
        ({"end": 1_700_000_001.0}, [1, 0]),
    ],
)
def test_filters_leave_what_was_asked_for(log: Path, wanted: dict[str, object], expected: list[int]) -> None:
    log.write_text("".join(line(n, 504 if n == 7 else 200, "/cats" if n == 5 else "/pets") for n in range(10)))

    assert numbers(search(log, **wanted)) == expected


def test_a_search_gives_up_after_its_bytes_and_says_where(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_files, "_MOST_BYTES", 100_000)
    log.write_text("".join(line(n, 504 if n == 0 else 200) for n in range(20_000)))

    found = search(log, status="504")
    assert (found.events, found.cut) == ([], True)
    assert found.read < 200_000
    assert found.reached is not None
    calls = 1
    while found.older is not None:
        found = search(log, before=found.older, status="504")
        calls += 1

    assert numbers(found) == [0]
    assert calls > 3


def test_a_range_long_past_is_found_without_reading_what_is_younger(log: Path) -> None:
    log.write_text("".join(line(n * 60) for n in range(100_000)))

    found = search(log, start=1_700_000_000.0 + 600, end=1_700_000_000.0 + 720)

    assert numbers(found) == [720, 660, 600]
    assert found.read < 400_000


def test_a_line_half_written_is_left_out_until_it_is_whole(log: Path) -> None:
    log.write_text(line(1) + line(2)[:10])

    assert numbers(search(log)) == [1]


def test_a_line_longer_than_a_block_is_one_line(log: Path) -> None:
    log.write_text(line(1) + line(2, path="/" + "x" * 300_000) + line(3))

    assert numbers(search(log)) == [3, 2, 1]


@given(
    st.lists(st.text(st.characters(exclude_characters="\n", codec="utf-8"), max_size=40), max_size=60),
    st.integers(1, 9),
)
def test_every_line_comes_once_whatever_the_pages(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], most: int
) -> None:
    folder = tmp_path_factory.mktemp("logs")
    (folder / "access" / API).mkdir(parents=True)
    (folder / "access" / API / "prod.log").write_bytes("".join(f"{text}\n" for text in texts).encode())

    seen: list[str] = []
    before = None
    while True:
        found = LogFiles(folder).search("access", API, "prod", LogEvent, LogFilter(), most, before)
        seen += [event.text for event in found.events]
        if found.older is None:
            break
        before = found.older

    assert seen == texts[::-1]


def test_what_workers_write_is_found_with_its_canary(tmp_path: Path) -> None:
    for worker in range(2):
        logs = FileAccessLogs(tmp_path / "access")
        logs.start()
        logs.write(API, "prod", line(worker))
        logs.write(API, "prod/Canary", line(worker))
        logs.close()

    files = LogFiles(tmp_path)
    assert sorted((file.kind, file.name) for file in files.of_apis({API})) == [
        ("access", "prod"),
        ("access", "prod/Canary"),
    ]
    assert files.of_apis({"other00000"}) == []
    assert numbers(files.search("access", API, "prod/Canary", read, LogFilter(), 10, None)) == [1, 0]


@pytest.mark.parametrize("name", ["../prod", "prod/../x", "/etc/passwd", "", "prod.log", "a/b"])
def test_no_name_leads_out_of_the_directory(tmp_path: Path, name: str) -> None:
    with pytest.raises(NoSuchLog):
        LogFiles(tmp_path).search("access", API, name, read, LogFilter(), 1, None)


@pytest.mark.parametrize("text", ["", "1", "1-", "-1", "1-2-3", "٣-٤", "9" * 30 + "-1"])
def test_what_is_no_position_is_none(text: str) -> None:
    assert position(text) is None
