"""Plans, keys, products, subscriptions, the audit log and the account."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import AccessKey, User
from apps.control_plane import registry
from apps.control_plane.caller import Caller
from apps.metering.models import DailyUsage
from apps.portals.models import Product, Subscription
from apps.usage_plans.models import ApiKey, UsagePlan
from tests.builders import a_key, a_plan, a_rest_api, a_stage, call, subscribe
from tests.portal.console.reading import text, words


def url(view: str, *args: str) -> str:
    return reverse(f"console:{view}", args=args)


def plan_of(caller: Caller, plan: str) -> dict[str, Any]:
    return call(caller, "GetUsagePlan", usagePlanId=plan)


def test_a_plan_is_made_with_throttle_and_quota(owner: Client, caller: Caller) -> None:
    owner.post(url("create_plan"), {"name": "Gold", "rate": "10", "burst": "20", "quota": "1000", "period": "DAY"})

    plan = plan_of(caller, UsagePlan.objects.get().plan_id)
    assert plan["throttle"] == {"burstLimit": 20, "rateLimit": 10.0}
    assert plan["quota"] == {"limit": 1000, "offset": 0, "period": "DAY"}


def test_throttle_and_quota_of_a_plan_can_be_taken_away(owner: Client, caller: Caller) -> None:
    plan = a_plan(caller, throttle={"rateLimit": 1, "burstLimit": 2}, quota={"limit": 5, "period": "DAY"})

    owner.post(url("usage_plan", plan), {"name": "gold"})

    assert {"throttle", "quota"}.isdisjoint(plan_of(caller, plan))


def test_what_the_operation_refuses_of_a_plan_stands_in_the_form(owner: Client, caller: Caller) -> None:
    plan = a_plan(caller)

    answer = owner.post(url("usage_plan", plan), {"name": "gold", "quota": "5", "period": "DAY", "offset": "3"})

    assert (answer.status_code, "offset must be zero in the DAY period" in words(answer)) == (422, True)


def test_a_stage_joins_and_leaves_a_plan(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller)
    a_stage(caller, api)
    plan = a_plan(caller)

    owner.post(url("add_plan_stage", plan), {"stage-stage": f"{api}:prod"})
    assert plan_of(caller, plan)["apiStages"] == [{"apiId": api, "stage": "prod"}]

    owner.post(url("remove_plan_stage", plan), {"stage": f"{api}:prod"})
    assert plan_of(caller, plan)["apiStages"] == []


def test_a_stage_of_another_account_cannot_join(owner: Client, caller: Caller, elsewhere: Caller) -> None:
    theirs = a_rest_api(elsewhere)
    a_stage(elsewhere, theirs)
    plan = a_plan(caller)

    assert owner.post(url("add_plan_stage", plan), {"stage-stage": f"{theirs}:prod"}).status_code == 422


def test_method_throttles_are_lines_of_text(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller)
    plan = a_plan(caller, (api, a_stage(caller, api)))

    owner.post(url("method_throttles", plan, api, "prod"), {"throttles": "GET /pets = 1.5 / 2"})
    assert plan_of(caller, plan)["apiStages"][0]["throttle"] == {"/pets/GET": {"rateLimit": 1.5, "burstLimit": 2}}
    assert "GET /pets = 1.5 / 2" in text(owner.get(url("method_throttles", plan, api, "prod")))

    owner.post(url("method_throttles", plan, api, "prod"), {"throttles": ""})
    assert "throttle" not in plan_of(caller, plan)["apiStages"][0]


@pytest.mark.parametrize("line", ["GET /pets", "/pets = 1 / 2", "GET /pets = fast"])
def test_a_method_throttle_that_cannot_be_read_is_told(owner: Client, caller: Caller, line: str) -> None:
    api = a_rest_api(caller)
    plan = a_plan(caller, (api, a_stage(caller, api)))

    assert owner.post(url("method_throttles", plan, api, "prod"), {"throttles": line}).status_code == 422


def test_a_plan_with_stages_is_deleted_once_its_name_is_typed(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller)
    plan = a_plan(caller, (api, a_stage(caller, api)))

    owner.post(url("delete_plan", plan), {"confirmation": "silver"})
    assert UsagePlan.objects.exists()

    owner.post(url("delete_plan", plan), {"confirmation": "gold"})
    assert not UsagePlan.objects.exists()


def test_a_key_is_made_in_a_plan_and_shows_its_value_at_once(owner: Client, caller: Caller) -> None:
    plan = a_plan(caller)

    answer = owner.post(url("create_key"), {"name": "mobile", "enabled": "on", "plan": plan}, follow=True)

    key = ApiKey.objects.get()
    assert key.plans.get().plan.plan_id == plan
    assert str(key.value) in text(answer)


def test_a_key_s_value_is_shown_only_when_asked_for(owner: Client, caller: Caller) -> None:
    key = a_key(caller)

    assert key["value"] not in text(owner.get(url("api_key", key["id"])))
    assert key["value"] in text(owner.get(url("api_key", key["id"]), {"show": "value"}))


def test_a_key_that_cannot_join_its_plan_is_not_made(owner: Client, caller: Caller) -> None:
    a_key(caller, value="x" * 20)

    answer = owner.post(url("create_key"), {"name": "again", "enabled": "on", "value": "x" * 20})

    assert answer.status_code == 422
    assert ApiKey.objects.count() == 1


def test_a_key_is_disabled_and_enabled_with_one_button(owner: Client, caller: Caller) -> None:
    key = a_key(caller)["id"]

    owner.post(url("switch_key", key), {"enabled": "false"})
    assert not ApiKey.objects.get().enabled
    owner.post(url("switch_key", key), {"enabled": "true"})
    assert ApiKey.objects.get().enabled


def test_keys_are_found_by_any_part_of_their_name(owner: Client, caller: Caller) -> None:
    a_key(caller, name="acme-mobile")
    a_key(caller, name="partner")

    page = words(owner.get(url("api_keys"), {"q": "mobile"}))

    assert "acme-mobile" in page
    assert "partner" not in page


def test_a_key_s_quota_is_a_meter(owner: Client, caller: Caller) -> None:
    plan = a_plan(caller, quota={"limit": 100, "period": "DAY"})
    key = a_key(caller)
    subscribe(caller, plan, key)
    today = timezone.now().date()
    DailyUsage.objects.create(
        account_id=caller.account_id, region=caller.region, plan_id=plan, key_id=key["id"], day=today, used=42
    )

    assert "42 of 100" in words(owner.get(url("api_key", key["id"])))
    assert "42 of 100" in words(owner.get(url("usage_plan", plan)))


def product_form(api: str, plan: str) -> dict[str, Any]:
    return {
        "name": "Pets",
        "slug": "pets",
        "summary": "All",
        "stages": [f"{api}:prod"],
        "plans": [plan],
        "approval": [plan],
    }


@pytest.fixture
def offer(owner: Client, caller: Caller) -> str:
    """A published product under a plan that needs an approval."""
    api = a_rest_api(caller)
    plan = a_plan(caller, (api, a_stage(caller, api)))
    owner.post(url("create_product"), product_form(api, plan))
    product: str = Product.objects.get().product_id
    owner.post(url("publish_product", product))
    return product


def test_a_product_is_made_published_and_taken_back(owner: Client, offer: str) -> None:
    assert Product.objects.get().published
    assert Product.objects.get().plans.get().approval_required

    owner.post(url("unpublish_product", offer))

    assert not Product.objects.get().published


def test_a_product_without_a_stage_is_told_so(owner: Client, caller: Caller) -> None:
    answer = owner.post(url("create_product"), {"name": "Pets", "slug": "pets"})

    assert answer.status_code == 422
    assert "Choose at least one stage" in words(answer)
    assert "Choose at least one plan" in words(answer)


@pytest.mark.parametrize(("button", "status"), [("approve", "active"), ("refuse", "refused")])
def test_a_waiting_subscription_is_decided_from_the_queue(
    owner: Client, caller: Caller, offer: str, button: str, status: str
) -> None:
    developer = User.objects.create_user("ada", "ada@example.com")
    application = registry.call(
        caller, "gatehouse", "CreateApplication", {"ownerId": str(developer.pk), "name": "Walkies"}
    )
    plan = Product.objects.get().plans.get().plan.plan_id
    request = {"applicationId": application["applicationId"], "productId": offer, "usagePlanId": plan}
    waiting = registry.call(caller, "gatehouse", "Subscribe", request)["subscriptionId"]
    assert "1 waiting" in words(owner.get(url("subscriptions")))

    owner.post(url(button, waiting))

    assert Subscription.objects.get().status == status


def test_a_subscription_of_another_account_cannot_be_decided(owner: Client, elsewhere: Caller) -> None:
    assert owner.post(url("approve", "0123456789ab")).status_code == 404


def test_the_audit_log_tells_who_did_what(owner: Client, caller: Caller) -> None:
    owner.post(url("create_api"), {"name": "Pet store"})
    owner.post(url("delete_api", "unknown000"), {"confirmation": "x"})

    page = words(owner.get(url("audit"), {"operation": "CreateRestApi"}))

    assert "CreateRestApi" in page
    assert "owner console" in page
    assert "Nothing recorded" in words(owner.get(url("audit"), {"who": "nobody-at-all"}))


def test_the_audit_log_of_another_account_is_not_seen(owner: Client, elsewhere: Caller) -> None:
    a_rest_api(elsewhere)

    assert "Nothing recorded" in words(owner.get(url("audit")))


def test_the_account_s_throttle_is_ours_to_change(owner: Client, caller: Caller) -> None:
    owner.post(url("account"), {"rate": "123", "burst": "45"})

    assert call(caller, "GetAccount")["throttleSettings"] == {"burstLimit": 45, "rateLimit": 123.0}


def test_an_access_key_s_secret_is_shown_once(owner: Client) -> None:
    page = text(owner.post(url("create_access_key")))

    secret = AccessKey.objects.get().secret
    assert str(secret) in page.replace("&#x27;", "'").replace("&amp;", "&")
    assert str(secret) not in text(owner.get(url("access_keys")))


def test_an_access_key_is_deactivated_before_it_is_deleted(owner: Client) -> None:
    owner.post(url("create_access_key"))
    key = AccessKey.objects.get().pk

    owner.post(url("delete_access_key", key), {"confirmation": key})
    assert AccessKey.objects.exists()

    owner.post(url("switch_access_key", key), {"active": "false"})
    owner.post(url("delete_access_key", key), {"confirmation": key})
    assert not AccessKey.objects.exists()


def test_an_editor_changes_own_access_keys_alone(member: Any, owner: Client) -> None:
    owner.post(url("create_access_key"))
    key = AccessKey.objects.get().pk
    editor = member("editor")

    assert editor.post(url("switch_access_key", key), {"active": "false"}).status_code == 403
    assert key not in text(editor.get(url("access_keys")))
    assert editor.post(url("create_access_key")).status_code == 200
