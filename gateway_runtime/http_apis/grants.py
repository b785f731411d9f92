"""How Lambda authorizers of HTTP APIs are asked and understood: events of both formats, and simple responses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from apps.core.documents import Authorizer
from apps.core.iam import compile_policy
from apps.core.v2_documents import V2Authorizer
from gateway_runtime.authorizers.grant import Grant, answered_object, configuration_error, read_grant
from gateway_runtime.authorizers.identity import Identity
from gateway_runtime.exchange import Exchange
from gateway_runtime.http_apis.function_events import compile_authorizer_events
from gateway_runtime.ports import FunctionAnswer
from gateway_runtime.snapshot.stage import MethodSite

Event = dict[str, Any]


def _document(effect: str) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": effect, "Action": "*", "Resource": "*"}]}


_DOCUMENTS = {True: _document("Allow"), False: _document("Deny")}
_POLICIES = {allowed: compile_policy(document, principals=False) for allowed, document in _DOCUMENTS.items()}


def compile_question(
    site: MethodSite, authorizer: V2Authorizer
) -> tuple[Callable[[MethodSite, Authorizer, Exchange, Identity, str], Event], Callable[[FunctionAnswer], Grant]]:
    """What the function is told, and how its answer is read."""
    write = compile_authorizer_events(site, authorizer.payload_format_version)

    def event_of(_: MethodSite, __: Authorizer, exchange: Exchange, identity: Identity, arn: str) -> Event:
        return write(exchange, tuple(values[-1] for values in identity), arn)

    return event_of, _read_simple if authorizer.simple_responses else read_grant


def _read_simple(answer: FunctionAnswer) -> Grant:
    """`{"isAuthorized": …, "context": {…}}`."""
    value = answered_object(answer)
    allowed = value.get("isAuthorized")
    if not isinstance(allowed, bool):
        raise configuration_error("isAuthorized is neither true nor false")
    context = value.get("context") or {}
    if not isinstance(context, dict):
        raise configuration_error("context is no object")
    variables = {**context, "integrationLatency": 0}
    return Grant(_POLICIES[allowed], variables, None, _DOCUMENTS[allowed], len(answer.payload))
