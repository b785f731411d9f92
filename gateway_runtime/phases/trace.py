"""A stage that traces gives each request a place in a trace, and decides whether the trace is recorded.

One that does not is traced passively, as AWS calls it: it has its place in traces that callers have sampled already.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gateway_runtime.exchange import Exchange
from gateway_runtime.integrations.forwarding import new_trace_root, random_texts

if TYPE_CHECKING:
    from gateway_runtime.snapshot.stage import MethodSite, Step

HEADER = b"x-amzn-trace-id"
_LONGEST = 256
_ROOT = re.compile(r"1-[0-9a-f]{8}-[0-9a-f]{24}")
_SEGMENT = re.compile(r"[0-9a-f]{16}")
_new_segment = random_texts(8, bytes.hex)


def trace(site: MethodSite) -> Step | None:
    """Nothing for a stage that does not trace where spans go nowhere: the caller's trace then goes on as it came."""
    if not site.stage.tracing_enabled:
        return _trace_passively if is_passive(site) else None
    sampler = site.services.sampler

    def step(exchange: Exchange) -> None:
        sent = _fields(exchange.request.header(HEADER))
        root, parent, decided = sent.get("Root", ""), sent.get("Parent", ""), sent.get("Sampled", "")
        if not _ROOT.fullmatch(root):
            root, parent = new_trace_root(exchange.received_at), ""
        # A decision of the caller's holds for the whole trace.
        sampled = decided == "1" or (decided != "0" and sampler.take(exchange.started))
        exchange.segment_id = segment = _new_segment()
        exchange.parent_id = parent if _SEGMENT.fullmatch(parent) else ""
        exchange.trace_sampled = sampled
        exchange.trace_id = f"Root={root};Parent={segment};Sampled={int(sampled)}"

    return step


def is_passive(site: MethodSite) -> bool:
    """Whether a stage that does not trace has its place in traces that others have sampled."""
    return not site.stage.tracing_enabled and site.protocol == "REST" and site.services.passive_tracing


def is_sampled(exchange: Exchange) -> bool:
    """Whether the caller has sampled its trace; a root that is none counts for nothing."""
    sent = exchange.request.header(HEADER)
    if sent is None or b"Sampled=1" not in sent:
        return False
    fields = _fields(sent)
    return fields.get("Sampled") == "1" and _ROOT.fullmatch(fields.get("Root", "")) is not None


def _trace_passively(exchange: Exchange) -> None:
    if not is_sampled(exchange):
        return
    sent = _fields(exchange.request.header(HEADER))
    parent = sent.get("Parent", "")
    exchange.segment_id = segment = _new_segment()
    exchange.parent_id = parent if _SEGMENT.fullmatch(parent) else ""
    exchange.trace_sampled = True
    exchange.trace_id = f"Root={sent['Root']};Parent={segment};Sampled=1"


def _fields(sent: bytes | None) -> dict[str, str]:
    """`Root=…;Parent=…;Sampled=…` by name; nothing of what is too long to be one."""
    if sent is None or len(sent) > _LONGEST:
        return {}
    parts = (part.strip().partition("=") for part in sent.decode("latin-1").split(";"))
    return {name: value for name, _, value in parts}
