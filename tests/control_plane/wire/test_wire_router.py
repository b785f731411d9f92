"""Requests that are no operation, and templates that compete."""

from __future__ import annotations

import pytest
from botocore.model import ServiceModel

from apps.control_plane.wire.router import Router, control_plane_router
from apps.control_plane.wire.service_models import all_operations


def matched(method: str, path: bytes, query: dict[str, list[str]] | None = None) -> str | None:
    match = control_plane_router().match(method, path, query or {})
    return match and match.operation.name


def routes(*templates: str) -> Router:
    """A router of operations named after their templates."""
    operations = {each: {"name": each, "http": {"method": "GET", "requestUri": each}} for each in templates}
    model = ServiceModel({"metadata": {}, "operations": operations, "shapes": {}}, "example")
    return Router(("example", model.operation_model(each)) for each in templates)


def test_all_of_awss_operations_are_there() -> None:
    services = [service for service, _ in all_operations()]

    assert (services.count("apigateway"), services.count("apigatewayv2")) == (124, 103)


def test_a_query_constant_tells_import_from_create() -> None:
    assert matched("POST", b"/restapis") == "CreateRestApi"
    assert matched("POST", b"/restapis", {"mode": ["import"]}) == "ImportRestApi"
    assert matched("POST", b"/restapis", {"mode": ["other"]}) == "CreateRestApi"
    assert matched("POST", b"/restapis", {"mode": ["import", "import"]}) == "CreateRestApi"
    assert matched("POST", b"/apikeys", {"mode": ["import"]}) == "ImportApiKeys"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", b"/"),
        ("GET", b""),
        ("GET", b"/nowhere"),
        ("GET", b"/restapis/"),
        ("GET", b"/restapis//"),
        ("GET", b"/restapis/.."),
        ("GET", b"/restapis/%2e%2e"),
        ("GET", b"/restapis/./resources"),
        ("GET", b"/restapis/%ff"),
        ("GET", b"//restapis"),
        ("PATCH", b"/restapis"),
        ("get", b"/restapis"),
        ("GET", b"/v2"),
        ("GET", b"/V2/apis"),
    ],
)
def test_what_is_no_operation_matches_nothing(method: str, path: bytes) -> None:
    assert matched(method, path) is None


def test_a_literal_goes_before_a_label_and_a_label_before_a_greedy_one() -> None:
    router = routes("/a/{x}", "/a/b", "/a/{rest+}", "/a/b/{x}/d")

    found = {}
    for path in (b"/a/b", b"/a/c", b"/a/c/d", b"/a/b/c/d", b"/a/b/c/e"):
        match = router.match("GET", path, {})
        assert match is not None
        found[path] = (match.operation.name, match.labels)

    assert found == {
        b"/a/b": ("/a/b", {}),
        b"/a/c": ("/a/{x}", {"x": "c"}),
        b"/a/c/d": ("/a/{rest+}", {"rest": "c/d"}),
        b"/a/b/c/d": ("/a/b/{x}/d", {"x": "c"}),
        b"/a/b/c/e": ("/a/{rest+}", {"rest": "b/c/e"}),
    }
