"""Methods: what can be asked of a resource."""

from __future__ import annotations

import re
from collections.abc import Mapping

from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, ConflictException, NotFoundException
from apps.control_plane.patching import (
    NAMES_PATH,
    Patch,
    PatchTable,
    Rule,
    add_item,
    assign,
    boolean,
    drop_item,
    entries,
    optional_text,
    replaceable,
)
from apps.control_plane.registry import Shape, operation
from apps.control_plane.v1.drafts import draft_changed
from apps.deployments.frozen_authorizers import AUTHORIZERS_OF
from apps.rest_apis.models import (
    ApiModel,
    Authorizer,
    Integration,
    IntegrationResponse,
    Method,
    MethodResponse,
    RequestValidator,
    RestApi,
)

HTTP_METHODS = ("GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD", "ANY")
_AUTHORIZATION_TYPES = ("NONE", "AWS_IAM", "CUSTOM", "COGNITO_USER_POOLS", "JWT")

_REQUEST_PARAMETER = re.compile(
    r"method\.request\.(querystring|path|header|multivaluequerystring|multivalueheader)\.\S+"
)


@operation("PutMethod")
def put_method(caller: Caller, request: Shape) -> Shape:
    """A new method of a resource."""
    resource = caller.resource(request["restApiId"], request["resourceId"])
    http_method = request["httpMethod"].upper()
    if http_method not in HTTP_METHODS:
        raise BadRequestException(f"Invalid HTTP method specified. Valid options are {','.join(HTTP_METHODS)}")
    if resource.methods.filter(http_method=http_method).exists():
        raise ConflictException("Method already exists for this resource")
    row = Method(
        resource=resource,
        http_method=http_method,
        authorization_type=request["authorizationType"],
        authorizer_id=request.get("authorizerId"),
        authorization_scopes=list(request.get("authorizationScopes") or ()),
        api_key_required=bool(request.get("apiKeyRequired")),
        operation_name=request.get("operationName"),
        request_validator_id=request.get("requestValidatorId"),
        request_parameters=request.get("requestParameters") or {},
        request_models=request.get("requestModels") or {},
    )
    _check(row, resource.rest_api)
    row.save()
    draft_changed(resource.rest_api_id)
    return method_shape(row)


@operation("GetMethod")
def get_method(caller: Caller, request: Shape) -> Shape:
    """One method with its integration and its responses."""
    return method_shape(find_method(caller, request))


@operation("UpdateMethod")
def update_method(caller: Caller, request: Shape) -> Shape:
    """Patch a method."""
    row = find_method(caller, request)
    _PATCHES.apply(row, request.get("patchOperations"))
    _check(row, row.resource.rest_api)
    row.save()
    draft_changed(row.resource.rest_api_id)
    return method_shape(row)


@operation("DeleteMethod")
def delete_method(caller: Caller, request: Shape) -> Shape:
    """Delete a method with its integration and its responses."""
    row = find_method(caller, request)
    row.delete()
    draft_changed(row.resource.rest_api_id)
    return {}


def find_method(caller: Caller, request: Shape, message: str = "Invalid Method identifier specified") -> Method:
    """The method that `restApiId`, `resourceId` and `httpMethod` name; raises NotFoundException in AWS's words."""
    resource = caller.resource(request["restApiId"], request["resourceId"])
    rows = Method.objects.filter(resource=resource, http_method=request["httpMethod"].upper())
    row = rows.select_related("resource__rest_api").prefetch_related(*with_everything("", embed=True)).first()
    if row is None:
        raise NotFoundException(message)
    return row


def with_everything(methods: str, embed: bool) -> list[str]:
    """What to prefetch so that methods are shown without a query each; `methods` is the relation that leads to them."""
    below = ("responses", "integration", "integration__responses") if embed else ()
    prefix = f"{methods}__" if methods else ""
    return [*([methods] if methods else []), *(f"{prefix}{name}" for name in below)]


def integration_of(method: Method) -> Integration | None:
    return getattr(method, "integration", None)


def method_shape(row: Method) -> Shape:
    """AWS's Method."""
    integration = integration_of(row)
    responses = sorted(row.responses.all(), key=lambda response: response.status_code) if row.pk else []
    members = {
        "httpMethod": row.http_method,
        "authorizationType": row.authorization_type,
        "authorizerId": row.authorizer_id,
        "apiKeyRequired": row.api_key_required,
        "requestValidatorId": row.request_validator_id,
        "operationName": row.operation_name,
        "requestParameters": row.request_parameters or None,
        "requestModels": row.request_models or None,
        "methodResponses": {item.status_code: method_response_shape(item) for item in responses} or None,
        "methodIntegration": integration_shape(integration) if integration else None,
        "authorizationScopes": row.authorization_scopes or None,
    }
    return {name: value for name, value in members.items() if value is not None}


def method_response_shape(row: MethodResponse) -> Shape:
    """AWS's MethodResponse."""
    shape: Shape = {"statusCode": row.status_code}
    if row.response_parameters:
        shape["responseParameters"] = row.response_parameters
    if row.response_models:
        shape["responseModels"] = row.response_models
    return shape


