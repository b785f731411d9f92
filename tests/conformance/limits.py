"""An account and an API filled to their limits, by the operation whose next call is one too many.

The rows are written straight: making ten thousand keys by their operation would take minutes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from django.utils import timezone

from apps.client_certificates.models import ClientCertificate
from apps.control_plane.v1.api_keys import MAX_KEYS
from apps.control_plane.v1.authorizers import MAX_AUTHORIZERS
from apps.control_plane.v1.client_certificates import MAX_CERTIFICATES
from apps.control_plane.v1.documentation_parts import MAX_PARTS
from apps.control_plane.v1.domain_names import MAX_PUBLIC_NAMES
from apps.control_plane.v1.resources import MAX_RESOURCES
from apps.control_plane.v1.rest_apis import MAX_APIS
from apps.control_plane.v1.stages import MAX_STAGES
from apps.control_plane.v1.usage_plan_keys import MAX_PLANS_OF_KEY
from apps.control_plane.v1.usage_plans import MAX_PLANS
from apps.control_plane.v1.vpc_links import MAX_LINKS
from apps.core.secrets import Secret
from apps.deployments.models import Deployment, Stage
from apps.domain_names.models import DomainName
from apps.rest_apis.models import Authorizer, DocumentationPart, Resource, RestApi
from apps.usage_plans.models import ApiKey, UsagePlan, UsagePlanKey
from apps.vpc_links.models import VpcLink

World = dict[str, str]
OWNED: dict[str, Any] = {"account_id": "123456789012", "region": "us-east-1"}


def _keys(world: World) -> None:
    fields = {**OWNED, "value": Secret("never used by anybody"), "name": "filler"}
    missing = MAX_KEYS - ApiKey.objects.count()
    ApiKey.objects.bulk_create(
        (ApiKey(key_id=f"k{number:09}", value_digest=f"{number:032}", **fields) for number in range(missing)),
        batch_size=1000,
    )


def _authorizers(world: World) -> None:
    missing = MAX_AUTHORIZERS - Authorizer.objects.filter(rest_api_id=world["api"]).count()
    Authorizer.objects.bulk_create(
        Authorizer(rest_api_id=world["api"], name=f"filler {number}", type="COGNITO_USER_POOLS") for number in range(missing)
    )  # fmt: skip


def _stages(world: World) -> None:
    deployment = Deployment.objects.get(rest_api_id=world["api"])
    missing = MAX_STAGES - Stage.objects.filter(rest_api_id=world["api"]).count()
    Stage.objects.bulk_create(
        Stage(rest_api_id=world["api"], deployment=deployment, name=f"filler{number}") for number in range(missing)
    )


def _parts(world: World) -> None:
    missing = MAX_PARTS - DocumentationPart.objects.filter(rest_api_id=world["api"]).count()
    DocumentationPart.objects.bulk_create(
        DocumentationPart(
            rest_api_id=world["api"],
            type="RESOURCE",
            path=f"/filler{number}",
            location_digest=hashlib.sha256(str(number).encode()).hexdigest(),
            properties="{}",
        )
        for number in range(missing)
    )


def _names(world: World) -> None:
    missing = MAX_PUBLIC_NAMES - DomainName.objects.filter(domain_name_id="").count()
    DomainName.objects.bulk_create(
        DomainName(name=f"filler{number}.example.com", security_policy="TLS_1_2", **OWNED) for number in range(missing)
    )


def _resources(world: World) -> None:
    root = Resource.objects.get(rest_api_id=world["api"], parent=None)
    missing = MAX_RESOURCES - Resource.objects.filter(rest_api_id=world["api"]).count()
    parts = [f"filler{number}" for number in range(missing)]
    Resource.objects.bulk_create(
        Resource(rest_api_id=world["api"], parent=root, path_part=part, path=f"/{part}") for part in parts
    )


def _apis(world: World) -> None:
    missing = MAX_APIS["EDGE"] - RestApi.objects.count()
    RestApi.objects.bulk_create(
        RestApi(name="filler", endpoint_configuration={"types": ["EDGE"]}, **OWNED) for _ in range(missing)
    )


def _plans(world: World) -> None:
    UsagePlan.objects.bulk_create(
        UsagePlan(name="filler", **OWNED) for _ in range(MAX_PLANS - UsagePlan.objects.count())
    )


def _plans_of_key(world: World) -> None:
    key = ApiKey.objects.get(key_id=world["key"])
    plans = UsagePlan.objects.exclude(plan_id=world["plan"])[: MAX_PLANS_OF_KEY - 1]
    UsagePlanKey.objects.bulk_create(UsagePlanKey(plan=plan, api_key=key) for plan in plans)
    world["new_plan"] = UsagePlan.objects.exclude(keys__api_key=key).values_list("plan_id", flat=True)[0]


def _links(world: World) -> None:
    VpcLink.objects.bulk_create(
        VpcLink(name="filler", **OWNED) for _ in range(MAX_LINKS - VpcLink.objects.count())
    )  # fmt: skip


def _certificates(world: World) -> None:
    now = timezone.now()
    fields = {**OWNED, "certificate": "none", "private_key": Secret("none"), "created": now, "expires": now}
    missing = MAX_CERTIFICATES - ClientCertificate.objects.count()
    ClientCertificate.objects.bulk_create(ClientCertificate(**fields) for _ in range(missing))


def _nothing(world: World) -> None:
    """For a request that is too large by itself."""


FILL: dict[str, Callable[[World], None]] = {
    "CreateApiKey": _keys,
    "CreateAuthorizer": _authorizers,
    "CreateDeployment": _stages,
    "CreateDocumentationPart": _parts,
    "CreateDomainName": _names,
    "CreateResource": _resources,
    "CreateRestApi": _apis,
    "CreateStage": _stages,
    "CreateUsagePlan": _plans,
    "CreateUsagePlanKey": _plans_of_key,
    "CreateVpcLink": _links,
    "GenerateClientCertificate": _certificates,
    "ImportDocumentationParts": _parts,
    "ImportRestApi": _apis,
    "PutRestApi": _nothing,
    "UpdateUsagePlan": _nothing,
}
