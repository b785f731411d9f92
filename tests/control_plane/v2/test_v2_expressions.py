"""The small languages of V2: what is taken, what is refused, and that nothing a person writes is a failure of ours."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.control_plane.errors import BadRequestException
from apps.control_plane.v2 import expressions
from apps.control_plane.v2.cors import checked_cors


@pytest.mark.parametrize(
    "key",
    [
        "$default",
        "GET /",
        "ANY /{proxy+}",
        "POST /pets/{id}",
        "GET /pets/{id}/toys/{toy-id}",
        "GET /a.b~c",
    ],
)
def test_route_keys_of_http_apis(key: str) -> None:
    expressions.check_http_route_key(key)


@pytest.mark.parametrize(
    "key",
    [
        "", "$connect", "GET", "GET pets", "get /pets", "TRACE /pets", "GET  /pets", "GET /a b", "GET /{a}{b}", "GET /x{a}",
        "GET /{a+}/b", "GET /{}", "GET /{a}/{a}", "GET /{a", "GET /pets\n", "DELETE /pets/",
    ],
)  # fmt: skip
def test_route_keys_that_http_apis_do_not_have(key: str) -> None:
    with pytest.raises(BadRequestException):
        expressions.check_http_route_key(key)


def test_route_keys_of_websocket_apis() -> None:
    for key in ("$connect", "$disconnect", "$default", "join", "a b/c"):
        expressions.check_websocket_route_key(key)
    for key in ("", "$other", "x" * 129):
        with pytest.raises(BadRequestException):
            expressions.check_websocket_route_key(key)


@pytest.mark.parametrize(
    "parameters",
    [
        {"append:header.x-id": "$request.path.id"},
        {"overwrite:header.x-id": "${request.header.a}-${stageVariables.b}"},
        {"remove:querystring.token": "''"},
        {"overwrite:path": "/pets/${request.querystring.id}"},
        {"append:querystring.q": "static"},
        {"append:header.who": "$context.authorizer.claims.sub"},
        {"append:header.name": "$request.body.pet.name"},
        {"append:header.whole": "$request.body"},
    ],
)
def test_request_mappings_of_http_apis(parameters: dict[str, str]) -> None:
    expressions.check_request_mapping(parameters)


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"append:path": "/x"}, "Request Actioned Parameter"),
        ({"append:header": "x"}, "Request Actioned Parameter"),
        ({"integration.request.header.x": "'x'"}, "Request Actioned Parameter"),
        ({"overwrite:header.Authorization": "x"}, "Operations on header Authorization are restricted"),
        ({"append:header.x-amz-id": "x"}, "are restricted"),
        ({"append:header.a": "$response.header.b"}, "mapping expression"),
        ({"append:header.a": "$request.nothing"}, "mapping expression"),
        ({"append:header.a": "${request.header.b"}, "mapping expression"),
        ({"append:header.a": "$request.header.b and more"}, "mapping expression"),
    ],
)
def test_request_mappings_that_are_refused(parameters: dict[str, str], words: str) -> None:
    with pytest.raises(BadRequestException, match=words):
        expressions.check_request_mapping(parameters)


def test_response_mappings_of_http_apis() -> None:
    expressions.check_response_mappings(
        {
            "200": {"append:header.a": "$response.header.b", "overwrite:statuscode": "201"},
            "500": {"remove:header.x": "''"},
        }
    )
    for mapping in (
        {"none": {}},
        {"200": {"append:querystring.a": "x"}},
        {"200": {"overwrite:statuscode": "9"}},
        {"200": {"append:header.a": "$request.header.b"}},
        {"200": {"overwrite:header.Access-Control-Allow-Origin": "*"}},
    ):
        with pytest.raises(BadRequestException):
            expressions.check_response_mappings(mapping)


def test_selection_expressions() -> None:
    for expression in ("$request.body.action", "${request.body.action}", "${context.stage}/${request.header.x}"):
        expressions.check_selection(expression, "RouteSelectionExpression")
    for expression in ("", "action", "$", "${}", "$request", "${request.body.a"):
        with pytest.raises(BadRequestException):
            expressions.check_selection(expression, "RouteSelectionExpression")


@given(st.text(max_size=60))
def test_no_text_breaks_a_grammar(text: str) -> None:
    for check in (
        expressions.check_http_route_key,
        expressions.check_websocket_route_key,
        expressions.check_api_key_selection,
        lambda value: expressions.check_selection(value, "RouteSelectionExpression"),
        lambda value: expressions.check_request_mapping({value: value, "append:header.x": value}),
        lambda value: expressions.check_response_mappings({"200": {value: value, "overwrite:statuscode": value}}),
        lambda value: expressions.check_websocket_mapping({value: value, "integration.request.header.x": value}),
        lambda value: checked_cors({"AllowOrigins": [value], "AllowHeaders": [value], "AllowMethods": [value]}),
    ):
        try:
            check(text)
        except BadRequestException:
            continue


@pytest.mark.parametrize("part", ["{a}", "/{a}", "$request.body.a", "${request.body.a}", "$", "${", "a.", "\\$"])
def test_long_texts_are_read_in_a_moment(part: str) -> None:
    text = part * 20_000
    started = time.perf_counter()
    for check in (
        lambda: expressions.check_http_route_key(f"GET /{text}"),
        lambda: expressions.check_selection(text, "RouteSelectionExpression"),
        lambda: expressions.check_request_mapping({"append:header.a": text}),
    ):
        try:
            check()
        except BadRequestException:
            continue
    assert time.perf_counter() - started < 2


@pytest.mark.parametrize(
    "given_",
    [
        {"AllowOrigins": ["*"], "AllowCredentials": True},
        {"AllowOrigins": ["example.com"]},
        {"AllowOrigins": ["https://"]},
        {"AllowMethods": ["FETCH"]},
        {"AllowHeaders": ["not a header"]},
        {"ExposeHeaders": [""]},
    ],
)
def test_cors_that_browsers_could_not_use_is_refused(given_: dict[str, Any]) -> None:
    with pytest.raises(BadRequestException):
        checked_cors(given_)


def test_cors_is_kept_without_empty_lists() -> None:
    given_ = {"AllowOrigins": ["https://example.com"], "AllowMethods": ["get"], "AllowHeaders": []}

    assert checked_cors(given_) == {"AllowOrigins": ["https://example.com"], "AllowMethods": ["GET"]}
