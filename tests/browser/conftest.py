"""A running product and a real Chromium in front of it."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, sync_playwright

from tests.installation import Installation

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = os.environ.get("GATEHOUSE_TEST_CHROMIUM") or shutil.which("chromium") or ""
# Where the README's pictures go; without it they are taken all the same, into the test's own folder.
PICTURES = os.environ.get("GATEHOUSE_TEST_PICTURES", "")


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """The whole product as its first run leaves it."""
    installation = Installation(tmp_path_factory.mktemp("installation"))
    try:
        installation.start()
        yield installation
    finally:
        installation.end()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
        )
        yield browser
        browser.close()


class Visit:
    """One person's browser: a page, and everything that went wrong on it."""

    def __init__(self, context: BrowserContext, base: str) -> None:
        self.context = context
        self.base = base
        self.problems: list[str] = []
        self.page: Page = context.new_page()
        self.page.set_default_timeout(10_000)
        self.page.on("console", lambda message: self._note(message.type == "error", f"console: {message.text}"))
        self.page.on("pageerror", lambda error: self._note(True, f"script: {error}"))
        self.page.on("request", self._check_host)

    def _note(self, bad: bool, text: str) -> None:
        # The browser itself reports an answer of 4xx as an error of the page; what the answer was is the test's affair.
        if bad and "Failed to load resource" not in text:
            self.problems.append(text)

    def _check_host(self, request: Request) -> None:
        if not request.url.startswith((self.base, "data:", "blob:", "about:")):
            self.problems.append(f"request to another host: {request.url}")


@pytest.fixture
def visit(product: Installation, chromium: Browser, tmp_path: Path) -> Iterator[Callable[..., Visit]]:
    """`visit()` opens a browser of its own; at the end no page may have had an error or asked another host."""
    visits: list[Visit] = []

    def open_browser(width: int = 1280, height: int = 860, theme: str = "light") -> Visit:
        context = chromium.new_context(
            viewport={"width": width, "height": height},
            color_scheme=theme,  # type: ignore[arg-type]
            base_url=product.endpoints["control"],
            reduced_motion="reduce",
        )
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        visits.append(Visit(context, product.endpoints["control"]))
        return visits[-1]

    yield open_browser
    for opened in visits:
        opened.context.close()
    assert [problem for opened in visits for problem in opened.problems] == []


@pytest.fixture
def picture(tmp_path: Path) -> Callable[[Page, str], Path]:
    """`picture(page, name)` keeps what a page looks like."""
    folder = ROOT / PICTURES if PICTURES else tmp_path
    folder.mkdir(parents=True, exist_ok=True)

    def take(page: Page, name: str) -> Path:
        assert re.fullmatch(r"[a-z-]+", name)
        path = folder / f"{name}.png"
        page.screenshot(path=path)
        return path

    return take
