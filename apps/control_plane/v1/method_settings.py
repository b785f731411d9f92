"""Settings of a stage's methods: throttling, logging, metrics and caching, by method or for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from apps.control_plane.errors import BadRequestException
from apps.control_plane.patching import Parser, Patch, Rule, boolean, decimal, escape, integer, one_of
from apps.deployments.models import Stage

DEFAULT_METHOD_SETTING: Mapping[str, Any] = {
    "metricsEnabled": False,
    "dataTraceEnabled": False,
    "throttlingBurstLimit": 5000,
    "throttlingRateLimit": 10000.0,
    "cachingEnabled": False,
    "cacheTtlInSeconds": 300,
    "cacheDataEncrypted": False,
    "requireAuthorizationForCacheControl": True,
    "unauthorizedCacheControlHeaderStrategy": "SUCCEED_WITH_RESPONSE_HEADER",
}
"""What a method's settings are once one of them has been set."""


def no_method_setting(patch: Patch) -> str:
    """What AWS says of everything on a stage that is not there to be removed."""
    return f"Cannot remove method setting {patch.path.lstrip('/')} because there is no method setting for this method "


def _method_key(names: tuple[str, ...]) -> str:
    """`*/*` or `~1pets~1{petId}/GET`; a path that came with plain slashes is the same path."""
    resource, http_method = names
    if resource == "*":
        return f"*/{http_method}"
    return f"{escape('/' + resource.strip('/'))}/{http_method}"


def _set_method_setting(member: str, parse: Parser, stage: Stage, patch: Patch) -> None:
    key = _method_key(patch.names)
    known = stage.method_settings.get(key) or DEFAULT_METHOD_SETTING
    stage.method_settings = {**stage.method_settings, key: {**known, member: parse(patch.value)}}


def _remove_method_settings(stage: Stage, patch: Patch) -> None:
    key = _method_key(patch.names)
    if key not in stage.method_settings:
        raise BadRequestException(no_method_setting(patch))
    stage.method_settings = {name: value for name, value in stage.method_settings.items() if name != key}


_METHOD_SETTINGS: tuple[tuple[str, str, Parser], ...] = (
    ("metrics/enabled", "metricsEnabled", boolean),
    (
        "logging/loglevel",
        "loggingLevel",
        one_of(("OFF", "ERROR", "INFO"), "Invalid logging level specified. Must be one of: [OFF, ERROR, INFO]"),
    ),
    ("logging/dataTrace", "dataTraceEnabled", boolean),
    (
        "throttling/burstLimit",
        "throttlingBurstLimit",
        integer("Invalid throttling burst limit. Must be a non-negative integer", -1),
    ),
    (
        "throttling/rateLimit",
        "throttlingRateLimit",
        decimal("Invalid throttling rate limit. Must be a non-negative number", -1.0),
    ),
    ("caching/enabled", "cachingEnabled", boolean),
    (
        "caching/ttlInSeconds",
        "cacheTtlInSeconds",
        integer("Invalid cache TTL. Must be between 0 and 3600 seconds", 0, 3600),
    ),
    ("caching/dataEncrypted", "cacheDataEncrypted", boolean),
    ("caching/requireAuthorizationForCacheControl", "requireAuthorizationForCacheControl", boolean),
    (
        "caching/unauthorizedCacheControlHeaderStrategy",
        "unauthorizedCacheControlHeaderStrategy",
        one_of(
            ("FAIL_WITH_403", "SUCCEED_WITH_RESPONSE_HEADER", "SUCCEED_WITHOUT_RESPONSE_HEADER"),
            "Invalid unauthorized cache control header strategy specified: {value}",
        ),
    ),
)


def _rules() -> tuple[Rule, ...]:
    setters = ((path, partial(_set_method_setting, member, parse)) for path, member, parse in _METHOD_SETTINGS)
    return (
        *(
            Rule(f"/{{resourcePath+}}/{{httpMethod}}/{path}", {"replace": setter, "add": setter})
            for path, setter in setters
        ),
        Rule("/{resourcePath+}/{httpMethod}", {"remove": _remove_method_settings}),
    )


METHOD_SETTING_RULES = _rules()
"""`/~1pets~1{petId}/GET/throttling/rateLimit`, `/*/*/logging/loglevel` and so on."""
