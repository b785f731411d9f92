"""Resource policies decide who may call an API at all, and private APIs have callers from VPC endpoints only."""

from __future__ import annotations

import json
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import pytest

from apps.core.environment import VpcEndpoint
from apps.core.iam import Decision
from gateway_runtime.edge.canonical import parse_head
from gateway_runtime.errors import GatewayError
from gateway_runtime.exchange import Exchange
from gateway_runtime.phases.resource_policy import require_resource_policy
from tests.gateway_runtime.plane.authorizers import by_function, grant, guarded
from tests.gateway_runtime.plane.builders import ACCOUNT, API, any_method, get, mock, rest_api, stage
from tests.gateway_runtime.plane.harness import GatewayHarness

MASKED = f"arn:aws:execute-api:us-east-1:********{ACCOUNT[-4:]}:{API}"
FROM_HERE = {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}
FROM_ELSEWHERE = {"IpAddress": {"aws:SourceIp": "198.51.100.0/24"}}


def statement(effect: str = "Allow", resource: str = "execute-api:/*", **elements: Any) -> dict[str, Any]:
    return {"Effect": effect, "Principal": "*", "Action": "execute-api:Invoke", "Resource": resource, **elements}


def serve(gateway: GatewayHarness, *statements: dict[str, Any], kind: str = "NONE", **members: Any) -> None:
    routes = (any_method("/pets/{name+}", mock(200), authorization_type=kind), get("/admin", mock(200)))
    api = rest_api(*routes, stage("prod", **members))
    document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)}) if statements else None
    gateway.serve(replace(api, policy=document))


async def test_an_api_with_a_policy_needs_an_allowance(gateway: GatewayHarness) -> None:
    serve(gateway, statement(Condition=FROM_HERE))
    assert (await gateway.get("/prod/pets/a")).status == 200

    serve(gateway, statement(Condition=FROM_ELSEWHERE))
    answer = await gateway.get("/prod/pets/a")

    assert answer.status == 403
    assert answer.header("x-amzn-errortype") == "AccessDeniedException"
    assert answer.json() == {
        "Message": "User: anonymous is not authorized to perform: execute-api:Invoke on resource: "
        f"{MASKED}/prod/GET/pets/a"
    }


async def test_an_explicit_denial_is_told_as_such(gateway: GatewayHarness) -> None:
    serve(gateway, statement(), statement("Deny", Condition=FROM_HERE))

    answer = await gateway.get("/prod/pets/a")

    assert (answer.status, answer.json()["Message"]) == (
        403,
        f"User: anonymous is not authorized to perform: execute-api:Invoke on resource: {MASKED}/prod/GET/pets/a "
        "with an explicit deny",
    )


@pytest.mark.parametrize(
    ("resource", "get_pets", "post_pets", "get_admin"),
    [
        ("execute-api:/*", 200, 200, 200),
        ("execute-api:/prod/*", 200, 200, 200),
        ("execute-api:/dev/*", 403, 403, 403),
        ("execute-api:/*/GET/*", 200, 403, 200),
        ("execute-api:/prod/*/pets/a", 200, 200, 403),
        (f"arn:aws:execute-api:us-east-1:{ACCOUNT}:{API}/prod/GET/admin", 403, 403, 200),
        (f"arn:aws:execute-api:us-east-1:{ACCOUNT}:other00000/*", 403, 403, 403),
    ],
)
async def test_a_policy_speaks_of_stages_methods_and_paths(
    gateway: GatewayHarness, resource: str, get_pets: int, post_pets: int, get_admin: int
) -> None:
    serve(gateway, statement(resource=resource))

    assert (await gateway.get("/prod/pets/a")).status == get_pets
    assert (await gateway.post("/prod/pets/a")).status == post_pets
    assert (await gateway.get("/prod/admin")).status == get_admin


