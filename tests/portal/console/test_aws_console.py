"""docs/aws-console.md is true: each of its ways can be walked link by link from the first page, and ends at the controls it names."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urljoin

import pytest
from django.test import Client

from apps.control_plane.caller import Caller
from tests.portal.console.aws_world import furnish
from tests.portal.console.page_controls import Control, controls
from tests.portal.console.reading import text, words

TABLE = Path(__file__).resolve().parents[3] / "docs" / "aws-console.md"
HOME = "/console/"
MOST_STEPS = 6
"""Links from the first page to where something is done."""
FEWEST_PROCEDURES = 140


class Page(NamedTuple):
    """A page as somebody reads it."""

    address: str
    controls: list[Control]
    words: str


class Row(NamedTuple):
    """A line of a table: what one wants to do, the way, and what is there."""

    chapter: str
    procedure: str
    way: str
    controls: str

    @property
    def steps(self) -> list[str]:
        return [step.strip("* ") for step in self.way.split("›")]


def _rows() -> list[Row]:
    rows, chapter = [], ""
    for line in TABLE.read_text().splitlines():
        if line.startswith("## "):
            chapter = line[3:]
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if (
            line.startswith("|")
            and len(cells) == 4
            and "›" not in cells[0]
            and not cells[0].startswith(("---", "In AWS"))
        ):
            rows.append(Row(chapter, cells[0], cells[2], cells[3]))
    return rows


CHAPTERS = sorted({row.chapter for row in _rows()})


def _found(offered: list[Control], wanted: str) -> list[Control]:
    """What is called so; a name may go on behind a colon or with a count, and fields say that they are optional."""
    pattern = re.compile(".+".join(map(re.escape, wanted.split("…"))) + r"(: .+| \d+)?")
    return [one for one in offered if pattern.fullmatch(one.name.removesuffix(" optional"))]


@dataclass
class Walker:
    """Somebody who goes from page to page; a page that they know they do not ask for again."""

    client: Client
    known: dict[str, Page] = field(default_factory=dict)

    def open(self, address: str) -> Page:
        if address not in self.known:
            response = self.client.get(address)
            assert response.status_code == 200, f"{address} answers {response.status_code}"
            self.known[address] = Page(address, controls(text(response)), words(response))
        return self.known[address]

    def lost(self, row: Row) -> str:
        """Why the way does not lead there; empty when it does."""
        return self._lost(self.open(HOME), row.steps, row.controls)

    def _lost(self, page: Page, steps: list[str], wanted: str) -> str:
        """Where two links have one name, as the account's Dashboard and the API's, either may be the way."""
        if not steps:
            return _missing(page, wanted)
        links = [one for one in _found(page.controls, steps[0]) if one.kind == "a" and one.address]
        reasons = [f"{page.address} has no link “{steps[0]}”"] if not links else []
        for link in links:
            following = self.open(urljoin(page.address, link.address).partition("#")[0])
            reasons.append(self._lost(following, steps[1:], wanted))
            if not reasons[-1]:
                return ""
        return reasons[0]


def _missing(page: Page, wanted: str) -> str:
    """What a page lacks: controls stand in bold, what it says in quotes."""
    for name in re.findall(r"\*\*(.+?)\*\*", wanted):
        if not _found(page.controls, name):
            return f"{page.address} has no “{name}”"
    for sentence in re.findall(r"“(.+?)”", wanted):
        if sentence not in page.words:
            return f"{page.address} does not say “{sentence}”"
    return ""


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_way_leads_there(owner: Client, caller: Caller, chapter: str) -> None:
    furnish(caller)

    walker = Walker(owner)

    lost = [f"{row.procedure}: {why}" for row in _rows() if row.chapter == chapter and (why := walker.lost(row))]

    assert not lost, "\n".join(lost)


def test_no_way_is_long_and_every_one_ends_at_something() -> None:
    rows = _rows()

    assert len({row.procedure for row in rows}) >= FEWEST_PROCEDURES
    assert [row.procedure for row in rows if len(row.steps) > MOST_STEPS] == []
    assert [row.procedure for row in rows if "**" not in row.controls and "“" not in row.controls] == []
