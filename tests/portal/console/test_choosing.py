"""One of many is chosen from a list while it is short, and by a part of its name or its id when it is long."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Account
from apps.control_plane import registry
from apps.control_plane.caller import Caller
from apps.deployments.models import Deployment, Stage
from apps.functions.models import Function
from apps.portals.models import Product
from apps.rest_apis.models import RestApi
from apps.usage_plans.models import ApiKey, UsagePlan, UsagePlanKey, UsagePlanStage
from tests.builders import a_rest_api, a_stage, call, call_v2
from tests.portal.console.reading import text, words

REGION = "us-east-1"
MANY = 60


def url(view: str, *args: str) -> str:
    return reverse(f"console:{view}", args=args)


@pytest.fixture
def stages(account: Account) -> None:
    """The stage `prod` of many APIs, `api 0` and so on."""
    mine: dict[str, Any] = {"account": account, "region": REGION}
    apis = [RestApi(id=f"api{at:07}", name=f"api {at}", **mine) for at in range(MANY)]
    RestApi.objects.bulk_create(apis)
    made = [
        Deployment(rest_api=api, deployment_id=f"d{n}", document="{}", draft_revision=0) for n, api in enumerate(apis)
    ]
    Deployment.objects.bulk_create(made)
    Stage.objects.bulk_create(Stage(rest_api=one.rest_api, name="prod", deployment=one) for one in made)


@pytest.fixture
def plan(account: Account) -> UsagePlan:
    return UsagePlan.objects.create(plan_id="plan000", name="plan", account=account, region=REGION)


def test_a_short_list_is_a_list_without_what_the_plan_covers(owner: Client, caller: Caller, plan: UsagePlan) -> None:
    api = a_rest_api(caller)
    for stage in ("blue", "green"):
        a_stage(caller, api, stage)
    patch = [{"op": "add", "path": "/apiStages", "value": f"{api}:blue"}]
    call(caller, "UpdateUsagePlan", usagePlanId="plan000", patchOperations=patch)

    page = text(owner.get(url("usage_plan", "plan000")))

    assert f'<option value="{api}:green">' in page
    assert f'<option value="{api}:blue">' not in page


@pytest.mark.parametrize("typed", ["api0000007:prod", "api 7 · prod", "API0000007"])
def test_a_stage_of_many_is_named_by_its_id_or_its_name(
    owner: Client, stages: None, plan: UsagePlan, valkey: Any, typed: str
) -> None:
    page = text(owner.get(url("usage_plan", "plan000")))
    assert page.count('<option value="api') == 50

    answer = owner.post(url("add_plan_stage", "plan000"), {"stage-stage": typed})

    assert answer.status_code == 302
    assert UsagePlanStage.objects.get().rest_api_id == "api0000007"


def test_what_fits_several_is_told_with_them_proposed(owner: Client, stages: None, plan: UsagePlan) -> None:
    several = owner.post(url("add_plan_stage", "plan000"), {"stage-stage": "api 5"})
    none = owner.post(url("add_plan_stage", "plan000"), {"stage-stage": "nowhere"})

    assert several.status_code == 422
    assert "fit “api 5”: choose one of them." in words(several)
    assert 'value="api 5"' in text(several)
    assert '<option value="api0000055:prod">' in text(several)
    assert "Nothing is called “nowhere”." in words(none)
    assert UsagePlanStage.objects.count() == 0


def test_a_number_is_looked_for_in_names_and_not_within_ids(owner: Client, stages: None) -> None:
    found = owner.get(url("choices", "apis"), {"api": "api 0"}).content.decode()

    assert "api 10 (" in found
    assert "api 11 (" not in found  # whose id is api0000011


def test_proposals_follow_what_is_typed(owner: Client, stages: None) -> None:
    found = owner.get(url("choices", "rest_stages"), {"stage-stage": "55 prod"}).content.decode()

    assert found == '<option value="api0000055:prod">api 55 · prod</option>'
    assert owner.get(url("choices", "rest_stages")).content.decode().count("<option") == 50
    assert owner.get(url("choices", "people")).status_code == 404


def test_proposals_are_those_of_the_account(owner: Client, elsewhere: Caller) -> None:
    a_stage(elsewhere, a_rest_api(elsewhere))

    assert owner.get(url("choices", "rest_stages")).content == b""


def test_a_key_of_many_is_added_to_a_plan_by_its_name(
    owner: Client, account: Account, plan: UsagePlan, valkey: Any
) -> None:
    ApiKey.objects.bulk_create(
        ApiKey(
            key_id=f"key{at:07}",
            name=f"robot {at}",
            value="x",
            value_digest=f"{at:032}",
            account=account,
            region=REGION,
        )
        for at in range(MANY)
    )

    owner.post(url("add_plan_key", "plan000"), {"key": "robot 17"})
    again = owner.post(url("add_plan_key", "plan000"), {"key": "key0000017"})

    assert UsagePlanKey.objects.get().api_key.key_id == "key0000017"
    assert again.status_code == 422


def test_a_new_key_goes_into_a_plan_of_many(owner: Client, account: Account, valkey: Any) -> None:
    UsagePlan.objects.bulk_create(
        UsagePlan(plan_id=f"plan{at:03}", name=f"gold {at}", account=account, region=REGION) for at in range(MANY)
    )

    owner.post(url("create_key"), {"name": "robot", "plan": "gold 42"})
    owner.post(url("create_key"), {"name": "lone robot", "plan": ""})

    assert UsagePlanKey.objects.get().plan.plan_id == "plan042"
    assert ApiKey.objects.count() == 2


def test_a_mapping_leads_to_a_stage_of_many(owner: Client, caller: Caller, stages: None, valkey: Any) -> None:
    made = registry.call(caller, "gatehouse", "GenerateCertificate", {"domainNames": ["api.example.com"]})
    regional = {"endpointConfiguration": {"types": ["REGIONAL"]}, "regionalCertificateArn": made["certificateArn"]}
    call(caller, "CreateDomainName", domainName="api.example.com", **regional)

    owner.post(url("add_mapping", "api.example.com"), {"mapping-key": "v1", "mapping-stage": "api 33 · prod"})
    (mapping,) = call_v2(caller, "GetApiMappings", DomainName="api.example.com")["Items"]
    owner.post(url("change_mapping", "api.example.com", mapping["ApiMappingId"]), {"stage": "api0000034:prod"})
    kept = owner.post(
        url("change_mapping", "api.example.com", mapping["ApiMappingId"]), {"stage": "nowhere"}, follow=True
    )

    (after,) = call_v2(caller, "GetApiMappings", DomainName="api.example.com")["Items"]
    assert (mapping["ApiId"], after["ApiId"]) == ("api0000033", "api0000034")
    assert "Nothing is called “nowhere”." in words(kept)


def test_an_api_of_many_is_allowed_to_invoke_a_function(owner: Client, caller: Caller, stages: None) -> None:
    owner.post(url("create_function"), {"name": "pets", "runtime": "python3.12", "handler": "app.handler"})
    assert Function.objects.exists()

    owner.post(url("allow_api", "pets"), {"allow-api": "api0000059"})

    assert "api0000059/*" in words(owner.get(url("function", "pets")))


def a_product(**given: Any) -> dict[str, Any]:
    return {"name": "Pets", "slug": "pets", "visibility": "public", **given}


def test_a_product_offers_some_stages_and_finds_the_others(
    owner: Client, account: Account, stages: None, plan: UsagePlan, valkey: Any
) -> None:
    page = text(owner.get(url("create_product")))
    assert page.count('name="stages"') == 50
    assert "What is ticked stays." in page
    ticked = a_product(summary="All about them", stages=["api0000003:prod"])

    found = owner.post(url("create_product"), {**ticked, "stages-find": "api 58", "find": "stages"})

    assert (found.status_code, "This field is required" in words(found)) == (200, False)
    told = text(found)
    assert 'value="All about them"' in told
    assert told.count('name="stages"') == 2
    assert 'value="api0000003:prod" id="id_stages_0" checked' in told
    assert "These are all that fit." in told

    made = owner.post(
        url("create_product"), a_product(stages=["api0000003:prod", "api0000058:prod"], plans=["plan000"])
    )

    assert made.status_code == 302
    assert {one.stage.rest_api_id for one in Product.objects.get().stages.all()} == {"api0000003", "api0000058"}


def test_a_stage_that_is_nobodys_is_no_choice_of_a_product(owner: Client, stages: None, plan: UsagePlan) -> None:
    answer = owner.post(url("create_product"), a_product(stages=["api9999999:prod"], plans=["plan000"]))

    assert answer.status_code == 422
    assert not Product.objects.exists()


def test_logs_are_filtered_by_an_api_of_many(owner: Client, stages: None, valkey: Any) -> None:
    page = owner.get(url("logs"), {"api": "api 17"})
    unclear = owner.get(url("logs"), {"api": "api 1"})

    assert page.context["given"]["api"] == "api0000017"
    assert "fit “api 1”: choose one of them." in words(unclear)
    assert owner.get(url("log_lines"), {"kind": "access", "api": "api 17", "stage": "prod"}).status_code == 200
    elsewhere = owner.get(url("log_lines"), {"kind": "access", "api": "api 1", "stage": "prod"})
    assert elsewhere["Location"] == url("log_files") + "?q=api+1"