@pytest.mark.parametrize("path", ["/prod/pets/secret/a", "/prod/pets/%73ecret/a", "/prod/%70ets/secret/a"])
async def test_no_spelling_of_a_path_escapes_a_denial(gateway: GatewayHarness, path: str) -> None:
    serve(gateway, statement(), statement("Deny", resource="execute-api:/*/*/pets/secret/*"))

    assert (await gateway.get(path)).status == 403


async def test_a_spelling_that_a_back_end_reads_otherwise_is_allowed_only_when_both_are(
    gateway: GatewayHarness,
) -> None:
    serve(gateway, statement(resource="execute-api:/*/*/pets/%61*"))
    assert (await gateway.get("/prod/pets/%61dmin")).status == 403

    serve(gateway, statement(resource="execute-api:/*/*/pets/*"))
    assert (await gateway.get("/prod/pets/%61dmin")).status == 200


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        ({"StringLike": {"aws:UserAgent": "curl/*"}}, 200),
        ({"StringLike": {"aws:UserAgent": "wget/*"}}, 403),
        ({"StringEquals": {"aws:Referer": "https://example.com/"}}, 200),
        ({"StringEquals": {"aws:Referer": "https://example.org/"}}, 403),
        ({"Bool": {"aws:SecureTransport": "true"}}, 403),
        ({"Bool": {"aws:SecureTransport": "false"}}, 200),
        ({"DateGreaterThan": {"aws:CurrentTime": "2023-11-14T22:13:19Z"}}, 200),
        ({"DateGreaterThan": {"aws:CurrentTime": "2023-11-14T22:13:20Z"}}, 403),
        ({"NumericEquals": {"aws:EpochTime": "1700000000"}}, 200),
        ({"StringEquals": {"aws:SourceVpce": "vpce-1a"}}, 403),
        ({"Null": {"aws:PrincipalArn": "true"}}, 200),
    ],
)
async def test_conditions_look_at_the_request(gateway: GatewayHarness, condition: dict[str, Any], status: int) -> None:
    serve(gateway, statement(Condition=condition))

    answer = await gateway.get("/prod/pets/a", user_agent="curl/8.0", referer="https://example.com/")

    assert answer.status == status


async def test_whoever_names_principals_means_callers_who_sign(gateway: GatewayHarness) -> None:
    serve(gateway, statement(Principal={"AWS": ACCOUNT}))

    assert (await gateway.get("/prod/pets/a")).status == 403


async def test_a_policy_that_is_none_closes_the_api(gateway: GatewayHarness) -> None:
    gateway.serve(replace(rest_api(get("/pets", mock(200))), policy='{"Statement": [{"Effect": "Allow"}]}'))

    assert (await gateway.get("/prod/pets")).status == 500


async def test_a_refusal_is_logged_by_its_type(gateway: GatewayHarness) -> None:
    serve(gateway, statement(Condition=FROM_ELSEWHERE), log="$context.error.responseType $context.status")

    await gateway.get("/prod/pets/a")

    assert gateway.logs.lines == ["ACCESS_DENIED 403\n"]


async def test_a_private_api_answers_only_callers_from_vpc_endpoints(gateway: GatewayHarness) -> None:
    serve(gateway, statement(), private=True)
    answer = await gateway.get("/prod/pets/a")
    assert (answer.status, answer.json()) == (403, {"message": "Forbidden"})

    narrow = VpcEndpoint("vpce-1a", "vpc-2b", (ip_network("192.0.2.0/28"),))
    wide = VpcEndpoint("vpce-3c", None, (ip_network("192.0.0.0/16"),))
    gateway.services = replace(gateway.services, vpc_endpoints=(wide, narrow))
    serve(gateway, statement(), private=True, variables={"a": "b"})

    assert (await gateway.get("/prod/pets/a")).status == 200
    by_the_name_of_the_endpoint = f"{API}-vpce-1a.execute-api.us-east-1.amazonaws.com"
    assert (await gateway.get("/prod/pets/a", host=by_the_name_of_the_endpoint)).status == 200


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        ({"StringEquals": {"aws:SourceVpce": "vpce-1a"}}, 200),
        ({"StringEquals": {"aws:SourceVpce": "vpce-3c"}}, 403),
        ({"StringEquals": {"aws:SourceVpc": "vpc-2b"}}, 200),
        ({"IpAddress": {"aws:VpcSourceIp": "192.0.2.7"}}, 200),
        ({"IpAddress": {"aws:SourceIp": "192.0.2.7"}}, 403),
    ],
)
async def test_a_private_apis_policy_knows_the_endpoint(
    gateway: GatewayHarness, condition: dict[str, Any], status: int
) -> None:
    endpoint = VpcEndpoint("vpce-1a", "vpc-2b", (ip_network("192.0.2.0/28"),))
    gateway.services = replace(gateway.services, vpc_endpoints=(endpoint,))
    serve(gateway, statement(Condition=condition), private=True)

    assert (await gateway.get("/prod/pets/a")).status == status


