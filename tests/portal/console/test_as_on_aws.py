"""What people who come from AWS's console look for: copies, examples, endpoint types, stages of old deployments, proxy resources, usage as a file."""

from __future__ import annotations

import csv
import json
from typing import Any

from django.test import Client
from django.urls import reverse

from apps.control_plane.caller import Caller
from apps.deployments.models import Stage
from apps.rest_apis.models import Method, Resource, RestApi
from apps.v2_apis.models import Api
from tests.builders import a_key, a_plan, a_rest_api, a_stage, an_http_api, call, subscribe
from tests.portal.console.reading import text, words


def url(view: str, *args: str) -> str:
    return reverse(f"console:{view}", args=args)


def resources(api: RestApi) -> list[str]:
    return sorted(Resource.objects.filter(rest_api=api).values_list("path", flat=True))


def root(api: str) -> str:
    return Resource.objects.get(rest_api_id=api, parent=None).resource_id


def test_an_api_is_made_as_a_copy_of_another(owner: Client, caller: Caller) -> None:
    source = a_rest_api(caller, name="Pets")

    owner.post(url("create_api"), {"name": "Pets too", "source": source, "endpoint_type": "REGIONAL"})

    assert resources(RestApi.objects.get(name="Pets too")) == ["/", "/pets"]


def test_a_private_api_names_its_vpc_endpoints(owner: Client) -> None:
    fields = {"name": "Inner", "endpoint_type": "PRIVATE", "vpc_endpoints": "vpce-1\nvpce-2"}

    owner.post(url("create_api"), fields)

    made = RestApi.objects.get().endpoint_configuration
    assert made == {"types": ["PRIVATE"], "ipAddressType": "dualstack", "vpcEndpointIds": ["vpce-1", "vpce-2"]}


def test_vpc_endpoints_of_an_api_that_is_not_private_are_refused_beside_what_was_typed(owner: Client) -> None:
    page = owner.post(url("create_api"), {"name": "Outer", "endpoint_type": "REGIONAL", "vpc_endpoints": "vpce-1"})

    assert page.status_code == 422
    assert "VPCEndpoints can only be specified with PRIVATE apis." in words(page)
    assert "vpce-1" in text(page)


def test_the_settings_change_the_endpoint_type_and_its_vpc_endpoints(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller, endpointConfiguration={"types": ["REGIONAL"]})
    fields = {"name": "petstore", "api_key_source": "HEADER"}

    owner.post(url("api_settings", api), {**fields, "endpoint_type": "PRIVATE", "vpc_endpoints": "vpce-1"})
    assert RestApi.objects.get().endpoint_configuration["vpcEndpointIds"] == ["vpce-1"]

    owner.post(url("api_settings", api), {**fields, "endpoint_type": "PRIVATE", "vpc_endpoints": "vpce-2"})
    assert RestApi.objects.get().endpoint_configuration["vpcEndpointIds"] == ["vpce-2"]


def test_the_example_is_live_after_three_screens_and_answers_by_itself(owner: Client) -> None:
    page = owner.get(url("import") + "?example=1")
    definition = page.context["form"].initial["definition"]
    assert "Example pet store" in text(page)

    owner.post(
        url("import"), {"definition": definition, "publish": "1", "name": "Example", "stage": "prod", "plan": "new"}
    )

    api = RestApi.objects.get()
    assert resources(api) == ["/", "/pets", "/pets/{petId}"]
    assert set(Method.objects.values_list("integration__type", flat=True)) == {"MOCK"}
    assert Stage.objects.get().name == "prod"


def test_a_stage_is_made_for_a_deployment_that_is_there(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller)
    a_stage(caller, api)
    deployment = call(caller, "GetDeployments", restApiId=api)["items"][0]["id"]

    answer = owner.post(url("create_stage", api), {"name": "test", "description": "of old", "deployment": deployment})

    assert answer["Location"] == url("stage", api, "test")
    made = Stage.objects.get(name="test")
    assert (made.deployment.deployment_id, made.description) == (deployment, "of old")


def test_without_a_deployment_one_is_told_to_deploy_first(owner: Client, caller: Caller) -> None:
    assert "Deploy the API: that makes the first deployment" in words(
        owner.get(url("create_stage", a_rest_api(caller)))
    )


def test_a_stage_that_is_there_already_is_said_beside_the_name(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller)
    a_stage(caller, api)
    deployment = call(caller, "GetDeployments", restApiId=api)["items"][0]["id"]

    page = owner.post(url("create_stage", api), {"name": "prod", "deployment": deployment})

    assert page.status_code == 422
    assert "Stage already exists" in words(page)


def test_a_proxy_resource_gets_its_braces(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller, {})

    owner.post(url("create_resource", api, root(api)), {"resource-path_part": "proxy", "resource-proxy": "on"})

    assert resources(RestApi.objects.get()) == ["/", "/{proxy+}"]


def test_a_resource_with_cors_answers_preflights(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller, {})

    owner.post(url("create_resource", api, root(api)), {"resource-path_part": "pets", "resource-cors": "on"})

    assert Method.objects.get(resource__path="/pets").http_method == "OPTIONS"


def usage(client: Client, plan: str, **fields: str) -> Any:
    days = {"usage-start": "2026-01-01", "usage-end": "2026-01-03", "usage-format": "csv"}
    return client.get(url("export_usage", plan), {**days, **fields})


def test_the_usage_of_a_plan_comes_as_a_table_and_as_json(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller)
    plan, key = a_plan(caller, (api, a_stage(caller, api)), quota={"limit": 10, "period": "DAY"}), a_key(caller)
    subscribe(caller, plan, key)

    table = list(csv.reader(text(usage(owner, plan)).splitlines()))
    written = json.loads(text(usage(owner, plan, **{"usage-format": "json"})))

    assert table[:2] == [["apiKeyId", "date", "used", "remaining"], [key["id"], "2026-01-01", "0", "10"]]
    assert len(table) == 4
    assert written["items"] == {key["id"]: [[0, 10]] * 3}


def test_days_that_are_none_lead_back_to_the_plan(owner: Client, caller: Caller) -> None:
    plan = a_plan(caller)

    for start in ("", "yesterday", "2026-02-01"):
        assert usage(owner, plan, **{"usage-start": start})["Location"] == url("usage_plan", plan)


def test_the_kind_of_addresses_of_an_http_api_is_changed(owner: Client, caller: Caller) -> None:
    api = an_http_api(caller)

    owner.post(url("v2_settings", api), {"name": "pets", "addresses": "dualstack"})

    assert Api.objects.get().ip_address_type == "dualstack"
