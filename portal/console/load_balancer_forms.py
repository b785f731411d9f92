"""The forms of what stands for load balancers: targets or a name in DNS, and how health is checked."""

from __future__ import annotations

import re
from typing import Any

from django import forms

from apps.control_plane.errors import NotFoundException
from portal.console.fields import LinesField
from portal.console.gate import Console, Shape

SERVICE = "gatehouse"
_TARGET = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^\s:]+):(?P<port>\d{1,5})(?:\s+(?P<weight>\d{1,5}))?")
_INTERVAL = 10
_OF_DNS = {"dns_name": "name", "dns_type": "recordType", "dns_port": "port"}


class BalancerForm(forms.Form):
    """What stands for a load balancer, targets or a name in DNS at which they are found, and how its health is checked."""

    targets = LinesField(
        label="Targets",
        rows=4,
        placeholder="10.0.0.5:8080\n10.0.0.6:8080 2",
        help_text="One per line: host:port and, if you like, a weight.",
    )
    dns_name = forms.CharField(
        label="Or a name in DNS",
        required=False,
        max_length=253,
        help_text="Where Cloud Map or Consul registers them: targets are looked up there, again and again.",
        widget=forms.TextInput(attrs={"spellcheck": "false", "placeholder": "_http._tcp.shop.internal"}),
    )
    dns_type = forms.ChoiceField(
        label="Records", required=False, choices=[("SRV", "SRV, with ports and weights"), ("A", "A, addresses alone")]
    )
    dns_port = forms.IntegerField(
        label="Port", required=False, min_value=1, max_value=65_535, help_text="Of addresses; SRV records tell theirs."
    )
    check = forms.ChoiceField(
        label="Health check",
        required=False,
        choices=[
            ("", "None: a target that cannot be reached is left out for a while"),
            ("connect", "A target has to accept a connection"),
            ("path", "A target has to answer a request"),
        ],
    )
    path = forms.CharField(
        label="Path",
        required=False,
        help_text="That answers 200 to 399.",
        widget=forms.TextInput(attrs={"spellcheck": "false", "placeholder": "/health"}),
    )
    interval = forms.IntegerField(
        label="Every", required=False, min_value=5, max_value=300, initial=_INTERVAL, help_text="Seconds."
    )

    attempts = forms.ChoiceField(
        label="Calls that cannot connect",
        required=False,
        choices=[
            ("", "Fail"),
            ("1", "Go to another target"),
            ("2", "Go to up to two others"),
            ("3", "Go to up to three others"),
        ],
        help_text="Nothing of them was sent, so that they can go to another target whatever their method.",
    )

    field_order: tuple[str, ...] = (
        "targets", "dns_name", "dns_type", "dns_port", "check", "path", "interval", "attempts"
    )  # fmt: skip

    def clean_targets(self) -> list[Shape]:
        found = []
        for line in self.cleaned_data["targets"]:
            match = _TARGET.fullmatch(line)
            if match is None:
                raise forms.ValidationError(f"“{line}” is not of the form host:port.")
            weight = {"weight": int(match["weight"])} if match["weight"] else {}
            found.append({"host": match["host"].strip("[]"), "port": int(match["port"]), **weight})
        return found

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if "targets" in data and not data["targets"] and not data.get("dns_name"):
            self.add_error("targets", "Name at least one target, or a name in DNS.")
        if data.get("targets") and data.get("dns_name"):
            self.add_error("dns_name", "Targets are listed or looked up, not both.")
        if data.get("dns_name") and data.get("dns_type") == "A" and not data.get("dns_port"):
            self.add_error("dns_port", "Addresses have no port of their own: name it.")
        if data.get("check") == "path" and not data.get("path"):
            self.add_error("path", "Name the path that is asked for.")
        return data


class NewBalancerForm(BalancerForm):
    """With the ARN that it stands for."""

    arn = forms.CharField(
        label="ARN",
        help_text="Of the load balancer, its listener, or the service of Cloud Map that integrations name.",
        widget=forms.TextInput(attrs={"spellcheck": "false"}),
    )

    field_order = ("arn", *BalancerForm.field_order)


def balancer_of(console: Console, arn: str) -> Shape | None:
    """What stands for an ARN; None where nothing does."""
    try:
        return console.call("GetLoadBalancer", {"loadBalancerArn": arn}, SERVICE)
    except NotFoundException:
        return None


def initial_of(balancer: Shape | None) -> dict[str, Any]:
    """What the form of a load balancer begins with."""
    check = (balancer or {}).get("healthCheck")
    discovery = (balancer or {}).get("discovery") or {}
    return {
        "targets": [_line(target) for target in (balancer or {}).get("targets", [])],
        "check": "" if check is None else "path" if check.get("path") else "connect",
        "path": (check or {}).get("path", ""),
        "interval": (check or {}).get("intervalSeconds", _INTERVAL),
        "attempts": str(((balancer or {}).get("retries") or {}).get("attempts", "")),
        **{member: discovery.get(name) or "" for member, name in _OF_DNS.items()},
    }


def _line(target: Shape) -> str:
    host = f"[{target['host']}]" if ":" in target["host"] else target["host"]
    weight = target.get("weight", 1)
    return f"{host}:{target['port']}" + (f" {weight}" if weight != 1 else "")


def request_of(arn: str, balancer: Shape | None, data: dict[str, Any]) -> Shape:
    """PutLoadBalancer takes everything anew: what the form does not show of checks and retries stays as it is."""
    request: Shape = {"loadBalancerArn": arn}
    if data["dns_name"]:
        of_srv = data["dns_type"] == "SRV"
        request["discovery"] = {
            name: data[member] for member, name in _OF_DNS.items() if data[member] and not (of_srv and name == "port")
        }
    else:
        request["targets"] = data["targets"]
    if data["check"]:
        known = (balancer or {}).get("healthCheck") or {}
        kept = {name: value for name, value in known.items() if name != "path"}
        asked = {"path": data["path"]} if data["check"] == "path" else {}
        request["healthCheck"] = {**kept, **asked, "intervalSeconds": data["interval"] or _INTERVAL}
    if data["attempts"]:
        request["retries"] = {**((balancer or {}).get("retries") or {}), "attempts": int(data["attempts"])}
    return request
