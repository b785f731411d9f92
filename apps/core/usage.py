"""Usage events: what the runtime counted, on its way up to metering.

Each data-plane process adds up what it served and, several times a second, appends one `UsageBatch` to a Redis stream.
A batch's id is unique for ever: whoever stores it inserts the id and adds the counts in one transaction, so that a batch
delivered twice counts once.
"""

from __future__ import annotations

import msgspec

STREAM = "gatehouse:usage"
FIELD = b"batch"

# Upper bounds of the latency buckets in milliseconds; the last bucket has no bound.
LATENCY_BOUNDS_MS = (
    1,
    2,
    3,
    5,
    7,
    10,
    15,
    20,
    30,
    50,
    70,
    100,
    150,
    200,
    300,
    500,
    700,
    1000,
    2000,
    5000,
    10000,
    30000,
)


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
    `latency_buckets` counts answers per bucket of `LATENCY_BOUNDS_MS` and has one more element than it.
    `resource` is the resource's path, or "" where no resource matched; `method` is what was asked for.
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
    latency_buckets: tuple[int, ...]


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
