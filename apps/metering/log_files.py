"""The access and execution logs of stages, read where the data plane writes them: newest first, in blocks from the end.

A log is a file and the one before it (`.log.1`). A *position* is a file's number and an offset in it, so that it holds while lines
are added and when the file is put aside. How much one call reads is bounded: it says how far it came, and the next goes on there.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Collection, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

from apps.core.log_events import LogEvent, Reader

KINDS = ("access", "execution")

_BLOCK = 64 * 1024
_LONGEST_LINE = 1024 * 1024
_MOST_BYTES = 32 * 1024 * 1024
_MOST_SECONDS = 0.8
# A line tells when its request came, and is written when it was answered: a stream may take so long.
_LATE_SECONDS = 15 * 60
_NAME = re.compile(r"(?:[A-Za-z0-9_-]{1,128}|\$default)(?:/Canary)?\Z").match
_PLAIN = re.compile(r"[\w./:=+-]+\Z", re.ASCII).match  # written as it is, whatever the format


class NoSuchLog(Exception):
    """A kind or a name that no log can have."""


class Position(NamedTuple):
    """Where in a log: before the byte `offset` of the file with the number `file`."""

    file: int
    offset: int

    def __str__(self) -> str:
        return f"{self.file}-{self.offset}"


def position(text: str) -> Position | None:
    """A position as a page has kept it; None for anything else."""
    match = re.fullmatch(r"(\d{1,20})-(\d{1,15})", text, re.ASCII)
    return Position(int(match[1]), int(match[2])) if match else None


@dataclass(frozen=True)
class LogFilter:
    """Which lines; a member that is empty asks for nothing. Times are seconds since the epoch.

    `status` is a number or a class (`4xx`), `path` part of the path, `key` the end of an API key or its id.
    """

    text: str = ""
    status: str = ""
    path: str = ""
    key: str = ""
    request_id: str = ""
    start: float | None = None
    end: float | None = None

    def takes(self, event: LogEvent) -> bool:
        if self.start is not None and (event.at is None or event.at < self.start):
            return False
        if self.end is not None and (event.at is None or event.at > self.end):
            return False
        fields = event.fields
        status = fields.get("status", "")
        return (
            (self.text in event.text or self.text == fields.get("request_id"))
            and (not self.status or self.status in (status, f"{status[:1]}xx"))
            and (not self.path or self.path in fields.get("path", ""))
            and (not self.key or fields.get("key", "").endswith(self.key))
            and (not self.request_id or fields.get("request_id") == self.request_id)
        )

    @property
    def needles(self) -> tuple[bytes, ...]:
        """What a line must hold as it is written: most lines need not be taken apart."""
        status = self.status if self.status.isdigit() else ""  # classes and words are not written as they are
        wanted = (self.text, self.path, self.key, self.request_id, status)
        return tuple(value.encode() for value in wanted if _PLAIN(value))


@dataclass(frozen=True)
class Found:
    """Lines, newest first. `older` is where to search on, None where nothing older is left to look at.

    `cut` says that the search gave up before it had as many lines as it was asked for; `read` is how many bytes it looked at, and
    `reached` the time of the oldest line among them, where lines tell.
    """

    events: list[LogEvent]
    older: Position | None
    cut: bool
    read: int
    reached: float | None


@dataclass(frozen=True)
class LogFile:
    """A log of a stage that has been written: `name` is the stage's, or the stage's and `/Canary`."""

    kind: str
    api_id: str
    name: str
    size: int
    written_at: float


class LogFiles:
    """The logs in a directory: `access/{api}/{stage}.log`, `execution/{api}/{stage}.log`."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def of_apis(self, api_ids: Collection[str]) -> list[LogFile]:
        """What has been written for these APIs, what was written last first."""
        found = [file for kind in KINDS for file in self._below(kind) if file.api_id in api_ids]
        return sorted(found, key=lambda file: file.written_at, reverse=True)

    def _below(self, kind: str) -> Iterator[LogFile]:
        folder = self._directory / kind
        for path in (*folder.glob("*/*.log"), *folder.glob("*/*/Canary.log")):
            api_id, _, name = str(path.relative_to(folder)).removesuffix(".log").partition("/")
            if _NAME(name):
                with suppress(FileNotFoundError):  # it has just been put aside
                    seen = path.stat()
                    yield LogFile(kind, api_id, name, seen.st_size, seen.st_mtime)

    def newest(self, kind: str, api_id: str, name: str) -> Position | None:
        """Where the log ends now; None where there is none. It changes whenever something has been written."""
        try:
            return end_of(self._path(kind, api_id, name))
        except NoSuchLog:
            return None

    def search(
        self, kind: str, api_id: str, name: str, read: Reader, wanted: LogFilter, most: int, before: Position | None
    ) -> Found:
        """The newest lines before a position that the filter takes, as far as one call reads. Raises `NoSuchLog`."""
        return search(self._path(kind, api_id, name), read, wanted, most, before)

    def of_function(self, account_id: str, region: str, name: str) -> Path:
        """Where the host writes what a function prints."""
        return self._directory / "functions" / account_id / region / f"{name}.log"

    def _path(self, kind: str, api_id: str, name: str) -> Path:
        if kind not in KINDS or not _NAME(api_id) or not _NAME(name):
            raise NoSuchLog(f"{kind}/{api_id}/{name}")
        return self._directory / kind / api_id / f"{name}.log"


