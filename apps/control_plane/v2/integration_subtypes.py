"""What has to hold of an integration with an action of an AWS service."""

from __future__ import annotations

from collections.abc import Mapping

from apps.control_plane.errors import BadRequestException
from apps.core.integration_subtypes import SUBTYPES


def check_subtype(subtype: str, parameters: Mapping[str, str]) -> None:
    """Raises BadRequestException for an unknown subtype, a missing argument, or one that the action does not have."""
    arguments = SUBTYPES.get(subtype)
    if arguments is None:
        raise BadRequestException(
            f"Invalid integration subtype specified: {subtype}. Must be one of {sorted(SUBTYPES)}"
        )
    missing = sorted(arguments.required - parameters.keys())
    if missing:
        raise BadRequestException(f"Parameter: {missing[0]} is required for the integration subtype: {subtype}")
    unknown = sorted(parameters.keys() - arguments.required - arguments.optional)
    if unknown:
        raise BadRequestException(f"Parameter: {unknown[0]} is not supported for the integration subtype: {subtype}")
