"""CORS for REST APIs, as AWS's console writes it: an OPTIONS method with a mock, and headers on what the others answer.

`cors_plan` tells what is to be written, as operations of V1; `EnableCors` performs them. So whoever previews it sees
exactly what will happen.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from apps.control_plane import registry
from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException
from apps.control_plane.registry import Shape, operation
from apps.rest_apis.models import Method, Resource, RestApi

DEFAULT_HEADERS = ("Content-Type", "X-Amz-Date", "Authorization", "X-Api-Key", "X-Amz-Security-Token")
GATEWAY_RESPONSES = ("DEFAULT_4XX", "DEFAULT_5XX")
METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
LONGEST_MAX_AGE = 86_400

_JSON = "application/json"
_PROXIES = frozenset({"HTTP_PROXY", "AWS_PROXY"})
_EMPTY_MODEL = "Empty"
_OF_PREFLIGHTS = ("Access-Control-Allow-Headers", "Access-Control-Allow-Methods")
_ORIGIN = re.compile(r"\*|null|[a-z][a-z0-9+.-]*://[A-Za-z0-9.\-\[\]:]+", re.ASCII)
_TOKEN = re.compile(r"\*|[A-Za-z0-9!#$%&*+.^_`|~-]+", re.ASCII)


class Step(NamedTuple):
    """One operation of V1 and its request; `says` tells people what it writes."""

    operation: str
    request: Shape
    says: str


class CorsPlan(NamedTuple):
    """What enabling CORS on a resource writes, in order, and what it cannot do for its owner."""

    resource: Resource
    steps: list[Step]
    notes: list[str]


@operation("EnableCors", "gatehouse")
def enable_cors(caller: Caller, request: Shape) -> Shape:
    """Let pages of other origins call a resource; what stood there of CORS before is replaced."""
    plan = cors_plan(caller, request)
    for step in plan.steps:
        registry.call(caller, "apigateway", step.operation, step.request)
    return {
        "restApiId": request["restApiId"],
        "resourceId": plan.resource.resource_id,
        "path": plan.resource.path,
        "changes": [step.says for step in plan.steps],
        "notes": plan.notes,
    }


def cors_plan(caller: Caller, request: Shape) -> CorsPlan:
    """What `EnableCors` with this request would write now. Raises BadRequestException for what no browser would take."""
    resource = caller.resource(request["restApiId"], request["resourceId"])
    methods = {row.http_method: row for row in resource.methods.select_related("integration")}
    policy = _Policy(request, methods)
    steps = [*_preflight(resource, methods, policy)]
    notes: list[str] = []
    for name, method in sorted(methods.items()):
        if name != "OPTIONS":
            _method_steps(resource, method, policy, steps, notes)
    steps += _gateway_steps(resource.rest_api, policy)
    return CorsPlan(resource, steps, notes)


class _Policy:
    """The headers of a request for CORS, by name, as quoted constants of mappings."""

    def __init__(self, request: Shape, methods: Iterable[str]) -> None:
        self.origin = request.get("allowOrigin") or "*"
        known = {*METHODS} if "ANY" in methods else {*methods, "OPTIONS"}
        self.methods = sorted(_checked(request.get("allowMethods") or known, "method", METHODS))
        self.headers = _checked(request.get("allowHeaders") or DEFAULT_HEADERS, "header")
        self.gateway_responses = _checked(
            request.get("gatewayResponses", GATEWAY_RESPONSES), "gateway response", GATEWAY_RESPONSES
        )
        self._exposed = _checked(request.get("exposeHeaders") or (), "header")
        self._credentials = bool(request.get("allowCredentials"))
        self._max_age = request.get("maxAge")
        self._check()

    def _check(self) -> None:
        if not _ORIGIN.fullmatch(self.origin):
            raise BadRequestException(
                f"Invalid origin specified: {self.origin}. It must be * or like https://example.com"
            )
        if self._credentials and self.origin == "*":
            raise BadRequestException("Credentials can be allowed to one origin only, not to *")
        if self._max_age is not None and not 0 <= self._max_age <= LONGEST_MAX_AGE:
            raise BadRequestException(f"Invalid max age specified. It must be between 0 and {LONGEST_MAX_AGE} seconds")

    @property
    def answers(self) -> dict[str, str]:
        """What every answer to another origin's page carries."""
        found = {"Access-Control-Allow-Origin": self.origin}
        if self._credentials:
            found["Access-Control-Allow-Credentials"] = "true"
        if self._exposed:
            found["Access-Control-Expose-Headers"] = ",".join(self._exposed)
        return {name: f"'{value}'" for name, value in found.items()}

    @property
    def preflight(self) -> dict[str, str]:
        """What the answer to a preflight carries."""
        found = {name: value for name, value in self.answers.items() if name != "Access-Control-Expose-Headers"}
        found["Access-Control-Allow-Headers"] = f"'{','.join(self.headers)}'"
        found["Access-Control-Allow-Methods"] = f"'{','.join(self.methods)}'"
        if self._max_age is not None:
            found["Access-Control-Max-Age"] = f"'{self._max_age}'"
        return found


