"""Stories: what befell one request, phase by phase, on its way from the runtime to those who ask why.

The runtime keeps stories in a Redis stream of the account and region, bounded in number and age; a hash beside it finds one by
its request id. A story is for people who operate the API: it holds no secrets, but paths, addresses and identities.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

FIELD = b"story"
MOST = 3_000  # of one account in one region
DAYS = 3
LONGEST = 32_768  # bytes of one story

PASSED, REFUSED, FAILED = "passed", "refused", "failed"


class Phase(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One phase of the walk: when it began after the request (milliseconds), how long it took (None where nobody measured).

    `verdict` is `passed`, `refused` (the caller's fault) or `failed`. `because` tells the configuration that decided.
    """

    name: str
    began_ms: float = 0.0
    took_ms: float | None = None
    verdict: str = PASSED
    because: str = ""


class Span(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The request's place in a trace, as X-Ray names it: `root` is `1-{8 hex}-{24 hex}`, the others are 16 hex digits."""

    root: str
    segment: str = ""
    parent: str = ""
    sampled: bool = False


class LogLine(msgspec.Struct, frozen=True, array_like=True):
    """One event of the execution log; `at` is epoch seconds."""

    at: float
    text: str


class Story(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A request that was answered. `at` is epoch seconds, latencies are milliseconds.

    `kept_for` says why it is kept: `refusal`, `sample`, `log`, `trace` or `test`. `error` is the type of gateway response.
    """

    request_id: str
    account_id: str
    region: str
    api_id: str
    stage_name: str
    at: float
    method: str
    path: str
    status: int
    kept_for: str
    latency_ms: float = 0.0
    extended_id: str = ""
    deployment_id: str = ""
    canary: bool = False
    resource: str = ""
    client_ip: str = ""
    key_id: str = ""
    plan_id: str = ""
    principal: str = ""
    endpoint: str = ""
    integration_status: int = 0
    integration_latency_ms: float | None = None
    sent_bytes: int = 0
    error: str = ""
    message: str = ""
    detail: str = ""
    span: Span | None = None
    phases: tuple[Phase, ...] = ()
    log: tuple[LogLine, ...] = ()


def stream(account_id: str, region: str) -> str:
    return f"gatehouse:stories:{account_id}:{region}"


def index(account_id: str, region: str) -> str:
    """The hash that finds the stream's entries by request id."""
    return f"gatehouse:stories-by-id:{account_id}:{region}"


# Appends stories and forgets the oldest beyond the bounds, in the stream and in the index alike. KEYS: stream, index.
# ARGV: most entries, oldest stream id to keep, seconds that an unused stream stays, then request id and story of each.
KEEP = """
for i = 4, #ARGV, 2 do
  redis.call('HSET', KEYS[2], ARGV[i], redis.call('XADD', KEYS[1], '*', 'id', ARGV[i], 'story', ARGV[i + 1]))
end
local over = redis.call('XLEN', KEYS[1]) - tonumber(ARGV[1])
local old = redis.call('XRANGE', KEYS[1], '-', '(' .. ARGV[2], 'COUNT', 500)
if over > #old then old = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', math.min(over, 500)) end
for _, entry in ipairs(old) do
  redis.call('XDEL', KEYS[1], entry[1])
  redis.call('HDEL', KEYS[2], entry[2][2])
end
redis.call('EXPIRE', KEYS[1], ARGV[3])
redis.call('EXPIRE', KEYS[2], ARGV[3])
return #old
"""


def keep_arguments(told: Sequence[Story], most: int = MOST) -> list[str | int | bytes]:
    """ARGV of `KEEP` for stories of one account and region."""
    seconds = DAYS * 86_400
    arguments: list[str | int | bytes] = [most, f"{max(int((told[-1].at - seconds) * 1000), 1)}-0", seconds]
    for story in told:
        arguments += [story.request_id, encode(story)]
    return arguments


_decoder = msgspec.json.Decoder(Story)


def encode(story: Story) -> bytes:
    """The story's bytes, without its log where it would be longer than `LONGEST`."""
    data = msgspec.json.encode(story)
    if len(data) > LONGEST:
        data = msgspec.json.encode(msgspec.structs.replace(story, log=(), detail=story.detail[:1024]))
    return data


def decode(data: bytes) -> Story:
    """The story again; raises `msgspec.ValidationError`, `msgspec.DecodeError`."""
    return _decoder.decode(data)
