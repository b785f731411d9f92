"""The answers that stages keep, in one process: for tests and single workers."""

from __future__ import annotations

from gateway_runtime.ports import CacheRoom, Clock

OVERHEAD = 256  # bytes that an answer costs beside itself


class _Room:
    def __init__(self) -> None:
        self.bytes = 0
        self.answers: dict[str, tuple[float, bytes]] = {}  # with the time when each passes

    def drop(self, key: str) -> None:
        found = self.answers.pop(key, None)
        if found is not None:
            self.bytes -= len(found[1]) + OVERHEAD

    def make_place(self, size: int, most: int, now: float) -> None:
        """Let answers that have passed, then those that pass soonest, make place."""
        for key in [key for key, (ends, _) in self.answers.items() if ends <= now]:
            self.drop(key)
        while self.answers and self.bytes + size > most:
            self.drop(min(self.answers, key=lambda key: self.answers[key][0]))


class MemoryAnswers:
    """As `AnswerCache` says."""

    def __init__(self, clock: Clock) -> None:
        self._now = clock.monotonic
        self._rooms: dict[str, _Room] = {}

    async def find(self, key: str) -> bytes | None:
        for room in self._rooms.values():
            found = room.answers.get(key)
            if found is not None and found[0] > self._now():
                return found[1]
        return None

    def keep(self, room: CacheRoom, key: str, answer: bytes, seconds: int) -> None:
        size, now = len(answer) + OVERHEAD, self._now()
        if size > room.bytes:
            return
        of_room = self._rooms.setdefault(room.name, _Room())
        of_room.drop(key)
        of_room.make_place(size, room.bytes, now)
        of_room.answers[key] = (now + seconds, answer)
        of_room.bytes += size