def _checked(values: Iterable[str], what: str, known: Iterable[str] = ()) -> list[str]:
    """The values in their order, each once; raises BadRequestException for one that is none."""
    found = list(dict.fromkeys(values))
    for value in found:
        if not _TOKEN.fullmatch(value) or (known and value not in known):
            raise BadRequestException(f"Invalid {what} specified: {value}")
    return found


# The parts of a plan ------------------------------------------------------------------------------------------------


def _preflight(resource: Resource, methods: dict[str, Method], policy: _Policy) -> Iterator[Step]:
    """The OPTIONS method, made anew."""
    names = {"restApiId": resource.rest_api_id, "resourceId": resource.resource_id, "httpMethod": "OPTIONS"}
    where, status = f"OPTIONS {resource.path}", {"statusCode": "200"}
    headers = {f"method.response.header.{name}": value for name, value in policy.preflight.items()}
    models = {_JSON: _EMPTY_MODEL} if resource.rest_api.models.filter(name=_EMPTY_MODEL).exists() else {}
    declared = {"responseParameters": dict.fromkeys(headers, False), "responseModels": models}
    if "OPTIONS" in methods:
        yield Step("DeleteMethod", names, f"{where}: the method that is there goes")
    yield Step("PutMethod", {**names, "authorizationType": "NONE"}, f"{where}: a method open to everybody")
    yield Step(
        "PutMethodResponse", {**names, **status, **declared}, f"{where}: 200 may have {_listed(policy.preflight)}"
    )
    templates = {"requestTemplates": {_JSON: '{"statusCode": 200}'}}
    yield Step("PutIntegration", {**names, "type": "MOCK", **templates}, f"{where}: a mock answers it")
    mapped = {"responseParameters": headers, "responseTemplates": {_JSON: ""}}
    yield Step("PutIntegrationResponse", {**names, **status, **mapped}, f"{where}: {_assigned(policy.preflight)}")


def _method_steps(resource: Resource, method: Method, policy: _Policy, steps: list[Step], notes: list[str]) -> None:
    """The headers of one method's answers; behind a proxy integration they are the back end's."""
    where = f"{method.http_method} {resource.path}"
    integration = getattr(method, "integration", None)
    if integration is None:
        notes.append(f"{where} has no integration yet: enable CORS again when it has one.")
        return
    if integration.type in _PROXIES:
        notes.append(
            f"{where} is a proxy integration: its back end has to answer with {_assigned(policy.answers)} itself."
        )
        return
    names = {"restApiId": resource.rest_api_id, "resourceId": resource.resource_id, "httpMethod": method.http_method}
    headers = {f"method.response.header.{name}": value for name, value in policy.answers.items()}
    mapped = {row.status_code: row for row in integration.responses.all()}
    for response in method.responses.order_by("status_code"):
        at, request = f"{where}: {response.status_code}", {**names, "statusCode": response.status_code}
        missing = dict.fromkeys((name for name in headers if name not in response.response_parameters), "false")
        if missing:
            patches = _patches({}, missing)
            says = f"{at} may have {_listed(policy.answers)}"
            steps.append(Step("UpdateMethodResponse", {**request, "patchOperations": patches}, says))
        if response.status_code in mapped:
            patches = _patches(mapped[response.status_code].response_parameters, headers)
            says = f"{at}: {_assigned(policy.answers)}"
            steps.append(Step("UpdateIntegrationResponse", {**request, "patchOperations": patches}, says))


def _patches(present: dict[str, Any], wanted: dict[str, str]) -> list[dict[str, str]]:
    return [
        {"op": "replace" if name in present else "add", "path": f"/responseParameters/{name}", "value": value}
        for name, value in wanted.items()
    ]


def _gateway_steps(api: RestApi, policy: _Policy) -> Iterator[Step]:
    """Gateway responses keep their status and bodies, and their other headers."""
    present = {
        row.response_type: row for row in api.gateway_responses.filter(response_type__in=policy.gateway_responses)
    }
    every = {**policy.answers, **{name: policy.preflight[name] for name in _OF_PREFLIGHTS}}
    for kind in policy.gateway_responses:
        row = present.get(kind)
        request: Shape = {"restApiId": api.id, "responseType": kind}
        if row is not None and row.status_code:
            request["statusCode"] = row.status_code
        kept = dict(row.response_parameters) if row is not None else {}
        request["responseParameters"] = {
            **kept,
            **{f"gatewayresponse.header.{name}": value for name, value in every.items()},
        }
        if row is not None and row.response_templates:
            request["responseTemplates"] = dict(row.response_templates)
        yield Step("PutGatewayResponse", request, f"Gateway response {kind}: {_assigned(every)}")


def _listed(headers: Iterable[str]) -> str:
    return ", ".join(headers)


def _assigned(headers: dict[str, str]) -> str:
    return ", ".join(f"{name}: {value.strip(chr(39))}" for name, value in headers.items())
