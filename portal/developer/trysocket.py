"""Trying a WebSocket API: the portal connects for the reader, says what they wrote, listens for a while, and tells all of it.

The target is always this installation's own gateway and a stage of a published product, as for `tryit`.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection, connect

MOST_MESSAGES = 10
LONGEST_MESSAGE = 32 * 1024
LISTEN_SECONDS = (2, 5, 10)
_OPEN_SECONDS = 10
_MOST_LINES = 100
_SHOWN_CHARACTERS = 20_000

logger = logging.getLogger("gatehouse.try_it")


@dataclass(frozen=True)
class Line:
    """Something that happened: `kind` is opened, sent, received, closed or problem; `at` is milliseconds since the beginning."""

    kind: str
    text: str
    at: int


@dataclass
class Log:
    """What happened on a connection."""

    started: float = field(default_factory=time.perf_counter)
    lines: list[Line] = field(default_factory=list)

    def add(self, kind: str, text: str) -> None:
        if len(self.lines) < _MOST_LINES:
            self.lines.append(Line(kind, text[:_SHOWN_CHARACTERS], round((time.perf_counter() - self.started) * 1000)))


def talk(url: str, headers: dict[str, str], messages: list[str], listen_seconds: int) -> Log:
    """Connect to `url` (ws://…), send the messages, listen until nothing is said for so many seconds, and close."""
    log = Log()
    try:
        with connect(
            url,
            additional_headers=headers,
            user_agent_header="Gatehouse-try-it",
            open_timeout=_OPEN_SECONDS,
            close_timeout=2,
            max_size=256 * 1024,
            proxy=None,
        ) as socket:
            log.add("opened", "Connected")
            for message in messages[:MOST_MESSAGES]:
                socket.send(message[:LONGEST_MESSAGE])
                log.add("sent", message)
            _listen(socket, log, time.perf_counter() + listen_seconds)
            log.add("closed", "You closed the connection")
    except InvalidStatus as error:
        log.add("problem", _refused(error.response.status_code))
    except ConnectionClosed as error:
        log.add("closed", f"The API closed the connection: {error.rcvd.code if error.rcvd else 'without a word'}")
    except (OSError, InvalidHandshake, WebSocketException, TimeoutError) as error:
        logger.info("try-it could not talk to %s: %s", url, type(error).__name__)
        log.add("problem", "The gateway could not be reached. It may be restarting: try again in a moment.")
    return log


def _listen(socket: ClientConnection, log: Log, until: float) -> None:
    while (left := until - time.perf_counter()) > 0 and len(log.lines) < _MOST_LINES - 1:
        try:
            said = socket.recv(timeout=left)
        except TimeoutError:
            return
        log.add("received", said if isinstance(said, str) else f"({len(said):,} bytes of binary data)")


def _refused(status: int) -> str:
    if status in {401, 403}:
        return f"Refused with {status}: connecting needs a key that opens this API, or a token."
    return f"Refused with {status}."
