"""What lies in templates/ and static/ is used by something."""

import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOUND_BY_NAME = re.compile(r"account/|admin/|[45]\d\d(_csrf)?\.html")
"""Templates that Django, its admin and allauth look for."""


@cache
def told(*suffixes: str) -> str:
    """The text of all files of the product with such names."""
    places = [path for folder in ("templates", "static", "portal", "apps") for path in (ROOT / folder).rglob("*.*")]
    return "\n".join(path.read_text() for path in places if path.suffix in suffixes)


def test_every_template_is_shown():
    names = [str(path.relative_to(ROOT / "templates")) for path in (ROOT / "templates").rglob("*.*")]
    text = told(".html", ".py")
    composed = [re.escape(name) for name in re.findall(r"[\w/]*\{[\w.]+\}[\w/]*\.html", text)]
    made = re.compile("|".join(re.sub(r"\\\{.*?\\\}", r"[\\w/]+", name) for name in composed))

    unused = [name for name in names if name not in text and not FOUND_BY_NAME.match(name)]

    assert [name for name in unused if not made.fullmatch(name)] == []


def test_every_static_file_is_asked_for():
    text = told(".html", ".py", ".js", ".css")

    assert [path.name for path in (ROOT / "static").rglob("*.*") if path.name not in text] == []


def test_every_class_of_a_style_sheet_is_worn():
    styles = re.sub(r'/\*.*?\*/|url\([^)]*\)|"[^"]*"', "", told(".css"), flags=re.DOTALL)
    text = told(".html", ".py", ".js")
    words = set(re.findall(r"[\w-]+", text))
    # Such as `tone-{{ tone }}`; and htmx marks what asks.
    beginnings = ("htmx-", *re.findall(r"([a-zA-Z][\w-]*-)(?=\$?\{)", text))

    classes = set(re.findall(r"\.(-?[a-zA-Z_][\w-]*)", styles))

    assert {name for name in classes - words if not name.startswith(beginnings)} == set()


def test_every_property_of_a_style_sheet_is_read():
    made = set(re.findall(r"(--[\w-]+)\s*:", told(".css")))

    assert made - set(re.findall(r"var\(\s*(--[\w-]+)", told(".css", ".html", ".js", ".py"))) == set()
