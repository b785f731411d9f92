"""Documentation parts: what is said to people about places of an API."""

from __future__ import annotations

import json
from collections.abc import Iterable

from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, ConflictException, too_many
from apps.control_plane.locking import hold
from apps.control_plane.openapi.documentation_parts import PartSpec
from apps.control_plane.openapi.importer import documentation
from apps.control_plane.paging import page, page_of, paged
from apps.control_plane.patching import LISTS_PATHS, PatchTable, replaceable
from apps.control_plane.registry import Shape, operation
from apps.control_plane.v1.documentation_locations import Location, location, location_of, locations_of
from apps.control_plane.v1.drafts import draft_changed
from apps.rest_apis.models import DocumentationPart, RestApi

MAX_PARTS = 2_000
_UNKNOWN = "Invalid Documentation part identifier specified"


@operation("CreateDocumentationPart")
def create_documentation_part(caller: Caller, request: Shape) -> Shape:
    """A new part at a place that has none."""
    api = caller.rest_api(request["restApiId"])
    place = location(request["location"])
    properties = _properties(request["properties"])
    if api.documentation_parts.filter(location_digest=place.digest).exists():
        raise ConflictException(f"Documentation part already exists for the specified location: {place}")
    _check_count(api.documentation_parts.count() + 1)
    row = new_part(api, place, properties)
    row.save()
    draft_changed(api.id)
    return documentation_part_shape(row)


@operation("GetDocumentationPart")
def get_documentation_part(caller: Caller, request: Shape) -> Shape:
    """One part."""
    return documentation_part_shape(_find(caller, request))


@operation("GetDocumentationParts")
def get_documentation_parts(caller: Caller, request: Shape) -> Shape:
    """The parts of an API, oldest first; or, with `locationStatus` UNDOCUMENTED, the places that have none."""
    api = caller.rest_api(request["restApiId"])
    if request.get("locationStatus") == "UNDOCUMENTED":
        return _undocumented(api, request)
    rows = DocumentationPart.objects.filter(rest_api=api)
    if request.get("type"):
        rows = rows.filter(type=request["type"])
    if request.get("nameQuery"):
        rows = rows.filter(name__contains=request["nameQuery"])
    if request.get("path"):
        rows = rows.filter(path=request["path"])
    found, position = page(rows, request, "pk")
    return paged([documentation_part_shape(row) for row in found], position)


@operation("UpdateDocumentationPart")
def update_documentation_part(caller: Caller, request: Shape) -> Shape:
    """Patch what a part says; its place stays."""
    row = _find(caller, request)
    _PATCHES.apply(row, request.get("patchOperations"))
    row.save()
    draft_changed(row.rest_api_id)
    return documentation_part_shape(row)


@operation("DeleteDocumentationPart")
def delete_documentation_part(caller: Caller, request: Shape) -> Shape:
    """Delete a part."""
    caller.rest_api(request["restApiId"])
    row = _find(caller, request)
    row.delete()
    draft_changed(row.rest_api_id)
    return {}


@operation("ImportDocumentationParts")
def import_documentation_parts(caller: Caller, request: Shape) -> Shape:
    """Take over what a definition says to people, and nothing else of it."""
    api = caller.rest_api(request["restApiId"])
    hold(api)
    try:
        parts, warnings = documentation(request["body"])
    except BadRequestException as error:
        raise BadRequestException("Unable to build importer with provided input.") from error
    if warnings and request.get("failOnWarnings"):
        raise BadRequestException("Warnings found during import:\n\t" + "\n\t".join(warnings))
    rows = write_parts(api, parts, overwrite=request.get("mode") == "overwrite")
    draft_changed(api.id)
    return {"ids": [row.part_id for row in rows], **({"warnings": warnings} if warnings else {})}


def write_parts(api: RestApi, parts: Iterable[PartSpec], *, overwrite: bool) -> list[DocumentationPart]:
    """Put parts into an API, in place of all that it has or (merging) of those at the same places."""
    if overwrite:
        api.documentation_parts.all().delete()
    known = {row.location_digest: row for row in api.documentation_parts.all()}
    rows = [known.get(part.location.digest) or new_part(api, part.location, "") for part in parts]
    for row, part in zip(rows, parts, strict=True):
        row.properties = part.properties
    _check_count(len(known) + sum(row.pk is None for row in rows))
    DocumentationPart.objects.bulk_update([row for row in rows if row.pk is not None], ["properties"])
    DocumentationPart.objects.bulk_create([row for row in rows if row.pk is None])
    return rows


def new_part(api: RestApi, place: Location, properties: str) -> DocumentationPart:
    """A row that is not saved yet."""
    return DocumentationPart(
        rest_api=api,
        type=place.type,
        path=place.path,
        method=place.method,
        status_code=place.status_code,
        name=place.name,
        location_digest=place.digest,
        properties=properties,
    )


def documentation_part_shape(row: DocumentationPart) -> Shape:
    """AWS's DocumentationPart."""
    return {"id": row.part_id, "location": location_of(row).shape(), "properties": row.properties}


def _undocumented(api: RestApi, request: Shape) -> Shape:
    documented = set(api.documentation_parts.values_list("location_digest", flat=True))
    places = [
        place
        for place in locations_of(api)
        if place.digest not in documented
        and request.get("type") in (None, place.type)
        and (request.get("nameQuery") or "") in place.name
        and request.get("path") in (None, place.path)
    ]
    found, position = page_of(sorted((str(place), place) for place in places), request)
    return paged([{"location": place.shape()} for _, place in found], position)


def _find(caller: Caller, request: Shape) -> DocumentationPart:
    return caller.below(DocumentationPart, request["restApiId"], _UNKNOWN, part_id=request["documentationPartId"])


def _properties(value: str | None) -> str:
    """Properties are kept as they were written, but have to be a JSON object."""
    try:
        parsed = json.loads(value or "")
    except (ValueError, RecursionError):
        parsed = None
    if not isinstance(parsed, dict) or value is None:
        raise BadRequestException("Invalid documentation part properties specified: they must be a JSON object")
    return value


def _check_count(count: int) -> None:
    if count > MAX_PARTS:
        raise too_many("Documentation Parts", "API")


_PATCHES = PatchTable((replaceable("/properties", "properties", _properties),), LISTS_PATHS)
