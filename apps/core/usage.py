"""Usage events: what the runtime counted, on its way up to metering.

Each data-plane process adds up what it served and, several times a second, appends one `UsageBatch` to a Redis stream.
A batch's id is unique for ever: whoever stores it inserts the id and adds the counts in one transaction, so that a batch
delivered twice counts once.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import msgspec

STREAM = "gatehouse:usage"
FIELD = b"batch"

RELATIVE_ACCURACY = 0.05
"""A percentile differs from the true one by this share of it at most."""

_GAMMA = (1 + RELATIVE_ACCURACY) / (1 - RELATIVE_ACCURACY)
_SHORTEST_MS, _LONGEST_MS = 0.1, 60_000

# Upper bounds of the latency buckets in milliseconds, those of a DDSketch: each is the same factor above the one before it, so that
# sketches of minutes, methods and workers are merged by adding counts. The last bucket has no bound.
LATENCY_BOUNDS_MS = tuple(
    _SHORTEST_MS * _GAMMA**power for power in range(math.ceil(math.log(_LONGEST_MS / _SHORTEST_MS, _GAMMA)) + 1)
)


def quantile(buckets: Mapping[int, int], share: float) -> float | None:
    """The latency (milliseconds) that `share` (0 to 1) of the answers stayed at or below; None without answers."""
    rank = share * sum(buckets.values())
    if not rank:
        return None
    below = 0
    for at in sorted(buckets):
        below += buckets[at]
        if below >= rank:
            break
    if at >= len(LATENCY_BOUNDS_MS):
        return LATENCY_BOUNDS_MS[-1]
    return LATENCY_BOUNDS_MS[at] if at == 0 else 2 * LATENCY_BOUNDS_MS[at] / (_GAMMA + 1)


class KeyUse(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """Requests that drew on a key's quota under a plan on one day (`YYYY-MM-DD`, UTC)."""

    account_id: str
    region: str
    plan_id: str
    key_id: str
    day: str
    count: int


class Traffic(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """What one method of a stage answered in one minute.

    `minute` is epoch seconds, a multiple of 60. `key_id` is "" for calls without a key. Latencies are sums in milliseconds;
    `latency_buckets` counts answers by the place of their bucket in `LATENCY_BOUNDS_MS`, empty ones left out.
    `resource` is the resource's path, or "" where no resource matched; `method` is what was asked for. Of routes of HTTP and
    WebSocket APIs these are path and method of the route's key, and its key with the kind of event; of them alone come
    `integration_errors` (answers of back ends of 400 and above) and `data_processed` (bytes in both directions). `throttled` are
    answers of 429 that no back end gave; `canary` says that the stage's canary answered; `integration_buckets` count the latencies
    of the integrations that were asked, as `latency_buckets` do.
    """

    account_id: str
    region: str
    api_id: str
    stage_name: str
    resource: str
    method: str
    key_id: str
    minute: int
    count: int
    errors_4xx: int
    errors_5xx: int
    latency_ms: float
    integration_latency_ms: float
    latency_buckets: dict[int, int]
    cache_hits: int = 0
    cache_misses: int = 0
    integration_errors: int = 0
    data_processed: int = 0
    throttled: int = 0
    canary: bool = False
    integration_buckets: dict[int, int] = {}


class UsageBatch(msgspec.Struct, frozen=True, kw_only=True):
    """One delivery. `batch_id` is a UUID in text; `origin` names the process that counted, for diagnosis."""

    batch_id: str
    origin: str
    uses: tuple[KeyUse, ...] = ()
    traffic: tuple[Traffic, ...] = ()


_decoder = msgspec.json.Decoder(UsageBatch)


def encode_batch(batch: UsageBatch) -> bytes:
    return msgspec.json.encode(batch)


def decode_batch(data: bytes) -> UsageBatch:
    return _decoder.decode(data)
