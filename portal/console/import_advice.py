"""What to do next about problems of a definition whose own words do not say it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from portal.console.listing import Note


@dataclass(frozen=True)
class Advice:
    """What to write instead; `http` when the definition would fit an HTTP API as it is."""

    text: str
    http: bool = False


_BY_WORDS = (
    (
        "jwtConfiguration.",
        Advice(
            'The JWT authorizer of a REST API has jwtConfiguration: {issuers: [{issuer: "https://…", audiences: […]}], '
            "defaultAlgorithms: [RS256]}. One with issuer and audience is that of an HTTP API.",
            http=True,
        ),
    ),
)


def advice_on(notes: Iterable[Note]) -> list[Advice]:
    """Each advice once, however many problems it is about."""
    messages = [note.message for note in notes]
    return [advice for words, advice in _BY_WORDS if any(words in message for message in messages)]
