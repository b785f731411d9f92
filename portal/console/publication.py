"""Everything that "Publish" does, in one transaction: import, integrations, keys, deployment, plan, product."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Any

from django.db import transaction
from django.utils.text import slugify

Shape = dict[str, Any]
Call = Callable[..., Shape]
_PAGE = 500


@dataclass(frozen=True)
class Publication:
    """What is wanted. `api_id` empty makes a new API; `product_name` empty makes no product; `plan_id` empty a new plan."""

    definition: bytes
    name: str
    stage: str
    api_id: str = ""
    mode: str = "overwrite"
    back_end: str = ""
    require_key: bool = False
    product_name: str = ""
    plan_id: str = ""
    plan: Shape = field(default_factory=dict)


def publish(call: Call, wanted: Publication) -> Shape:
    """Do it. `call(operation, request, service)` performs an operation. Answers `apiId`, and `productId` when there is one.

    Raises AwsError; then nothing of it has happened.
    """
    with transaction.atomic():
        api_id = _imported(call, wanted)
        _complete_methods(call, api_id, wanted)
        call("CreateDeployment", {"restApiId": api_id, "stageName": wanted.stage})
        made: Shape = {"apiId": api_id}
        if wanted.product_name:
            made["productId"] = _offered(call, api_id, wanted)
    return made


def _imported(call: Call, wanted: Publication) -> str:
    body = {"body": wanted.definition, "failOnWarnings": False}
    if wanted.api_id:
        api = call("PutRestApi", {"restApiId": wanted.api_id, "mode": wanted.mode, **body})
    else:
        api = call("ImportRestApi", body)
    if api["name"] != wanted.name:
        patches = [{"op": "replace", "path": "/name", "value": wanted.name}]
        call("UpdateRestApi", {"restApiId": api["id"], "patchOperations": patches})
    return str(api["id"])


def _complete_methods(call: Call, api_id: str, wanted: Publication) -> None:
    """Give methods without an integration the back end, and ask for a key where that is wanted."""
    for resource in _resources(call, api_id):
        for verb, method in resource.get("resourceMethods", {}).items():
            names = {"restApiId": api_id, "resourceId": resource["id"], "httpMethod": verb}
            if "methodIntegration" not in method and wanted.back_end:
                _integrate(call, names, resource["path"], method, wanted.back_end)
            if wanted.require_key and verb != "OPTIONS" and not method["apiKeyRequired"]:
                patches = [{"op": "replace", "path": "/apiKeyRequired", "value": "true"}]
                call("UpdateMethod", {**names, "patchOperations": patches})


def _resources(call: Call, api_id: str) -> list[Shape]:
    found: list[Shape] = []
    position: str | None = ""
    while position is not None:
        more = {"position": position} if position else {}
        answer = call("GetResources", {"restApiId": api_id, "embed": ["methods"], "limit": _PAGE, **more})
        found += answer["items"]
        position = answer.get("position")
    return found


def _integrate(call: Call, names: Shape, path: str, method: Shape, back_end: str) -> None:
    """A proxy to the same path of the back end; path variables are declared where the definition forgot them."""
    variables = [part.strip("{+}") for part in path.split("/") if part.startswith("{")]
    declared = method.get("requestParameters", {})
    missing = [f"method.request.path.{name}" for name in variables if f"method.request.path.{name}" not in declared]
    if missing:
        patches = [{"op": "add", "path": f"/requestParameters/{name}", "value": "true"} for name in missing]
        call("UpdateMethod", {**names, "patchOperations": patches})
    integration = {
        "type": "HTTP_PROXY",
        "integrationHttpMethod": names["httpMethod"],
        "uri": back_end + path.replace("+}", "}"),
        "requestParameters": {f"integration.request.path.{name}": f"method.request.path.{name}" for name in variables},
    }
    call("PutIntegration", {**names, **integration})


def _offered(call: Call, api_id: str, wanted: Publication) -> str:
    """A published product with a plan that covers the stage."""
    covered = {"apiId": api_id, "stage": wanted.stage}
    plan_id = wanted.plan_id
    if not plan_id:
        plan_id = call("CreateUsagePlan", {**wanted.plan, "apiStages": [covered]})["id"]
    elif covered not in [_pair(stage) for stage in call("GetUsagePlan", {"usagePlanId": plan_id})["apiStages"]]:
        patches = [{"op": "add", "path": "/apiStages", "value": f"{api_id}:{wanted.stage}"}]
        call("UpdateUsagePlan", {"usagePlanId": plan_id, "patchOperations": patches})
    product = call(
        "CreateProduct",
        {
            # Slugs are unique for the whole installation: a few characters keep two pet stores apart.
            "slug": f"{slugify(wanted.product_name)[:50].strip('-') or 'api'}-{token_hex(2)}",
            "name": wanted.product_name,
            "stages": [{"restApiId": api_id, "stageName": wanted.stage}],
            "usagePlans": [{"usagePlanId": plan_id}],
        },
        "gatehouse",
    )
    call("PublishProduct", {"productId": product["productId"]}, "gatehouse")
    return str(product["productId"])


def _pair(stage: Shape) -> Shape:
    return {"apiId": stage["apiId"], "stage": stage["stage"]}
