"""What can be patched on a usage plan."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from apps.control_plane.errors import BadRequestException
from apps.control_plane.patching import (
    LISTS_PATHS,
    Parser,
    Patch,
    PatchTable,
    Rule,
    Setter,
    decimal,
    integer,
    one_of,
    optional_text,
    text,
)
from apps.usage_plans.models import UsagePlan

Place = tuple[str, str]
"""A stage: the API's id and the stage's name."""


@dataclass
class PlanEdit:
    """A plan while it is patched: its row, and the method throttles of each stage that it covers."""

    plan: UsagePlan
    stages: dict[Place, dict[str, dict[str, Any]]] = field(default_factory=dict)


def _place(stage: str) -> Place:
    # What stands behind a second colon does not count, on AWS either.
    rest_api_id, stage_name, *_ = [*stage.split(":"), ""]
    if not rest_api_id or not stage_name:
        raise BadRequestException("Invalid API Stage specified")
    return rest_api_id, stage_name


def _covered(edit: PlanEdit, patch: Patch) -> dict[str, dict[str, Any]]:
    place = _place(patch.names[0])
    if place not in edit.stages:
        raise BadRequestException("Invalid API Stage specified")
    return edit.stages[place]


def _add_stage(edit: PlanEdit, patch: Patch) -> None:
    edit.stages.setdefault(_place(text(patch.value)), {})


def _remove_stage(edit: PlanEdit, patch: Patch) -> None:
    place = _place(text(patch.value))
    if place not in edit.stages:
        raise BadRequestException("Invalid API Stage specified")
    del edit.stages[place]


def _method_key(patch: Patch) -> str:
    """`/pets/{petId}/GET`, as AWS keys method throttles."""
    _, resource, http_method = patch.names
    return f"/{resource.strip('/')}/{http_method}".replace("//", "/")


def _method_limit(member: str, parse: Parser) -> Setter:
    def setter(edit: PlanEdit, patch: Patch) -> None:
        throttles = _covered(edit, patch)
        limits = throttles.setdefault(_method_key(patch), {"burstLimit": 0, "rateLimit": 0.0})
        limits[member] = parse(patch.value)

    return setter


def _remove_method_throttle(edit: PlanEdit, patch: Patch) -> None:
    throttles = _covered(edit, patch)
    if len(patch.names) == 1:
        throttles.clear()
    elif throttles.pop(_method_key(patch), None) is None:
        raise BadRequestException("Invalid method throttle specified")


def _assign(name: str, parse: Parser) -> Setter:
    return lambda edit, patch: setattr(edit.plan, name, parse(patch.value))


def _clear(*names: str) -> Setter:
    def setter(edit: PlanEdit, patch: Patch) -> None:
        for name in names:
            setattr(edit.plan, name, 0 if name == "quota_offset" else None)

    return setter


def _member(path: str, name: str, parse: Parser) -> Rule:
    """A member of throttle or quota, which comes into being with its first member."""
    setter = _assign(name, parse)
    return Rule(path, {"add": setter, "replace": setter})


_RATE = decimal("Usage Plan throttle rate limit must be a non-negative number")
_BURST = integer("Usage Plan throttle burst limit must be a non-negative number", 0)
_STAGE = "/apiStages/<apidId:stageName>/throttle"
_METHOD = f"{_STAGE}/<resourcePath>/<httpMethod>"


def _method_limit_rule(member: str, parse: Parser) -> Rule:
    setter = _method_limit(member, parse)
    return Rule(
        f"/apiStages/{{stage}}/throttle/{{resourcePath+}}/{{httpMethod}}/{member}",
        {"add": setter, "replace": setter},
        shown=f"{_METHOD}/{member}",
    )


PLAN_PATCHES = PatchTable(
    (
        Rule("/name", {"replace": _assign("name", text)}),
        Rule("/description", {"replace": _assign("description", optional_text)}),
        Rule("/apiStages", {"add": _add_stage, "remove": _remove_stage}),
        Rule(
            "/quota",
            {"remove": _clear("quota_limit", "quota_offset", "quota_period")},
        ),
        Rule("/throttle", {"remove": _clear("throttle_rate_limit", "throttle_burst_limit")}),
        Rule(
            "/productCode",
            {
                "add": _assign("product_code", optional_text),
                "replace": _assign("product_code", optional_text),
                "remove": _clear("product_code"),
            },
        ),
        _method_limit_rule("rateLimit", _RATE),
        _method_limit_rule("burstLimit", _BURST),
        Rule(
            "/apiStages/{stage}/throttle/{resourcePath+}/{httpMethod}",
            {"remove": _remove_method_throttle},
            shown=_METHOD,
        ),
        Rule("/apiStages/{stage}/throttle", {"remove": _remove_method_throttle}, shown=_STAGE),
        _member("/throttle/rateLimit", "throttle_rate_limit", _RATE),
        _member("/throttle/burstLimit", "throttle_burst_limit", _BURST),
        _member("/quota/limit", "quota_limit", integer("Usage Plan quota limit must be greater than zero", 1)),
        _member("/quota/offset", "quota_offset", integer("Usage Plan quota offset must be a whole number")),
        _member(
            "/quota/period",
            "quota_period",
            one_of(
                ("DAY", "WEEK", "MONTH"), "Invalid quota period specified: {value}. Valid values are DAY, WEEK, MONTH"
            ),
        ),
    ),
    LISTS_PATHS,
)
