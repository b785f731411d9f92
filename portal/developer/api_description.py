"""The portal's JSON API in OpenAPI 3."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from portal.developer.api_access import SCOPES

Shape = dict[str, Any]

_A = "/applications/{application_id}/"
# Method, path, scope ("" for everybody), what it does, members of the body.
OPERATIONS: tuple[tuple[str, str, str, str, str], ...] = (
    ("get", "/", "", "Where everything is", ""),
    ("get", "/openapi.json", "", "This description", ""),
    ("get", "/products/", "", "Published products that you are shown; q searches", ""),
    ("get", "/products/{slug}/", "", "A product with its description and changelog", ""),
    ("get", "/products/{slug}/openapi.json", "", "The OpenAPI document of one of its APIs", ""),
    (
        "post",
        "/products/{slug}/calls/",
        "call",
        'Call an operation ("GET /pets/{petId}") with the key of an application, as try-it does',
        "operation api? method? path? query? header? body? application? token? client? credentials?",
    ),
    ("get", "/products/{slug}/sdk/{kind}/", "", "A client of one of its REST APIs, as an archive", ""),
    ("post", "/invitations/{member_id}/", "write", "Join the application that you are invited to", ""),
    ("get", "/guides/", "", "Guides, in Markdown", ""),
    ("get", "/search/", "", "Search products, operations, messages and pages by q", ""),
    ("get", "/applications/", "read", "Your applications, newest first", ""),
    ("post", "/applications/", "write", "Make an application", "name description?"),
    ("get", _A, "read", "An application", ""),
    ("patch", _A, "write", "Change name and description", "name? description?"),
    ("delete", _A, "write", "Delete an application with its keys", ""),
    ("get", f"{_A}usage/", "read", "Calls over span (hour, day, week), and quotas", ""),
    ("post", f"{_A}keys/", "keys", "Make another key", "label? expires?"),
    ("get", f"{_A}keys/{{key_id}}/", "keys", "A key with its value", ""),
    ("patch", f"{_A}keys/{{key_id}}/", "keys", "Label a key", "label"),
    ("delete", f"{_A}keys/{{key_id}}/", "keys", "Revoke a key at once", ""),
    ("post", f"{_A}keys/{{key_id}}/rotate/", "keys", "Replace a key, with overlap", "overlapSeconds?"),
    ("put", f"{_A}keys/{{key_id}}/limits/", "keys", "Say from where a key works", "websites? networks?"),
    ("post", f"{_A}subscriptions/", "write", "Use a product under a plan", "product plan"),
    ("delete", f"{_A}subscriptions/{{subscription_id}}/", "write", "End a subscription", ""),
    ("get", f"{_A}members/", "read", "Who shares the application", ""),
    ("post", f"{_A}members/", "write", "Invite somebody", "email role"),
    ("patch", f"{_A}members/{{member_id}}/", "write", "Give a member another role", "role"),
    ("delete", f"{_A}members/{{member_id}}/", "write", "Take a member away", ""),
    ("get", f"{_A}clients/", "read", "OAuth clients", ""),
    ("post", f"{_A}clients/", "write", "Make an OAuth client", "name grantType clientType? redirectUris?"),
    ("delete", f"{_A}clients/{{client_id}}/", "write", "Delete an OAuth client", ""),
    ("post", f"{_A}clients/{{client_id}}/secret/", "write", "Make another secret", ""),
)
_QUERY = {
    "/products/": ("q", "limit", "position"),
    "/products/{slug}/openapi.json": ("api",),
    "/products/{slug}/sdk/{kind}/": ("api",),
    "/search/": ("q",),
    "/applications/": ("limit", "position"),
    f"{_A}usage/": ("span",),
}
_TEXTS: Shape = {"type": "object", "additionalProperties": {"type": "string"}}
_LIST: Shape = {"type": "array", "items": {"type": "string"}}
_TYPES: Shape = {
    **dict.fromkeys(("path", "query", "header", "credentials"), _TEXTS),
    "overlapSeconds": {"type": "integer"},
    **dict.fromkeys(("redirectUris", "websites", "networks"), _LIST),
}


@require_safe
def description(request: HttpRequest) -> JsonResponse:
    """The description."""
    return JsonResponse(described(), json_dumps_params={"indent": 2})


def described() -> Shape:
    """Every operation with its parameters, body and scope."""
    paths: Shape = {}
    for method, path, scope, summary, members in OPERATIONS:
        paths.setdefault(path, {})[method] = _operation(method, path, scope, summary, members)
    token = {
        "type": "http",
        "scheme": "bearer",
        "description": "; ".join(f"{name}: {text}" for name, text in SCOPES.items()),
    }
    return {
        "openapi": "3.0.3",
        "info": {
            "title": "Developer portal",
            "version": "1",
            "description": "What the portal's pages do, for programs.",
        },
        "servers": [{"url": f"{settings.ENVIRONMENT.portal_url}/api/v1"}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": token},
            "schemas": {"Problem": {"type": "object", "properties": {"detail": {"type": "string"}}}},
        },
    }


def _operation(method: str, path: str, scope: str, summary: str, members: str) -> Shape:
    name = re.sub(r"[^a-z]+", "_", f"{method}_{path}".replace("{", "by_").lower()).strip("_")
    problem = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}}}
    success = "204" if method == "delete" else "201" if method == "post" and scope != "call" else "200"
    operation: Shape = {"operationId": name, "summary": summary, "responses": {success: {"description": "Done"}}}
    parameters = [
        {"name": one, "in": "path", "required": True, "schema": {"type": "string"}}
        for one in re.findall(r"{(\w+)}", path)
    ]
    if method == "get":
        parameters += [{"name": one, "in": "query", "schema": {"type": "string"}} for one in _QUERY.get(path, ())]
    if parameters:
        operation["parameters"] = parameters
    if scope:
        operation["security"] = [{"token": []}]
        operation["description"] = f"Needs the scope `{scope}`."
        for status, text in (
            ("401", "No token, or one that is not known"),
            ("403", "The scope is missing"),
            ("404", "Unknown"),
        ):
            operation["responses"][status] = {"description": text, **problem}
    if members:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": _schema(members.split())}},
        }
        operation["responses"]["400"] = {"description": "The body is wrong", **problem}
    return operation


def _schema(members: list[str]) -> Shape:
    names = [member.rstrip("?") for member in members]
    required = [member for member in members if not member.endswith("?")]
    schema: Shape = {"type": "object", "properties": {name: _TYPES.get(name, {"type": "string"}) for name in names}}
    return {**schema, "required": required} if required else schema
