"""The next snapshot, built aside from the last one: verify, decode, compile what changed, keep what did not."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

import msgspec

from apps.core import documents
from apps.core.documents import (
    AccountDocument,
    AnyDocument,
    CredentialsDocument,
    DeploymentDocument,
    DomainDocument,
    FunctionDocument,
    KeysDocument,
    LinksDocument,
    PlanDocument,
    StageDocument,
    V2DeploymentDocument,
    V2StageDocument,
)
from apps.core.v2_documents import v2_deployment_section
from gateway_runtime.http_apis.stage import HttpApiStage, compile_http_stage
from gateway_runtime.iam.credentials import Credentials
from gateway_runtime.metrics import METRICS
from gateway_runtime.ports import Services
from gateway_runtime.snapshot.compile import compile_stage
from gateway_runtime.snapshot.domains import Domains
from gateway_runtime.snapshot.entitlements import Entitlements
from gateway_runtime.snapshot.snapshot import Snapshot, StageKey
from gateway_runtime.snapshot.stage import CompiledStage
from gateway_runtime.upstream.balancing import Links
from gateway_runtime.upstream.discovery import balancer_of
from gateway_runtime.websocket.stage import WebSocketStage, compile_websocket_stage

T = TypeVar("T")
V2Stage = HttpApiStage | WebSocketStage
S = TypeVar("S")

logger = logging.getLogger("gateway_runtime.snapshot")

_KINDS: dict[str, type[AnyDocument]] = {
    "stage": StageDocument,
    "deployment": DeploymentDocument,
    "plan": PlanDocument,
    "keys": KeysDocument,
    "account": AccountDocument,
    "domain": DomainDocument,
    "v2-stage": V2StageDocument,
    "v2-deployment": V2DeploymentDocument,
    "function": FunctionDocument,
    "credentials": CredentialsDocument,
    "links": LinksDocument,
}
_rejected = METRICS.counter("gatehouse_config_rejected_total", "Configuration sections refused because they are bad")


def is_known(section: str) -> bool:
    """Whether this version knows a kind of section. One that a newer control plane publishes is not even fetched."""
    return section.partition("/")[0] in _KINDS


def build(
    last: Snapshot, revision: int, manifest: Mapping[str, str], fetched: Mapping[str, bytes], services: Services | None
) -> Snapshot:
    """The snapshot of a later revision. `fetched` holds documents by digest that `last` lacks; `services` is what stages are
    bound to, and None where a manifest has none.

    A section whose document is missing, bad or cannot be compiled keeps the document it has in `last`, and is left out
    when it has none there: a bad document never replaces a running one.
    """
    return _Build(last, fetched, services).run(revision, manifest)


class _Build:
    def __init__(self, last: Snapshot, fetched: Mapping[str, bytes], services: Services | None) -> None:
        self._last = last
        self._fetched = fetched
        self._services = services
        self._sections: dict[str, str] = {}
        self._decoded: dict[str, AnyDocument] = {}
        self._compiled: dict[StageKey, CompiledStage | WebSocketStage] = {}

    def run(self, revision: int, manifest: Mapping[str, str]) -> Snapshot:
        for section, digest in manifest.items():
            if not is_known(section):
                continue
            if not self._accept(section, digest):
                kept = self._last.sections.get(section)
                if kept is not None:
                    self._accept(section, kept)
        stages: dict[str, dict[str, CompiledStage]] = {}
        websockets: dict[str, dict[str, WebSocketStage]] = {}
        for section in self._sections:
            if section.startswith("stage/"):
                stage = self._stage(section)
                if stage is not None:
                    stages.setdefault(stage.document.api_id.lower(), {})[stage.document.stage_name] = stage
            elif section.startswith("v2-stage/") and (of_v2 := self._v2_stage(section)) is not None:
                http = of_v2.http if isinstance(of_v2, WebSocketStage) else of_v2
                api_id, name = http.document.api_id.lower(), http.document.stage_name
                stages.setdefault(api_id, {})[name] = http
                if isinstance(of_v2, WebSocketStage):
                    websockets.setdefault(api_id, {})[name] = of_v2
        bodies = {digest: self._fetched.get(digest) or self._last.bodies[digest] for digest in self._decoded}
        return Snapshot(
            revision,
            self._sections,
            bodies,
            self._decoded,
            self._compiled,
            stages,
            self._entitlements(),
            self._domains(),
            self._credentials(),
            self._links(),
            websockets,
        )

    def _accept(self, section: str, digest: str) -> bool:
        """Take a document into the new snapshot; false when it is missing or bad."""
        document = self._decoded.get(digest) or self._last.decoded.get(digest)
        if document is None:
            body = self._fetched.get(digest)
            if body is None:
                logger.warning("document %s of %s is not there", digest, section)
                return False
            if documents.digest(body) != digest:
                return self._reject(section, "its digest is not that of its bytes")
            try:
                document = documents.decode(body)
            except msgspec.MsgspecError as error:
                return self._reject(section, str(error))
        if not isinstance(document, _KINDS.get(section.partition("/")[0], ())):
            return self._reject(section, f"it holds a {type(document).__name__}")
        self._sections[section] = digest
        self._decoded[digest] = document
        return True

    def _reject(self, section: str, reason: str) -> bool:
        METRICS.values[_rejected] += 1
        logger.error("configuration of %s refused, the one before stays: %s", section, reason)
        return False

    def _stage(self, section: str) -> CompiledStage | None:
        """The stage of a REST API."""
        stage = self._decoded[self._sections[section]]
        assert isinstance(stage, StageDocument)
        needed = [stage.deployment_id] if stage.canary is None else [stage.deployment_id, stage.canary.deployment_id]
        deployments = [documents.deployment_section(stage.api_id, deployment_id) for deployment_id in needed]
        found = [frozen for each in deployments if (frozen := self._find(each, DeploymentDocument)) is not None]
        account_section = documents.account_section(stage.account_id, stage.region)
        account = self._find(account_section, AccountDocument)
        before = self._last.stage(stage.api_id.lower(), stage.stage_name)
        if len(found) < len(needed):
            self._reject(section, f"not all of its deployments {', '.join(needed)} are there")
            return before

        def make(services: Services) -> CompiledStage:
            return compile_stage(stage, found[0], account, services, *found[1:])

        return self._compile((section, account_section, *deployments), make, before)

    def _v2_stage(self, section: str) -> V2Stage | None:
        """The stage of an HTTP or WebSocket API."""
        stage = self._decoded[self._sections[section]]
        assert isinstance(stage, V2StageDocument)
        deployed = v2_deployment_section(stage.api_id, stage.deployment_id)
        frozen = self._find(deployed, V2DeploymentDocument)
        account_section = documents.account_section(stage.account_id, stage.region)
        account = self._find(account_section, AccountDocument)
        api_id, name = stage.api_id.lower(), stage.stage_name
        http = self._last.stage(api_id, name)
        before: V2Stage | None = self._last.websocket_stage(api_id, name)
        if before is None and isinstance(http, HttpApiStage):
            before = http
        if frozen is None:
            self._reject(section, f"its deployment {stage.deployment_id} is not there")
            return before
        document = frozen

        def make(services: Services) -> V2Stage:
            if stage.protocol_type == "HTTP":
                return compile_http_stage(stage, document, account, services)
            return compile_websocket_stage(stage, document, account, services)

        return cast("V2Stage | None", self._compile((section, account_section, deployed), make, before))

    def _compile(self, sections: tuple[str, ...], make: Callable[[Services], S], before: S | None) -> S | None:
        """What is made of these sections: the same object when nothing of them changed, the one before when making fails."""
        key = tuple(self._sections.get(section, "") for section in sections)
        compiled: Any = self._last.compiled.get(key)
        if compiled is None:
            assert self._services is not None, "stages need services"
            try:
                compiled = make(self._services)
            except Exception as error:
                logger.exception("stage %s does not compile", sections[0])
                self._reject(sections[0], f"it does not compile: {error}")
                return before
        self._compiled[key] = compiled
        return cast("S", compiled)

    def _find(self, section: str, kind: type[T]) -> T | None:
        found = self._decoded.get(self._sections.get(section, ""))
        return found if isinstance(found, kind) else None

    def _unchanged(self, *kinds: str) -> bool:
        """Whether the sections of these kinds hold what they held in the last snapshot."""

        def relevant(sections: Mapping[str, str]) -> dict[str, str]:
            return {name: digest for name, digest in sections.items() if name.startswith(kinds)}

        return relevant(self._sections) == relevant(self._last.sections)

    def _domains(self) -> Domains:
        if self._unchanged("domain/"):
            return self._last.domains
        found = (document for document in self._decoded.values() if isinstance(document, DomainDocument))
        return Domains(found, None if self._services is None else self._services.document_seal, self._last.domains)

    def _credentials(self) -> Credentials:
        if self._unchanged("credentials/"):
            return self._last.credentials
        found = (document for document in self._decoded.values() if isinstance(document, CredentialsDocument))
        return Credentials(found, None if self._services is None else self._services.document_seal)

    def _links(self) -> Links:
        if self._unchanged("links/"):
            return self._last.links
        found = (document for document in self._decoded.values() if isinstance(document, LinksDocument))
        return Links(found, self._last.links, balancer_of)

    def _entitlements(self) -> Entitlements:
        if self._unchanged("plan/", "keys/"):
            return self._last.entitlements.fresh()
        found = self._decoded.values()
        return Entitlements(
            [document for document in found if isinstance(document, KeysDocument)],
            [document for document in found if isinstance(document, PlanDocument)],
        )
