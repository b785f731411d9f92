"""Which API, stage, resource and method a request reaches."""

from __future__ import annotations

from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway_runtime.snapshot.router import Router
from tests.gateway_runtime.plane.backend import Backend
from tests.gateway_runtime.plane.builders import (
    API,
    any_method,
    get,
    http_proxy,
    mock,
    post,
    rest_api,
    route,
    stage,
)
from tests.gateway_runtime.plane.harness import GatewayHarness


def says(text: str):  # type: ignore[no-untyped-def]
    return mock(200, text)


@pytest.mark.parametrize(
    "host",
    [
        f"{API}.execute-api.localhost",
        f"{API}.execute-api.localhost:8080",
        f"{API.upper()}.EXECUTE-API.us-east-1.amazonaws.com",
    ],
)
async def test_an_api_is_found_by_its_host_whatever_its_case(gateway: GatewayHarness, host: str) -> None:
    gateway.serve(rest_api(get("/pets", says("here"))))

    assert (await gateway.get("/prod/pets", host=host)).body == b"here"


async def test_an_api_is_found_by_its_path_on_any_host(gateway: GatewayHarness) -> None:
    gateway.serve(rest_api(get("/pets", says("here")), get("/", says("root"))))

    assert (await gateway.get(f"/_aws/execute-api/{API}/prod/pets", host="gateway.internal")).body == b"here"
    assert (await gateway.get(f"/_aws/execute-api/{API}/prod", host="gateway.internal")).body == b"root"


@pytest.mark.parametrize("path", ["/other/pets", "/", "/pets"])
async def test_an_unknown_stage_is_forbidden(gateway: GatewayHarness, path: str) -> None:
    gateway.serve(rest_api(get("/pets", mock())))

    answer = await gateway.get(path)

    assert (answer.status, answer.json(), answer.header("x-amzn-errortype")) == (
        403,
        {"message": "Forbidden"},
        "ForbiddenException",
    )


@pytest.mark.parametrize("host", ["zzzzzzzzzz.execute-api.localhost", "example.com"])
async def test_an_unknown_api_or_host_is_forbidden(gateway: GatewayHarness, host: str) -> None:
    gateway.serve(rest_api(get("/pets", mock())))

    assert (await gateway.get("/prod/pets", host=host)).json() == {"message": "Forbidden"}


@pytest.mark.parametrize("path", ["//prod/pets", "/prod//pets", "///prod///pets/"])
async def test_doubled_slashes_around_the_stage_are_one(gateway: GatewayHarness, path: str) -> None:
    gateway.serve(rest_api(get("/pets", mock())))

    assert (await gateway.get(path)).status == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/prod/nothing"),
        ("DELETE", "/prod/pets"),
        ("HEAD", "/prod/pets"),
        ("OPTIONS", "/prod/pets"),
        ("GET", "/prod/pets//"),
    ],
)
async def test_an_unknown_path_or_method_misses_an_authentication_token(
    gateway: GatewayHarness, method: str, path: str
) -> None:
    gateway.serve(rest_api(get("/pets", mock()), post("/pets", mock())))

    answer = await gateway.call(method, path)

    assert (answer.status, answer.json()) == (403, {"message": "Missing Authentication Token"})
    assert answer.header("x-amzn-errortype") == "MissingAuthenticationTokenException"


async def test_a_disabled_endpoint_is_forbidden(gateway: GatewayHarness) -> None:
    gateway.serve(rest_api(get("/pets", mock()), stage("prod", disable_execute_api_endpoint=True)))

    assert (await gateway.get("/prod/pets")).status == 403


async def test_a_strict_endpoint_is_reached_by_its_own_host_alone(gateway: GatewayHarness) -> None:
    gateway.serve(rest_api(get("/pets", says("here")), stage("prod", endpoint_access_mode="STRICT")))

    assert (await gateway.get("/prod/pets")).body == b"here"
    assert (await gateway.get(f"/_aws/execute-api/{API}/prod/pets", host="gateway.internal")).status == 403


async def test_the_exact_method_is_preferred_to_any(gateway: GatewayHarness) -> None:
    gateway.serve(rest_api(any_method("/pets", says("any")), post("/pets", says("post"))))

    assert (await gateway.post("/prod/pets")).body == b"post"
    assert (await gateway.call("PATCH", "/prod/pets")).body == b"any"


async def test_literals_come_before_parameters_and_those_before_the_rest(gateway: GatewayHarness) -> None:
    gateway.serve(
        rest_api(
            get("/pets/mine", says("literal")),
            get("/pets/{id}", says("parameter")),
            get("/{proxy+}", says("rest")),
            get("/pets/{id}/toys", says("toys")),
        )
    )

    for path, body in (
        ("/prod/pets/mine", b"literal"),
        ("/prod/pets/7", b"parameter"),
        ("/prod/pets/mine/toys", b"toys"),
        ("/prod/pets/7/beds", b"rest"),
        ("/prod/pets", b"rest"),
    ):
        assert (await gateway.get(path)).body == body


async def test_one_trailing_slash_is_tolerated(gateway: GatewayHarness) -> None:
    gateway.serve(rest_api(get("/pets", says("pets")), get("/", says("root"))))

    assert (await gateway.get("/prod/pets/")).body == b"pets"
    assert (await gateway.get("/prod/")).body == b"root"
    assert (await gateway.get("/prod")).body == b"root"
    assert (await gateway.get("/prod/pets//")).status == 403


async def test_a_literal_is_reached_in_every_spelling(gateway: GatewayHarness) -> None:
    gateway.serve(rest_api(get("/admin", says("closed"), authorization_type="AWS_IAM"), get("/{proxy+}", says("open"))))

    assert (await gateway.get("/prod/%61dmin")).status == 403


