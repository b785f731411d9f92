"""What is taken away in the console: taken back with one click, or asked for by its name before."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import URLPattern, URLResolver, reverse

from apps.accounts.models import AuditEvent, UndoableChange, User
from apps.control_plane import registry
from apps.control_plane.caller import Caller
from apps.control_plane.errors import AwsError, NotFoundException
from apps.control_plane.undo import perform
from apps.deployments.models import ConfigurationSection
from apps.usage_plans.models import ApiKey, UsagePlan, UsagePlanKey
from portal.console import urls
from portal.console.confirmations import CONFIRMED
from tests.builders import a_key, a_plan, a_rest_api, a_stage, call, mock
from tests.portal.console.reading import text, words

Member = Callable[[str], Client]

# Views that undo takes back, with the operation that they perform.
UNDONE = {
    "delete_resource", "delete_method", "delete_response", "delete_authorizer", "delete_model", "delete_request_validator",
    "delete_documentation_part", "delete_documentation_version", "reset_gateway_response", "promote_canary", "end_canary",
    "reset_stage_method", "rollback", "remove_plan_stage", "remove_plan_key", "end_key", "remove_team_member", "v2_delete_route",
    "v2_delete_integration", "v2_delete_integration_response", "v2_delete_authorizer", "v2_end_cors", "v2_delete_model", "v2_point",
}  # fmt: skip
# Views whose own dialogs want the name typed.
NAMED = {
    "delete_stage", "delete_api", "delete_plan", "delete_key", "delete_function", "delete_domain_name", "delete_product", "delete_team",
    "delete_user_policy", "reset_second_factor", "v2_delete_stage", "v2_delete",
}  # fmt: skip
# Nothing that somebody has made goes: it is fetched or published again, has an overlap, wants a code of its owner, or is a decision.
HARMLESS = {
    "flush_cache", "forget_stage_authorizers", "v2_forget_authorizers", "rotate_key", "rotate_signing_key", "remove_second_factor", "refuse", "unpublish_product",
}  # fmt: skip
DESTRUCTIVE = re.compile(
    r"(^|_)(delete|remove|revoke|reset|end|flush|rotate|forget|refuse|unpublish|promote|rollback|point)(_|$)"
)


def names(patterns: Any) -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from names(pattern.url_patterns)
        elif isinstance(pattern, URLPattern) and pattern.name:
            yield pattern.name


def parameters_of(name: str, patterns: Any, above: str = "") -> list[str]:
    """What the address of a view has in it."""
    for pattern in patterns:
        way = above + str(pattern.pattern)
        if isinstance(pattern, URLResolver) and name in names(pattern.url_patterns):
            return parameters_of(name, pattern.url_patterns, way)
        if getattr(pattern, "name", "") == name:
            return re.findall(r"<(?:\w+:)?(\w+)>", way)
    raise LookupError(name)


def undo(browser: Client, page: Any) -> Any:
    """Press Undo on a page; the page after that."""
    form = re.search(r'<form class="undo-bar.*?</form>', text(page), re.DOTALL)
    assert form is not None, "the page offers no undo"
    ids = re.findall(r'name="undo" value="([^"]+)"', form[0])
    goal = re.search(r'name="next" value="([^"]+)"', form[0])
    assert goal is not None
    return browser.post(reverse("console:undo"), {"undo": ids, "next": goal[1]}, follow=True)


@pytest.fixture
def api(caller: Caller) -> str:
    return a_rest_api(caller, {"/pets": {"GET": mock(), "POST": mock()}, "/pets/{id}": {"GET": mock()}})


def everything(caller: Caller, api: str) -> Any:
    resources = call(caller, "GetResources", restApiId=api, embed=["methods"], limit=500)["items"]
    return sorted(resources, key=lambda one: one["path"])


def resource(caller: Caller, api: str, path: str) -> str:
    return str(next(one["id"] for one in everything(caller, api) if one["path"] == path))


def test_every_control_that_takes_something_away_can_be_undone_or_wants_a_name() -> None:
    destructive = {name for name in names(urls.urlpatterns) if DESTRUCTIVE.search(name)}

    kinds = [UNDONE, NAMED, set(CONFIRMED), HARMLESS]
    assert {name for name in destructive if sum(name in kind for kind in kinds) != 1} == set()
    assert set(CONFIRMED) <= set(names(urls.urlpatterns))


@pytest.mark.parametrize("name", sorted(CONFIRMED))
def test_what_nobody_brings_back_wants_its_name_typed(owner: Client, name: str) -> None:
    asked = CONFIRMED[name]
    parameters = parameters_of(name, urls.urlpatterns)
    address = reverse(f"console:{name}", kwargs=dict.fromkeys(parameters, "thing42"))
    posted = {} if asked.key in parameters or not asked.key else {asked.key: "arn:of/thing42"}
    wanted = asked.constant or "thing42"

    first = owner.post(address, posted)
    wrong = owner.post(address, {**posted, "confirmation": "something"})

    assert (first.status_code, wrong.status_code) == (200, 422)
    assert f"Type {wanted} to confirm" in words(first)
    assert all(lost in words(first) for lost in asked.lost)
    assert not AuditEvent.objects.exists()
    for key, value in posted.items():
        assert f'name="{key}" value="{value}"' in text(first)
    assert owner.post(address, {**posted, "confirmation": f" {wanted} "}).status_code != 200


def test_a_resource_comes_back_with_all_below_it_under_the_same_ids(owner: Client, caller: Caller, api: str) -> None:
    before = everything(caller, api)

    page = owner.post(reverse("console:delete_resource", args=[api, resource(caller, api, "/pets")]), follow=True)
    assert len(everything(caller, api)) == 1
    told = words(undo(owner, page))

    assert everything(caller, api) == before
    assert "It is as it was before." in told
    event = AuditEvent.objects.get(operation="UndoChanges")
    assert event.after == {"operations": ["apigateway:DeleteResource"]}


def test_an_offer_is_made_once_and_taken_once(owner: Client, caller: Caller, api: str) -> None:
    page = owner.post(reverse("console:delete_method", args=[api, resource(caller, api, "/pets"), "GET"]), follow=True)
    assert "undo-bar" not in text(owner.get(reverse("console:api", args=[api])))

    undo(owner, page)

    assert "has been undone already" in words(undo(owner, page))


def test_undo_on_the_answer_to_a_form_goes_back_to_the_page_of_the_form(
    owner: Client, caller: Caller, api: str
) -> None:
    owner.post(reverse("console:delete_method", args=[api, resource(caller, api, "/pets"), "GET"]))
    people = reverse("console:people")
    invitation = {"invite-name": "nina", "invite-email": "nina@example.com", "invite-role": "viewer"}
    page = owner.post(reverse("console:invite"), invitation, headers={"Referer": f"http://testserver{people}"})

    answer = undo(owner, page)

    assert (answer.status_code, answer.request["PATH_INFO"]) == (200, people)
    assert "It is as it was before." in words(answer)


def test_a_form_of_several_operations_is_undone_as_one(owner: Client, caller: Caller, api: str) -> None:
    pets = resource(caller, api, "/pets")
    before = everything(caller, api)
    page = owner.post(
        reverse("console:cors", args=[api, pets]),
        {"origin": "*", "methods": ["GET", "POST"], "enable": "1"},
        follow=True,
    )
    assert everything(caller, api) != before

    undo(owner, page)

    assert everything(caller, api) == before


def test_what_has_changed_since_is_left_alone(owner: Client, caller: Caller, api: str) -> None:
    pets = resource(caller, api, "/pets")
    page = owner.post(reverse("console:edit_method", args=[api, pets, "GET"]), {"api_key_required": "on"}, follow=True)
    patches = [{"op": "replace", "path": "/operationName", "value": "ListPets"}]
    call(caller, "UpdateMethod", restApiId=api, resourceId=pets, httpMethod="GET", patchOperations=patches)
    now = everything(caller, api)

    assert "Something else has changed since" in words(undo(owner, page))
    assert everything(caller, api) == now


def test_a_place_that_is_taken_again_is_left_alone(owner: Client, caller: Caller, api: str) -> None:
    pets = resource(caller, api, "/pets")
    page = owner.post(reverse("console:delete_method", args=[api, pets, "GET"]), follow=True)
    call(caller, "PutMethod", restApiId=api, resourceId=pets, httpMethod="GET", authorizationType="NONE")

    assert "Something else has changed since" in words(undo(owner, page))
    assert call(caller, "GetMethod", restApiId=api, resourceId=pets, httpMethod="GET").get("methodIntegration") is None


def test_what_it_stood_in_is_gone_and_so_is_the_offer(owner: Client, caller: Caller, api: str) -> None:
    child = resource(caller, api, "/pets/{id}")
    page = owner.post(reverse("console:delete_resource", args=[api, child]), follow=True)
    call(caller, "DeleteResource", restApiId=api, resourceId=resource(caller, api, "/pets"))

    assert "Something else has changed since" in words(undo(owner, page))
    assert [one["path"] for one in everything(caller, api)] == ["/"]


def test_ten_minutes_later_it_is_too_late(owner: Client, caller: Caller, api: str) -> None:
    with time_machine.travel("2026-03-04T05:06:07Z", tick=False) as clock:
        owner.force_login(
            User.objects.get(username="owner"), backend="allauth.account.auth_backends.AuthenticationBackend"
        )
        page = owner.post(
            reverse("console:delete_method", args=[api, resource(caller, api, "/pets"), "GET"]), follow=True
        )
        clock.shift(601)
        told = words(undo(owner, page))

    assert "too long ago" in told


def test_nobody_undoes_what_somebody_else_has_done(owner: Client, member: Member, caller: Caller, api: str) -> None:
    page = owner.post(reverse("console:delete_method", args=[api, resource(caller, api, "/pets"), "GET"]), follow=True)

    assert "has been undone already" in words(undo(member("editor"), page))
    assert undo(member("viewer"), page).status_code in (200, 403)
    assert UndoableChange.objects.count() == 1


def test_a_key_comes_back_with_its_value_its_plans_and_what_the_data_plane_knows(
    owner: Client, caller: Caller, api: str
) -> None:
    plan = a_plan(caller, (api, a_stage(caller, api)))
    key = a_key(caller)
    call(caller, "CreateUsagePlanKey", usagePlanId=plan, keyId=key["id"], keyType="API_KEY")
    sections = dict(ConfigurationSection.objects.values_list("name", "document_id"))

    page = owner.post(reverse("console:delete_key", args=[key["id"]]), {"confirmation": "a key"}, follow=True)
    assert dict(ConfigurationSection.objects.values_list("name", "document_id")) != sections
    undo(owner, page)

    back = call(caller, "GetApiKey", apiKey=key["id"], includeValue=True)
    assert (back["value"], back["createdDate"]) == (key["value"], key["createdDate"])
    assert UsagePlanKey.objects.get().plan.plan_id == plan
    assert dict(ConfigurationSection.objects.values_list("name", "document_id")) == sections


def test_a_plan_comes_back_with_its_keys_and_a_stage_that_was_taken_out_of_it(
    owner: Client, caller: Caller, api: str
) -> None:
    plan = a_plan(caller, (api, a_stage(caller, api)), quota={"limit": 5, "period": "DAY"})
    key = a_key(caller)
    call(caller, "CreateUsagePlanKey", usagePlanId=plan, keyId=key["id"], keyType="API_KEY")
    before = call(caller, "GetUsagePlan", usagePlanId=plan)
    sections = dict(ConfigurationSection.objects.values_list("name", "document_id"))
    patches = [{"op": "remove", "path": "/apiStages", "value": f"{api}:prod"}]
    _, first = perform(caller, "apigateway", "UpdateUsagePlan", {"usagePlanId": plan, "patchOperations": patches})
    _, second = perform(caller, "apigateway", "DeleteUsagePlan", {"usagePlanId": plan})
    assert not UsagePlan.objects.exists()

    registry.call(caller, "gatehouse", "UndoChanges", {"undoIds": [first, second]})

    assert UsagePlanKey.objects.get().api_key.key_id == key["id"]
    assert call(caller, "GetUsagePlan", usagePlanId=plan) == before
    assert dict(ConfigurationSection.objects.values_list("name", "document_id")) == sections


def test_a_stage_is_set_back_and_published(owner: Client, caller: Caller, api: str) -> None:
    a_stage(caller, api)
    sections = dict(ConfigurationSection.objects.values_list("name", "document_id"))
    patches = [{"op": "replace", "path": "/variables/color", "value": "red"}]
    request = {"restApiId": api, "stageName": "prod", "patchOperations": patches}

    _, undo_id = perform(caller, "apigateway", "UpdateStage", request)
    assert dict(ConfigurationSection.objects.values_list("name", "document_id")) != sections
    registry.call(caller, "gatehouse", "UndoChanges", {"undoIds": [undo_id]})

    assert "variables" not in call(caller, "GetStage", restApiId=api, stageName="prod")
    assert dict(ConfigurationSection.objects.values_list("name", "document_id")) == sections


def test_routes_and_integrations_of_v2_come_back(caller: Caller) -> None:
    def v2(name: str, **request: Any) -> dict[str, Any]:
        return registry.call(caller, "apigatewayv2", name, request)

    api = v2("CreateApi", Name="web", ProtocolType="HTTP")["ApiId"]
    integration = v2("CreateIntegration", ApiId=api, IntegrationType="HTTP_PROXY", IntegrationMethod="GET", IntegrationUri="http://x.example.com/", PayloadFormatVersion="1.0")["IntegrationId"]  # fmt: skip
    route = v2("CreateRoute", ApiId=api, RouteKey="GET /a", Target=f"integrations/{integration}")
    ids = [
        perform(caller, "apigatewayv2", "DeleteRoute", {"ApiId": api, "RouteId": route["RouteId"]})[1],
        perform(caller, "apigatewayv2", "DeleteIntegration", {"ApiId": api, "IntegrationId": integration})[1],
    ]

    registry.call(caller, "gatehouse", "UndoChanges", {"undoIds": ids})

    assert v2("GetRoute", ApiId=api, RouteId=route["RouteId"]) == route


def test_all_or_nothing_of_several_is_undone(caller: Caller, api: str) -> None:
    pets = resource(caller, api, "/pets")
    ids = [
        perform(caller, "apigateway", "DeleteMethod", {"restApiId": api, "resourceId": pets, "httpMethod": verb})[1]
        for verb in ("GET", "POST")
    ]
    call(caller, "PutMethod", restApiId=api, resourceId=pets, httpMethod="GET", authorizationType="NONE")
    now = everything(caller, api)

    with pytest.raises(AwsError, match="Something else has changed"):
        registry.call(caller, "gatehouse", "UndoChanges", {"undoIds": ids})

    assert everything(caller, api) == now
    assert UndoableChange.objects.count() == 2


def test_what_was_refused_offers_nothing_and_is_audited(caller: Caller, api: str) -> None:
    request = {"restApiId": api, "resourceId": "nothing", "httpMethod": "GET"}

    with pytest.raises(NotFoundException):
        perform(caller, "apigateway", "DeleteMethod", request)

    assert not UndoableChange.objects.exists()
    assert AuditEvent.objects.filter(operation="DeleteMethod", error="NotFoundException").exists()


def test_who_may_not_change_any_more_undoes_nothing(caller: Caller, api: str) -> None:
    request = {"restApiId": api, "resourceId": resource(caller, api, "/pets"), "httpMethod": "GET"}
    _, undo_id = perform(caller, "apigateway", "DeleteMethod", request)
    for role in ("viewer", ""):
        with pytest.raises(AwsError, match="role"):
            registry.call(replace(caller, role=role), "gatehouse", "UndoChanges", {"undoIds": [undo_id]})


def test_values_that_wait_to_come_back_are_sealed(caller: Caller) -> None:
    from django.db import connection

    key = a_key(caller)
    perform(caller, "apigateway", "DeleteApiKey", {"apiKey": key["id"]})

    with connection.cursor() as cursor:
        cursor.execute("SELECT changes FROM accounts_undoablechange")
        assert key["value"] not in str(cursor.fetchall())
    assert not ApiKey.objects.exists()


def test_a_plan_that_products_offer_takes_them_along_and_is_not_taken_back(caller: Caller, api: str) -> None:
    plan = a_plan(caller, (api, a_stage(caller, api)))
    registry.call(
        caller, "gatehouse", "CreateProduct",
        {"slug": "pets", "name": "Pets", "stages": [{"restApiId": api, "stageName": "prod"}], "usagePlans": [{"usagePlanId": plan}]},
    )  # fmt: skip
    patches = [{"op": "remove", "path": "/apiStages", "value": f"{api}:prod"}]
    try:
        call(caller, "UpdateUsagePlan", usagePlanId=plan, patchOperations=patches)
        _, undo_id = perform(caller, "apigateway", "DeleteUsagePlan", {"usagePlanId": plan})
    except AwsError:
        undo_id = ""  # a plan in use stays

    assert undo_id == ""
