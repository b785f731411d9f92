"""Products, the applications that subscribe to them, and the keys that these call with."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.accounts.models import User
from apps.control_plane import registry
from apps.control_plane.caller import Caller, system_caller
from apps.control_plane.errors import BadRequestException, ConflictException, LimitExceededException, NotFoundException
from apps.core import documents
from apps.core.documents import key_shard
from apps.deployments.models import ConfigurationSection, Stage
from apps.deployments.plan_documents import keys_documents
from apps.usage_plans.models import ApiKey
from tests.builders import a_plan, a_rest_api, a_stage, call, ours


@pytest.fixture
def portal(caller: Caller) -> Caller:
    return system_caller(caller.account_id, caller.region, "portal", "developers")


def a_developer(name: str = "ada") -> str:
    return str(User.objects.create_user(name, f"{name}@example.com").pk)


def a_product(caller: Caller, *, approval: bool = False, slug: str = "pets", plan: str | None = None) -> dict[str, Any]:
    """A published product of a new API under one plan."""
    api = a_rest_api(caller)
    stage = a_stage(caller, api)
    product = ours(
        caller,
        "CreateProduct",
        slug=slug,
        name="Pets",
        description="# Pets",
        stages=[{"restApiId": api, "stageName": stage}],
        usagePlans=[{"usagePlanId": plan or a_plan(caller), "approvalRequired": approval}],
    )
    return ours(caller, "PublishProduct", productId=product["productId"])


def subscribed(portal: Caller, product: dict[str, Any], application: str, owner: str) -> dict[str, Any]:
    plan = product["usagePlans"][0]["usagePlanId"]
    return ours(
        portal, "Subscribe", applicationId=application, productId=product["productId"], usagePlanId=plan, ownerId=owner
    )


def keys_of(portal: Caller, application: str, owner: str) -> list[dict[str, Any]]:
    found = ours(portal, "GetApplication", applicationId=application, ownerId=owner, includeValues=True)["keys"]
    assert isinstance(found, list)
    return found


def test_a_product_makes_its_plans_cover_its_stages(caller: Caller) -> None:
    plan = a_plan(caller)
    product = a_product(caller, plan=plan)

    [stage] = product["stages"]
    assert call(caller, "GetUsagePlan", usagePlanId=plan)["apiStages"] == [
        {"apiId": stage["restApiId"], "stage": stage["stageName"]}
    ]
    assert product["published"] is True
    assert stage["referenceDeploymentId"] == stage["deploymentId"]


def test_two_products_cannot_have_one_slug(caller: Caller) -> None:
    a_product(caller)

    with pytest.raises(ConflictException, match="slug pets"):
        a_product(caller)


def test_the_first_subscription_makes_a_key_that_draws_on_the_plan(caller: Caller, portal: Caller) -> None:
    owner, product = a_developer(), a_product(caller)
    application = ours(portal, "CreateApplication", ownerId=owner, name="shop")["applicationId"]

    subscription = subscribed(portal, product, application, owner)

    [key] = keys_of(portal, application, owner)
    plan = product["usagePlans"][0]["usagePlanId"]
    assert subscription["status"] == "active"
    assert subscription["keyId"] == key["keyId"]
    assert key["usagePlanIds"] == [plan]
    assert call(caller, "GetApiKey", apiKey=key["keyId"], includeValue=True)["value"] == key["value"]


def test_a_second_product_uses_the_same_key_unless_it_would_have_two_plans_for_one_stage(
    caller: Caller, portal: Caller
) -> None:
    owner, first, second = a_developer(), a_product(caller), a_product(caller, slug="toys")
    stage = {name: first["stages"][0][name] for name in ("restApiId", "stageName")}
    again = ours(
        caller, "CreateProduct", slug="pets-2", name="P", stages=[stage], usagePlans=[{"usagePlanId": a_plan(caller)}]
    )
    ours(caller, "PublishProduct", productId=again["productId"])
    application = ours(portal, "CreateApplication", ownerId=owner, name="shop")["applicationId"]

    keys = [subscribed(portal, product, application, owner)["keyId"] for product in (first, second, again)]

    assert keys[0] == keys[1] != keys[2]


def test_a_subscription_that_needs_approval_has_no_key_before(caller: Caller, portal: Caller) -> None:
    owner, product = a_developer(), a_product(caller, approval=True)
    application = ours(portal, "CreateApplication", ownerId=owner, name="shop")["applicationId"]
    waiting = subscribed(portal, product, application, owner)
    assert (waiting["status"], "keyId" in waiting, keys_of(portal, application, owner)) == ("pending", False, [])
    with pytest.raises(NotFoundException):
        ours(portal, "ApproveSubscription", subscriptionId=waiting["subscriptionId"])

    approved = ours(caller, "ApproveSubscription", subscriptionId=waiting["subscriptionId"])

    assert approved["status"] == "active"
    assert approved["keyId"] == keys_of(portal, application, owner)[0]["keyId"]


def test_a_refused_developer_may_ask_again(caller: Caller, portal: Caller) -> None:
    owner, product = a_developer(), a_product(caller, approval=True)
    application = ours(portal, "CreateApplication", ownerId=owner, name="shop")["applicationId"]
    waiting = subscribed(portal, product, application, owner)

    refused = ours(caller, "RefuseSubscription", subscriptionId=waiting["subscriptionId"])
    again = subscribed(portal, product, application, owner)

    assert (refused["status"], again["status"]) == ("refused", "pending")
    assert again["subscriptionId"] == waiting["subscriptionId"]
    assert len(ours(caller, "ListSubscriptions", status="pending")["items"]) == 1


def test_unsubscribing_takes_the_keys_out_of_the_plan(caller: Caller, portal: Caller) -> None:
    owner, product = a_developer(), a_product(caller)
    application = ours(portal, "CreateApplication", ownerId=owner, name="shop")["applicationId"]
    subscription = subscribed(portal, product, application, owner)

    ours(portal, "Unsubscribe", subscriptionId=subscription["subscriptionId"], ownerId=owner)

    assert keys_of(portal, application, owner)[0]["usagePlanIds"] == []
    assert ours(portal, "ListSubscriptions", ownerId=owner)["items"] == []


def test_a_rotated_key_works_on_for_the_overlap_and_then_no_more(caller: Caller, portal: Caller) -> None:
    owner, product = a_developer(), a_product(caller)
    application = ours(portal, "CreateApplication", ownerId=owner, name="shop")["applicationId"]
    old = subscribed(portal, product, application, owner)["keyId"]

    fresh = ours(
        portal, "RotateApplicationKey", applicationId=application, keyId=old, ownerId=owner, overlapSeconds=3600
    )

    expires = ApiKey.objects.get(key_id=old).expires_at
    assert expires is not None
    assert timedelta(minutes=59) < expires - datetime.now(UTC) <= timedelta(hours=1)
    assert fresh["usagePlanIds"] == [product["usagePlans"][0]["usagePlanId"]]
    shown = {key["keyId"]: key.get("replacedByKeyId") for key in keys_of(portal, application, owner)}
    assert shown == {old: fresh["keyId"], fresh["keyId"]: None}
    section = documents.keys_section(caller.account_id, caller.region, documents.key_shard(old))
    stored = ConfigurationSection.objects.get(name=section).document
    assert stored is not None
    published = documents.decode(stored.body)
    assert isinstance(published, documents.KeysDocument)
    assert {key.id: key.expires_at for key in published.keys}[old] == expires.timestamp()
    with pytest.raises(ConflictException, match="already been rotated"):
        ours(portal, "RotateApplicationKey", applicationId=application, keyId=old, ownerId=owner)


def test_a_revoked_key_is_gone_and_a_new_one_takes_up_the_subscriptions(caller: Caller, portal: Caller) -> None:
    owner, product = a_developer(), a_product(caller)
    application = ours(portal, "CreateApplication", ownerId=owner, name="shop")["applicationId"]
    key = subscribed(portal, product, application, owner)["keyId"]

    ours(portal, "RevokeApplicationKey", applicationId=application, keyId=key, ownerId=owner)
    assert keys_of(portal, application, owner) == []
    [fresh] = ours(portal, "CreateApplicationKey", applicationId=application, ownerId=owner)["keys"]

    assert fresh["usagePlanIds"] == [product["usagePlans"][0]["usagePlanId"]]


def test_a_developer_says_from_where_a_key_works_and_a_rotated_key_hands_it_on(caller: Caller, portal: Caller) -> None:
    owner, product = a_developer(), a_product(caller)
    application = ours(portal, "CreateApplication", ownerId=owner, name="shop")["applicationId"]
    key = subscribed(portal, product, application, owner)["keyId"]
    mine = {"applicationId": application, "ownerId": owner}

    limited = ours(portal, "PutApplicationKeyOrigins", **mine, keyId=key, websites=["https://Shop.example/"])
    assert (limited["websites"], limited["sourceNetworks"]) == (["https://shop.example"], [])
    fresh = ours(portal, "RotateApplicationKey", **mine, keyId=key)["keyId"]

    for one in (key, fresh):
        name = key_shard(one)
        shard = keys_documents(caller.account_id, caller.region, [name])[name]
        assert next(found for found in shard.keys if found.id == one).websites == ("https://shop.example",)
    with pytest.raises(BadRequestException, match="no network"):
        ours(portal, "PutApplicationKeyOrigins", **mine, keyId=fresh, sourceNetworks=["nowhere"])
    assert ours(portal, "PutApplicationKeyOrigins", **mine, keyId=fresh)["websites"] == []


def test_a_developer_does_not_replace_a_key_that_staff_disabled(caller: Caller, portal: Caller) -> None:
    owner, product = a_developer(), a_product(caller)
    application = ours(portal, "CreateApplication", ownerId=owner, name="shop")["applicationId"]
    key = subscribed(portal, product, application, owner)["keyId"]
    disable = [{"op": "replace", "path": "/enabled", "value": "false"}]
    call(caller, "UpdateApiKey", apiKey=key, patchOperations=disable)

    for operation, request in (
        ("RotateApplicationKey", {"keyId": key}),
        ("RevokeApplicationKey", {"keyId": key}),
        ("CreateApplicationKey", {}),
    ):
        with pytest.raises(ConflictException, match="has been disabled by the provider"):
            ours(portal, operation, applicationId=application, ownerId=owner, **request)
    assert [item["keyId"] for item in keys_of(portal, application, owner)] == [key]


def test_a_key_that_is_to_expire_serves_no_new_subscription(caller: Caller, portal: Caller) -> None:
    owner, product, other = a_developer(), a_product(caller), a_product(caller, slug="toys")
    application = ours(portal, "CreateApplication", ownerId=owner, name="shop")["applicationId"]
    at = {"applicationId": application, "ownerId": owner}
    old = subscribed(portal, product, application, owner)["keyId"]
    fresh = ours(portal, "RotateApplicationKey", **at, keyId=old)["keyId"]
    ours(portal, "RevokeApplicationKey", **at, keyId=fresh)

    assert subscribed(portal, other, application, owner)["keyId"] not in (old, fresh)


def test_keys_that_have_expired_make_room_and_ten_that_work_are_enough(caller: Caller, portal: Caller) -> None:
    owner, product = a_developer(), a_product(caller)
    application = ours(portal, "CreateApplication", ownerId=owner, name="shop")["applicationId"]
    key = subscribed(portal, product, application, owner)["keyId"]
    at = {"applicationId": application, "ownerId": owner}
    for _ in range(3):
        key = ours(portal, "RotateApplicationKey", **at, keyId=key, overlapSeconds=0)["keyId"]
    assert len(keys_of(portal, application, owner)) == 2

    for _ in range(9):
        key = ours(portal, "RotateApplicationKey", **at, keyId=key)["keyId"]
    assert len(keys_of(portal, application, owner)) == 10
    with pytest.raises(LimitExceededException, match="at most 10 keys"):
        ours(portal, "RotateApplicationKey", **at, keyId=key)


def test_lists_take_few_queries_however_long_they_are(
    caller: Caller, portal: Caller, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    owner, product = a_developer(), a_product(caller)
    for number in range(4):
        application = ours(portal, "CreateApplication", ownerId=owner, name=f"shop {number}")["applicationId"]
        subscribed(portal, product, application, owner)

    for operation, service, queries in (
        ("ListApplications", "gatehouse", 6),
        ("ListSubscriptions", "gatehouse", 3),
        ("ListProducts", "gatehouse", 7),
        ("GetApiKeys", "apigateway", 3),
        ("GetUsagePlans", "apigateway", 4),
    ):
        with django_assert_max_num_queries(queries):
            assert registry.call(caller, service, operation, {})["items"]


def test_what_belongs_to_another_developer_does_not_exist(caller: Caller, portal: Caller) -> None:
    owner, stranger, product = a_developer(), a_developer("eve"), a_product(caller)
    application = ours(portal, "CreateApplication", ownerId=owner, name="shop")["applicationId"]
    subscription = subscribed(portal, product, application, owner)

    attempts: list[tuple[str, dict[str, Any]]] = [
        ("GetApplication", {"applicationId": application}),
        ("UpdateApplication", {"applicationId": application, "name": "mine"}),
        ("DeleteApplication", {"applicationId": application}),
        ("CreateApplicationKey", {"applicationId": application}),
        ("PutApplicationKeyOrigins", {"applicationId": application, "keyId": subscription["keyId"]}),
        ("RotateApplicationKey", {"applicationId": application, "keyId": subscription["keyId"]}),
        ("RevokeApplicationKey", {"applicationId": application, "keyId": subscription["keyId"]}),
        ("Subscribe", {"applicationId": application, "productId": product["productId"], "usagePlanId": "any"}),
        ("GetSubscription", {"subscriptionId": subscription["subscriptionId"]}),
        ("Unsubscribe", {"subscriptionId": subscription["subscriptionId"]}),
    ]
    for operation, request in attempts:
        with pytest.raises(NotFoundException):
            ours(portal, operation, **request, ownerId=stranger)
        with pytest.raises(BadRequestException, match="ownerId must be specified"):
            ours(portal, operation, **request)
    assert ours(portal, "ListApplications", ownerId=stranger)["items"] == []
    assert ours(portal, "ListSubscriptions", ownerId=stranger)["items"] == []


def test_deleting_an_application_stops_its_keys(caller: Caller, portal: Caller) -> None:
    owner, product = a_developer(), a_product(caller)
    application = ours(portal, "CreateApplication", ownerId=owner, name="shop")["applicationId"]
    subscribed(portal, product, application, owner)

    ours(portal, "DeleteApplication", applicationId=application, ownerId=owner)

    assert call(caller, "GetApiKeys")["items"] == []


def test_deleting_a_product_ends_its_subscriptions(caller: Caller, portal: Caller) -> None:
    owner, product = a_developer(), a_product(caller)
    application = ours(portal, "CreateApplication", ownerId=owner, name="shop")["applicationId"]
    subscribed(portal, product, application, owner)

    ours(caller, "DeleteProduct", productId=product["productId"])

    assert keys_of(portal, application, owner)[0]["usagePlanIds"] == []
    assert ours(caller, "ListProducts")["items"] == []


def test_a_plan_with_subscriptions_stays_in_its_product(caller: Caller, portal: Caller) -> None:
    owner, product = a_developer(), a_product(caller)
    application = ours(portal, "CreateApplication", ownerId=owner, name="shop")["applicationId"]
    subscribed(portal, product, application, owner)

    with pytest.raises(ConflictException, match="has subscriptions"):
        ours(caller, "UpdateProduct", productId=product["productId"], usagePlans=[{"usagePlanId": a_plan(caller)}])


def test_developers_do_not_find_products_that_are_not_published(caller: Caller, portal: Caller) -> None:
    owner, product = a_developer(), a_product(caller)
    ours(caller, "UpdateProduct", productId=product["productId"], published=False)
    application = ours(portal, "CreateApplication", ownerId=owner, name="shop")["applicationId"]

    with pytest.raises(NotFoundException):
        subscribed(portal, product, application, owner)


def test_a_stage_rolls_back_to_a_deployment_it_had(caller: Caller) -> None:
    api = a_rest_api(caller)
    a_stage(caller, api)
    first = call(caller, "GetStage", restApiId=api, stageName="prod")["deploymentId"]
    a_stage(caller, api)

    answer = ours(caller, "RollbackStage", restApiId=api, stageName="prod", deploymentId=first)

    assert answer == {"restApiId": api, "stageName": "prod", "deploymentId": first}
    history = Stage.objects.get(rest_api_id=api).history.order_by("pk")
    assert [row.deployment.deployment_id for row in history][0::2] == [first, first]
    elsewhere = call(caller, "CreateDeployment", restApiId=api)["id"]
    with pytest.raises(NotFoundException, match="never pointed"):
        ours(caller, "RollbackStage", restApiId=api, stageName="prod", deploymentId=elsewhere)


def test_the_accounts_throttle_is_published(caller: Caller) -> None:
    ours(caller, "UpdateAccountThrottle", rateLimit=50.0, burstLimit=100)

    assert call(caller, "GetAccount")["throttleSettings"] == {"rateLimit": 50.0, "burstLimit": 100}
    section = ConfigurationSection.objects.get(name=documents.account_section(caller.account_id, caller.region))
    assert section.document is not None
    published = documents.decode(section.document.body)
    assert isinstance(published, documents.AccountDocument)
    assert published.throttle == documents.Throttle(rate=50.0, burst=100)