def integration_shape(row: Integration) -> Shape:
    """AWS's Integration. BUFFERED, the default transfer mode, is not shown."""
    responses = sorted(row.responses.all(), key=lambda response: response.status_code)
    members = {
        "type": row.type,
        "httpMethod": row.http_method,
        "uri": row.uri,
        "connectionType": row.connection_type,
        "connectionId": row.connection_id,
        "credentials": row.credentials,
        "requestParameters": row.request_parameters or None,
        "requestTemplates": row.request_templates or ({} if row.templates_given else None),
        "passthroughBehavior": row.passthrough_behavior,
        "contentHandling": row.content_handling,
        "timeoutInMillis": row.timeout_in_millis,
        "cacheNamespace": row.cache_namespace,
        "cacheKeyParameters": row.cache_key_parameters,
        "integrationResponses": {item.status_code: integration_response_shape(item) for item in responses} or None,
        "tlsConfig": row.tls_config,
        "responseTransferMode": row.response_transfer_mode if row.response_transfer_mode != "BUFFERED" else None,
        "integrationTarget": row.integration_target,
    }
    return {name: value for name, value in members.items() if value is not None}


def integration_response_shape(row: IntegrationResponse) -> Shape:
    """AWS's IntegrationResponse."""
    members = {
        "statusCode": row.status_code,
        "selectionPattern": row.selection_pattern,
        "responseParameters": row.response_parameters or None,
        "responseTemplates": row.response_templates or ({} if row.templates_given else None),
        "contentHandling": row.content_handling,
    }
    return {name: value for name, value in members.items() if value is not None}


def first_method(rest_api_id: str, **lookup: str) -> str | None:
    """The first method of an API with these members, as AWS names it where it stands in the way of a deletion: `GET//pets`."""
    methods = Method.objects.filter(resource__rest_api=rest_api_id, **lookup)
    found = methods.order_by("resource__path", "http_method").values_list("http_method", "resource__path").first()
    return None if found is None else f"{found[0]}/{found[1]}"


def check_models_exist(rest_api: RestApi, models: Mapping[str, str]) -> None:
    """Raises BadRequestException for the first model name that the API does not have."""
    known = set(ApiModel.objects.filter(rest_api=rest_api, name__in=models.values()).values_list("name", flat=True))
    for name in models.values():
        if name not in known:
            raise BadRequestException(f"Invalid model identifier specified: {name}")


def _check(row: Method, rest_api: RestApi) -> None:
    """What has to hold of a method however it came to be so."""
    if row.authorization_type not in _AUTHORIZATION_TYPES:
        raise BadRequestException(
            f"Invalid authorization type specified. Valid options are {', '.join(_AUTHORIZATION_TYPES)}"
        )
    _check_authorizer(row, rest_api)
    validators = RequestValidator.objects.filter(rest_api=rest_api, validator_id=row.request_validator_id)
    if row.request_validator_id and not validators.exists():
        raise BadRequestException("Invalid Request Validator identifier specified")
    for parameter in row.request_parameters:
        if not _REQUEST_PARAMETER.fullmatch(parameter):
            raise BadRequestException(
                "Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping "
                f"expression parameter specified: {parameter}]"
            )
    check_models_exist(rest_api, row.request_models)


def _check_authorizer(row: Method, rest_api: RestApi) -> None:
    """A method names an authorizer of a type that goes with its own; one that needs none forgets what it named."""
    types = AUTHORIZERS_OF.get(row.authorization_type)
    if types is None:
        row.authorizer_id = None
        return
    authorizers = Authorizer.objects.filter(rest_api=rest_api, authorizer_id=row.authorizer_id, type__in=types)
    if not row.authorizer_id or not authorizers.exists():
        raise BadRequestException(
            "Invalid authorizer ID specified. Setting the authorization type to JWT requires a valid JWT authorizer."
            if row.authorization_type == "JWT"
            else "Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS requires "
            "a valid authorizer."
        )


def _add_or_remove_scope(row: Method, patch: Patch) -> None:
    scopes = [scope for scope in row.authorization_scopes if scope != patch.value]
    row.authorization_scopes = [*scopes, patch.value] if patch.op == "add" else scopes


_PATCHES = PatchTable(
    (
        replaceable("/apiKeyRequired", "api_key_required", boolean),
        replaceable("/authorizationType", "authorization_type"),
        replaceable("/authorizerId", "authorizer_id", optional_text),
        replaceable("/operationName", "operation_name", optional_text),
        Rule(
            "/requestValidatorId",
            {"replace": assign("request_validator_id", optional_text)},
        ),
        entries("/requestParameters/{name}", "request_parameters", boolean),
        entries(
            "/requestModels/{contentType}",
            "request_models",
            missing=NotFoundException("Invalid content type specified"),
        ),
        Rule("/authorizationScopes", {"add": _add_or_remove_scope, "remove": _add_or_remove_scope}),
        Rule(
            "/authorizationScopes/{scope}",
            {"add": add_item("authorization_scopes"), "remove": drop_item("authorization_scopes")},
        ),
    ),
    NAMES_PATH,
)
