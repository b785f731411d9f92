"""Which API and stage a request is for, by its host or by its path.

http://{api_id}.execute-api.{anything}/{stage}/{path}
http://{api_id}-{vpce_id}.execute-api.{anything}/{stage}/{path}
http://{gateway}/_aws/execute-api/{api_id}/{stage}/{path}
http://{custom domain name}/{base path}/{path}

On a custom domain name nothing but its mappings counts: it opens no way to APIs that are not mapped there.
"""

from __future__ import annotations

from typing import NamedTuple

from gateway_runtime.edge.canonical import CanonicalRequest
from gateway_runtime.snapshot.domains import Domain

_MARK = ".execute-api."
_PREFIX = ("_aws", "execute-api")
_PREFIX_LENGTH = len("/_aws/execute-api/")


class Address(NamedTuple):
    """`segments` are the parts of the path below the stage, as sent; `path` is what `$context.path` shows: from the stage on
    (`/prod/pets`), and on a custom domain name the whole path. `domain` is that name, None at an API's own endpoint, and `base_path`
    what led on from there; `by_path` says that the path alone named the API.
    """

    api_id: str
    stage: str
    segments: tuple[str, ...]
    path: str
    domain: Domain | None = None
    base_path: str | None = None
    by_path: bool = False


def address_of(request: CanonicalRequest, domain: Domain | None = None) -> Address | None:
    """The address of a request, whose host may be a custom domain name; None when it names no API. As on AWS, doubled slashes
    before and behind the stage are one."""
    host = request.host
    segments = request.segments
    if domain is not None:
        way = domain.way(segments, request.headers)
        if way is None:
            return None
        return Address(way.api_id, way.stage, way.segments, request.path, domain, way.base_path)
    if _MARK in host:
        # A private API's name may have that of a VPC endpoint behind it; through which one a call comes, its network says.
        api_id = host.partition(".")[0].partition("-vpce-")[0]
        segments = _without_leading_empty(segments)
        path = request.path if request.path[1:2] != "/" else "/" + request.path.lstrip("/")
        return Address(api_id, segments[0], _without_leading_empty(segments[1:]), path)
    if segments[:2] == _PREFIX and len(segments) > 2:
        api_id = segments[2]
        stage = segments[3] if len(segments) > 3 else ""
        below = _without_leading_empty(segments[4:])
        path = request.path[_PREFIX_LENGTH + len(api_id) :] or "/"
        return Address(api_id.lower(), stage, below, path, by_path=True)
    return None


def _without_leading_empty(segments: tuple[str, ...]) -> tuple[str, ...]:
    while len(segments) > 1 and not segments[0]:
        segments = segments[1:]
    return segments