async def test_an_encoded_slash_belongs_to_its_segment_and_is_forwarded_as_sent(
    gateway: GatewayHarness, backend: Backend
) -> None:
    mapped = {"integration.request.path.id": "method.request.path.id"}
    one = http_proxy(f"{backend.url}/in/{{id}}", request_parameters=mapped)
    gateway.serve(rest_api(get("/files/{id}", one), get("/files/a/b", says("literal")), get("/{proxy+}", says("rest"))))

    await gateway.get("/prod/files/a%2Fb")

    assert backend.last.target == "/in/a%2Fb"
    assert (await gateway.get("/prod/files%2Fa/b")).body == b"rest"


async def test_a_resource_beside_a_proxy_is_not_the_proxy_s_even_without_the_method(gateway: GatewayHarness) -> None:
    gateway.serve(rest_api(get("/pets", says("pets")), any_method("/{proxy+}", says("rest"))))

    assert (await gateway.get("/prod/pets")).body == b"pets"
    assert (await gateway.post("/prod/toys")).body == b"rest"
    assert (await gateway.post("/prod/pets")).json() == {"message": "Missing Authentication Token"}


@pytest.mark.parametrize("asked", ["DELETE", "delete"])
async def test_a_request_may_ask_for_another_method(gateway: GatewayHarness, backend: Backend, asked: str) -> None:
    gateway.serve(
        rest_api(
            post("/pets", says("post")),
            route("DELETE", "/pets", http_proxy(backend.url)),
            stage("prod", log="$context.httpMethod"),
        )
    )

    answer = await gateway.post("/prod/pets", x_http_method_override=asked)

    assert answer.status == 200
    assert (backend.last.method, backend.last.header("x-http-method-override")) == ("DELETE", None)
    assert gateway.logs.lines == ["DELETE\n"]


@pytest.mark.parametrize("asked", ["TRACE", "GET / HTTP/1.1", "", "G\xc9T"])
async def test_a_method_that_there_is_not_is_not_reached_by_asking_for_it(gateway: GatewayHarness, asked: str) -> None:
    gateway.serve(rest_api(any_method("/pets", says("any"))))

    answer = await gateway.post("/prod/pets", x_http_method_override=asked)

    assert answer.json() == {"message": "Missing Authentication Token"}


async def test_the_parameter_before_a_failed_choice_leaves_no_trace(gateway: GatewayHarness) -> None:
    mapped = mock(200, responses=())
    gateway.serve(rest_api(get("/a/{x}/c", mapped), get("/{proxy+}", mapped)))

    found = gateway.current.snapshot.stages[API]["prod"].match(("a", "b", "d"), "GET")

    assert found is not None
    assert found[1] == {"proxy": "a/b/d"}


async def test_an_ambiguous_request_is_refused_before_anything_else(gateway: GatewayHarness) -> None:
    gateway.serve(rest_api(get("/{proxy+}", mock())))

    assert (await gateway.get("/prod/a/%2e%2e/b")).status == 400


async def test_api_and_stage_are_kept_apart(gateway: GatewayHarness) -> None:
    gateway.serve(
        rest_api(get("/a", says("one"))),
        rest_api(get("/a", says("two")), stage("dev"), api_id="otherapi00", deployment_id="dep002"),
    )

    assert (await gateway.get("/dev/a", host="otherapi00.execute-api.localhost")).body == b"two"
    assert (await gateway.get("/prod/a", host="otherapi00.execute-api.localhost")).status == 403


def test_a_thousand_routes_are_told_apart() -> None:
    router = Router([(f"/v1/{at}/items", at) for at in range(500)] + [(f"/v1/{at}/{{id}}", -at) for at in range(500)])

    assert router.match(("v1", "321", "items")) == (321, {})
    assert router.match(("v1", "321", "zero")) == (-321, {"id": "zero"})


def test_options_reach_only_a_route_of_their_own() -> None:
    assert route("OPTIONS", "/", mock()).method.http_method == "OPTIONS"


# The router against a naive reading of the rules: list all matching routes, order them segment by segment.
_part = st.sampled_from(["a", "b", "c", "{x}", "{y}"])
_paths = st.lists(_part, max_size=4).flatmap(
    lambda parts: st.sampled_from([parts, [*parts, "{proxy+}"]]).map(lambda found: "/" + "/".join(found))
)
_segments = st.lists(st.sampled_from(["a", "b", "c", "d", "", "%61", "%7e"]), max_size=5)


def naive(routes: list[str], segments: list[str]) -> str | None:
    if segments and segments[-1] == "":
        segments = segments[:-1]
    best: tuple[list[int], str] | None = None
    for path in routes:
        parts = [part for part in path.split("/") if part]
        rank: list[int] = []
        rest = list(segments)
        for part in parts:
            if part == "{proxy+}" and rest:
                rank.append(2)
                rest = []
                break
            if not rest or part == "{proxy+}" or not rest[0] or (not part.startswith("{") and unquote(rest[0]) != part):
                break
            rank.append(1 if part.startswith("{") else 0)
            rest = rest[1:]
        if len(rank) == len(parts) and not rest and (best is None or rank < best[0]):
            best = (rank, path)
    return None if best is None else best[1]


def shape(path: str | None) -> str | None:
    """Parameters of one parent are one node, whatever they are called."""
    return None if path is None else path.replace("{y}", "{x}")


@settings(max_examples=400, deadline=None)
@given(st.lists(_paths, max_size=8), _segments)
def test_the_router_agrees_with_a_naive_reading_of_the_rules(routes: list[str], segments: list[str]) -> None:
    router = Router((path, path) for path in routes)

    found = router.match(tuple(segments))

    assert shape(found[0] if found else None) == shape(naive(routes, segments))
