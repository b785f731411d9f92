"""From paths to the tree of resources that API Gateway wants: every parent, one variable per parent, nothing below a greedy one."""

from __future__ import annotations

from collections.abc import Iterable

from apps.control_plane.errors import BadRequestException, too_many
from apps.control_plane.openapi.node import Findings
from apps.control_plane.v1.resources import MAX_RESOURCES, checked_path_part

_MAX_PART = 1024
_MAX_PATH = 8192
TOO_MANY = too_many("Resources", "API").message


def normal_path(path: str) -> str:
    """The path of a resource: no slash at the end, the root is `/`."""
    return "/" + path.strip("/")


def join(base: str, path: str) -> str:
    return normal_path(base.strip("/") + "/" + path.strip("/"))


def parent_of(path: str) -> str:
    return path.rpartition("/")[0] or "/"


def part_of(path: str) -> str:
    return path.rpartition("/")[2]


def with_parents(paths: Iterable[str]) -> list[str]:
    """The paths with every path above them, parents first; the root is always there."""
    result = {"/"}
    for path in paths:
        while path not in result:
            result.add(path)
            path = parent_of(path)
    return sorted(result, key=lambda path: (path.count("/") if path != "/" else 0, path))


def check(paths: dict[str, str], findings: Findings) -> None:
    """Find what would keep the resources of `paths` (path → pointer) from being made."""
    places: dict[str, str] = {}
    for path, pointer in paths.items():
        if len(path) > _MAX_PATH:
            findings.add("error", f"Unable to create resource: a path can be at most {_MAX_PATH} characters.", pointer)
            continue
        while path != "/" and path not in places:
            places[path] = pointer
            path = parent_of(path)
        if len(places) >= MAX_RESOURCES:
            findings.add("error", TOO_MANY, pointer)
            return
    variables: dict[str, str] = {}
    for path in with_parents(places)[1:]:
        problem = _problem(path, variables)
        if problem:
            findings.add("error", f"Unable to create resource at path '{path}': {problem}", places[path])


def _problem(path: str, variables: dict[str, str]) -> str | None:
    part, parent = part_of(path), parent_of(path)
    if len(part) > _MAX_PART:
        return f"A path part can be at most {_MAX_PART} characters."
    try:
        checked_path_part(part)
    except BadRequestException as error:
        return error.message
    if parent.endswith("+}"):
        return f"Cannot create a child of a resource with a greedy path variable: {part_of(parent)}"
    if part.startswith("{"):
        sibling = variables.setdefault(parent, part)
        if sibling != part:
            return f"A sibling ({sibling}) of this resource already has a variable path part -- only one is allowed"
    return None
