"""Who gets in, and what each role may do there."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Account, AuditEvent, Membership, User
from apps.control_plane import registry
from apps.control_plane.caller import Caller
from apps.rest_apis.models import RestApi
from apps.usage_plans.models import ApiKey, UsagePlan
from tests.builders import a_key, a_plan, a_rest_api, a_stage, call
from tests.portal.console.reading import text

Member = Callable[[str], Client]
PASSWORD = "a long pass phrase"


@pytest.fixture
def world(caller: Caller) -> dict[str, str]:
    """An API that is deployed, with a plan, a key and a product: the ids that pages are about."""
    return everything(caller)


def everything(caller: Caller) -> dict[str, str]:
    api = a_rest_api(caller)
    stage = a_stage(caller, api)
    plan = a_plan(caller, (api, stage), quota={"limit": 100, "period": "DAY"})
    product = {
        "slug": f"pets-{caller.account_id}",
        "name": "Pets",
        "stages": [{"restApiId": api, "stageName": stage}],
        "usagePlans": [{"usagePlanId": plan}],
    }
    resources = call(caller, "GetResources", restApiId=api)["items"]
    return {
        "api": api,
        "stage": stage,
        "deployment": call(caller, "GetStage", restApiId=api, stageName=stage)["deploymentId"],
        "plan": plan,
        "key": a_key(caller)["id"],
        "product": registry.call(caller, "gatehouse", "CreateProduct", product)["productId"],
        "resource": next(row["id"] for row in resources if row["path"] == "/pets"),
    }


GENERAL = (
    "home", "import", "create_api", "usage_plans", "create_plan", "api_keys", "create_key", "products", "create_product",
    "subscriptions", "audit", "account", "people", "access_keys",
)  # fmt: skip
OF_AN_API = (
    "api",
    "models",
    "create_model",
    "gateway_responses",
    "changes",
    "stages",
    "deployments",
    "traffic",
    "api_settings",
)


def pages_about(world: dict[str, str]) -> list[str]:
    api, method = world["api"], [world["api"], world["resource"], "GET"]
    urls = [reverse(f"console:{name}", args=[api]) for name in OF_AN_API]
    urls += [
        reverse(f"console:{name}", args=[api, world["stage"]]) for name in ("stage", "stage_cache", "canary", "live")
    ]
    urls += [
        reverse(f"console:{name}", args=method)
        for name in ("edit_method", "edit_integration", "create_response", "test_method")
    ]
    urls += [
        reverse("console:model", args=[api, "Error"]),
        reverse("console:gateway_response", args=[api, "THROTTLED"]),
    ]
    return [
        *urls,
        reverse("console:edit_response", args=[*method, "200"]),
        reverse("console:create_method", args=method[:2]),
        reverse("console:cors", args=method[:2]),
        reverse("console:api", args=[api]) + f"?resource={world['resource']}&method=GET",
        reverse("console:traffic", args=[api]) + "?period=7d&stage=prod",
        reverse("console:import") + f"?api={api}",
        reverse("console:export", args=[api]) + "?stage=prod&kind=oas30&format=yaml&integrations=1",
        reverse("console:usage_plan", args=[world["plan"]]),
        reverse("console:method_throttles", args=[world["plan"], api, world["stage"]]),
        reverse("console:api_key", args=[world["key"]]),
        reverse("console:product", args=[world["product"]]),
    ]


def every_page(world: dict[str, str]) -> list[str]:
    return [reverse(f"console:{name}") for name in GENERAL] + pages_about(world)


def writes(world: dict[str, str]) -> dict[str, tuple[list[str], dict[str, str]]]:
    """A valid post for every kind of write."""
    api, method = world["api"], [world["api"], world["resource"], "GET"]
    return {
        "create_api": ([], {"name": "New"}),
        "create_resource": ([api, world["resource"]], {"resource-path_part": "owners"}),
        "delete_resource": ([api, world["resource"]], {}),
        "create_method": ([api, world["resource"]], {"http_method": "POST", "type": "MOCK", "timeout": "29000"}),
        "edit_method": (method, {"api_key_required": "on"}),
        "cors": ([api, world["resource"]], {"origin": "*", "methods": "GET", "enable": "1"}),
        "edit_integration": (method, {"type": "MOCK", "timeout": "500"}),
        "edit_response": ([*method, "200"], {"templates-type": "application/json", "templates-value": "{}"}),
        "test_method": (method, {}),
        "create_model": ([api], {"name": "Pet", "content_type": "application/json", "schema": '{"type": "object"}'}),
        "model": ([api, "Error"], {"schema": '{"type": "string"}'}),
        "gateway_response": ([api, "THROTTLED"], {"status_code": "420"}),
        "reset_gateway_response": ([api, "THROTTLED"], {}),
        "delete_response": ([*method, "200"], {}),
        "delete_method": (method, {}),
        "deploy": ([api], {"deploy-stage": "prod"}),
        "stage": ([api, "prod"], {"description": "changed"}),
        "stage_cache": ([api, "prod"], {"cluster": "on", "size": "0.5", "ttl": "300", "strategy": "FAIL_WITH_403"}),
        "flush_cache": ([api, "prod"], {}),
        "canary": ([api, "prod"], {"deployment": world["deployment"], "percent": "10"}),
        "promote_canary": ([api, "prod"], {}),
        "end_canary": ([api, "prod"], {}),
        "guard_canary": ([api, "prod"], {"guard-minimum": "10", "guard-error_margin": "1"}),
        "delete_stage": ([api, "prod"], {"confirmation": "prod"}),
        "api_settings": ([api], {"name": "Other", "api_key_source": "HEADER"}),
        "delete_model": ([api, "Error"], {}),
        "delete_api": ([api], {"confirmation": "petstore"}),
        "create_plan": ([], {"name": "New"}),
        "usage_plan": ([world["plan"]], {"name": "Other"}),
        "remove_plan_stage": ([world["plan"]], {"stage": f"{api}:prod"}),
        "add_plan_key": ([world["plan"]], {"key": world["key"]}),
        "delete_plan": ([world["plan"]], {"confirmation": "gold"}),
        "create_key": ([], {"name": "New"}),
        "api_key": ([world["key"]], {"name": "Other"}),
        "switch_key": ([world["key"]], {"enabled": "false"}),
        "delete_key": ([world["key"]], {"confirmation": "a key"}),
        "publish_product": ([world["product"]], {}),
        "delete_product": ([world["product"]], {"confirmation": "Pets"}),
        "account": ([], {"rate": "5", "burst": "5"}),
        "create_access_key": ([], {}),
    }


def test_every_page_shows_for_an_owner(owner: Client, world: dict[str, str]) -> None:
    statuses = {url: owner.get(url).status_code for url in every_page(world)}

    assert statuses == dict.fromkeys(statuses, 200)


def test_every_page_shows_for_a_viewer(viewer: Client, world: dict[str, str]) -> None:
    statuses = {url: viewer.get(url).status_code for url in every_page(world)}

    assert statuses == dict.fromkeys(statuses, 200)


def test_every_page_sends_strangers_to_sign_in_and_back(client: Client, world: dict[str, str]) -> None:
    for url in every_page(world):
        answer = client.get(url)
        assert answer.status_code == 302, url
        assert answer["Location"].startswith(reverse("console:sign_in") + "?next=%2Fconsole%2F"), url


def test_no_page_opens_to_somebody_without_an_account(member: Member, world: dict[str, str]) -> None:
    nobody = member("nobody")

    statuses = {url: nobody.get(url).status_code for url in every_page(world)}

    assert statuses == dict.fromkeys(statuses, 403)


def test_what_belongs_to_another_account_is_unknown(owner: Client, elsewhere: Caller) -> None:
    theirs = everything(elsewhere)

    statuses = {url: owner.get(url).status_code for url in pages_about(theirs)}

    assert statuses == dict.fromkeys(statuses, 404)


def test_nothing_of_another_account_can_be_changed(owner: Client, elsewhere: Caller) -> None:
    theirs = everything(elsewhere)
    posts = {name: given for name, given in writes(theirs).items() if given[0]}

    statuses = {
        name: owner.post(reverse(f"console:{name}", args=args), data).status_code
        for name, (args, data) in posts.items()
    }

    assert statuses == dict.fromkeys(posts, 404)
    assert set(AuditEvent.objects.filter(account_id=elsewhere.account_id).values_list("via", flat=True)) == {"seed"}


def test_a_viewer_is_refused_every_write(viewer: Client, world: dict[str, str]) -> None:
    posts = writes(world)

    statuses = {
        name: viewer.post(reverse(f"console:{name}", args=args), data).status_code
        for name, (args, data) in posts.items()
    }

    assert statuses == dict.fromkeys(posts, 403)
    assert not AuditEvent.objects.filter(via="console", error="").exists()


def test_a_viewer_is_refused_whatever_the_form_holds(viewer: Client, world: dict[str, str]) -> None:
    posts = [
        reverse("console:create_api"),
        reverse("console:create_key"),
        reverse("console:delete_api", args=[world["api"]]),
    ]

    answers = [viewer.post(url, {"name": "", "confirmation": "?"}) for url in posts]

    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert "Nothing was deleted" not in text(viewer.get(reverse("console:home")))


@pytest.mark.parametrize("role", ["viewer"])
def test_a_viewer_sees_no_form_that_writes(member: Member, world: dict[str, str], role: str) -> None:
    harmless = {reverse("console:sign_out"), reverse("console:switch")}
    for url in pages_about(world):
        page = text(member(role).get(url))
        actions = {part.split('"')[0] for part in page.split('method="post" action="')[1:]}
        # What is left are forms without a button, whose fields are disabled.
        assert {action for action in actions if action not in harmless} <= {url, reverse("console:import")}, url


@pytest.mark.parametrize("name", ["deploy", "delete_api"])
def test_writes_are_posts_only(owner: Client, world: dict[str, str], name: str) -> None:
    assert owner.get(reverse(f"console:{name}", args=[world["api"]])).status_code == 405


def test_a_write_without_its_token_is_refused(account: Account, world: dict[str, str]) -> None:
    user = User.objects.create_user("mira", "mira@example.com", PASSWORD)
    Membership.objects.create(user=user, account=account, role="owner")
    client = Client(enforce_csrf_checks=True)
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")

    assert (
        client.post(reverse("console:delete_api", args=[world["api"]]), {"confirmation": "petstore"}).status_code == 403
    )
    assert RestApi.objects.filter(id=world["api"]).exists()


def test_signing_in_rotates_the_session_and_goes_where_one_wanted_to_go(client: Client, account: Account) -> None:
    user = User.objects.create_user("mira", "mira@example.com", PASSWORD)
    Membership.objects.create(user=user, account=account, role="owner")
    client.session["something"] = "kept"
    client.session.save()
    before = client.session.session_key

    answer = client.post(
        reverse("console:sign_in"), {"username": "mira@example.com", "password": PASSWORD, "next": "/console/audit/"}
    )

    assert answer["Location"] == "/console/audit/"
    assert client.session.session_key != before


def test_a_link_cannot_lead_signing_in_elsewhere(client: Client, db: None) -> None:
    User.objects.create_user("mira", "mira@example.com", PASSWORD)

    answer = client.post(
        reverse("console:sign_in"), {"username": "mira", "password": PASSWORD, "next": "https://evil.example.com/"}
    )

    assert answer["Location"] == reverse("console:home")


def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(client: Client, db: None) -> None:
    User.objects.create_user("mira", "mira@example.com", PASSWORD)

    answers = [
        client.post(reverse("console:sign_in"), {"username": name, "password": "wrong"}) for name in ("mira", "nobody")
    ]

    assert [answer.status_code for answer in answers] == [422, 422]
    assert all("do not go together" in text(answer) for answer in answers)


def test_too_many_wrong_passwords_close_the_door_with_a_clear_message(
    client: Client, db: None, settings: object
) -> None:
    User.objects.create_user("mira", "mira@example.com", PASSWORD)
    for _ in range(settings.AXES_FAILURE_LIMIT):  # type: ignore[attr-defined]
        answer = client.post(reverse("console:sign_in"), {"username": "mira", "password": "wrong"})

    assert (answer.status_code, "Too many attempts" in text(answer)) == (429, True)
    assert client.post(reverse("console:sign_in"), {"username": "mira", "password": PASSWORD}).status_code == 429


def test_the_slash_at_the_end_may_be_forgotten(client: Client) -> None:
    assert client.get("/console")["Location"] == reverse("console:home")


def test_signing_out_ends_the_session(owner: Client) -> None:
    owner.post(reverse("console:sign_out"))

    assert owner.get(reverse("console:home")).status_code == 302


def test_another_account_is_chosen_only_by_its_members(owner: Client, elsewhere: Caller) -> None:
    owner.post(reverse("console:switch"), {"account": elsewhere.account_id})
    assert "Elsewhere" not in text(owner.get(reverse("console:home")))

    user = User.objects.get(username="owner")
    Membership.objects.create(user=user, account_id=elsewhere.account_id, role="viewer")
    owner.post(reverse("console:switch"), {"account": elsewhere.account_id})

    page = text(owner.get(reverse("console:home")))
    assert "Elsewhere" in page
    assert "Import OpenAPI" not in page  # a viewer there


def test_a_region_has_its_own_apis(owner: Client, world: dict[str, str]) -> None:
    owner.post(reverse("console:switch"), {"region": "eu-central-1"})

    assert "No API in this region yet" in text(owner.get(reverse("console:home")))
    assert owner.get(reverse("console:api", args=[world["api"]])).status_code == 404


def test_an_expired_session_sends_a_fragment_s_page_to_sign_in(client: Client, db: None) -> None:
    answer = client.get(
        reverse("console:home"), headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/console/audit/"}
    )

    assert answer["HX-Redirect"].startswith(reverse("console:sign_in"))


def test_values_of_keys_are_not_shown_to_viewers(viewer: Client, caller: Caller) -> None:
    key = a_key(caller)

    assert key["value"] not in text(viewer.get(reverse("console:api_key", args=[key["id"]]) + "?show=value"))


def test_no_list_shows_a_value_or_a_secret(owner: Client, caller: Caller) -> None:
    key = a_key(caller)
    created = registry.call(caller, "gatehouse", "CreateAccessKey", {"userName": "owner"})

    assert key["value"] not in text(owner.get(reverse("console:api_keys")))
    assert created["secretAccessKey"] not in text(owner.get(reverse("console:access_keys")))


def test_everything_that_was_refused_changed_nothing(viewer: Client, world: dict[str, str]) -> None:
    viewer.post(reverse("console:delete_plan", args=[world["plan"]]), {"confirmation": "gold"})
    viewer.post(reverse("console:delete_key", args=[world["key"]]), {"confirmation": "a key"})

    assert (UsagePlan.objects.count(), ApiKey.objects.count()) == (1, 1)
