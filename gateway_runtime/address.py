"""Which API and stage a request is for, by its host or by its path.

http://{api_id}.execute-api.{anything}/{stage}/{path}
http://{gateway}/_aws/execute-api/{api_id}/{stage}/{path}
"""

from __future__ import annotations

from typing import NamedTuple

from gateway_runtime.edge.canonical import CanonicalRequest

_MARK = ".execute-api."
_PREFIX = ("_aws", "execute-api")
_PREFIX_LENGTH = len("/_aws/execute-api/")


class Address(NamedTuple):
    """`segments` are the parts of the path below the stage, as sent; `path` starts with the stage: `/prod/pets`."""

    api_id: str
    stage: str
    segments: tuple[str, ...]
    path: str


def address_of(request: CanonicalRequest) -> Address | None:
    """The address of a request; None when it names no API."""
    host = request.host
    segments = request.segments
    if _MARK in host:
        api_id = host.partition(".")[0]
        return Address(api_id, segments[0], segments[1:], request.path)
    if segments[:2] == _PREFIX and len(segments) > 2:
        api_id = segments[2]
        stage = segments[3] if len(segments) > 3 else ""
        return Address(api_id.lower(), stage, segments[4:], request.path[_PREFIX_LENGTH + len(api_id) :] or "/")
    return None
