"""A story as a picture: a bar for each phase, from its beginning to its end, as SVG attributes."""

from __future__ import annotations

from dataclasses import dataclass

from apps.core.stories import FAILED, PASSED, REFUSED, Phase, Story

BOX = 1000
"""Width of the picture; the page stretches it."""
_LEAST = 4

LABELS = {
    "match_method": "Find the method",
    "trace": "Trace",
    "resource_policy": "Resource policy",
    "verify_signature": "Signature",
    "authorize": "Authorization",
    "require_resource_policy": "Resource policy, with the caller",
    "validate_api_key": "API key",
    "throttle": "Throttling",
    "quota": "Quota",
    "decompress_request": "Read the compressed request",
    "validate_request": "Request validation",
    "read_cache": "Stage cache",
    "map_request": "Integration request",
    "integrate": "Back end",
    "map_response": "Integration response",
    "write_cache": "Keep in the cache",
    "compress_response": "Compress the answer",
}
_TONES = {PASSED: "success", REFUSED: "warning", FAILED: "danger"}


@dataclass(frozen=True)
class Bar:
    """One line: `x` and `width` of `BOX`, "" where nobody measured; `took` is text with its unit."""

    label: str
    verdict: str
    tone: str
    because: str
    x: str = ""
    width: str = ""
    took: str = ""
    url: str = ""
    action: str = ""


def milliseconds(value: float) -> str:
    """A time as people read it: three digits that matter at most."""
    if value >= 10_000:
        return f"{value / 1000:.1f} s"
    if value >= 100:
        return f"{value:.0f} ms"
    if value >= 1:
        return f"{value:.1f} ms"
    return f"{value * 1000:.0f} µs"


def phase_bar(phase: Phase, story: Story, url: str = "", action: str = "") -> Bar:
    """The bar of one phase in the time of its request."""
    label = LABELS.get(phase.name, phase.name.replace("_", " ").capitalize())
    tone = _TONES.get(phase.verdict, "neutral")
    if phase.took_ms is None:
        return Bar(label, phase.verdict, tone, phase.because, url=url, action=action)
    x, width = span(phase.began_ms, phase.took_ms, story.latency_ms)
    return Bar(label, phase.verdict, tone, phase.because, x, width, milliseconds(phase.took_ms), url, action)


def span(began: float, took: float, whole: float) -> tuple[str, str]:
    """Beginning and length within a whole, as `x` and `width`; what is too short to be seen is made visible."""
    scale = BOX / whole if whole > 0 else 0
    width = min(max(took * scale, _LEAST), BOX)
    return f"{min(began * scale, BOX - width):.1f}", f"{width:.1f}"
