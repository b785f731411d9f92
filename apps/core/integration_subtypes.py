"""The actions of AWS services that HTTP APIs call without a function in between, and the arguments that they take.

(AWS: http-api-develop-integrations-aws-services-reference)
"""

from __future__ import annotations

from typing import NamedTuple


class Subtype(NamedTuple):
    """`service` and `action` are the service's own names; `required` and `optional` are the request parameters of an integration.
    `host_prefix` stands before the service's address for this action."""

    service: str
    action: str
    required: frozenset[str]
    optional: frozenset[str]
    host_prefix: str = ""


def _of(service: str, action: str, required: str, optional: str = "", host_prefix: str = "") -> Subtype:
    return Subtype(service, action, frozenset(required.split()), frozenset([*optional.split(), "Region"]), host_prefix)


SUBTYPES = {
    "EventBridge-PutEvents": _of(
        "events", "PutEvents", "Detail DetailType Source", "Time EventBusName Resources TraceHeader"
    ),
    "SQS-SendMessage": _of(
        "sqs",
        "SendMessage",
        "QueueUrl MessageBody",
        "DelaySeconds MessageAttributes MessageDeduplicationId MessageGroupId MessageSystemAttributes",
    ),
    "SQS-ReceiveMessage": _of(
        "sqs",
        "ReceiveMessage",
        "QueueUrl",
        "AttributeNames MaxNumberOfMessages MessageAttributeNames ReceiveRequestAttemptId VisibilityTimeout WaitTimeSeconds",
    ),
    "SQS-DeleteMessage": _of("sqs", "DeleteMessage", "ReceiptHandle QueueUrl"),
    "SQS-PurgeQueue": _of("sqs", "PurgeQueue", "QueueUrl"),
    "AppConfig-GetConfiguration": _of(
        "appconfig",
        "GetConfiguration",
        "Application Environment Configuration ClientId",
        "ClientConfigurationVersion",
    ),
    "Kinesis-PutRecord": _of(
        "kinesis", "PutRecord", "StreamName Data PartitionKey", "SequenceNumberForOrdering ExplicitHashKey"
    ),
    "StepFunctions-StartExecution": _of("states", "StartExecution", "StateMachineArn", "Name Input"),
    "StepFunctions-StartSyncExecution": _of(
        "states", "StartSyncExecution", "StateMachineArn", "Name Input TraceHeader", host_prefix="sync-"
    ),
    "StepFunctions-StopExecution": _of("states", "StopExecution", "ExecutionArn", "Cause Error"),
}
