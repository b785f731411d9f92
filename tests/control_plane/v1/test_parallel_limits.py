"""Clients that are faster than each other's checks: no count is overshot, and no plan covers a stage that is gone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import redis
from django.utils import timezone

from apps.accounts.models import Account
from apps.client_certificates.models import ClientCertificate
from apps.control_plane.v1.client_certificates import MAX_CERTIFICATES
from apps.control_plane.v1.rest_apis import MAX_APIS
from apps.control_plane.v1.usage_plan_keys import MAX_PLANS_OF_KEY
from apps.control_plane.v1.usage_plans import MAX_PLANS
from apps.core.secrets import Secret
from apps.deployments.models import Stage
from apps.rest_apis.models import RestApi
from apps.usage_plans.models import UsagePlan, UsagePlanKey, UsagePlanStage
from tests.at_once import Call, at_once, flat

CLIENTS = 4


@pytest.fixture
def gateway(aws: Callable[..., Any], valkey: redis.Redis) -> Any:
    return aws("apigateway")


@pytest.fixture
def owned(account: Account) -> dict[str, Any]:
    return {"account_id": account.id, "region": "us-east-1"}


def each(call: Call) -> list[list[str]]:
    """How the call ends for every client, all of them at once."""
    return at_once(*([call] for _ in range(CLIENTS)))


ONE_IS_MADE = ["LimitExceededException"] * (CLIENTS - 1) + ["ok"]


def test_the_last_api_of_an_account_is_made_once(gateway: Any, owned: dict[str, Any]) -> None:
    edge = {"types": ["EDGE"]}
    RestApi.objects.bulk_create(
        RestApi(name="filler", endpoint_configuration=edge, **owned) for _ in range(MAX_APIS["EDGE"] - 1)
    )

    assert flat(each(lambda: gateway.create_rest_api(name="last"))) == ONE_IS_MADE


def test_the_last_usage_plan_of_an_account_is_made_once(gateway: Any, owned: dict[str, Any]) -> None:
    UsagePlan.objects.bulk_create(UsagePlan(name="filler", **owned) for _ in range(MAX_PLANS - 1))

    assert flat(each(lambda: gateway.create_usage_plan(name="last"))) == ONE_IS_MADE


def test_the_last_client_certificate_of_an_account_is_made_once(gateway: Any, owned: dict[str, Any]) -> None:
    now = timezone.now()
    fields = {**owned, "certificate": "none", "private_key": Secret("none"), "created": now, "expires": now}
    ClientCertificate.objects.bulk_create(ClientCertificate(**fields) for _ in range(MAX_CERTIFICATES - 1))

    assert flat(each(gateway.generate_client_certificate)) == ONE_IS_MADE


def test_a_key_enters_its_last_plan_once(gateway: Any, owned: dict[str, Any]) -> None:
    key = gateway.create_api_key(name="busy", enabled=True)["id"]
    plans = [gateway.create_usage_plan(name="plan")["id"] for _ in range(MAX_PLANS_OF_KEY - 1 + CLIENTS)]
    for plan in plans[CLIENTS:]:
        gateway.create_usage_plan_key(usagePlanId=plan, keyId=key, keyType="API_KEY")

    def enter(plan: str) -> Call:
        return lambda: gateway.create_usage_plan_key(usagePlanId=plan, keyId=key, keyType="API_KEY")

    assert flat(at_once(*([enter(plan)] for plan in plans[:CLIENTS]))) == ONE_IS_MADE


def test_no_plan_covers_a_stage_that_is_deleted_meanwhile(gateway: Any) -> None:
    api = gateway.create_rest_api(name="shared")
    at = {"restApiId": api["id"], "resourceId": api["rootResourceId"], "httpMethod": "GET"}
    gateway.put_method(**at, authorizationType="NONE")
    gateway.put_integration(**at, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
    names = [f"s{number}" for number in range(8)]
    deployment = gateway.create_deployment(restApiId=api["id"])["id"]
    for name in names:
        gateway.create_stage(restApiId=api["id"], stageName=name, deploymentId=deployment)
    plan = gateway.create_usage_plan(name="gold")["id"]

    def cover(name: str) -> Call:
        patch = {"op": "add", "path": "/apiStages", "value": f"{api['id']}:{name}"}
        return lambda: gateway.update_usage_plan(usagePlanId=plan, patchOperations=[patch])

    def plan_of(name: str) -> Call:
        return lambda: gateway.create_usage_plan(name=name, apiStages=[{"apiId": api["id"], "stage": name}])

    def delete(name: str) -> Call:
        return lambda: gateway.delete_stage(restApiId=api["id"], stageName=name)

    endings = at_once(map(cover, names), map(plan_of, names), map(delete, names))

    left = {stage["stageName"] for stage in gateway.get_stages(restApiId=api["id"])["item"]}
    covered = set(UsagePlanStage.objects.values_list("stage_name", flat=True))
    assert set(flat(endings)) <= {"ok", "NotFoundException", "BadRequestException"}
    assert covered <= left


def test_a_key_has_one_plan_for_a_stage_however_plans_and_keys_change_at_once(gateway: Any) -> None:
    api = gateway.create_rest_api(name="shared")
    at = {"restApiId": api["id"], "resourceId": api["rootResourceId"], "httpMethod": "GET"}
    gateway.put_method(**at, authorizationType="NONE")
    gateway.put_integration(**at, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
    gateway.create_deployment(restApiId=api["id"], stageName="prod")
    key = gateway.create_api_key(name="shared", enabled=True)["id"]
    plans = [gateway.create_usage_plan(name=f"plan {number}")["id"] for number in range(2)]
    gateway.create_usage_plan_key(usagePlanId=plans[0], keyId=key, keyType="API_KEY")

    def cover(plan: str) -> Call:
        patch = {"op": "add", "path": "/apiStages", "value": f"{api['id']}:prod"}
        return lambda: gateway.update_usage_plan(usagePlanId=plan, patchOperations=[patch])

    def enter() -> None:
        gateway.create_usage_plan_key(usagePlanId=plans[1], keyId=key, keyType="API_KEY")

    endings = at_once([cover(plans[0])], [cover(plans[1])], [enter])

    covering = UsagePlanKey.objects.filter(api_key__key_id=key, plan__api_stages__stage_name="prod").count()
    assert covering == 1
    assert flat(endings) == ["ConflictException", "ok", "ok"]


def test_no_stage_shows_a_certificate_that_is_deleted_meanwhile(gateway: Any) -> None:
    api = gateway.create_rest_api(name="shared")
    at = {"restApiId": api["id"], "resourceId": api["rootResourceId"], "httpMethod": "GET"}
    gateway.put_method(**at, authorizationType="NONE")
    gateway.put_integration(**at, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
    gateway.create_deployment(restApiId=api["id"], stageName="prod")
    certificates = [gateway.generate_client_certificate()["clientCertificateId"] for _ in range(6)]

    def show(certificate: str) -> Call:
        patch = {"op": "replace", "path": "/clientCertificateId", "value": certificate}
        return lambda: gateway.update_stage(restApiId=api["id"], stageName="prod", patchOperations=[patch])

    def delete(certificate: str) -> Call:
        return lambda: gateway.delete_client_certificate(clientCertificateId=certificate)

    endings = at_once(map(show, certificates), map(delete, certificates))

    shown = set(Stage.objects.exclude(client_certificate_id=None).values_list("client_certificate_id", flat=True))
    assert shown <= set(ClientCertificate.objects.values_list("certificate_id", flat=True))
    assert set(flat(endings)) <= {"ok", "NotFoundException", "BadRequestException", "ConflictException"}
