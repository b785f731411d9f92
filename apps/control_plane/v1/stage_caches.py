"""Flushing a stage's caches: a number in its document goes up, and what was kept under the old one is unknown."""

from __future__ import annotations

from apps.control_plane.caller import Caller
from apps.control_plane.locking import hold
from apps.control_plane.registry import Shape, operation
from apps.control_plane.v1.publishing import publish_stage
from apps.control_plane.v1.stages import find_stage


@operation("FlushStageCache")
def flush_stage_cache(caller: Caller, request: Shape) -> Shape:
    """Forget the answers that a stage keeps."""
    return _flush(caller, request, "cache_flushes")


@operation("FlushStageAuthorizersCache")
def flush_stage_authorizers_cache(caller: Caller, request: Shape) -> Shape:
    """Forget what the authorizers of a stage decided."""
    return _flush(caller, request, "authorizers_cache_flushes")


def _flush(caller: Caller, request: Shape, counter: str) -> Shape:
    row = find_stage(caller, request["restApiId"], request["stageName"])
    hold(row)
    setattr(row, counter, getattr(row, counter) + 1)
    row.save(update_fields=[counter])
    publish_stage(row)
    return {}