def end_of(path: Path) -> Position | None:
    """Where a log ends now; None where there is none."""
    try:
        seen = path.stat()
    except FileNotFoundError:
        return None
    return Position(seen.st_ino, seen.st_size)


def search(path: Path, read: Reader, wanted: LogFilter, most: int, before: Position | None) -> Found:
    """The newest lines before a position that the filter takes, as far as one call reads."""
    with ExitStack() as opened:
        files = _open(path, opened)
        return _Search(read, wanted, most).through(files, before)


def _open(path: Path, opened: ExitStack) -> dict[int, BinaryIO]:
    """The file and the one before it, by number. They may change places while this looks."""
    files: dict[int, BinaryIO] = {}
    for each in (path, path.with_name(f"{path.name}.1")):
        try:
            file = opened.enter_context(each.open("rb"))
        except FileNotFoundError:
            continue
        files.setdefault(os.fstat(file.fileno()).st_ino, file)
    return files


class _Search:
    """One call's way backwards."""

    def __init__(self, read: Reader, wanted: LogFilter, most: int) -> None:
        self._read = read
        self._wanted = wanted
        self._most = most
        self._needles = wanted.needles
        self._events: list[LogEvent] = []
        self._bytes = 0
        self._reached: float | None = None
        self._deadline = time.monotonic() + _MOST_SECONDS

    def through(self, files: dict[int, BinaryIO], before: Position | None) -> Found:
        """Look at the files, the younger one first, until enough is found or the search has taken its time."""
        numbers = list(files)
        if before is not None:
            # What has been put aside twice is gone, and with it all that was older.
            numbers = numbers[numbers.index(before.file) :] if before.file in files else []
        for number in numbers:
            end = before.offset if before is not None and before.file == number else None
            for start, lines in _blocks(files[number], self._end(files[number], end)):
                at = self._take(start, lines)
                if self._is_past():
                    return Found(self._events, None, False, self._bytes, self._reached)
                full = len(self._events) == self._most
                if full or self._bytes >= _MOST_BYTES or time.monotonic() > self._deadline:
                    is_last = at == 0 and number == numbers[-1]
                    older = None if is_last else Position(number, at)
                    return Found(self._events, older, older is not None and not full, self._bytes, self._reached)
        return Found(self._events, None, False, self._bytes, self._reached)

    def _take(self, start: int, lines: list[bytes]) -> int:
        """Look at a block's lines from its end; returns where the last one that was looked at begins."""
        size = sum(map(len, lines)) + len(lines)
        self._bytes += size
        at = start + size
        for number, line in enumerate(reversed(lines)):
            at -= len(line) + 1
            # One line of each block is read in any case: it tells how far the search has come.
            if number + 1 < len(lines) and not all(needle in line for needle in self._needles):
                continue
            event = self._read(line.decode("utf-8", "replace"))
            self._reached = event.at or self._reached
            if self._wanted.takes(event):
                self._events.append(event)
                if len(self._events) == self._most:
                    break
        return at

    def _is_past(self) -> bool:
        start = self._wanted.start
        return start is not None and self._reached is not None and self._reached < start - _LATE_SECONDS

    def _end(self, file: BinaryIO, given: int | None) -> int:
        """Where to begin, backwards: what is certainly younger than the filter's end is left out by halves."""
        high = file.seek(0, os.SEEK_END)
        high = high if given is None else min(given, high)
        if self._wanted.end is None:
            return high
        low = 0
        while high - low > _BLOCK:
            middle = (low + high) // 2
            file.seek(middle)
            file.readline(_BLOCK)
            place = file.tell()
            line = file.readline(_BLOCK)
            at = self._read(line.decode("utf-8", "replace").rstrip("\n")).at if place < high else None
            if at is not None and at > self._wanted.end + _LATE_SECONDS:
                high = place
            else:
                low = middle
        return high


def _blocks(file: BinaryIO, end: int) -> Iterator[tuple[int, list[bytes]]]:
    """Whole lines before `end`, in blocks from the back: where a block begins, and its lines. A line half written is left out."""
    size = _BLOCK
    while end > 0:
        start = max(0, end - size)
        file.seek(start)
        data = file.read(end - start)
        first = 0 if start == 0 else data.find(b"\n") + 1
        last = data.rfind(b"\n") + 1
        if last > first:
            yield start + first, data[first : last - 1].split(b"\n")
            end = start + first
        elif start == 0 or size >= _LONGEST_LINE:
            end = start
        else:
            size *= 2  # one line fills the block
            continue
        size = _BLOCK
