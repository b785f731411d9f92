"""Calling a product's API with a key of an application: what try-it and agents do through the portal."""

from __future__ import annotations

from time import sleep

from django.utils import timezone

from portal.developer import tryit
from portal.developer.addresses import try_it_url
from portal.developer.applications import KeyOnPage
from portal.developer.catalogue import OfferedApi

# A key reaches every process of the gateway within a second of its making.
_FRESH_SECONDS = 10
FRESH_TRIES = 6
"""How often a call with such a key is made again."""


def call_api(api: OfferedApi, key: KeyOnPage | None, attempt: tryit.Attempt) -> tryit.Answer:
    """The gateway's answer. A refusal of a key that is seconds old may be the gateway not knowing it yet: it asked no back end."""
    base = try_it_url(api.api_id, api.stage_name)
    answer = tryit.send(attempt, base)
    for _ in range(FRESH_TRIES if is_fresh(key) else 0):
        if not unknown_key(answer):
            break
        sleep(0.25)
        answer = tryit.send(attempt, base)
    return answer


def is_fresh(key: KeyOnPage | None) -> bool:
    """Whether a key was made so lately that the gateway may not know it."""
    return key is not None and (timezone.now() - key.row.created).total_seconds() < _FRESH_SECONDS


def unknown_key(answer: tryit.Answer) -> bool:
    """Whether the gateway refused the key itself."""
    return answer.status == 403 and answer.header("x-amzn-errortype").startswith("Forbidden")
