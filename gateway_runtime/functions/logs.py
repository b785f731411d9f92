"""What functions print: one file for each function, of bounded size, whose lines tell their time and their invocation."""

from __future__ import annotations

import os
from collections import OrderedDict
from datetime import UTC, datetime
from pathlib import Path

_OPEN_FILES = 128


class Lines:
    """Makes lines of the log of what one runtime prints: `{time}Z ({request id}) {text}`, with `-` outside of an invocation.

    Runtimes of a function share its log, so a line is written once it is whole; one longer than `longest` bytes is written in parts.
    """

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._begun = b""

    def of(self, data: bytes, request_id: str) -> bytes:
        """The lines that are whole with this."""
        *whole, self._begun = (self._begun + data).split(b"\n")
        while len(self._begun) > self._longest:
            whole.append(self._begun[: self._longest])
            self._begun = self._begun[self._longest :]
        if not whole:
            return b""
        stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
        before = f"{stamp}Z ({request_id or '-'}) ".encode()
        return b"".join(before + line + b"\n" for line in whole)


class FunctionLogs:
    """`<folder>/<account>/<region>/<name>.log`; `.log.1` holds what came before, each of at most `maximum` bytes.

    Lines are written as they come, so that a function can be watched while it runs. What the disk does not take is lost.
    """

    def __init__(self, folder: Path, maximum: int) -> None:
        self._folder = folder
        self._maximum = maximum
        self._files: OrderedDict[str, tuple[int, int]] = OrderedDict()  # descriptor and size
        self.lost = 0

    def write(self, function: str, data: bytes) -> None:
        """Append to the log of `account/region/name`."""
        if not data:
            return
        try:
            descriptor, size = self._open(function)
            os.write(descriptor, data)
            size += len(data)
            self._files[function] = (descriptor, size)
            if size > self._maximum:
                self._put_aside(function)
        except OSError:
            self.lost += 1

    def close(self) -> None:
        for descriptor, _ in self._files.values():
            os.close(descriptor)
        self._files.clear()

    def path(self, function: str) -> Path:
        return self._folder / f"{function}.log"

    def _open(self, function: str) -> tuple[int, int]:
        found = self._files.get(function)
        if found is not None:
            self._files.move_to_end(function)
            return found
        path = self.path(function)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        found = self._files[function] = (descriptor, os.fstat(descriptor).st_size)
        if len(self._files) > _OPEN_FILES:
            _, (oldest, _) = self._files.popitem(last=False)
            os.close(oldest)
        return found

    def _put_aside(self, function: str) -> None:
        descriptor, _ = self._files.pop(function)
        os.close(descriptor)
        path = self.path(function)
        path.replace(path.with_name(f"{path.name}.1"))
