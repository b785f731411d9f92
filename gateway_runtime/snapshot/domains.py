"""Custom domain names: from a host to its mappings, and from a path to the one that leads on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import unquote

from apps.core.documents import ApiMapping, DomainDocument

_MAPPED = frozenset({"BASE_PATH_MAPPING_ONLY", "ROUTING_RULE_THEN_BASE_PATH_MAPPING"})
HEALTH_CHECKS = frozenset({"/ping", "/sping"})
"""Paths that the service keeps for itself on custom domain names."""


class Way(NamedTuple):
    """What a mapping makes of a path: the API, the stage ("" where none is named) and the segments below it, as sent."""

    api_id: str
    stage: str
    segments: tuple[str, ...]


class Domain:
    """One host, or one `*.` name for many. A name that stands in several regions has the mappings of all of them."""

    def __init__(self, documents: Iterable[DomainDocument]) -> None:
        self.account_id = ""
        self.mutual_tls = False
        self.has_rules = False
        self._mappings: dict[tuple[str, ...], ApiMapping] = {}
        for document in documents:
            self.account_id = document.account_id
            self.mutual_tls = self.mutual_tls or document.mutual_tls
            self.has_rules = self.has_rules or bool(document.rules and document.routing_mode.startswith("ROUTING_RULE"))
            for mapping in document.mappings if document.routing_mode in _MAPPED else ():
                self._mappings.setdefault(tuple(filter(None, mapping.base_path.split("/"))), mapping)
        self._depths = sorted({len(base_path) for base_path in self._mappings}, reverse=True)

    def way(self, segments: tuple[str, ...]) -> Way | None:
        """Where the mapping of the longest base path leads; None without one."""
        names = tuple(map(unquote, segments))
        for depth in self._depths:
            mapping = self._mappings.get(names[:depth])
            if mapping is not None:
                rest = segments[depth:]
                if mapping.stage_name is not None:
                    return Way(mapping.api_id, mapping.stage_name, rest)
                return Way(mapping.api_id, rest[0] if rest else "", rest[1:])
        return None


class Domains:
    """All custom domain names of a snapshot, by host."""

    def __init__(self, documents: Iterable[DomainDocument] = ()) -> None:
        by_name: dict[str, list[DomainDocument]] = {}
        for document in sorted(documents, key=lambda document: document.region):
            by_name.setdefault(document.name, []).append(document)
        self._domains = {name: Domain(of_name) for name, of_name in by_name.items()}

    def find(self, host: str) -> Domain | None:
        """The domain of a lower-case host: the one of that name, else the one with `*` in place of its first label."""
        if not self._domains:
            return None
        return self._domains.get(host) or self._domains.get("*." + host.partition(".")[2])
