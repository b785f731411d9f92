"""What a deployment of an HTTP or WebSocket API would change, as people read it, and the pages that show it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.control_plane.caller import Caller
from apps.core.v2_documents import V2Authorizer, V2Cors, V2DeploymentDocument, V2Integration, V2Route
from portal.console.changes import Change
from portal.console.v2_differences import v2_changes_between
from tests.builders import a_websocket_api, an_http_api, call_v2
from tests.portal.console.reading import words

BACK_END = V2Integration(id="i1", type="HTTP_PROXY", uri="https://pets.example.com")
ISSUER = V2Authorizer(
    id="a1",
    name="people",
    type="JWT",
    identity_sources=("$request.header.Authorization",),
    jwt_issuer="https://issuer.example.com",
    jwt_audience=("shop",),
)


def document(*routes: V2Route, protocol: str = "HTTP", **members: Any) -> V2DeploymentDocument:
    members.setdefault("integrations", {BACK_END.id: BACK_END})
    return V2DeploymentDocument(
        account_id="123456789012",
        region="us-east-1",
        api_id="a1b2c3d4e5",
        api_name="Pets",
        protocol_type=protocol,
        deployment_id="d1",
        routes=routes,
        **members,
    )


def route(key: str = "GET /pets", **members: Any) -> V2Route:
    return V2Route(id=members.pop("id", "r1"), key=key, integration_id=BACK_END.id, **members)


def only(found: list[Change]) -> Change:
    assert len(found) == 1, found
    return found[0]


def guarded(authorizer: V2Authorizer, **members: Any) -> V2DeploymentDocument:
    members = {"authorization_type": "JWT", "authorizer_id": authorizer.id, **members}
    return document(route(**members), authorizers={authorizer.id: authorizer})


def test_ids_of_routes_and_integrations_do_not_count() -> None:
    other = V2Integration(id="i2", type=BACK_END.type, uri=BACK_END.uri)
    moved = V2Route(id="r2", key="GET /pets", integration_id="i2")

    assert v2_changes_between(document(route()), document(moved, integrations={"i2": other})) == []


def test_without_a_deployment_every_route_is_added() -> None:
    change = only(v2_changes_between(None, document(route())))

    assert change == Change("added", "/pets", "GET", note="HTTP_PROXY: https://pets.example.com")


def test_a_route_that_is_gone_breaks_its_callers() -> None:
    change = only(v2_changes_between(document(route(), route("POST /pets")), document(route())))

    assert (change.kind, change.verb, change.breaking) == ("removed", "POST", True)


def test_a_route_that_any_takes_over_breaks_nobody() -> None:
    found = v2_changes_between(document(route()), document(route("ANY /pets")))

    assert [(change.kind, change.breaking) for change in found] == [("added", False), ("removed", False)]


def test_a_message_without_its_route_goes_to_the_default_and_may_fail_there() -> None:
    before = document(route("join"), route("$default"), protocol="WEBSOCKET")
    change = only(v2_changes_between(before, document(route("$default"), protocol="WEBSOCKET")))

    assert (change.label, change.verb, change.breaking) == ("join", "", True)
    assert "$default" in change.note


def test_connections_open_without_a_connect_route_too() -> None:
    before = document(route("join"), route("$connect"), protocol="WEBSOCKET")

    assert not only(v2_changes_between(before, document(route("join"), protocol="WEBSOCKET"))).breaking


def test_another_back_end_is_told_by_what_it_was_and_is() -> None:
    other = {"i1": V2Integration(id="i1", type="HTTP_PROXY", uri="https://new.example.com")}
    change = only(v2_changes_between(document(route()), document(route(), integrations=other)))

    assert change.label == "/pets · integration URI"
    assert (change.before, change.after) == ("https://pets.example.com", "https://new.example.com")
    assert not change.breaking


@pytest.mark.parametrize(
    ("before", "after", "breaking"),
    [
        ({}, {"authorization_type": "AWS_IAM"}, True),
        ({"authorization_type": "AWS_IAM"}, {}, False),
        ({}, {"api_key_required": True}, True),
        ({}, {"request_parameters": {"route.request.querystring.page": True}}, True),
        ({}, {"request_parameters": {"route.request.querystring.page": False}}, False),
        ({"authorization_scopes": ("read",)}, {"authorization_scopes": ("read", "write")}, False),
        ({"authorization_scopes": ("read", "write")}, {"authorization_scopes": ("read",)}, True),
        ({}, {"authorization_scopes": ("read",)}, True),
        ({"authorization_scopes": ("read",)}, {}, False),
        ({}, {"request_models": {"$default": "Pet"}}, True),
        ({}, {"operation_name": "ListPets"}, False),
    ],
)
def test_what_a_route_asks_for_breaks_those_who_did_not_bring_it(
    before: dict[str, Any], after: dict[str, Any], breaking: bool
) -> None:
    change = only(v2_changes_between(document(route(**before)), document(route(**after))))

    assert change.breaking == breaking


@pytest.mark.parametrize(
    ("members", "breaking"),
    [
        ({"jwt_issuer": "https://other.example.com"}, True),
        ({"jwt_audience": ("shop", "desk")}, False),
        ({"jwt_audience": ("desk",)}, True),
        ({"identity_sources": ("$request.header.Token",)}, True),
        ({"result_ttl": 60}, False),
    ],
)
def test_an_authorizer_that_takes_less_breaks_callers(members: dict[str, Any], breaking: bool) -> None:
    kept = {name: getattr(ISSUER, name) for name in ISSUER.__struct_fields__}
    change = only(v2_changes_between(guarded(ISSUER), guarded(V2Authorizer(**{**kept, **members}))))

    assert change.breaking == breaking


def test_another_name_of_an_authorizer_is_no_change() -> None:
    kept = {name: getattr(ISSUER, name) for name in ISSUER.__struct_fields__}

    assert v2_changes_between(guarded(ISSUER), guarded(V2Authorizer(**{**kept, "name": "members"}))) == []


@pytest.mark.parametrize(
    ("before", "after", "breaking"),
    [
        (None, V2Cors(allow_origins=("https://shop.example.com",)), False),
        (V2Cors(allow_origins=("https://shop.example.com",)), None, True),
        (V2Cors(allow_origins=("https://a.example", "https://b.example")), V2Cors(allow_origins=("*",)), False),
        (V2Cors(allow_origins=("*",)), V2Cors(allow_origins=("https://a.example",)), True),
        (V2Cors(allow_credentials=True), V2Cors(), True),
    ],
)
def test_cors_that_allows_less_breaks_browsers(before: V2Cors | None, after: V2Cors | None, breaking: bool) -> None:
    found = v2_changes_between(document(route(), cors=before), document(route(), cors=after))

    assert any(change.breaking for change in found) == breaking


def test_closing_the_default_endpoint_breaks_whoever_calls_it() -> None:
    change = only(v2_changes_between(document(route()), document(route(), disable_execute_api_endpoint=True)))

    assert change.breaking


def url(view: str, *args: str) -> str:
    return reverse(f"console:v2_{view}", args=args)


def an_api_that_is_ahead(caller: Caller, *, auto: bool = False) -> str:
    """An HTTP API on the stage prod, to which a route was added since."""
    api = an_http_api(caller, "GET /pets")
    call_v2(caller, "CreateStage", ApiId=api, StageName="prod", AutoDeploy=auto)
    if not auto:
        call_v2(caller, "CreateDeployment", ApiId=api, StageName="prod")
    call_v2(caller, "CreateRoute", ApiId=api, RouteKey="GET /owners", AuthorizationType="AWS_IAM")
    return api


def test_the_heading_counts_what_production_does_not_run(owner: Client, caller: Caller) -> None:
    api = an_api_that_is_ahead(caller)

    assert "1 change not deployed" in words(owner.get(url("api", api)))

    owner.post(url("deploy", api), {"deploy-stage": "prod"})
    assert "not deployed" not in words(owner.get(url("api", api)))


def test_the_changes_page_shows_the_draft_against_a_stage(owner: Client, caller: Caller) -> None:
    api = an_api_that_is_ahead(caller)

    page = owner.get(url("changes", api))

    assert "Draft against prod" in words(page)
    assert [change.label for change in page.context["difference"].changes] == ["/owners"]
    assert "nothing breaks" in words(page)


def test_a_stage_that_deploys_by_itself_is_up_to_date(owner: Client, caller: Caller) -> None:
    api = an_api_that_is_ahead(caller, auto=True)

    assert "prod runs the draft" in words(owner.get(url("changes", api)))


def test_an_api_without_routes_says_why_it_cannot_be_deployed(owner: Client, caller: Caller) -> None:
    api = an_http_api(caller)

    assert "no routes exist" in words(owner.get(url("changes", api)))


def test_a_websocket_api_has_the_page_too(owner: Client, caller: Caller) -> None:
    api = a_websocket_api(caller)
    call_v2(caller, "CreateRoute", ApiId=api, RouteKey="join")

    assert "Everything is new" in words(owner.get(url("changes", api)))


def test_any_two_deployments_are_compared_in_either_direction(owner: Client, caller: Caller) -> None:
    api = an_api_that_is_ahead(caller)
    call_v2(caller, "CreateDeployment", ApiId=api, StageName="prod")
    new, old = (one["DeploymentId"] for one in call_v2(caller, "GetDeployments", ApiId=api)["Items"])

    newest = owner.get(url("compare", api))
    back = owner.get(url("compare", api), {"from": new, "to": old})

    assert [change.kind for change in newest.context["changes"]] == ["added"]
    assert [(change.kind, change.breaking) for change in back.context["changes"]] == [("removed", True)]
    assert "1 breaking change" in words(back)


def test_one_deployment_is_nothing_to_compare(owner: Client, caller: Caller) -> None:
    api = an_api_that_is_ahead(caller)

    assert "Nothing to compare yet" in words(owner.get(url("compare", api)))


def test_an_unknown_deployment_or_api_is_not_found(owner: Client, caller: Caller, elsewhere: Caller) -> None:
    api, foreign = an_api_that_is_ahead(caller), an_api_that_is_ahead(elsewhere)

    assert owner.get(url("compare", api), {"from": "nothere"}).status_code == 404
    assert owner.get(url("compare", foreign)).status_code == 404
    assert owner.get(url("changes", foreign)).status_code == 404


def test_one_click_rolls_a_stage_back_to_the_deployment_before(owner: Client, caller: Caller) -> None:
    api = an_api_that_is_ahead(caller)
    old = call_v2(caller, "GetStage", ApiId=api, StageName="prod")["DeploymentId"]
    call_v2(caller, "CreateDeployment", ApiId=api, StageName="prod")

    page = owner.get(url("deployments", api))
    (way,) = page.context["returns"]
    owner.post(url("point", api), {"stage": way.stage.name, "deployment": way.previous.deployment_id})

    assert call_v2(caller, "GetStage", ApiId=api, StageName="prod")["DeploymentId"] == old
    assert owner.get(url("deployments", api)).context["returns"][0].previous is None


def test_a_viewer_sees_the_way_back_without_its_button(viewer: Client, caller: Caller) -> None:
    api = an_api_that_is_ahead(caller)
    call_v2(caller, "CreateDeployment", ApiId=api, StageName="prod")

    page = words(viewer.get(url("deployments", api)))

    assert "What would change" in page
    assert "Roll back" not in page


def test_a_stage_that_is_deployed_to_by_hand_counts_before_one_that_follows(owner: Client, caller: Caller) -> None:
    api = an_api_that_is_ahead(caller)
    call_v2(caller, "CreateStage", ApiId=api, StageName="$default", AutoDeploy=True)

    assert "1 change not deployed" in words(owner.get(url("api", api)))
