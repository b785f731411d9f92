"""The samples of a hero: the simplest call that a product answers, with the reader's own key when they have one."""

from __future__ import annotations

from collections.abc import Iterable

from django.http import HttpRequest

from portal.developer import samples
from portal.developer.addresses import public_url
from portal.developer.applications import applications_for
from portal.developer.catalogue import Offer, OfferedApi
from portal.developer.reference import OperationPage
from portal.developer.tryit import Attempt

PLACEHOLDER = "YOUR_KEY"


def simplest(api: OfferedApi) -> OperationPage | None:
    """The operation to start with: one that a key opens and that asks for nothing else, by preference."""
    return min(api.reference.operations(), key=_effort, default=None)


def first_call(request: HttpRequest, offers: Iterable[Offer]) -> list[samples.Sample]:
    """Samples of the first offer that has an operation; none without offers."""
    for offer in offers:
        for api in offer.apis:
            operation = simplest(api)
            if operation is not None:
                key = next((a.key for a in applications_for(request.user, offer.product) if a.key), None)
                return operation_samples(api, prefilled(operation, key.value if key else ""))
    return []


def prefilled(operation: OperationPage, key: str) -> Attempt:
    """The attempt that a fresh form shows: examples for what is required, nothing else."""
    values = {
        (parameter.where, parameter.name): parameter.example or _stand_in(parameter.where, parameter.name)
        for parameter in operation.parameters
        if parameter.required
    }
    method = "GET" if operation.method == "ANY" else operation.method
    return Attempt(operation, method, values, operation.body_example, key or PLACEHOLDER)


def operation_samples(api: OfferedApi, attempt: Attempt) -> list[samples.Sample]:
    """An attempt in every language, against the address that callers use."""
    return samples.write_samples(
        samples.CallToWrite(
            attempt.method,
            attempt.url(public_url(api.api_id, api.stage_name)),
            attempt.headers(),
            attempt.body or None,
            api.row.product.region if attempt.operation.signed else "",
        )
    )


def _effort(operation: OperationPage) -> tuple[int, int, int]:
    required = sum(parameter.required for parameter in operation.parameters)
    return (0 if operation.method == "GET" else 1, required, 0 if operation.key_required else 1)


def _stand_in(where: str, name: str) -> str:
    return "1" if where == "path" and name.lower().endswith("id") else name
