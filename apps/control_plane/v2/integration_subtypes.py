"""The actions of AWS services that HTTP APIs can call without a function in between, with the arguments they take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from apps.control_plane.errors import BadRequestException


class Arguments(NamedTuple):
    """The request parameters of a subtype."""

    required: frozenset[str]
    optional: frozenset[str]


def _of(required: str, optional: str) -> Arguments:
    return Arguments(frozenset(required.split()), frozenset([*optional.split(), "Region"]))


SUBTYPES = {
    "EventBridge-PutEvents": _of("Detail DetailType Source", "Time EventBusName Resources TraceHeader"),
    "SQS-SendMessage": _of(
        "QueueUrl MessageBody",
        "DelaySeconds MessageAttributes MessageDeduplicationId MessageGroupId MessageSystemAttributes",
    ),
    "SQS-ReceiveMessage": _of(
        "QueueUrl",
        "AttributeNames MaxNumberOfMessages MessageAttributeNames ReceiveRequestAttemptId VisibilityTimeout WaitTimeSeconds",
    ),
    "SQS-DeleteMessage": _of("ReceiptHandle QueueUrl", ""),
    "SQS-PurgeQueue": _of("QueueUrl", ""),
    "AppConfig-GetConfiguration": _of("Application Environment Configuration ClientId", "ClientConfigurationVersion"),
    "Kinesis-PutRecord": _of("StreamName Data PartitionKey", "SequenceNumberForOrdering ExplicitHashKey"),
    "StepFunctions-StartExecution": _of("StateMachineArn", "Name Input"),
    "StepFunctions-StartSyncExecution": _of("StateMachineArn", "Name Input TraceHeader"),
    "StepFunctions-StopExecution": _of("ExecutionArn", "Cause Error"),
}


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