async def test_a_private_api_without_a_policy_lets_nobody_in(gateway: GatewayHarness) -> None:
    endpoint = VpcEndpoint("vpce-1a", None, (ip_network("192.0.2.0/28"),))
    gateway.services = replace(gateway.services, vpc_endpoints=(endpoint,))
    serve(gateway, private=True)

    answer = await gateway.get("/prod/pets/a")

    assert (answer.status, "User: anonymous" in answer.json()["Message"]) == (403, True)


SAYS = {
    "allow": [statement(Condition=FROM_HERE)],
    "nothing": [statement(Condition=FROM_ELSEWHERE)],
    "deny": [statement(), statement("Deny", Condition=FROM_HERE)],
}


@pytest.mark.parametrize(
    ("authorizer_says", "policy_says", "outcome"),
    [
        ("allow", "allow", None),
        ("allow", "nothing", None),
        ("allow", "deny", "with an explicit deny"),
        ("nothing", "allow", None),
        ("nothing", "nothing", "User is not authorized to access this resource"),
        ("nothing", "deny", "with an explicit deny"),
        ("deny", "allow", "with an explicit deny"),
        ("deny", "nothing", "with an explicit deny"),
        ("deny", "deny", "with an explicit deny"),
    ],
)
async def test_a_policy_and_a_lambda_authorizer_decide_together(
    gateway: GatewayHarness, authorizer_says: str, policy_says: str, outcome: str | None
) -> None:
    granted = {"allow": grant(), "deny": grant("Deny"), "nothing": grant(resource="arn:aws:execute-api:*:*:none/*")}
    gateway.functions.runs("gatekeeper", granted[authorizer_says])
    document = json.dumps({"Version": "2012-10-17", "Statement": SAYS[policy_says]})
    gateway.serve(replace(rest_api(guarded("/pets/{id}"), by_function()), policy=document))

    answer = await gateway.get("/prod/pets/a", authorization="let me in")

    if outcome is None:
        assert answer.status == 200
    else:
        assert (answer.status, answer.body.decode().rstrip('"}').endswith(outcome)) == (403, True)
    assert bool(gateway.functions.invocations) is (policy_says != "deny")  # who is denied before is asked nothing


@pytest.mark.parametrize("kind", ["COGNITO_USER_POOLS", "JWT"])
@pytest.mark.parametrize("decision", [Decision.ALLOW, Decision.IMPLICIT_DENY, None])
async def test_behind_user_pools_and_issuers_a_policy_has_to_allow_besides(
    gateway: GatewayHarness, kind: str, decision: Decision | None
) -> None:
    serve(gateway, statement(), kind=kind)
    compiled = gateway.current.snapshot.stage(API, "prod")
    found = compiled and compiled.match(("pets", "a"), "GET")
    step = found and require_resource_policy(found[0].site)
    exchange = Exchange({}, None, None)
    exchange.request = parse_head("GET", b"/prod/pets/a", [(b"host", b"example.com")], "192.0.2.7")
    exchange.resource_policy = decision

    assert step
    if decision is Decision.ALLOW:
        step(exchange)
    else:
        with pytest.raises(GatewayError, match="ACCESS_DENIED"):
            step(exchange)
