"""Which WebSocket connections are open: asked of the processes that have them, for nobody keeps a list that could be wrong."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any, NamedTuple

from asgiref.sync import async_to_sync
from channels_redis.pubsub import RedisPubSubChannelLayer
from django.conf import settings
from redis import RedisError

from apps.core.socket_channels import EVERYBODY, GROUP_CHANNEL, PREFIX
from apps.deployments import valkey

_PATIENCE = 1.0  # seconds


class Unavailable(Exception):
    """Redis is away: nobody can be asked."""


class OpenConnection(NamedTuple):
    """One of them."""

    id: str
    connected_at: datetime
    last_active_at: datetime
    source_ip: str
    user_agent: str


class Listing(NamedTuple):
    """A page by id, how many there are in all, and whether every process has told its own in time."""

    connections: list[OpenConnection]
    total: int
    complete: bool
    has_more: bool


def list_open(api_id: str, stage_name: str, after: str, limit: int) -> Listing:
    """The first `limit` (at most 1,000) connections of a stage whose ids come after `after`. Raises Unavailable."""
    try:
        [(_, listening)] = valkey.client().pubsub_numsub(GROUP_CHANNEL)
        answers = async_to_sync(_ask)([api_id, stage_name], after, limit, listening) if listening else []
    except (RedisError, OSError) as error:
        raise Unavailable(str(error)) from None
    rows = sorted(row for answer in answers for row in answer["connections"])
    has_more = len(rows) > limit or any(answer["has_more"] for answer in answers)
    return Listing(
        [_open_connection(*row) for row in rows[:limit]],
        sum(answer["total"] for answer in answers),
        len(answers) >= listening,
        has_more,
    )


def _open_connection(
    connection_id: str, connected_at: float, last_active_at: float, source_ip: str, user_agent: str
) -> OpenConnection:
    opened, active = datetime.fromtimestamp(connected_at, UTC), datetime.fromtimestamp(last_active_at, UTC)
    return OpenConnection(connection_id, opened, active, source_ip, user_agent)


async def _ask(place: list[str], after: str, limit: int, listening: int) -> list[dict[str, Any]]:
    """What the processes answer within a second."""
    layer = RedisPubSubChannelLayer(hosts=[settings.REDIS_URL], prefix=PREFIX)
    answers: list[dict[str, Any]] = []
    try:
        async with asyncio.timeout(_PATIENCE):
            channel = await layer.new_channel()
            question = {"type": "gatehouse.list", "reply": channel, "place": place, "after": after, "limit": limit}
            await layer.group_send(EVERYBODY, question)
            while len(answers) < listening:
                answers.append(await layer.receive(channel))
    except TimeoutError:
        pass  # who does not answer in time is missing in the list, which says so
    finally:
        await layer.flush()
    return answers
