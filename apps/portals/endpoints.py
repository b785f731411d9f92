"""What a product REST endpoint page leads to: an operation in the export of the stage's deployment."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from apps.deployments.models import Stage
from apps.portals.aws_portals import ProductRestEndpointPage


class EndpointUnavailable(Exception):
    """A page leads nowhere; the message says why."""


@dataclass(frozen=True)
class DescribedOperation:
    """An operation as the API's own documentation has it. `raw` is its JSON."""

    name: str
    body: str
    raw: str


def described_operation(page: ProductRestEndpointPage, stage: Stage | None) -> DescribedOperation:
    """What the stage's export says of a page's method. Raises EndpointUnavailable."""
    if stage is None:
        raise EndpointUnavailable(f"The API {page.rest_api_id} has no stage {page.stage_name}.")
    paths = stage.deployment.openapi.get("paths") or {}
    item = paths.get(page.path) or {}
    member = "x-amazon-apigateway-any-method" if page.method == "ANY" else page.method.lower()
    operation: dict[str, Any] | None = item.get(member)
    if operation is None:
        raise EndpointUnavailable(f"The stage {page.stage_name} has no method {page.method} at {page.path}.")
    name = str(operation.get("summary") or operation.get("operationId") or "")
    return DescribedOperation(name[:255], str(operation.get("description") or ""), json.dumps(operation))


def takes_try_it(stage: Stage | None) -> bool:
    """Whether a visitor's call can reach a stage: private APIs are for their own networks alone."""
    if stage is None:
        return False
    return "PRIVATE" not in (stage.rest_api.endpoint_configuration.get("types") or ())
