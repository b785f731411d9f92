"""The service models: what operations there are and what their requests and answers look like."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel

SERVICES = ("apigateway", "apigatewayv2", "lambda")
"""AWS's control-plane services, from the models that botocore ships."""

BESIDE = ("acm", "sts")
"""Services of which a few operations are here, since clients of API Gateway need them. Their requests go to `/`."""

SIGNING_NAMES = {"apigateway": "apigateway", "apigatewayv2": "apigateway", "lambda": "lambda", "acm": "acm"}
"""What requests to a service are signed for."""

SIGNING_NAME = "apigateway"
MAPS_WITH_NULLS = frozenset({"requestTemplates", "responseTemplates"})
"""Members that are maps whose values may be null: a mapping template without text. Elsewhere a null is nothing at all."""

_OUR_OWN = Path(__file__).parent.parent / "service_models"


@cache
def service_model(service: str) -> ServiceModel:
    """The model of a service: one of `SERVICES`, or Gatehouse's own (`gatehouse`) in the same language."""
    loader = Loader(extra_search_paths=[str(_OUR_OWN)])
    return ServiceModel(loader.load_service_model(service, "service-2"), service)


def operation_model(service: str, operation: str) -> OperationModel:
    """The model of an operation by its AWS name; raises `OperationNotFoundError` when the service has none of it."""
    return service_model(service).operation_model(operation)


def all_operations() -> list[tuple[str, str]]:
    """(service, operation) of everything that AWS's control plane has."""
    return [(service, name) for service in SERVICES for name in service_model(service).operation_names]
