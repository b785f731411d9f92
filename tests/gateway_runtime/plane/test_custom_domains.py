"""Custom domain names: which API a host and a base path lead to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_runtime.gateway import Gateway
from gateway_runtime.snapshot.domains import Domain
from tests.gateway_runtime.plane.backend import Backend
from tests.gateway_runtime.plane.builders import API, domain, get, http_proxy, lambda_proxy, mock, rest_api, stage
from tests.gateway_runtime.plane.harness import GatewayHarness

HOST = "api.example.com"
OTHER = "otherapi00"


def pets(**members: object) -> object:
    text = "$context.stage $context.path $context.resourcePath $context.domainName $context.domainPrefix"
    return rest_api(get("/", mock(200, text)), get("/pets/{id}", mock(200, text)), stage("prod", **members))


@pytest.mark.parametrize(
    ("mapping", "path", "seen"),
    [
        (("", API, "prod"), "/pets/7", "/pets/7 /pets/{id}"),
        (("", API, "prod"), "/", "/ /"),
        (("v1", API, "prod"), "/v1/pets/7", "/v1/pets/7 /pets/{id}"),
        (("v1", API, "prod"), "/v1", "/v1 /"),
        (("v1", API, "prod"), "/v1/", "/v1/ /"),
        (("v1/shop", API, "prod"), "/v1/shop/pets/7", "/v1/shop/pets/7 /pets/{id}"),
        (("v1", API, None), "/v1/prod/pets/7", "/v1/prod/pets/7 /pets/{id}"),
        (("", API, None), "/prod/pets/7", "/prod/pets/7 /pets/{id}"),
    ],
)
async def test_a_mapping_leads_to_a_stage(
    gateway: GatewayHarness, mapping: tuple[str, str, str | None], path: str, seen: str
) -> None:
    gateway.serve(pets(), domain(HOST, mapping))

    answer = await gateway.get(path, host=HOST)

    assert answer.body.decode() == f"prod {seen} {HOST} api"


@pytest.mark.parametrize("path", ["/pets/7", "/v2/pets/7", "/v11", "/V1/pets/7", "/"])
async def test_a_path_without_a_mapping_is_forbidden(gateway: GatewayHarness, path: str) -> None:
    gateway.serve(pets(), domain(HOST, ("v1", API, "prod")))

    answer = await gateway.get(path, host=HOST)

    assert (answer.status, answer.json()) == (403, {"message": "Forbidden"})


async def test_the_longest_base_path_decides(gateway: GatewayHarness) -> None:
    gateway.serve(
        rest_api(get("/shop", mock(200, "short")), get("/", mock(200, "short"))),
        rest_api(get("/", mock(200, "long")), api_id=OTHER, deployment_id="dep002"),
        domain(HOST, ("", API, "prod"), ("v1", API, "prod"), ("v1/shop", OTHER, "prod")),
    )

    found = [(await gateway.get(path, host=HOST)).body for path in ("/", "/v1", "/v1/shop", "/shop")]

    assert found == [b"short", b"short", b"long", b"short"]


async def test_an_unknown_path_below_a_mapping_misses_a_token(gateway: GatewayHarness) -> None:
    gateway.serve(pets(), domain(HOST, ("v1", API, "prod")))

    assert (await gateway.get("/v1/nothing", host=HOST)).json() == {"message": "Missing Authentication Token"}


async def test_a_wildcard_serves_every_first_label_but_those_with_a_name_of_their_own(gateway: GatewayHarness) -> None:
    gateway.serve(
        pets(),
        rest_api(get("/", mock(200, "own")), api_id=OTHER, deployment_id="dep002"),
        domain("*.example.com", ("", API, "prod")),
        domain("own.example.com", ("", OTHER, "prod")),
    )

    assert (await gateway.get("/", host="Tenant.example.com:8443")).body == b"prod / / tenant.example.com tenant"
    assert (await gateway.get("/", host="own.example.com")).body == b"own"
    for host in ("example.com", "a.b.example.com", "a.example.org"):
        assert (await gateway.get("/", host=host)).status == 403


async def test_a_disabled_endpoint_is_reached_by_its_domain_alone(gateway: GatewayHarness) -> None:
    gateway.serve(pets(disable_execute_api_endpoint=True), domain(HOST, ("", API, "prod")))

    assert (await gateway.get("/pets/7", host=HOST)).status == 200
    assert (await gateway.get("/prod/pets/7")).status == 403


async def test_a_domain_opens_no_way_to_apis_that_are_not_mapped_there(gateway: GatewayHarness) -> None:
    gateway.serve(pets(), domain(HOST, ("v1", OTHER, "prod")))

    assert (await gateway.get(f"/_aws/execute-api/{API}/prod/pets/7", host=HOST)).status == 403
    assert (await gateway.get(f"/_aws/execute-api/{API}/prod/pets/7", host="elsewhere")).status == 200


async def test_no_name_stands_in_for_the_installation_s_own_host(gateway: GatewayHarness) -> None:
    own = "gateway.example.com"
    gateway.serve(pets(), domain("*.example.com", ("", OTHER, "prod")), domain(own, ("", OTHER, "prod")))
    gateway.application = Gateway(gateway.current, gateway.clock, frozenset({own}))

    assert (await gateway.get(f"/_aws/execute-api/{API}/prod/pets/7", host=own)).status == 200
    assert (await gateway.get(f"/_aws/execute-api/{API}/prod/pets/7", host="other.example.com")).status == 403


async def test_a_mapping_to_another_account_s_api_leads_nowhere(gateway: GatewayHarness) -> None:
    gateway.serve(pets(), domain(HOST, ("", API, "prod"), account_id="999999999999"))

    assert (await gateway.get("/pets/7", host=HOST)).status == 403


@pytest.mark.parametrize("path", ["/ping", "/sping"])
async def test_a_domain_s_health_checks_are_the_service_s(gateway: GatewayHarness, path: str) -> None:
    gateway.serve(rest_api(get(path, mock(200, "mine"))), domain(HOST, ("", API, "prod")))

    answer = await gateway.get(path, host=HOST)

    assert (answer.status, answer.body, answer.header("content-type")) == (200, b"healthy", "text/plain")
    assert (await gateway.get(f"/prod{path}")).body == b"mine"


async def test_a_name_that_asks_for_certificates_is_closed_without_tls(gateway: GatewayHarness) -> None:
    gateway.serve(pets(), domain(HOST, ("", API, "prod"), mutual_tls=True))

    answers = [await gateway.get(path, host=HOST) for path in ("/pets/7", "/pets/7", "/ping")]

    assert {(answer.status, answer.json()["message"]) for answer in answers} == {(403, "Forbidden")}


async def test_mappings_are_not_read_where_routing_rules_alone_decide(gateway: GatewayHarness) -> None:
    gateway.serve(pets(), domain(HOST, ("", API, "prod"), routing_mode="ROUTING_RULE_ONLY"))

    assert (await gateway.get("/pets/7", host=HOST)).status == 403


async def test_changes_of_a_domain_act_at_once(gateway: GatewayHarness) -> None:
    gateway.serve(pets(), domain(HOST, ("v1", API, "prod")))
    assert (await gateway.get("/v1/pets/7", host=HOST)).status == 200

    gateway.serve(domain(HOST, ("v2", API, "prod")))
    assert [(await gateway.get(f"/{at}/pets/7", host=HOST)).status for at in ("v1", "v2")] == [403, 200]

    gateway.withdraw(domain(HOST))
    assert (await gateway.get("/v2/pets/7", host=HOST)).status == 403


async def test_a_name_in_two_regions_has_the_mappings_of_both(gateway: GatewayHarness) -> None:
    gateway.serve(pets(), domain(HOST, ("a", API, "prod")), domain(HOST, ("b", API, "prod"), region="eu-west-1"))

    assert [(await gateway.get(f"/{at}/pets/7", host=HOST)).status for at in ("a", "b")] == [200, 200]


async def test_the_back_end_is_asked_for_the_path_below_the_mapping(gateway: GatewayHarness, backend: Backend) -> None:
    mapped = {"integration.request.path.proxy": "method.request.path.proxy"}
    proxy = http_proxy(f"{backend.url}/in/{{proxy}}", request_parameters=mapped)
    gateway.serve(rest_api(get("/{proxy+}", proxy)), domain(HOST, ("v1", API, "prod")))

    await gateway.get("/v1/a/b?c=d", host=HOST)

    assert backend.last.target == "/in/a/b?c=d"


async def test_a_function_s_event_has_the_path_with_the_base_path(gateway: GatewayHarness) -> None:
    arn = gateway.functions.runs("fn", {"statusCode": 200})
    gateway.serve(rest_api(get("/pets", lambda_proxy(arn))), domain(HOST, ("prod", API, "prod")))

    for path, host in (("/prod/pets", HOST), ("/prod/pets", f"{API}.execute-api.localhost")):
        assert (await gateway.get(path, host=host)).status == 200

    events = [invocation.event for invocation in gateway.functions.invocations]
    assert [event["path"] for event in events] == ["/prod/pets", "/pets"]
    assert [event["requestContext"]["path"] for event in events] == ["/prod/pets", "/prod/pets"]


_segment = st.sampled_from(["a", "b", "c", "%61", ""])


@given(st.lists(st.lists(st.sampled_from(["a", "b"]), max_size=3), max_size=5), st.lists(_segment, max_size=5))
def test_the_way_agrees_with_a_naive_reading_of_the_mappings(bases: list[list[str]], segments: list[str]) -> None:
    mappings = [("/".join(base), f"api{at}", "prod") for at, base in enumerate(bases)]
    plain = [segment.replace("%61", "a") for segment in segments]
    matching = [at for at, base in enumerate(bases) if plain[: len(base)] == base]
    best = min(matching, key=lambda at: (-len(bases[at]), at), default=None)

    way = Domain([domain(HOST, *mappings)]).way(tuple(segments), [])

    if best is None:
        assert way is None
    else:
        base_path = "/".join(bases[best])
        assert way == (f"api{best}", "prod", tuple(segments[len(bases[best]) :]), base_path)
