"""Rows of small APIs, plans and keys, for tests that start below the operations."""

from __future__ import annotations

from typing import Any

from apps.accounts.models import Account
from apps.core import documents
from apps.deployments.freeze import freeze
from apps.deployments.models import Deployment, Stage
from apps.rest_apis.models import Integration, IntegrationResponse, Method, MethodResponse, Resource, RestApi
from apps.usage_plans.models import ApiKey, UsagePlan, UsagePlanKey

REGION = "us-east-1"


def make_api(account: Account, **members: Any) -> RestApi:
    """An API with its root resource."""
    api = RestApi.objects.create(account=account, region=REGION, name="Pets", **members)
    Resource.objects.create(rest_api=api, path="/")
    return api


def make_method(api: RestApi, path: str = "/pets", verb: str = "GET", **members: Any) -> Method:
    """A method without an integration; the resource is made below the root when it is missing."""
    root = api.resources.get(parent=None)
    resource = api.resources.filter(path=path).first() or Resource.objects.create(
        rest_api=api, parent=root, path=path, path_part=path.strip("/")
    )
    method = Method.objects.create(resource=resource, http_method=verb, **members)
    MethodResponse.objects.create(method=method, status_code="200", response_models={"application/json": "Empty"})
    return method


def integrate(method: Method, kind: str = "HTTP_PROXY", **members: Any) -> Integration:
    """Put an integration behind a method."""
    members.setdefault("uri", "http://127.0.0.1:9/pets")
    members.setdefault("http_method", "GET")
    return Integration.objects.create(method=method, type=kind, **members)


def respond(integration: Integration, **members: Any) -> IntegrationResponse:
    members.setdefault("status_code", "200")
    return IntegrationResponse.objects.create(integration=integration, **members)


def served_api(account: Account, **members: Any) -> RestApi:
    """An API that can be deployed: GET /pets, by proxy."""
    api = make_api(account, **members)
    integrate(make_method(api))
    return api


def deploy(api: RestApi, deployment_id: str = "dep111") -> Deployment:
    """Freeze the API and keep the deployment."""
    document = documents.encode(freeze(api, deployment_id)).decode()
    return Deployment.objects.create(
        rest_api=api, deployment_id=deployment_id, draft_revision=api.draft_revision, document=document
    )


def make_stage(deployment: Deployment, name: str = "prod", **members: Any) -> Stage:
    return Stage.objects.create(rest_api=deployment.rest_api, deployment=deployment, name=name, **members)


def make_plan(account: Account, name: str = "Free", **members: Any) -> UsagePlan:
    return UsagePlan.objects.create(account=account, region=REGION, name=name, **members)


def make_key(account: Account, name: str, *plans: UsagePlan, **members: Any) -> ApiKey:
    """An enabled key in these plans."""
    key = ApiKey.objects.create(
        account=account,
        region=REGION,
        name=name,
        value=f"value-of-{name}",
        value_digest=name[:32],
        enabled=True,
        **members,
    )
    for plan in plans:
        UsagePlanKey.objects.create(plan=plan, api_key=key)
    return key
