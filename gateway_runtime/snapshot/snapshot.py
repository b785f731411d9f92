"""All configuration at one revision, compiled. A request keeps the snapshot it began with until its end."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from apps.core.documents import AnyDocument
from gateway_runtime.iam.credentials import Credentials
from gateway_runtime.snapshot.domains import Domains
from gateway_runtime.snapshot.entitlements import Entitlements
from gateway_runtime.snapshot.stage import CompiledMethod, CompiledStage
from gateway_runtime.upstream.balancing import Links

if TYPE_CHECKING:
    from gateway_runtime.websocket.stage import WebSocketStage


class Found(NamedTuple):
    """Where a request's host, method and path lead; on a custom domain name `base_path` is what of the path its mapping or rule
    matched, else None. `always` when each such request goes there, and no canary takes some."""

    stage: CompiledStage
    method: CompiledMethod
    path_values: dict[str, str]
    path: str
    base_path: str | None
    always: bool


_MOST_REMEMBERED = 4096
_LONGEST_REMEMBERED = 256

StageKey = tuple[str, ...]  # digests of the stage, its account and its deployments
_NOTHING: Mapping[str, str] = MappingProxyType({})


class Snapshot:
    """Immutable. `sections` are those in force, which may be older than announced where a new document is bad.

    `bodies` and `decoded` are the documents by digest. `stages` are by API id (lower-case) and stage name; `compiled`
    finds the same ones by the digests they were made from. `found` remembers what recent requests reached. `websockets`
    are the stages of WebSocket APIs; what they answer over HTTP is among `stages`, as are those of HTTP APIs.
    """

    __slots__ = (
        "bodies",
        "compiled",
        "credentials",
        "decoded",
        "domains",
        "entitlements",
        "found",
        "links",
        "revision",
        "sections",
        "stages",
        "websockets",
    )

    def __init__(
        self,
        revision: int = 0,
        sections: Mapping[str, str] = _NOTHING,
        bodies: Mapping[str, bytes] = MappingProxyType({}),
        decoded: Mapping[str, AnyDocument] = MappingProxyType({}),
        compiled: Mapping[StageKey, CompiledStage | WebSocketStage] = MappingProxyType({}),
        stages: Mapping[str, Mapping[str, CompiledStage]] = MappingProxyType({}),
        entitlements: Entitlements | None = None,
        domains: Domains | None = None,
        credentials: Credentials | None = None,
        links: Links | None = None,
        websockets: Mapping[str, Mapping[str, WebSocketStage]] = MappingProxyType({}),
    ) -> None:
        self.revision = revision
        self.sections = sections
        self.bodies = bodies
        self.decoded = decoded
        self.compiled = compiled
        self.stages = stages
        self.found: dict[tuple[str, str, str], Found] = {}
        self.domains = domains or Domains()
        self.websockets = websockets
        self.credentials = credentials or Credentials()
        self.links = links or Links()
        self.entitlements = entitlements or Entitlements((), ())

    def stage(self, api_id: str, name: str) -> CompiledStage | None:
        of_api = self.stages.get(api_id)
        return None if of_api is None else of_api.get(name)

    def websocket_stage(self, api_id: str, name: str) -> WebSocketStage | None:
        of_api = self.websockets.get(api_id)
        return None if of_api is None else of_api.get(name)

    def remember(self, place: tuple[str, str, str], found: Found) -> None:
        """Keep the way to a method; bounded in number and size, because callers choose paths."""
        if len(place[2]) <= _LONGEST_REMEMBERED:
            if len(self.found) >= _MOST_REMEMBERED:
                self.found.clear()
            self.found[place] = found


class Current:
    """Holds the snapshot in force; swapping it is one assignment."""

    __slots__ = ("snapshot",)

    def __init__(self) -> None:
        self.snapshot = Snapshot()
