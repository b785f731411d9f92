"""Markdown that an API's owner wrote, as HTML that is safe to show: an allow-list on the output, whatever went in."""

from __future__ import annotations

from functools import cache

import nh3
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

_TAGS = {
    "a", "blockquote", "br", "code", "del", "em", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "s",
    "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}, "th": {"scope"}}
_LONGEST = 100_000

_markdown = MarkdownIt("commonmark", {"html": False, "linkify": False, "maxNesting": 20}).enable(
    ["table", "strikethrough"]
)


def render_markdown(text: str) -> SafeString:
    """HTML of a Markdown text, up to 100,000 characters of it. Headings start at h2; pictures, styles and scripts are left out.

    Links may go to http, https and mailto addresses and to places on this site, and are marked `noopener nofollow`.
    """
    rendered = _markdown.render(text[:_LONGEST])
    # The page has an h1 of its own. Text in the Markdown cannot look like a tag here: it is escaped by now.
    rendered = rendered.replace("<h1>", "<h2>").replace("</h1>", "</h2>")
    clean = nh3.clean(
        rendered,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener nofollow",
        strip_comments=True,
    )
    # What is wider than the page scrolls, by keyboard too, and is copied by a button as all code is.
    framed = clean.replace("<pre>", f'<div class="code">{_code_head()}<pre tabindex="0">').replace(
        "</pre>", "</pre></div>"
    )
    return mark_safe(framed)  # noqa: S308 - nh3 rebuilt it from the allow-list


@cache
def _code_head() -> str:
    button = render_to_string("components/copy_button.html", {"text": "", "label": "Copy"})
    return f'<div class="code-head"><span></span>{button}</div>'
