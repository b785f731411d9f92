"""Reading a page in a test."""

from __future__ import annotations

import html
import re
from typing import Any


def text(response: Any) -> str:
    """A page as its HTML."""
    return str(response.content.decode())


def words(response: Any) -> str:
    """What a page says: its words without markup, one space between them."""
    plain = re.sub(r"<(script|style|template)\b.*?</\1>|<[^>]+>", " ", text(response), flags=re.DOTALL)
    return " ".join(html.unescape(plain).split())
