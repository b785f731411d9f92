"""The contract with AWS, operation by operation: what is not built is listed, says so by name, and only gets less.

When an operation is built, take its line out of `unbuilt_operations.txt` and lower `MOST_UNBUILT`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from apps.control_plane.registry import operations_built
from apps.control_plane.wire.service_models import SERVICES, all_operations, operation_model
from tests.specimens import specimen

LIST = Path(__file__).parent / "unbuilt_operations.txt"
MOST_UNBUILT = 66


def listed() -> list[str]:
    return LIST.read_text().split()


def unbuilt() -> list[str]:
    built = {(service, name) for service in SERVICES for name in operations_built(service)}
    return sorted(f"{service}:{name}" for service, name in all_operations() if (service, name) not in built)


def test_the_list_is_what_is_not_built() -> None:
    assert listed() == unbuilt()


def test_the_list_only_shrinks() -> None:
    assert len(listed()) <= MOST_UNBUILT


def test_only_operations_of_aws_are_built_for_awss_services() -> None:
    built = {(service, name) for service in SERVICES for name in operations_built(service)}

    assert built <= set(all_operations())


def test_what_is_not_built_says_so_by_name(aws: Callable[..., Any]) -> None:
    answers = {}
    for entry in unbuilt():
        service, _, name = entry.partition(":")
        shape = operation_model(service, name).input_shape
        request = {member: specimen(shape.members[member]) for member in shape.required_members} if shape else {}
        answers[entry] = _refusal(getattr(aws(service), _method(aws(service), name)), request)

    assert answers == dict.fromkeys(unbuilt(), (501, "NotImplementedException", True))


def _method(client: Any, operation: str) -> str:
    return next(method for method, name in client.meta.method_to_api_mapping.items() if name == operation)


def _refusal(call: Callable[..., Any], request: dict[str, Any]) -> tuple[int, str, bool] | str:
    """Status, code, and whether the message names the operation."""
    try:
        call(**request)
    except ClientError as error:
        response = error.response
        named = re.match(rf"{error.operation_name}\b", response["Error"]["Message"]) is not None
        return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"], named
    return "answered"
