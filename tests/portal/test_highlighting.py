"""Coloured code samples stay the text they were, and stay harmless."""

import html
import re

from portal.highlighting import highlight_json, highlight_shell


def plain(marked: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", marked))


def test_keys_strings_numbers_and_words_of_json_are_told_apart():
    marked = highlight_json('{"id": 42, "name": "Moss", "ok": true}')

    assert re.findall(r'tok-(\w+)">([^<]+)<', marked) == [
        ("key", "&quot;id&quot;"),
        ("number", "42"),
        ("key", "&quot;name&quot;"),
        ("string", "&quot;Moss&quot;"),
        ("key", "&quot;ok&quot;"),
        ("word", "true"),
    ]


def test_colour_changes_no_character():
    text = "curl -H 'x-api-key: a<b>&c' \\\n  https://api.example.com/a?b=1&c=2 # \"try\""

    assert plain(highlight_shell(text)) == text


def test_markup_in_the_text_is_escaped():
    assert "<script>" not in highlight_json('{"a": "<script>alert(1)</script>", <script>')
