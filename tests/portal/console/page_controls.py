"""What a page offers, by the names that a screen reader says: links, buttons, fields, tabs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset(["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"])
FIELDS = frozenset({"input", "select", "textarea"})
NAMED_BY_CONTENT = frozenset(
    {"a", "button", "summary", "label", "legend", "option", "h1", "h2", "h3", "h4", "dt", "th"}
)


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    children: list[Element | str] = field(default_factory=list)
    parent: Element | None = None

    def walk(self) -> Iterator[Element]:
        yield self
        for child in self.children:
            if isinstance(child, Element):
                yield from child.walk()

    @property
    def text(self) -> str:
        """What is read of it: its words, its pictures' names, and not what is hidden."""
        if self.attributes.get("aria-hidden") == "true" or self.tag in ("script", "style", "template", "svg"):
            return ""
        if "aria-label" in self.attributes and self.tag != "label":
            return self.attributes["aria-label"]
        said = [child.text if isinstance(child, Element) else child for child in self.children if _is_said(child)]
        return " ".join(" ".join(said).split())


def _is_said(child: Element | str) -> bool:
    return isinstance(child, str) or child.tag not in FIELDS


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.top = Element("page", {})
        self.at = self.top

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "wbr":  # it divides a word for the eye alone
            return
        element = Element(tag, {name: value or "" for name, value in attrs}, parent=self.at)
        self.at.children.append(element)
        if tag not in VOID:
            self.at = element

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close the nearest element of this name; what HTML leaves open below it ends with it."""
        found: Element | None = self.at
        while found is not None and found.tag != tag:
            found = found.parent
        if found is not None and found.parent is not None:
            self.at = found.parent

    def handle_data(self, data: str) -> None:
        before = self.at.children
        if before and isinstance(before[-1], str):
            before[-1] += data
        else:
            before.append(data)


@dataclass(frozen=True)
class Control:
    """A thing to act on (or a heading, a term, a choice) with its name; where it leads if it is a link."""

    kind: str
    name: str
    address: str = ""


def controls(page: str) -> list[Control]:
    reader = _Reader()
    reader.feed(page)
    elements = list(reader.top.walk())
    labels = {
        element.attributes["for"]: element.text
        for element in elements
        if element.tag == "label" and "for" in element.attributes
    }
    found = []
    for element in elements:
        name = _name(element, labels)
        if name:
            found.append(Control(element.attributes.get("role", element.tag), name, element.attributes.get("href", "")))
    return found


def _name(element: Element, labels: dict[str, str]) -> str:
    if element.tag in NAMED_BY_CONTENT:
        return element.text or element.attributes.get("title", "")
    if element.tag in FIELDS and element.attributes.get("type") != "hidden":
        return element.attributes.get("aria-label") or labels.get(element.attributes.get("id", ""), "")
    return ""
