"""Every limit of the edge and of the upstream pool, in one table. Sizes are bytes, times are seconds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EdgeLimits:
    """What one client connection may cost before a request is refused. `head_bytes` are those of target and header values."""

    head_bytes: int = 10_240
    head_count: int = 100
    target_bytes: int = 10_240
    head_seconds: float = 10.0
    body_bytes: int = 10 * 1024 * 1024
    body_seconds: float = 30.0
    body_bytes_per_second: int = 64 * 1024  # progress that earns a body more time
    idle_seconds: float = 75.0
    drain_idle_seconds: float = 2.0
    linger_seconds: float = 2.0
    read_high_water: int = 64 * 1024
    pipeline_depth: int = 16
    sweep_seconds: float = 0.25


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """What a body that the gateway itself reads may cost. Unpacked, a body may become `expansion` times larger, and
    `expansion_free` bytes in any case."""

    json_depth: int = 100
    validated_at_once: int = 256 * 1024  # larger ones are read and validated aside
    unpacked_bytes: int = 10 * 1024 * 1024
    expansion: int = 100
    expansion_free: int = 64 * 1024
    packed_at_once: int = 16 * 1024  # larger ones are packed and unpacked aside


@dataclass(frozen=True, slots=True)
class PoolLimits:
    """What one origin may cost. Idle connections live shorter than the five seconds after which
    widespread origin servers close theirs, so that a request rarely meets a closing connection."""

    connections_per_origin: int = 256
    waiting_per_origin: int = 1_024
    origins: int = 4_096
    idle_seconds: float = 4.0
    connect_seconds: float = 5.0
    head_bytes: int = 32 * 1024
    head_count: int = 200
    informational: int = 8
    body_bytes: int = 10 * 1024 * 1024
    read_high_water: int = 64 * 1024
    sweep_seconds: float = 0.05


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """What an answer that streams (`responseTransferMode` STREAM) may take, as on AWS. It has no limit of size.

    `free_bytes` go as fast as they can, those behind them at `bytes_per_second`, 0 for as fast as they can too.
    """

    idle_seconds: float = 300.0  # between two pieces of it
    edge_idle_seconds: float = 30.0  # the same for edge-optimized APIs
    free_bytes: int = 10 * 1024 * 1024
    bytes_per_second: float = 2.0 * 1024 * 1024
    metadata_bytes: int = 16 * 1024  # of a function's, before its body


@dataclass(frozen=True, slots=True)
class AuthorizerLimits:
    """What deciding whether a caller may can cost."""

    function_seconds: float = 10.0
    answer_bytes: int = 32 * 1024  # of a function
    socket_answer_bytes: int = 8 * 1024  # of one that is asked about a WebSocket connection
    results: int = 8_192  # remembered, of at most `results_bytes` together
    results_bytes: int = 32 * 1024 * 1024
    asking: int = 1_024  # functions that are asked at once for what will be remembered
    arn_bytes: int = 1_600
    token_bytes: int = 8 * 1024
    leeway_seconds: float = 60.0  # for `nbf` and `iat`; `exp` has none
    verified_tokens: int = 4_096  # remembered
    document_bytes: int = 150_000  # of an issuer
    document_seconds: float = 1.5
    keys_fresh_seconds: float = 300.0  # after which newer keys are asked for aside
    keys_held_seconds: float = 24 * 3600.0  # without an answer of the issuer
    keys_pause_seconds: float = 10.0  # between two looks for a key that is unknown


@dataclass(frozen=True, slots=True)
class RoleLimits:
    """What assuming the roles of integrations can cost. Sessions live for an hour, unless STS says otherwise."""

    call_seconds: float = 5.0
    answer_bytes: int = 64 * 1024
    roles: int = 1_024  # whose sessions are kept
    renewed_before_seconds: float = 300.0  # the end of a session: a new one is asked for aside
    usable_before_seconds: float = 30.0  # the end of a session: nobody signs with it any more
    pause_seconds: float = 5.0  # after a refusal, until STS is asked again


ROLES = RoleLimits()
EDGE = EdgeLimits()
BODY = BodyLimits()
POOL = PoolLimits()
STREAM = StreamLimits()
AUTHORIZERS = AuthorizerLimits()


@dataclass(frozen=True, slots=True)
class SocketLimits:
    """What a WebSocket connection may cost. AWS's quotas: ten minutes idle, two hours of life, messages of 128 KB in frames of 32 KB,
    addresses of 4,096 bytes, and 500 new connections a second in an account and region."""

    idle_seconds: float = 600.0
    life_seconds: float = 7_200.0
    message_bytes: int = 128 * 1024
    frame_bytes: int = 32 * 1024
    target_bytes: int = 4_096  # of the handshake: path and query
    connections_per_second: float = 500.0
    connections_burst: int = 500
    messages_at_once: int = 8  # of one connection, while their integrations run
    waiting_messages: int = 32  # towards one client
    send_seconds: float = 10.0  # for a client to make room
    elsewhere_seconds: float = 2.0  # for another process to deliver
    elsewhere_at_once: int = 256  # messages that other processes ask this one to deliver
    sweep_seconds: float = 1.0


SOCKETS = SocketLimits()
