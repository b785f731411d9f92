"""Reading the stories of requests: by id, by trace, and newest first with filters. All of it comes from Redis."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
import redis

from apps.core import stories
from apps.core.stories import Story
from apps.deployments import valkey

logger = logging.getLogger(__name__)

_AT_ONCE = 200


@dataclass(frozen=True)
class StoryFilter:
    """Which stories; a member that is empty asks for nothing.

    `status` is a class (`4xx`) or a number. `text` is part of the path, or of the beginning of a request or trace id.
    """

    api_id: str = ""
    stage_name: str = ""
    status: str = ""
    text: str = ""

    def takes(self, story: Story) -> bool:
        if self.api_id and story.api_id != self.api_id:
            return False
        if self.stage_name and story.stage_name != self.stage_name:
            return False
        if self.status and self.status not in (str(story.status), f"{story.status // 100}xx"):
            return False
        if not self.text:
            return True
        ids = (story.request_id, story.span.root if story.span else "")
        return self.text in story.path or any(one.startswith(self.text) for one in ids)


def find(account_id: str, region: str, request_id: str) -> Story | None:
    """The story of a request of the account, None when it was not kept or is forgotten. Raises `redis.RedisError`."""
    client: Any = valkey.client()
    place = client.hget(stories.index(account_id, region), request_id)
    if place is None:
        return None
    entries = client.xrange(stories.stream(account_id, region), place, place)
    return next(_decoded(entries), None)


def search(account_id: str, region: str, wanted: StoryFilter, most: int) -> list[Story]:
    """The newest stories that the filter takes. Raises `redis.RedisError`."""
    found: list[Story] = []
    for story in _newest(account_id, region):
        if wanted.takes(story):
            found.append(story)
            if len(found) == most:
                break
    return found


def of_trace(account_id: str, region: str, root: str, most: int = 100) -> list[Story]:
    """The stories of one trace, in the order in which they began. Raises `redis.RedisError`."""
    found = []
    for story in _newest(account_id, region):
        if story.span is not None and story.span.root == root:
            found.append(story)
            if len(found) == most:
                break
    return sorted(found, key=lambda story: story.at)


def keep(story: Story) -> None:
    """Keep a story that was made here: a test call's. Raises `redis.RedisError`."""
    keys = [stories.stream(story.account_id, story.region), stories.index(story.account_id, story.region)]
    valkey.client().eval(stories.KEEP, 2, *keys, *stories.keep_arguments([story]))


def _newest(account_id: str, region: str) -> Iterator[Story]:
    client: Any = valkey.client()
    before = "+"
    while True:
        entries = client.xrevrange(stories.stream(account_id, region), before, "-", count=_AT_ONCE)
        yield from _decoded(entries)
        if len(entries) < _AT_ONCE:
            return
        before = f"({entries[-1][0].decode()}"


def _decoded(entries: list[tuple[bytes, dict[bytes, bytes]]]) -> Iterator[Story]:
    for place, entry in entries:
        try:
            yield stories.decode(entry[stories.FIELD])
        except (KeyError, msgspec.DecodeError) as error:
            logger.warning("the story at %s cannot be read: %s", place, error)


Unavailable = redis.RedisError
"""What every function here raises while Redis is away."""
