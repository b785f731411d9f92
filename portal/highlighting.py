"""Colour for code samples: JSON and shell text in, escaped HTML with the classes of display.css (tok-…) out."""

import json
import re

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

JSON_TOKENS = re.compile(
    r"""(?P<key>"(?:[^"\\]|\\.)*"(?=\s*:))|(?P<string>"(?:[^"\\]|\\.)*")"""
    r"""|(?P<number>-?\b\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\b)|(?P<word>\b(?:true|false|null)\b)"""
)
SHELL_TOKENS = re.compile(
    r"""(?P<comment>(?<!\S)\#[^\n]*)|(?P<string>'[^']*'|"(?:[^"\\]|\\.)*")|(?P<flag>(?<!\S)--?[A-Za-z][\w-]*)"""
    r"""|(?P<word>(?<!\S)(?:curl|aws|export|docker|pip|python|npm)(?!\S))"""
)


def highlight_json(text: str) -> SafeString:
    """Colour JSON; text that is no JSON comes back escaped with whatever looks like a token coloured."""
    return _highlight(JSON_TOKENS, text)


def highlight_body(body: str, most: int | None = None) -> str:
    """A body up to `most` characters, coloured where the whole of it is JSON."""
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return body[:most]
    return highlight_json(body[:most])


def highlight_shell(text: str) -> SafeString:
    """Colour a shell command: flags, strings, comments and the best-known commands."""
    return _highlight(SHELL_TOKENS, text)


def _highlight(tokens: re.Pattern[str], text: str) -> SafeString:
    parts: list[str] = []
    end = 0
    for match in tokens.finditer(text):
        parts.append(escape(text[end : match.start()]))
        parts.append(f'<span class="tok-{match.lastgroup}">{escape(match.group())}</span>')
        end = match.end()
    parts.append(escape(text[end:]))
    return mark_safe("".join(parts))  # noqa: S308  every piece was escaped above
