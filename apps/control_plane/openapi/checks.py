"""The checks of PutIntegration and PutIntegrationResponse, asked about a definition before any row exists."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import cast

from apps.control_plane.errors import BadRequestException
from apps.control_plane.openapi.integrations import INTEGRATION
from apps.control_plane.openapi.node import Findings
from apps.control_plane.openapi.spec import IntegrationSpec, OperationSpec, ResponseSpec
from apps.control_plane.v1.integration_checks import check_integration, check_integration_response
from apps.rest_apis.models import Integration, IntegrationResponse, Method


@dataclass(frozen=True)
class _Declared:
    """As much of a method as the checks look at: its own parameters, its resource's path, its responses."""

    request_parameters: dict[str, bool]
    path: str
    declared: tuple[ResponseSpec, ...]

    @property
    def resource(self) -> _Declared:
        return self

    @property
    def responses(self) -> _Declared:
        return self

    def all(self) -> tuple[ResponseSpec, ...]:
        return self.declared


def check_operation(operation: OperationSpec, findings: Findings) -> None:
    """Find what PutIntegration and PutIntegrationResponse would refuse."""
    spec = operation.integration
    if spec is None:
        return
    method = cast("Method", _Declared(operation.request_parameters, operation.path, operation.responses))
    where = f"on '{operation.http_method}' for resource at path '{operation.path}'"
    pointer = f"{operation.pointer}/{INTEGRATION}"
    row = integration_row(spec)
    for column in Integration._meta.concrete_fields:
        most = getattr(column, "max_length", None)
        if most and len(getattr(row, column.attname) or "") > most:
            findings.add(
                "error", f"Unable to put integration {where}: {column.name} can be at most {most} characters", pointer
            )
    try:
        check_integration(row, method)
    except BadRequestException as error:
        findings.add("error", f"Unable to put integration {where}: {error.message}", pointer)
        return
    for response in spec.responses:
        columns = {column.name: getattr(response, column.name) for column in fields(response)}
        try:
            check_integration_response(IntegrationResponse(**columns), method)
        except BadRequestException as error:
            findings.add(
                "error", f"Unable to put integration response {where}: {error.message}", f"{pointer}/responses"
            )


def integration_row(spec: IntegrationSpec) -> Integration:
    """The row of an integration, not yet a method's."""
    columns = {column.name: getattr(spec, column.name) for column in fields(spec) if column.name != "responses"}
    return Integration(**{**columns, "cache_key_parameters": list(spec.cache_key_parameters)})
