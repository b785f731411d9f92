"""One OpenAPI file for a whole product, from the documents of its APIs."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from portal.developer import catalogue
from portal.developer.addresses import public_url
from portal.developer.catalogue import Offer, OfferedApi

_LOCAL = "#/components/"


@require_safe
def openapi_of_product(request: HttpRequest, slug: str) -> JsonResponse:
    """Every path of a product's REST and HTTP APIs; 404 while none of them is rendered."""
    offer = catalogue.offer(request.user, slug)
    apis = [api for api in offer.apis if not api.pending and not api.websocket]
    if not apis:
        raise Http404("No reference.")
    return JsonResponse(merged(offer, apis), json_dumps_params={"indent": 2, "ensure_ascii": False})


def merged(offer: Offer, apis: list[OfferedApi]) -> dict[str, Any]:
    """One document. With several APIs each path names its server, and components get their API's name before their own."""
    documents = [(api, api.row.reference, public_url(api.api_id, api.stage_name)) for api in apis]
    if len(documents) == 1:
        api, document, url = documents[0]
        return {**document, "info": {**document.get("info", {}), "title": offer.name}, "servers": [{"url": url}]}
    paths: dict[str, Any] = {}
    components: dict[str, dict[str, Any]] = {}
    for api, document, url in documents:
        prefix = f"{api.api_id}_"
        for kind, named in document.get("components", {}).items():
            components.setdefault(kind, {}).update(
                {prefix + name: _prefixed(one, prefix) for name, one in named.items()}
            )
        for path, item in document.get("paths", {}).items():
            # Two APIs may have the same path: the later one is told apart by an empty fragment, which no server sees.
            shown = path if path not in paths else f"{path}#{api.slug}"
            paths[shown] = {**_secured(_prefixed(item, prefix), document, prefix), "servers": [{"url": url}]}
    info = {"title": offer.name, "version": offer.version or "1", "description": offer.summary}
    return {"openapi": "3.0.1", "info": info, "paths": paths, "components": components}


def _prefixed(value: Any, prefix: str) -> Any:
    """A part of a document whose references lead to components with a prefix."""
    if isinstance(value, list):
        return [_prefixed(one, prefix) for one in value]
    if not isinstance(value, dict):
        return value
    changed = {key: _prefixed(one, prefix) for key, one in value.items()}
    target = changed.get("$ref")
    if isinstance(target, str) and target.startswith(_LOCAL):
        kind, _, name = target.removeprefix(_LOCAL).partition("/")
        changed["$ref"] = f"{_LOCAL}{kind}/{prefix}{name}"
    return changed


def _secured(item: dict[str, Any], document: dict[str, Any], prefix: str) -> dict[str, Any]:
    """A path item whose operations name security schemes by their new names."""
    schemes = document.get("components", {}).get("securitySchemes", {})
    for operation in item.values():
        if isinstance(operation, dict) and isinstance(operation.get("security"), list):
            operation["security"] = [
                {(prefix + name if name in schemes else name): scopes for name, scopes in one.items()}
                for one in operation["security"]
                if isinstance(one, dict)
            ]
    return item
