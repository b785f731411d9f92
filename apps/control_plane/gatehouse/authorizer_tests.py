"""Trying an authorizer of an HTTP or WebSocket API as it is being edited: AWS has that for REST APIs alone."""

from __future__ import annotations

import re

import msgspec
from django.conf import settings

from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, NotFoundException
from apps.control_plane.registry import Shape, operation
from apps.control_plane.test_invoke import NotARequest, TestRequest
from apps.control_plane.test_v2_authorizer import Guard, try_v2_authorizer
from apps.control_plane.v1.stage_settings import check_variables
from apps.control_plane.v1.test_invocations import STAGE, request_headers
from apps.control_plane.v2.members import find_in
from apps.core.documents import V2StageDocument
from apps.core.v2_documents import V2Authorizer, V2Route
from apps.v2_apis.freeze import authorizer_document, route_document
from apps.v2_apis.models import Api, Authorizer, Route, Stage

_CONNECT, _DEFAULT = "$connect", "$default"
_PARAMETER = re.compile(r"\{([^{}+]+)\+?\}")


@operation("TestAuthorizer", "gatehouse")
def test_authorizer(caller: Caller, request: Shape) -> Shape:
    """Ask an authorizer about a made-up request, as the data plane does, past everything that is remembered."""
    api = caller.api(request["apiId"])
    row = find_in(Authorizer.objects.filter(api=api), "Authorizer", authorizer_id=request["authorizerId"])
    check_variables(request.get("stageVariables"))
    route = _route(api, row, request)
    guard = Guard(_with_context(authorizer_document(row), request), route, _stage(api, request))
    try:
        answer = try_v2_authorizer(guard, _asked(api, route.key, request), settings.ENVIRONMENT)
    except NotARequest as error:
        raise BadRequestException(f"Invalid test request: {error}") from None
    simple = row.enable_simple_responses and answer.policy is not None
    shown = {
        "clientStatus": answer.status,
        "reason": answer.reason or None,
        "log": answer.log,
        "latency": answer.latency,
        "principalId": answer.principal,
        "isAuthorized": answer.status == 0 if simple else None,
        "policy": None if simple else answer.policy,
        "context": answer.context or None,
        "claims": answer.claims,
    }
    return {name: value for name, value in shown.items() if value is not None}


def _route(api: Api, authorizer: Authorizer, request: Shape) -> V2Route:
    """The route that is asked for, as if this authorizer guarded it."""
    route = V2Route(id=_CONNECT, key=_CONNECT) if api.websocket else V2Route(id=_DEFAULT, key=_DEFAULT)
    if request.get("routeId") and not api.websocket:
        row = find_in(Route.objects.filter(api=api), "Route", route_id=request["routeId"])
        route = route_document(row)
    scopes = request.get("authorizationScopes")
    return msgspec.structs.replace(
        route,
        authorization_type="JWT" if authorizer.authorizer_type == "JWT" else "CUSTOM",
        authorizer_id=authorizer.authorizer_id,
        authorization_scopes=route.authorization_scopes if scopes is None else tuple(scopes),
    )


def _with_context(authorizer: V2Authorizer, request: Shape) -> V2Authorizer:
    """The authorizer with identity sources that are context variables replaced by what they are to be."""
    given = {f"context.{name}": f"'{value}'" for name, value in (request.get("additionalContext") or {}).items()}
    sources = tuple(given.get(source.removeprefix("$"), source) for source in authorizer.identity_sources)
    return msgspec.structs.replace(authorizer, identity_sources=sources)


def _stage(api: Api, request: Shape) -> V2StageDocument:
    """The stage that is asked at, which need not have a deployment."""
    name, variables = request.get("stageName"), dict(request.get("stageVariables") or {})
    if name:
        row = Stage.objects.filter(api=api, name=name).first()
        if row is None:
            raise NotFoundException("Invalid stage identifier specified")
        variables = {**row.stage_variables, **variables}
    return V2StageDocument(
        account_id=api.account_id,
        region=api.region,
        api_id=api.id,
        protocol_type=api.protocol_type,
        stage_name=name or STAGE,
        deployment_id=STAGE,
        variables=variables,
    )


def _asked(api: Api, route_key: str, request: Shape) -> TestRequest:
    """What is sent; a route of any method is asked by GET."""
    verb, _, path = route_key.partition(" ")
    method = request.get("httpMethod") or (verb if path and verb != "ANY" else "GET")
    path = _PARAMETER.sub(r"\1", path) or "/"
    target = request.get("pathWithQueryString") or path
    target = f"{path}{target}" if target.startswith("?") else target
    return TestRequest("GET" if api.websocket else method, target, request_headers(request), "")
