"""Documentation versions: the documentation of an API as it was at one moment, for stages to show."""

from __future__ import annotations

from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, ConflictException
from apps.control_plane.locking import hold
from apps.control_plane.paging import page, paged
from apps.control_plane.patching import LISTS_PATHS, PatchTable, optional_text, replaceable
from apps.control_plane.registry import Shape, operation
from apps.control_plane.v1.documentation_locations import snapshot
from apps.control_plane.v1.stages import find_stage
from apps.rest_apis.models import DocumentationVersion

_UNKNOWN = "Invalid Documentation version identifier specified"


@operation("CreateDocumentationVersion")
def create_documentation_version(caller: Caller, request: Shape) -> Shape:
    """Keep the parts as they are now; with `stageName` that stage shows them."""
    api = caller.rest_api(request["restApiId"])
    version = request["documentationVersion"]
    if not version.strip() or len(version) > 64:
        raise BadRequestException("Documentation version must be 1 to 64 characters long")
    stage = find_stage(caller, api.id, request["stageName"]) if request.get("stageName") else None
    if api.documentation_versions.filter(version=version).exists():
        raise ConflictException(f"Documentation version already exists: {version}")
    row = DocumentationVersion.objects.create(
        rest_api=api, version=version, description=request.get("description"), parts=snapshot(api)
    )
    if stage is not None:
        hold(stage)
        stage.documentation_version = version
        stage.save(update_fields=["documentation_version", "last_updated"])
    return documentation_version_shape(row)


@operation("GetDocumentationVersion")
def get_documentation_version(caller: Caller, request: Shape) -> Shape:
    """One version."""
    return documentation_version_shape(_find(caller, request))


@operation("GetDocumentationVersions")
def get_documentation_versions(caller: Caller, request: Shape) -> Shape:
    """The versions of an API, oldest first."""
    api = caller.rest_api(request["restApiId"])
    rows, position = page(DocumentationVersion.objects.filter(rest_api=api).defer("parts"), request, "pk")
    return paged([documentation_version_shape(row) for row in rows], position)


@operation("UpdateDocumentationVersion")
def update_documentation_version(caller: Caller, request: Shape) -> Shape:
    """Patch a version's description; the parts that it keeps never change."""
    row = _find(caller, request)
    _PATCHES.apply(row, request.get("patchOperations"))
    row.save(update_fields=["description"])
    return documentation_version_shape(row)


@operation("DeleteDocumentationVersion")
def delete_documentation_version(caller: Caller, request: Shape) -> Shape:
    """Delete a version that no stage shows."""
    row = _find(caller, request)
    stage = row.rest_api.stages.filter(documentation_version=row.version).values_list("name", flat=True).first()
    if stage is not None:
        raise ConflictException(f"Documentation version '{row.version}' is associated with stage '{stage}'")
    row.delete()
    return {}


def documentation_version_shape(row: DocumentationVersion) -> Shape:
    """AWS's DocumentationVersion."""
    shape: Shape = {"version": row.version, "createdDate": row.created}
    if row.description is not None:
        shape["description"] = row.description
    return shape


def _find(caller: Caller, request: Shape) -> DocumentationVersion:
    return caller.below(DocumentationVersion, request["restApiId"], _UNKNOWN, version=request["documentationVersion"])


_PATCHES = PatchTable((replaceable("/description", "description", optional_text),), LISTS_PATHS)
