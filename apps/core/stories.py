"""Stories: what befell one request, phase by phase, on its way from the runtime to those who ask why.

The runtime keeps stories in a Redis stream of the account and region, bounded in number and age; a hash beside it finds one by
its request id. A story is for people who operate the API: it holds no secrets, but paths, addresses and identities.
"""

from __future__ import annotations

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
