"""Custom domain names: from a host to its rules and mappings, and from a request to the one that leads on."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import NamedTuple
from urllib.parse import unquote

from apps.core.documents import ApiMapping, DomainDocument, RoutingRule
from apps.core.secrets import DocumentSeal
from gateway_runtime.edge.canonical import Headers
from gateway_runtime.tls.contexts import Handshake, handshake_of

logger = logging.getLogger("gateway_runtime.snapshot")

_MAPPED = frozenset({"BASE_PATH_MAPPING_ONLY", "ROUTING_RULE_THEN_BASE_PATH_MAPPING"})
_RULED = frozenset({"ROUTING_RULE_ONLY", "ROUTING_RULE_THEN_BASE_PATH_MAPPING"})
HEALTH_CHECKS = frozenset({"/ping", "/sping"})
"""Paths that the service keeps for itself on custom domain names."""


class Way(NamedTuple):
    """What a mapping makes of a path: the API, the stage ("" where none is named) and the segments below it, as sent.

    `base_path` is what of the path it matched, "" where it takes any.
    """

    api_id: str
    stage: str
    segments: tuple[str, ...]
    base_path: str = ""


class Rule:
    """A routing rule, ready to be asked. Header names are compared without case, their values and base paths with it."""

    def __init__(self, rule: RoutingRule) -> None:
        self._rule = rule
        self._headers = [(each.header.encode(), _glob(each.value_glob.encode())) for each in rule.headers]
        self._base_paths = [tuple(filter(None, path.split("/"))) for path in rule.base_paths]

    def way(self, segments: tuple[str, ...], names: tuple[str, ...], headers: Headers) -> Way | None:
        """Where a request goes that meets all conditions; None for any other. `names` are the segments without escapes."""
        for wanted, fits in self._headers:
            if not any(name == wanted and fits(value) for name, value in headers):
                return None
        depth = 0
        if self._base_paths:
            met = [path for path in self._base_paths if names[: len(path)] == path]
            if not met:
                return None
            depth = max(map(len, met))
        rest = segments[depth if self._rule.strip_base_path else 0 :]
        return Way(self._rule.api_id, self._rule.stage_name, rest, "/".join(names[:depth]))


def _glob(pattern: bytes) -> Callable[[bytes], bool]:
    """What a value has to be: itself, or with a star what it begins with, ends with or contains."""
    text = pattern.strip(b"*")
    if pattern.startswith(b"*") and pattern.endswith(b"*"):
        return lambda value: text in value
    if pattern.startswith(b"*"):
        return lambda value: value.endswith(text)
    if pattern.endswith(b"*"):
        return lambda value: value.startswith(text)
    return lambda value: value == text


class Domain:
    """One host, or one `*.` name for many. A name that stands in several regions has the rules and mappings of all of them."""

    def __init__(self, documents: Iterable[DomainDocument]) -> None:
        self.account_id = ""
        self.mutual_tls = False
        self.handshake: Handshake | None = None  # with the name's own certificate
        self._mappings: dict[tuple[str, ...], ApiMapping] = {}
        rules: list[RoutingRule] = []
        for document in documents:
            self.account_id = document.account_id
            self.mutual_tls = self.mutual_tls or document.mutual_tls
            if document.routing_mode in _RULED:
                rules += document.rules
            for mapping in document.mappings if document.routing_mode in _MAPPED else ():
                self._mappings.setdefault(tuple(filter(None, mapping.base_path.split("/"))), mapping)
        self._rules = [Rule(rule) for rule in sorted(rules, key=lambda rule: rule.priority)]
        self._depths = sorted({len(base_path) for base_path in self._mappings}, reverse=True)

    @property
    def trust(self) -> str:
        """The trust store that callers have to be verified by, "" where there is none: then nobody is."""
        return "" if self.handshake is None else self.handshake.trust

    @property
    def reads_headers(self) -> bool:
        """Whether more than the path decides where a request goes."""
        return bool(self._rules)

    def way(self, segments: tuple[str, ...], headers: Headers) -> Way | None:
        """Where the first rule leads whose conditions are met, else the mapping of the longest base path; None without one."""
        names = tuple(map(unquote, segments))
        for rule in self._rules:
            way = rule.way(segments, names, headers)
            if way is not None:
                return way
        for depth in self._depths:
            mapping = self._mappings.get(names[:depth])
            if mapping is not None:
                rest = segments[depth:]
                if mapping.stage_name is not None:
                    return Way(mapping.api_id, mapping.stage_name, rest, mapping.base_path)
                return Way(mapping.api_id, rest[0] if rest else "", rest[1:], mapping.base_path)
        return None


class Domains:
    """All custom domain names of a snapshot, by host."""

    def __init__(
        self, documents: Iterable[DomainDocument] = (), seal: DocumentSeal | None = None, last: Domains | None = None
    ) -> None:
        by_name: dict[str, list[DomainDocument]] = {}
        for document in sorted(documents, key=lambda document: document.region):
            by_name.setdefault(document.name, []).append(document)
        self._domains = {name: Domain(of_name) for name, of_name in by_name.items()}
        if seal is not None:
            for name, of_name in by_name.items():
                before = last._domains.get(name) if last is not None else None
                self._domains[name].handshake = _handshake(of_name, seal, before.handshake if before else None)

    def find(self, host: str) -> Domain | None:
        """The domain of a lower-case host: the one of that name, else the one with `*` in place of its first label."""
        if not self._domains:
            return None
        return self._domains.get(host) or self._domains.get("*." + host.partition(".")[2])


def _handshake(of_name: list[DomainDocument], seal: DocumentSeal, last: Handshake | None) -> Handshake | None:
    """How connections to a name begin: as its first document with a certificate says, or as before where that cannot be used."""
    document = next((each for each in of_name if each.certificate is not None), of_name[0])
    try:
        return handshake_of(document, seal, last)
    except ValueError as error:
        logger.error("the certificate of %s cannot be used, the one before stays: %s", document.name, error)
        return last
