"""Choosing one of many APIs, stages, plans or keys: a list while it is short, else a field that proposes what fits.

The field takes an id, a name, or words of both. It works without script: what fits several is told with them proposed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.http import Http404, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from apps.deployments.models import Stage
from apps.functions.models import Function
from apps.rest_apis.models import RestApi
from apps.usage_plans.models import ApiKey, UsagePlan
from apps.v2_apis.models import Api
from apps.v2_apis.models import Stage as V2Stage
from portal.console.gate import Console, console_page

SHORT = 50
"""So many are a list, and so many are proposed."""
_KIND_NAMES = {"HTTP": "HTTP API", "WEBSOCKET": "WebSocket API"}
_HINT = "Type a part of a name, or an id; the first that fit are proposed."

Choice = tuple[str, str]
Find = Callable[[Console, str], list[Choice]]
Without = Callable[[list[str]], set[str]]


def _fitting(rows: QuerySet[Any], text: str, *names: str, key: str, order: tuple[str, ...]) -> QuerySet[Any]:
    """Rows that each word of a text is in a name of, or begins the key of; as many as are proposed and one more."""
    for word in text.replace(":", " ").replace("·", " ").split()[:8]:
        fits = Q(**{f"{key}__istartswith": word})
        for name in names:
            fits |= Q(**{f"{name}__icontains": word})
        rows = rows.filter(fits)
    return rows.order_by(*order)[: SHORT + 1]


def _mine(console: Console, prefix: str = "") -> dict[str, str]:
    return {f"{prefix}account_id": console.account_id, f"{prefix}region": console.region}


def rest_stages(console: Console, text: str) -> list[Choice]:
    """Stages of REST APIs."""
    rows = Stage.objects.filter(**_mine(console, "rest_api__"))
    found = _fitting(
        rows, text, "rest_api__name", "name", key="rest_api__id", order=("rest_api__name", "rest_api_id", "name")
    )
    values = found.values_list("rest_api_id", "name", "rest_api__name")
    return [(f"{api}:{name}", f"{title} · {name}") for api, name, title in values]


def public_rest_stages(console: Console, text: str) -> list[Choice]:
    """Of REST APIs that are not private."""
    found = rest_stages(console, text)
    ids = {value.partition(":")[0] for value, _ in found}
    kinds = dict(RestApi.objects.filter(id__in=ids).values_list("id", "endpoint_configuration"))
    return [one for one in found if "PRIVATE" not in kinds[one[0].partition(":")[0]].get("types", ())]


def _v2_stages(console: Console, text: str) -> list[Choice]:
    rows = V2Stage.objects.filter(**_mine(console, "api__"))
    found = _fitting(rows, text, "api__name", "name", key="api__id", order=("api__name", "api_id", "name"))
    return [
        (f"{api}:{name}", f"{title} · {name}") for api, name, title in found.values_list("api_id", "name", "api__name")
    ]


def public_stages(console: Console, text: str) -> list[Choice]:
    """Of APIs of all kinds that are not private."""
    return [*public_rest_stages(console, text), *_v2_stages(console, text)]


def product_stages(console: Console, text: str) -> list[Choice]:
    """Of APIs of all kinds; those of HTTP and WebSocket APIs are marked, as products know them."""
    text = text.removeprefix("v2:")
    found = _v2_stages(console, text)
    ids = {value.partition(":")[0] for value, _ in found}
    kinds = dict(Api.objects.filter(id__in=ids).values_list("id", "protocol_type"))
    others = [(f"v2:{value}", f"{label} ({_KIND_NAMES[kinds[value.partition(':')[0]]]})") for value, label in found]
    return [*rest_stages(console, text), *others]


def plans(console: Console, text: str) -> list[Choice]:
    rows = _fitting(UsagePlan.objects.filter(**_mine(console)), text, "name", key="plan_id", order=("name", "plan_id"))
    return list(rows.values_list("plan_id", "name"))


def keys(console: Console, text: str) -> list[Choice]:
    rows = _fitting(ApiKey.objects.filter(**_mine(console)), text, "name", key="key_id", order=("-pk",))
    return [(key_id, name or key_id) for key_id, name in rows.values_list("key_id", "name")]


def apis(console: Console, text: str) -> list[Choice]:
    """Of all kinds that the person may know of."""
    found: list[Choice] = []
    for model in (RestApi, Api):
        rows = console.caller.seen(model._default_manager.filter(**_mine(console)))
        found += _fitting(rows, text, "name", key="id", order=("name", "id")).values_list("id", "name")
    return [(api_id, f"{name} ({api_id})") for api_id, name in found]


def functions(console: Console, text: str) -> list[Choice]:
    """By their ARNs."""
    rows = _fitting(
        Function.objects.filter(**_mine(console)), text.rpartition(":")[2], "name", key="name", order=("name",)
    )
    prefix = f"arn:aws:lambda:{console.region}:{console.account_id}:function:"
    return [(f"{prefix}{name}", name) for name in rows.values_list("name", flat=True)]


_KINDS: dict[str, Find] = {
    find.__name__: find
    for find in (rest_stages, public_rest_stages, public_stages, product_stages, plans, keys, apis, functions)
}


@console_page("GET")
def choices(console: Console, kind: str) -> HttpResponseBase:
    """What is proposed while somebody types into a field, whatever it is called."""
    find = _KINDS.get(kind)
    if find is None:
        raise Http404("nothing of that kind is chosen")
    text = next((value for value in console.request.GET.values() if value), "")
    return HttpResponse(_options(find(console, str(text))[:SHORT]))


class Proposals(forms.TextInput):
    """A field with a list of proposals, which is fetched anew while somebody types."""

    def __init__(self, kind: str, proposed: Iterable[Choice]) -> None:
        super().__init__(attrs={"autocomplete": "off", "spellcheck": "false"})
        self.kind, self.proposed = kind, list(proposed)

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        given = attrs or {}
        list_id = f"{given.get('id') or name}-proposals"
        live = {
            "list": list_id,
            "hx-get": reverse("console:choices", args=[self.kind]),
            "hx-trigger": "input changed delay:150ms",
            "hx-target": f"#{list_id}",
            "hx-swap": "innerHTML",
        }
        field = super().render(name, value, {**given, **live}, renderer)
        return format_html('{}<datalist id="{}">{}</datalist>', field, list_id, _options(self.proposed[:SHORT]))


class OneOfMany(forms.CharField):
    """One of what `find` finds. A form `offer`s it what is there now; `first` stand before, and need not be found."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._find: Callable[[str], list[Choice]] = lambda text: []
        self._first: list[Choice] = []
        self.is_empty = True

    def offer(self, console: Console, find: Find, *first: Choice, without: Without | None = None) -> None:
        """`without` tells which values are no use to propose; one that is named all the same is for the operation to judge."""
        self._find, self._first = (lambda text: find(console, text)), list(first)
        found = self._find("")
        useless = set() if without is None else without([value for value, _ in found])
        proposed = [*first, *(one for one in found if one[0] not in useless)]
        self.is_empty = not proposed and len(found) <= SHORT
        if len(found) <= SHORT:
            self.widget = forms.Select(choices=proposed)
        else:
            self.widget = Proposals(find.__name__, proposed)
            self.help_text = f"{self.help_text} {_HINT}".strip()
        self.widget.is_required = self.required

    def clean(self, value: Any) -> str:
        text: str = super().clean(value)
        if not text or text in dict(self._first):
            return text
        found = self._find(text)
        exact = [one for one, label in found if text in (one, label)]
        if exact or len(found) == 1:
            return exact[0] if exact else found[0][0]
        if isinstance(self.widget, Proposals):
            self.widget.proposed = found
        if not found:
            raise forms.ValidationError(f"Nothing is called “{text}”.", code="none")
        more = "more than " if len(found) > SHORT else ""
        raise forms.ValidationError(
            f"{more}{min(len(found), SHORT)} fit “{text}”: choose one of them.".capitalize(), code="several"
        )


class ApiFilterForm(forms.Form):
    """Which API a list is about; `every` is what stands for all of them."""

    api = OneOfMany(label="API", required=False)

    def __init__(self, *args: Any, console: Console, every: str = "", **options: Any) -> None:
        super().__init__(*args, **options)
        field = one_of_many(self, "api")
        field.offer(console, apis, *([("", every)] if every else []))
        field.widget.attrs["class"] = "input audit-filter"
        field.help_text = ""

    @property
    def api_id(self) -> str:
        """The one that was named; what was typed where it names none, so that nothing is found rather than everything."""
        return str(self.cleaned_data["api"] if self.is_valid() else self.data.get("api", ""))


def one_of_many(form: forms.Form, name: str) -> OneOfMany:
    """A field of a form, to be offered what is there."""
    field = form.fields[name]
    assert isinstance(field, OneOfMany)
    return field


def _options(found: Iterable[Choice]) -> SafeString:
    return format_html_join("", '<option value="{}">{}</option>', found)
