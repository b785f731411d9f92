"""Every patch of every entity: what AWS supports is carried out, and every other operation on the same path is refused."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction

from apps.control_plane import registry
from apps.control_plane.caller import Caller
from apps.control_plane.errors import AwsError
from tests.conformance.every_operation import REQUESTS
from tests.conformance.making import World, filled
from tests.conformance.patch_operations import PATCHES, Row

OPS = ("add", "replace", "remove", "copy")


def ending(caller: Caller, world: World, operation: str, *patches: dict[str, str]) -> str:
    """How the patches end, as if they had never been: "ok", or the code of the error."""
    request: dict[str, Any] = filled({**REQUESTS[operation], "patchOperations": list(patches)}, world)
    with transaction.atomic():
        try:
            registry.call(caller, "apigateway", operation, request)
        except AwsError as error:
            return f"{error.code}: {error.message}"
        finally:
            transaction.set_rollback(True)
    return "ok"


def patch(row: Row, op: str) -> dict[str, str]:
    value = getattr(row, op) or ""
    return {"op": op, "path": row.path, "from" if op == "copy" else "value": value}


def test_every_entity_that_can_be_patched_has_a_table() -> None:
    assert set(PATCHES) == {operation for operation in REQUESTS if operation.startswith("Update")}


def test_every_patch_that_aws_supports_is_carried_out(caller: Caller, world: World) -> None:
    found = {
        f"{operation} {op} {row.path}": ending(caller, world, operation, *row.before, patch(row, op))
        for operation, rows in PATCHES.items()
        for row in rows
        for op in OPS
        if getattr(row, op) is not None
    }

    assert {name: end for name, end in found.items() if end != "ok"} == {}
    assert len(found) > 150


def test_every_other_operation_on_a_path_is_refused(caller: Caller, world: World) -> None:
    found = {
        f"{operation} {op} {row.path}": ending(caller, world, operation, *row.before, patch(row, op))
        for operation, rows in PATCHES.items()
        for row in rows
        for op in OPS
        if getattr(row, op) is None
    }

    assert {name: end for name, end in found.items() if not end.startswith("BadRequestException")} == {}


@pytest.mark.parametrize("op", ["move", "test"])
def test_json_patchs_other_operations_are_known_and_never_supported(caller: Caller, world: World, op: str) -> None:
    found = {
        operation: ending(caller, world, operation, {"op": op, "path": rows[0].path, "value": "x", "from": "/name"})
        for operation, rows in PATCHES.items()
    }

    assert {name: end for name, end in found.items() if not end.startswith("BadRequestException")} == {}
