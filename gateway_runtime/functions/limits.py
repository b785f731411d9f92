"""What functions may cost on the machine that runs them, in one table. Sizes are bytes, times are seconds."""

from __future__ import annotations

from dataclasses import dataclass

LARGEST_PAYLOAD = 6 * 1024 * 1024
"""Of an event or an answer; AWS counts a hundred bytes more for the answer's envelope (`LARGEST_ANSWER`)."""

LARGEST_ANSWER = LARGEST_PAYLOAD + 100
LARGEST_EVENT = 1024 * 1024
"""Of the payload of an invocation as an event."""

LARGEST_STREAM = 200 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class FunctionLimits:
    """`processes` run at once on this host, `processes_per_function` of one version where it reserves no concurrency.

    Invocations beyond that wait until their caller gives up, `waiting_per_function` of them at most. `retry_pauses` are before the
    second and the third attempt of an invocation as an event.
    """

    processes: int = 20
    processes_per_function: int = 10
    waiting_per_function: int = 1_000
    idle_seconds: float = 300.0
    init_seconds: float = 10.0
    event_queue: int = 1_000
    events_at_once: int = 10
    retry_pauses: tuple[float, ...] = (60.0, 120.0)
    log_bytes: int = 4 * 1024 * 1024
    log_line_bytes: int = 64 * 1024
    log_tail_bytes: int = 4 * 1024
    tasks: int = 1_024  # processes and threads of one runtime, as on AWS; so are the next two
    open_files: int = 1_024
    file_bytes: int = 512 * 1024 * 1024  # of one file
    headroom_bytes: int = 192 * 1024 * 1024  # for the runtime itself, on top of the function's memory


LIMITS = FunctionLimits()
