"""An endpoint page's operation: what it asks for, how it is called, and what it answers when a visitor tries it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import quote

from portal.developer import samples, tryit
from portal.developer.addresses import public_url, try_it_url
from portal.developer.explain import Explanation, explain
from portal.developer.first_call import PLACEHOLDER, prefilled
from portal.developer.pace import Pace
from portal.developer.portals.visit import Document
from portal.developer.reference import OperationPage, Parameter, path_parameter, read_reference
from portal.developer.schemas import mapping
from portal.developer.try_form import LONGEST_VALUE, read_attempt

RATE = 3
"""Calls of one API in a second, by all visitors, as AWS has it."""
PACE = Pace(rate=RATE, burst=RATE)
KEY = "key"
"""The input for an API key."""


@dataclass(frozen=True)
class Endpoint:
    """An endpoint of the published document with its operation."""

    document: Document
    region: str
    operation: OperationPage

    def fresh(self) -> tryit.Attempt:
        """What the form holds before anybody touched it."""
        attempt = prefilled(self.operation, "")
        return tryit.Attempt(self.operation, attempt.method, attempt.values, attempt.body, "")

    def filled_in(self, posted: Mapping[str, str]) -> tryit.Attempt:
        return read_attempt(self.operation, posted, posted.get(KEY, "").strip()[:LONGEST_VALUE], self.region)

    def samples(self, attempt: tryit.Attempt) -> list[samples.Sample]:
        """The call in several languages, at the address that the page shows."""
        token = attempt.token or ("Bearer YOUR_TOKEN" if self.operation.token_header else "")
        attempt = replace(attempt, key=attempt.key or PLACEHOLDER, token=token)
        return samples.write_samples(
            samples.CallToWrite(
                attempt.method,
                self._url(attempt),
                attempt.headers(),
                attempt.body or None,
                self.region if self.operation.signed else "",
            )
        )

    def shown_url(self) -> str:
        return self.document["endpoint"] or self._stage_url() + self.operation.path

    def refusal(self, attempt: tryit.Attempt, pace: Pace = PACE) -> Explanation | None:
        """Why nothing is sent, and None where it may be. An API is asked no more often than its pace has it."""
        if _UNPRINTABLE.intersection(attempt.key):
            return Explanation("danger", "Nothing was sent", "A key has no such characters.")
        wait = pace.wait_for(f"{self.document['api_id']}/{self.document['stage_name']}")
        if wait:
            words = f"An API is sent three requests a second from here. Try again in {wait} second{'' if wait == 1 else 's'}."
            return Explanation("warning", "Slow down a little", words)
        return None

    def call(self, attempt: tryit.Attempt, pace: Pace = PACE) -> tuple[tryit.Answer, Explanation | None]:
        """The gateway's answer, when all of it is there."""
        refusal = self.refusal(attempt, pace)
        if refusal is not None:
            return tryit.Answer(), refusal
        answer = tryit.send(attempt, self.base())
        return answer, explain(answer, attempt)

    def base(self) -> str:
        """The stage that is called, whatever address the page shows."""
        return try_it_url(self.document["api_id"], self.document["stage_name"])

    def _url(self, attempt: tryit.Attempt) -> str:
        """The address that the page shows, with the path's parameters filled in."""
        own: str = self.document["endpoint"]
        if not own:
            return attempt.url(self._stage_url())
        for (where, name), value in attempt.values.items():
            if where == "path":
                own = own.replace("{" + name + "}", quote(value, safe="")).replace("{" + name + "+}", quote(value))
        return own + (f"?{attempt.query()}" if attempt.query() else "")

    def _stage_url(self) -> str:
        return public_url(self.document["api_id"], self.document["stage_name"])


_UNPRINTABLE = frozenset(map(chr, (*range(32), *range(127, 256))))


def read_endpoint(document: Document, portal: Document) -> Endpoint:
    """An endpoint of a portal's document. What its page overrides is the page's."""
    reference = portal["references"].get(f"{document['api_id']}/{document['stage_name']}") or {}
    path, method = document["path"], document["method"]
    member = "x-amazon-apigateway-any-method" if method == "ANY" else method.lower()
    item = mapping(mapping(reference.get("paths")).get(path))
    own = {name: value for name, value in item.items() if name in (member, "parameters")}
    # An operation for preflights is shown here, where somebody asked for it.
    found = read_reference({**reference, "paths": {path: own}}, preflights=True)
    operation = next(found.operations(), None) or OperationPage(
        "", method, path, f"{method} {path}", "", "", False, tuple(_path_parameters(path))
    )
    return Endpoint(
        document,
        portal["region"],
        replace(
            operation,
            title=document["name"] or operation.title,
            description=document["body"] or operation.description,
        ),
    )


def _path_parameters(path: str) -> list[Parameter]:
    names = [path_parameter(segment) for segment in path.split("/") if segment.startswith("{")]
    return [Parameter(name, "path", True, "string") for name in names]
