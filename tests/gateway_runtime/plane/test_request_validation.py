"""Request validators: what requests must bring before a method hands them on."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from apps.core.documents import DeploymentDocument, GatewayResponse
from tests.gateway_runtime.plane.backend import Backend
from tests.gateway_runtime.plane.builders import (
    API,
    RestApi,
    get,
    http,
    http_proxy,
    key,
    keys,
    mock,
    plan,
    post,
    rest_api,
    stage,
)
from tests.gateway_runtime.plane.harness import GatewayHarness

PET = {
    "type": "object",
    "required": ["name"],
    "properties": {"name": {"type": "string", "minLength": 1}, "legs": {"type": "integer"}},
}


def model(name: str) -> str:
    return f"https://apigateway.amazonaws.com/restapis/{API}/models/{name}"


def checked(uri: str = "", schema: Any = PET, kind: str = "application/json", **more: Any) -> RestApi:
    """An API with one method `POST /pets` whose bodies must fit a schema."""
    behind = http_proxy(uri) if uri else mock(200, "{}")
    models = {name: json.dumps(each) for name, each in {"Pet": schema, **more}.items()}
    route = post("/pets", behind, validate_body=True, request_models={kind: "Pet"})
    return replace(rest_api(route), models=models)


def asks_for(*parameters: str) -> RestApi:
    required = {f"method.request.{parameter}": not parameter.endswith("?") for parameter in parameters}
    return rest_api(get("/pets/{id}", mock(200, "{}"), validate_parameters=True, request_parameters=required))


async def test_missing_parameters_are_named_together(gateway: GatewayHarness) -> None:
    gateway.serve(asks_for("header.x-h", "querystring.q", "querystring.optional?"))

    refused = await gateway.get("/prod/pets/1")

    assert (refused.status, refused.json()) == (400, {"message": "Missing required request parameters: [q, x-h]"})
    assert refused.header("x-amzn-errortype") == "BadRequestException"
    assert (await gateway.get("/prod/pets/1?q=1", x_h="1")).status == 200


@pytest.mark.parametrize(
    ("target", "header", "status"),
    [
        ("?q=", "1", 400), ("?q=%20", "1", 400), ("?q", "1", 400), ("?q=1", "  ", 400), ("?q=&q=1", "1", 200),
        ("?Q=1", "1", 400),
    ],
)  # fmt: skip
async def test_a_blank_parameter_is_missing(gateway: GatewayHarness, target: str, header: str, status: int) -> None:
    gateway.serve(asks_for("header.X-H", "querystring.q", "path.id"))

    assert (await gateway.get(f"/prod/pets/1{target}", x_h=header)).status == status


async def test_without_a_validator_nothing_is_required(gateway: GatewayHarness) -> None:
    required = {"method.request.querystring.q": True}
    gateway.serve(rest_api(get("/pets", mock(200, "{}"), request_parameters=required)))

    assert (await gateway.get("/prod/pets")).status == 200
    method = gateway.current.snapshot.stages[API]["prod"].match(("pets",), "GET")
    assert method is not None
    assert len(method[0].steps) == 3  # the account's limit, and the two of a mock


@pytest.mark.parametrize(
    "body", [b'{"name": "Rex"}', b'{"name": "Rex", "legs": 4, "more": [1]}', b'{"name": "Rex", "legs": 123456789012345678901}']
)  # fmt: skip
async def test_a_body_that_fits_the_model_passes_as_sent(
    gateway: GatewayHarness, backend: Backend, body: bytes
) -> None:
    gateway.serve(checked(backend.url))

    whole = await gateway.post("/prod/pets", body, content_type="application/json; charset=utf-8")
    in_chunks = await gateway.call("POST", "/prod/pets", chunks=[body[:4], body[4:]])

    assert (whole.status, in_chunks.status) == (200, 200)
    assert [seen.body for seen in backend.requests] == [body, body]


@pytest.mark.parametrize(
    "body",
    [
        b'{"legs": 4}', b'{"name": ""}', b'{"name": "Rex", "legs": "4"}', b"[]", b"null", b"", b"name=Rex",
        b'{"name": "Rex"', b'{"name": NaN}', b'\xef\xbb\xbf{"name": "Rex"}', b'{"name": "\xff"}', b'{"name": "\\ud800"}',
        b'{"name": "Rex", "deep": ' + b"[" * 100 + b"]" * 100 + b"}", b'{"name": "Rex", "deep": ' + b"[" * 100_000,
    ],
)  # fmt: skip
async def test_a_body_that_does_not_fit_is_refused(gateway: GatewayHarness, backend: Backend, body: bytes) -> None:
    gateway.serve(checked(backend.url))

    refused = await gateway.post("/prod/pets", body)

    assert (refused.status, refused.json()) == (400, {"message": "Invalid request body"})
    assert refused.header("x-amzn-errortype") == "BadRequestException"
    assert backend.requests == []


async def test_an_empty_body_is_an_empty_object(gateway: GatewayHarness) -> None:
    gateway.serve(checked(schema={"type": "object"}))

    assert (await gateway.post("/prod/pets")).status == 200


async def test_a_content_type_without_a_model_passes(gateway: GatewayHarness, backend: Backend) -> None:
    gateway.serve(checked(backend.url))

    answer = await gateway.post("/prod/pets", b"<pet/>", content_type="application/xml")

    assert (answer.status, backend.last.body) == (200, b"<pet/>")


async def test_the_default_model_stands_for_every_content_type(gateway: GatewayHarness, backend: Backend) -> None:
    gateway.serve(checked(backend.url, kind="$default"))

    assert (await gateway.post("/prod/pets", b"<pet/>", content_type="application/xml")).status == 400
    assert (await gateway.post("/prod/pets", b'{"name": "Rex"}', content_type="text/plain")).status == 200


async def test_models_refer_to_models_and_to_their_own_definitions(gateway: GatewayHarness) -> None:
    owner = {"definitions": {"name": {"type": "string"}}, "properties": {"name": {"$ref": "#/definitions/name"}}}
    herd = {"properties": {"owner": {"$ref": model("Owner")}, "pets": {"items": {"$ref": "#"}}}}
    gateway.serve(checked(schema=herd, Owner=owner))

    async def status(body: Any) -> int:
        return (await gateway.post("/prod/pets", json.dumps(body).encode())).status

    assert await status({"owner": {"name": "Ann"}, "pets": [{"pets": []}]}) == 200
    assert await status({"owner": {"name": 1}}) == 400
    assert await status({"pets": [{"owner": {"name": 1}}]}) == 400


@pytest.mark.parametrize(("last", "status"), [(b'"Rex"', 200), (b"7", 400)])
async def test_a_large_body_is_validated_whole(gateway: GatewayHarness, last: bytes, status: int) -> None:
    gateway.serve(checked(schema={"items": {"type": "string"}}))

    assert (await gateway.post("/prod/pets", b"[" + b'"Rex", ' * 100_000 + last + b"]")).status == status


async def test_a_body_beyond_the_cap_is_too_large(gateway: GatewayHarness) -> None:
    gateway.serve(checked())

    refused = await gateway.post("/prod/pets", b" " * (10 * 1024 * 1024 + 1))

    assert refused.status == 413


async def test_a_validated_body_reaches_a_mapped_back_end(gateway: GatewayHarness, backend: Backend) -> None:
    mapping = {"integration.request.header.x-name": "method.request.body.name"}
    behind = http(backend.url, "POST", request_parameters=mapping)
    route = post("/pets", behind, validate_body=True, request_models={"application/json": "Pet"})
    gateway.serve(replace(rest_api(route), models={"Pet": json.dumps(PET)}))

    await gateway.post("/prod/pets", b'{"name": "Rex"}')

    assert (backend.last.header("x-name"), backend.last.body) == ("Rex", b'{"name": "Rex"}')


async def test_a_refused_request_has_drawn_on_the_quota(gateway: GatewayHarness) -> None:
    api = checked()
    gateway.serve(replace(api, routes=(api.routes[0].with_key(),)), plan(quota=10), keys(key("secret-of-the-caller")))

    refused = await gateway.post("/prod/pets", b"[]", x_api_key="secret-of-the-caller")

    assert (refused.status, len(gateway.meter.uses)) == (400, 1)


class Told(RestApi):
    """An API that tells its callers what was wrong."""

    def documents(self) -> list:  # type: ignore[type-arg]
        first, *rest = super().documents()
        assert isinstance(first, DeploymentDocument)
        members = {name: getattr(first, name) for name in first.__struct_fields__}
        template = {"application/json": '{"why": "$context.error.validationErrorString"}'}
        answers = {kind: GatewayResponse(response_templates=template) for kind in ("BAD_REQUEST_BODY", "DEFAULT_4XX")}
        return [DeploymentDocument(**{**members, "gateway_responses": answers}), *rest]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"{}", '[object has missing required properties (["name"])]'),
        (
            b'{"name": 1, "legs": "4"}',
            '[instance type (integer) does not match any allowed primitive type (allowed: ["string"]), '
            'instance type (string) does not match any allowed primitive type (allowed: ["integer"])]',
        ),
        (b'{"name": ""}', '[string "" is too short (length: 0, required minimum: 1)]'),
        (b"[" + b"1," * 3_000 + b"1]", '[instance type (array) does not match any allowed primitive type (allowed: ["object"])]'),
    ],
)  # fmt: skip
async def test_a_gateway_response_can_tell_what_is_wrong(gateway: GatewayHarness, body: bytes, why: str) -> None:
    api = checked()
    gateway.serve(Told(api.routes, (stage("prod", log="$context.error.validationErrorString"),), models=api.models))

    answer = await gateway.post("/prod/pets", body)

    assert answer.json() == {"why": why}
    assert gateway.logs.lines == [why + "\n"]


async def test_a_gateway_response_can_tell_what_is_missing(gateway: GatewayHarness) -> None:
    api = asks_for("querystring.q")
    gateway.serve(Told(api.routes, api.stages))

    assert (await gateway.get("/prod/pets/1")).json() == {"why": "Missing required request parameters: [q]"}
    assert (await gateway.get("/prod/nothing")).json() == {"why": ""}


async def test_a_broken_model_never_replaces_a_running_stage(gateway: GatewayHarness) -> None:
    gateway.serve(checked())

    gateway.serve(replace(checked(schema={"type": "pet"}), deployment_id="dep002"))

    assert (await gateway.post("/prod/pets", b'{"name": "Rex"}')).header("x-gatehouse-deployment") == "dep001"


async def test_patterns_take_bounded_time(gateway: GatewayHarness) -> None:
    gateway.serve(checked(schema={"properties": {"name": {"pattern": "^(?=a)(a+)+$"}}}))

    assert (await gateway.post("/prod/pets", b'{"name": "%s!"}' % (b"a" * 50_000))).status == 400
    assert (await gateway.post("/prod/pets", b'{"name": "aaa"}')).status == 200
