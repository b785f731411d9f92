"""A page as a browser reads it: links, forms with what they would send, the errors that it shows."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

Attributes = dict[str, str | None]
Pair = tuple[str, str]

TYPED = frozenset({"text", "search", "url", "email", "number", "tel", "date", "datetime-local", "textarea", "password"})
_BUTTONS = frozenset({"submit", "image"})
_VOID = frozenset(
    {"input", "br", "hr", "img", "meta", "link", "source", "wbr", "col", "area", "base", "embed", "track"}
)
_ITS_TEXT = "(the text of the option)"
_ERROR_CLASSES = ("field-error", "tone-danger", "errorlist", "tone-error")


@dataclass(frozen=True)
class Field:
    """A control of a form. `values` are what it would send as it stands: none for a box without its tick."""

    name: str
    type: str
    values: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    required: bool = False


@dataclass(frozen=True)
class Form:
    """`page` is where it was read; `button` the name and value of the button that sends it, if it has a name."""

    page: str
    action: str
    method: str
    fields: tuple[Field, ...] = ()
    button: Pair | None = None
    multipart: bool = False
    fragment: bool = False
    """Whether a script sends it and takes a part of a page for an answer."""

    def pairs(self) -> list[Pair]:
        """What it sends as it stands, without files."""
        sent = [(each.name, value) for each in self.fields if each.type != "file" for value in each.values]
        return sent + ([self.button] if self.button else [])

    def typed(self) -> list[Field]:
        return [each for each in self.fields if each.type in TYPED]


@dataclass
class Page:
    """What was read of a page."""

    address: str
    links: list[str] = field(default_factory=list)
    fragments: list[str] = field(default_factory=list)
    """Addresses that scripts fetch parts of the page from."""
    forms: list[Form] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)


def read(address: str, html: str) -> Page:
    reader = _Reader(address)
    reader.feed(html)
    reader.close()
    return reader.finish()


@dataclass
class _Open:
    """A form that is being read: its own controls, and its buttons."""

    action: str
    method: str
    multipart: bool
    fragment: bool
    fields: list[Field] = field(default_factory=list)
    buttons: list[Pair | None] = field(default_factory=list)
    actions: dict[Pair | None, str] = field(default_factory=dict)
    disabled: bool = False


class _Reader(HTMLParser):
    def __init__(self, address: str) -> None:
        super().__init__(convert_charrefs=True)
        self.page = Page(address)
        self._forms: list[_Open] = []
        self._by_id: dict[str, _Open] = {}
        self._strays: list[tuple[str, Field | Pair | None]] = []
        self._form: _Open | None = None
        self._area: Field | None = None
        self._select: tuple[Field, bool] | None = None
        self._chosen: list[str] = []
        self._options: list[str] = []
        self._option: str | None = None
        self._option_chosen = False
        self._text: list[str] = []
        self._disabled_sets: list[bool] = []
        self._error_depth = 0
        self._words: list[str] = []
        self._owner: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given: Attributes = dict(attrs)
        if identity := given.get("id"):
            self.page.ids.append(identity)
        if self._error_depth:
            self._error_depth += tag not in _VOID
        elif any(name in (given.get("class") or "").split() for name in _ERROR_CLASSES):
            self._error_depth, self._words = 1, []
        if given.get("hx-get"):
            self.page.fragments.append(urljoin(self.page.address, given["hx-get"] or ""))
        reader = getattr(self, f"_start_{tag}", None)
        if reader is not None:
            reader(given)

    def handle_endtag(self, tag: str) -> None:
        if self._error_depth and tag not in _VOID:
            self._error_depth -= 1
            if not self._error_depth:
                self.page.errors.append(" ".join(" ".join(self._words).split()))
        reader = getattr(self, f"_end_{tag}", None)
        if reader is not None:
            reader()

    def handle_data(self, data: str) -> None:
        if self._area is not None or self._option is not None:
            self._text.append(data)
        if self._error_depth:
            self._words.append(data)

    def _start_a(self, given: Attributes) -> None:
        if given.get("href"):
            self.page.links.append(urljoin(self.page.address, given["href"] or ""))

    def _start_form(self, given: Attributes) -> None:
        scripted = given.get("hx-post")
        action = scripted or given.get("action") or self.page.address
        self._form = _Open(
            action=urljoin(self.page.address, action),
            method="post" if scripted else (given.get("method") or "get").lower(),
            multipart="multipart/form-data" in (given.get("enctype"), given.get("hx-encoding")),
            fragment=scripted is not None,
        )
        self._forms.append(self._form)
        if given.get("id"):
            self._by_id[given["id"] or ""] = self._form

    def _end_form(self) -> None:
        self._form = None

    def _start_fieldset(self, given: Attributes) -> None:
        self._disabled_sets.append("disabled" in given)

    def _end_fieldset(self) -> None:
        self._disabled_sets.pop()

    def _disabled(self, given: Attributes) -> bool:
        return "disabled" in given or any(self._disabled_sets)

    def _keep(self, control: Field | Pair | None, owner: str | None) -> None:
        if owner:
            self._strays.append((owner, control))
        elif self._form is not None:
            _add(self._form, control)

    def _start_input(self, given: Attributes) -> None:
        kind, name = (given.get("type") or "text").lower(), given.get("name") or ""
        if self._disabled(given):
            return
        if kind in _BUTTONS:
            self._keep((name, given.get("value") or "") if name else None, given.get("form"))
            return
        if not name or kind in ("button", "reset"):
            return
        value = given.get("value")
        if kind in ("checkbox", "radio"):
            box = value if value is not None else "on"
            values = (box,) if "checked" in given else ()
            self._keep(Field(name, kind, values, (box,), "required" in given), given.get("form"))
        else:
            values = () if kind == "file" else (value or "",)
            self._keep(Field(name, kind, values, (), "required" in given), given.get("form"))

    def _start_button(self, given: Attributes) -> None:
        if self._disabled(given) or (given.get("type") or "submit").lower() != "submit":
            return
        name = given.get("name")
        button = (name, given.get("value") or "") if name else None
        self._keep(button, given.get("form"))
        if given.get("formaction") and self._form is not None:
            self._form.actions[button] = urljoin(self.page.address, given["formaction"] or "")

    def _start_textarea(self, given: Attributes) -> None:
        if not self._disabled(given) and given.get("name"):
            self._area = Field(given["name"] or "", "textarea", required="required" in given)
            self._owner, self._text = given.get("form"), []

    def _end_textarea(self) -> None:
        if self._area is not None:
            text = "".join(self._text).removeprefix("\n")
            self._keep(replace(self._area, values=(text,)), self._owner)
            self._area = None

    def _start_select(self, given: Attributes) -> None:
        if not self._disabled(given) and given.get("name"):
            many = "multiple" in given
            self._select = Field(given["name"] or "", "select", required="required" in given), many
            self._owner, self._chosen, self._options = given.get("form"), [], []

    def _start_option(self, given: Attributes) -> None:
        if self._select is None:
            return
        self._end_option()
        self._option, self._text, self._option_chosen = given.get("value", _ITS_TEXT) or "", [], "selected" in given

    def _end_option(self) -> None:
        if self._option is None:
            return
        value = " ".join("".join(self._text).split()) if self._option is _ITS_TEXT else self._option
        self._options.append(value)
        if self._option_chosen:
            self._chosen.append(value)
        self._option = None

    def _end_select(self) -> None:
        if self._select is None:
            return
        self._end_option()
        found, many = self._select
        chosen = self._chosen or ([] if many else self._options[:1])
        self._keep(replace(found, values=tuple(chosen), options=tuple(self._options)), self._owner)
        self._select = None

    def finish(self) -> Page:
        for owner, control in self._strays:
            if owner in self._by_id:
                _add(self._by_id[owner], control)
        for form in self._forms:
            for button in dict.fromkeys(form.buttons):
                self.page.forms.append(
                    Form(
                        page=self.page.address,
                        action=form.actions.get(button, form.action),
                        method=form.method,
                        fields=tuple(form.fields),
                        button=button,
                        multipart=form.multipart,
                        fragment=form.fragment,
                    )
                )
            if not form.buttons and form.method == "get":
                self.page.forms.append(Form(self.page.address, form.action, form.method, tuple(form.fields)))
        return self.page


def _add(form: _Open, control: Field | Pair | None) -> None:
    if isinstance(control, Field):
        form.fields.append(control)
    else:
        form.buttons.append(control)


def path_of(address: str) -> str:
    """An address without its host, as the test client takes it."""
    parts = urlsplit(address)
    return parts.path + (f"?{parts.query}" if parts.query else "")
