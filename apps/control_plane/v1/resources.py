"""Resources: the tree of paths below a REST API."""

from __future__ import annotations

import re

from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, ConflictException, too_many
from apps.control_plane.locking import hold
from apps.control_plane.paging import page, paged
from apps.control_plane.patching import LISTS_PATHS, Patch, PatchTable, Rule, text
from apps.control_plane.registry import Shape, operation
from apps.control_plane.v1.drafts import draft_changed
from apps.control_plane.v1.methods import method_shape, with_everything
from apps.rest_apis.models import Resource

MAX_RESOURCES = 300
_LONGEST_PART = 1024
_LITERAL = re.compile(r"[a-zA-Z0-9._:-]+")
_VARIABLE = re.compile(r"\{[a-zA-Z0-9._:-]+\+?\}")


@operation("CreateResource")
def create_resource(caller: Caller, request: Shape) -> Shape:
    """A child of another resource."""
    parent = caller.resource(request["restApiId"], request["parentId"])
    hold(parent)
    if Resource.objects.filter(rest_api=parent.rest_api).count() >= MAX_RESOURCES:
        raise too_many("Resources", "API")
    path_part = checked_path_part(request["pathPart"])
    _check_place(parent, path_part)
    row = Resource.objects.create(
        rest_api=parent.rest_api, parent=parent, path_part=path_part, path=_child_path(parent, path_part)
    )
    draft_changed(row.rest_api_id)
    return resource_shape(row)


@operation("GetResource")
def get_resource(caller: Caller, request: Shape) -> Shape:
    """One resource; `embed=methods` shows its methods whole."""
    row = caller.resource(request["restApiId"], request["resourceId"])
    return resource_shape(row, embed_methods="methods" in (request.get("embed") or ()))


@operation("GetResources")
def get_resources(caller: Caller, request: Shape) -> Shape:
    """The resources of an API, sorted by path; `embed=methods` shows their methods whole."""
    api = caller.rest_api(request["restApiId"])
    embed = "methods" in (request.get("embed") or ())
    rows, position = page(
        Resource.objects.filter(rest_api=api)
        .select_related("parent")
        .prefetch_related(*with_everything("methods", embed)),
        request,
        "path",
        "resource_id",
    )
    return paged([resource_shape(row, embed_methods=embed) for row in rows], position)


@operation("UpdateResource")
def update_resource(caller: Caller, request: Shape) -> Shape:
    """Rename a resource or move it below another parent; everything below it moves along."""
    row = caller.resource(request["restApiId"], request["resourceId"])
    old_path = row.path
    _patches(caller, request["restApiId"]).apply(row, request.get("patchOperations"))
    row.save()
    if row.path != old_path:
        _move_descendants(row, old_path)
    draft_changed(row.rest_api_id)
    return resource_shape(row)


@operation("DeleteResource")
def delete_resource(caller: Caller, request: Shape) -> Shape:
    """Delete a resource with everything below it."""
    row = caller.resource(request["restApiId"], request["resourceId"])
    if row.parent_id is None:
        raise BadRequestException("Root resource cannot be deleted.")
    row.delete()
    draft_changed(row.rest_api_id)
    return {}


def resource_shape(row: Resource, *, embed_methods: bool = False) -> Shape:
    """AWS's Resource. Without `embed_methods` its methods are named only."""
    shape: Shape = {"id": row.resource_id, "path": row.path}
    if row.parent is not None:
        shape["parentId"] = row.parent.resource_id
        shape["pathPart"] = row.path_part
    methods = sorted(row.methods.all(), key=lambda method: method.http_method)
    if methods:
        shape["resourceMethods"] = {
            method.http_method: method_shape(method) if embed_methods else {} for method in methods
        }
    return shape


def checked_path_part(path_part: str) -> str:
    if len(path_part) > _LONGEST_PART:
        raise BadRequestException(f"Resource's path part can be at most {_LONGEST_PART} characters.")
    if not (_LITERAL.fullmatch(path_part) or _VARIABLE.fullmatch(path_part)):
        raise BadRequestException(
            "Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable and curly braces at the "
            "beginning and the end."
        )
    return path_part


def _check_place(parent: Resource, path_part: str, row: Resource | None = None) -> None:
    """Whether a resource called `path_part` may stand below `parent`; `row` is the one that moves there."""
    if parent.path_part.endswith("+}"):
        raise BadRequestException(
            f"Cannot create a child of a resource with a greedy path variable: {parent.path_part}"
        )
    siblings = [child.path_part for child in parent.children.all() if row is None or child.pk != row.pk]
    if path_part in siblings:
        raise ConflictException(f"Another resource with the same parent already has this name: {path_part}")
    if path_part.startswith("{"):
        for sibling in siblings:
            if sibling.startswith("{"):
                raise BadRequestException(
                    f"A sibling ({sibling}) of this resource already has a variable path part -- only one is allowed"
                )


def _child_path(parent: Resource, path_part: str) -> str:
    return f"{parent.path.rstrip('/')}/{path_part}"


def _patches(caller: Caller, rest_api_id: str) -> PatchTable:
    """The table of resources; finding a new parent takes the caller."""

    def move(row: Resource, patch: Patch) -> None:
        if row.parent is None:
            raise BadRequestException("Root resource cannot update its parentId.")
        parent = caller.resource(rest_api_id, text(patch.value))
        if _is_within(parent, row):
            raise BadRequestException("Resources cannot be cyclical.")
        _check_place(parent, row.path_part, row)
        row.parent = parent
        row.path = _child_path(parent, row.path_part)

    return PatchTable((Rule("/parentId", {"replace": move}), Rule("/pathPart", {"replace": _rename})), LISTS_PATHS)


def _is_within(resource: Resource | None, ancestor: Resource) -> bool:
    while resource is not None:
        if resource.pk == ancestor.pk:
            return True
        resource = resource.parent
    return False


def _rename(row: Resource, patch: Patch) -> None:
    if row.parent is None:
        raise BadRequestException("Root resource cannot update its pathPart.")
    path_part = checked_path_part(text(patch.value))
    if path_part.endswith("+}") and row.children.exists():
        raise BadRequestException(f"Cannot create a child of a resource with a greedy path variable: {path_part}")
    _check_place(row.parent, path_part, row)
    row.path_part = path_part
    row.path = _child_path(row.parent, path_part)


def _move_descendants(row: Resource, old_path: str) -> None:
    """Derive the paths below a resource whose own path has changed."""
    below = [
        resource
        for resource in Resource.objects.filter(rest_api=row.rest_api, path__startswith=f"{old_path}/")
        if resource.path.startswith(f"{old_path}/")  # SQLite's LIKE ignores case
    ]
    # A rename may bring the resource below its old path's sibling names, so only real descendants move.
    family = {row.pk}
    for resource in sorted(below, key=lambda item: len(item.path)):
        if resource.parent_id in family:
            family.add(resource.pk)
            resource.path = row.path + resource.path[len(old_path) :]
    Resource.objects.bulk_update([resource for resource in below if resource.pk in family], ["path"])
