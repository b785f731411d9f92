"""HTTP and WebSocket APIs."""

from __future__ import annotations

from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, TooManyRequestsException
from apps.control_plane.registry import Shape, operation
from apps.control_plane.v1.tags import drop_tags, put_tags, tags_of, tags_of_all
from apps.control_plane.v2 import quick_create
from apps.control_plane.v2.api_mappings import refuse_while_mapped
from apps.control_plane.v2.cors import checked_cors
from apps.control_plane.v2.drafts import draft_changed
from apps.control_plane.v2.expressions import (
    API_KEY_SELECTION,
    HTTP_ROUTE_SELECTION,
    check_api_key_selection,
    check_selection,
)
from apps.control_plane.v2.members import assign, page, paged, shape_of
from apps.control_plane.v2.plan_coverage import forget_in_plans
from apps.deployments import publisher
from apps.deployments.v2_publisher import retract_v2_stages
from apps.v2_apis.models import Api

MAX_APIS = 600
MAX_NAME = 128

_MEMBERS = {
    "ApiId": "id",
    "Name": "name",
    "ProtocolType": "protocol_type",
    "Description": "description",
    "Version": "version",
    "RouteSelectionExpression": "route_selection_expression",
    "ApiKeySelectionExpression": "api_key_selection_expression",
    "CorsConfiguration": "cors_configuration",
    "DisableSchemaValidation": "disable_schema_validation",
    "DisableExecuteApiEndpoint": "disable_execute_api_endpoint",
    "IpAddressType": "ip_address_type",
    "CreatedDate": "created",
    "ImportInfo": "import_info",
    "Warnings": "warnings",
}
_FIXED = {"ApiId", "ProtocolType", "CreatedDate", "ImportInfo", "Warnings"}
_CHANGEABLE = {name: field for name, field in _MEMBERS.items() if name not in _FIXED}


@operation("CreateApi", service="apigatewayv2")
def create_api(caller: Caller, request: Shape) -> Shape:
    """A new API; with `Target` one that works at once (quick create): a default route, an integration and a default stage."""
    row = new_api(caller, request)
    if request.get("Target"):
        quick_create.create(row, request)
    elif request.get("RouteKey") or request.get("CredentialsArn"):
        raise BadRequestException("A target is required when a route key or credentials are specified")
    return api_shape(row, tags_of(caller, api_path(row.id)))


@operation("GetApi", service="apigatewayv2")
def get_api(caller: Caller, request: Shape) -> Shape:
    """One API."""
    row = caller.api(request["ApiId"])
    return api_shape(row, tags_of(caller, api_path(row.id)))


@operation("GetApis", service="apigatewayv2")
def get_apis(caller: Caller, request: Shape) -> Shape:
    """The APIs of the account in the region."""
    rows, token = page(
        caller.seen(Api.objects.filter(account_id=caller.account_id, region=caller.region)), request, "id"
    )
    tags = tags_of_all(caller, [api_path(row.id) for row in rows])
    return paged([api_shape(row, tags[api_path(row.id)]) for row in rows], token)


@operation("UpdateApi", service="apigatewayv2")
def update_api(caller: Caller, request: Shape) -> Shape:
    """Change an API, and of one that was quick created also the target, key and credentials of its route."""
    row = caller.api(request["ApiId"])
    change_api(row, request)
    quick_create.update(row, request)
    draft_changed(row)
    return api_shape(row, tags_of(caller, api_path(row.id)))


@operation("DeleteApi", service="apigatewayv2")
def delete_api(caller: Caller, request: Shape) -> Shape:
    """Delete an API with everything below it; its stages stop serving."""
    row = caller.api(request["ApiId"])
    refuse_while_mapped(row)
    api_id, stages = row.id, list(row.stages.values_list("name", flat=True))
    plans = forget_in_plans(caller, api_id)
    row.delete()
    drop_tags(caller, api_path(api_id))
    retract_v2_stages(api_id, stages)
    for plan in plans:
        publisher.publish_plan(plan)
    return {}


@operation("DeleteCorsConfiguration", service="apigatewayv2")
def delete_cors_configuration(caller: Caller, request: Shape) -> Shape:
    """End what the API says of cross-origin requests."""
    row = caller.api(request["ApiId"])
    row.cors_configuration = None
    row.save(update_fields=["cors_configuration"])
    draft_changed(row)
    return {}


def change_api(row: Api, request: Shape) -> None:
    """Bring an API itself to what a request says, and save it."""
    assign(row, request, _CHANGEABLE)
    _check(row, request)
    row.save()


def new_api(caller: Caller, request: Shape) -> Api:
    """The row of a new API, with its tags."""
    if Api.objects.filter(account_id=caller.account_id, region=caller.region).count() >= MAX_APIS:
        raise TooManyRequestsException(
            "Maximum number of APIs has been reached. Please contact AWS if you need additional APIs."
        )
    row = Api(account_id=caller.account_id, region=caller.region, protocol_type=request["ProtocolType"])
    row.api_key_selection_expression = API_KEY_SELECTION
    row.route_selection_expression = "" if row.websocket else HTTP_ROUTE_SELECTION
    if row.websocket:
        row.disable_schema_validation = False
    change_api(row, request)
    put_tags(caller, api_path(row.id), request.get("Tags"))
    return row


def api_path(api_id: str) -> str:
    return f"/apis/{api_id}"


def api_shape(row: Api, tags: dict[str, str]) -> Shape:
    """AWS's Api."""
    scheme = "wss" if row.websocket else "https"
    endpoint = f"{scheme}://{row.id}.execute-api.{row.region}.amazonaws.com"
    return {**shape_of(row, _MEMBERS), "ApiEndpoint": endpoint, "Tags": tags}


def _check(row: Api, request: Shape) -> None:
    if not row.name:
        raise BadRequestException("API name cannot be empty")
    if len(row.name) > MAX_NAME:
        raise BadRequestException(f"API name should be at most {MAX_NAME} characters")
    if len(row.version or "") > 64:
        raise BadRequestException("API version should be at most 64 characters")
    if len(row.description or "") > 1024:
        raise BadRequestException("API description should be at most 1024 characters")
    check_api_key_selection(row.api_key_selection_expression)
    if row.websocket:
        _check_websocket(row, request)
    else:
        _check_http(row, request)


def _check_websocket(row: Api, request: Shape) -> None:
    for member in ("CorsConfiguration", "Target", "RouteKey", "CredentialsArn"):
        if request.get(member) is not None:
            raise BadRequestException(f"{member} is only supported for HTTP APIs")
    if not row.route_selection_expression:
        raise BadRequestException("A route selection expression is required for APIs with a protocol type of WEBSOCKET")
    check_selection(row.route_selection_expression, "RouteSelectionExpression")


def _check_http(row: Api, request: Shape) -> None:
    if request.get("DisableSchemaValidation") is not None:
        raise BadRequestException("DisableSchemaValidation is only supported for WEBSOCKET APIs")
    plain = row.route_selection_expression.replace("${", "$").replace("}", "")
    if plain != HTTP_ROUTE_SELECTION:
        raise BadRequestException(
            "The route selection expression of APIs with a protocol type of HTTP must be "
            "'${request.method} ${request.path}'"
        )
    if request.get("CorsConfiguration") is not None:
        row.cors_configuration = checked_cors(request["CorsConfiguration"]) or None
