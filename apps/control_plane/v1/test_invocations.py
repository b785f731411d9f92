"""Test calls of methods and of authorizers as they are being edited, without a deployment."""

from __future__ import annotations

import logging

import msgspec
from django.conf import settings

from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, NotFoundException
from apps.control_plane.registry import Shape, operation
from apps.control_plane.test_authorizer import try_authorizer
from apps.control_plane.test_invoke import NotARequest, Outbound, TestRequest, invoke
from apps.control_plane.v1.client_certificates import find_client_certificate
from apps.control_plane.v1.publishing import refusals_in_aws_words
from apps.control_plane.v1.stage_settings import check_variables
from apps.core import documents
from apps.core.stories import Story
from apps.deployments.freeze import freeze_method
from apps.deployments.frozen_authorizers import authorizer_document
from apps.deployments.links import links_document
from apps.metering import stories
from apps.rest_apis.models import Authorizer, Method

logger = logging.getLogger(__name__)

STAGE = "test-invoke-stage"
"""The stage that a test call sees in `$context.stage`."""


@operation("TestInvokeMethod")
def test_invoke_method(caller: Caller, request: Shape) -> Shape:
    """Run a method on a made-up request, past its authorization, API key and throttle; the answer has the execution log."""
    method = _method(caller, request)
    check_variables(request.get("stageVariables"))
    with refusals_in_aws_words():
        document = freeze_method(method, STAGE)
    stage = _stage(caller, document.api_id, document.deployment_id, request)
    asked = TestRequest(
        method=request["httpMethod"],
        target=request.get("pathWithQueryString") or method.resource.path,
        headers=request_headers(request),
        body=request.get("body") or "",
    )
    links = links_document(caller.account_id, caller.region)
    outbound = Outbound(settings.ENVIRONMENT, _certificate(caller, request), links)
    try:
        answer = invoke(document, stage, asked, outbound)
    except NotARequest as error:
        raise BadRequestException(f"Invalid test request: {error}") from None
    _keep(answer.story)
    several: dict[str, list[str]] = {}
    for name, value in answer.headers:
        several.setdefault(name, []).append(value)
    return {
        "status": answer.status,
        "body": answer.body,
        "headers": {name: values[-1] for name, values in several.items()},
        "multiValueHeaders": several,
        "log": answer.log,
        "latency": answer.latency,
    }


def _keep(story: Story) -> None:
    """Let the console explain the call; whoever made it has its log in any case."""
    try:
        stories.keep(story)
    except stories.Unavailable as error:
        logger.info("the story of a test call is not kept: %s", error)


@operation("TestInvokeAuthorizer")
def test_invoke_authorizer(caller: Caller, request: Shape) -> Shape:
    """Ask an authorizer about a made-up request; the answer has the execution log. `additionalContext` stands for context variables."""
    row = caller.below(
        Authorizer,
        request["restApiId"],
        "Invalid Authorizer identifier specified",
        authorizer_id=request["authorizerId"],
    )
    check_variables(request.get("stageVariables"))
    authorizer = _with_context(authorizer_document(row), request.get("additionalContext") or {})
    stage = _stage(caller, row.rest_api_id, STAGE, request)
    asked = TestRequest(
        "GET", request.get("pathWithQueryString") or "/", request_headers(request), request.get("body") or ""
    )
    try:
        answer = try_authorizer(authorizer, stage, asked, settings.ENVIRONMENT)
    except NotARequest as error:
        raise BadRequestException(f"Invalid test request: {error}") from None
    shown = {
        "clientStatus": answer.status,
        "log": answer.log,
        "latency": answer.latency,
        "principalId": answer.principal,
        "policy": answer.policy,
        "authorization": {name: [value] for name, value in (answer.context or {}).items()} or None,
        "claims": answer.claims,
    }
    return {name: value for name, value in shown.items() if value is not None}


def _with_context(authorizer: documents.Authorizer, context: dict[str, str]) -> documents.Authorizer:
    """The authorizer with identity sources that are context variables replaced by what they are to be."""
    given = {f"context.{name}": f"'{value}'" for name, value in context.items()}
    sources = tuple(given.get(source, source) for source in authorizer.identity_sources)
    return msgspec.structs.replace(authorizer, identity_sources=sources)


def _stage(caller: Caller, api_id: str, deployment_id: str, request: Shape) -> documents.StageDocument:
    """The stage that a test call sees."""
    return documents.StageDocument(
        account_id=caller.account_id,
        region=caller.region,
        api_id=api_id,
        stage_name=STAGE,
        deployment_id=deployment_id,
        variables=dict(request.get("stageVariables") or {}),
    )


def _method(caller: Caller, request: Shape) -> Method:
    """The method that would serve the request: the one named, else ANY."""
    resource = caller.resource(request["restApiId"], request["resourceId"])
    http_method = request["httpMethod"]
    rows = {
        row.http_method: row
        for row in resource.methods.filter(http_method__in=(http_method, "ANY")).select_related("integration")
    }
    row = rows.get(http_method) or rows.get("ANY")
    if row is None:
        raise NotFoundException("Invalid Method identifier specified")
    if http_method == "ANY":
        raise BadRequestException("Invalid HTTP method specified: a test call needs one, such as GET")
    row.resource = resource
    return row


def request_headers(request: Shape) -> list[tuple[str, str]]:
    """Names and values; where a name is in both maps, its many values count."""
    several = request.get("multiValueHeaders") or {}
    taken = {name.lower() for name in several}
    single = [(name, value) for name, value in (request.get("headers") or {}).items() if name.lower() not in taken]
    return single + [(name, value) for name, values in several.items() for value in values]


def _certificate(caller: Caller, request: Shape) -> tuple[str, str] | None:
    """The certificate to show to back ends, and its private key."""
    if not request.get("clientCertificateId"):
        return None
    row = find_client_certificate(caller, request["clientCertificateId"])
    return row.certificate, row.private_key
