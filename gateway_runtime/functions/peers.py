"""Who is at the other end of a connection over loopback, by the kernel's own tables.

Functions run as one user and reach every port of the machine. A Runtime API gives away events and takes answers for them, so it has to
know its runtime from the others.
"""

from __future__ import annotations

import os
import socket
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

Address = tuple[str, int]

_SOCK_DIAG, _BY_FAMILY, _REQUEST = 4, 20, 1
_QUESTION = struct.Struct("=LHHLL BBBxL 2s2s 4s12x 4s12x L8s")
_OF_ANSWER = struct.Struct("=LHHLL 4x 48x 16x L")  # up to the inode
_TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_MAPPED = "0000000000000000FFFF0000"  # what an IPv4 address has before it in the table of IPv6
_INODE = 9


def is_of_session(session: int, theirs: Address, ours: Address) -> bool:
    """Whether the socket at `theirs`, connected to `ours`, both of IPv4, belongs to a process of that session."""
    inode = _inode(theirs, ours)
    return inode is not None and any(_has(pid, f"socket:[{inode}]") for pid in _of_session(session))


def _inode(theirs: Address, ours: Address) -> str | None:
    """The inode of the socket: one question, or all of the tables where the kernel answers none."""
    try:
        return _asked(theirs, ours) or _in_tables(theirs, ours)
    except OSError:
        return _in_tables(theirs, ours)


def _asked(theirs: Address, ours: Address) -> str | None:
    ports = (address[1].to_bytes(2) for address in (theirs, ours))
    hosts = (socket.inet_aton(address[0]) for address in (theirs, ours))
    every_state, no_cookie = 0xFFFF_FFFF, b"\xff" * 8
    question = _QUESTION.pack(
        _QUESTION.size, _BY_FAMILY, _REQUEST, 0, 0,
        socket.AF_INET, socket.IPPROTO_TCP, 0, every_state, *ports, *hosts, 0, no_cookie,
    )  # fmt: skip
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _SOCK_DIAG) as kernel:
        kernel.settimeout(1)
        kernel.send(question)
        answer = kernel.recv(4_096)
    if len(answer) < _OF_ANSWER.size:
        return None
    _, kind, _, _, _, inode = _OF_ANSWER.unpack_from(answer)
    return str(inode) if kind == _BY_FAMILY and inode else None


def _in_tables(theirs: Address, ours: Address) -> str | None:
    ends = _written(theirs), _written(ours)
    for table, before in zip(_TABLES, ("", _MAPPED), strict=True):
        line_has = f": {before}{ends[0]} {before}{ends[1]} "
        try:
            text = table.read_text()
        except OSError:
            continue  # a machine without IPv6
        at = text.find(line_has)
        if at >= 0:
            return text[text.rfind("\n", 0, at) + 1 : text.find("\n", at)].split()[_INODE]
    return None


def _written(address: Address) -> str:
    """An address as the tables have it: the number as the machine has it in memory, and the port."""
    host, port = address
    return f"{int.from_bytes(socket.inet_aton(host), sys.byteorder):08X}:{port:04X}"


def _of_session(session: int) -> Iterator[int]:
    """The processes of a session, its leader first."""
    yield session
    with os.scandir("/proc") as entries:
        for pid in (int(entry.name) for entry in entries if entry.name.isdigit()):
            try:
                if pid != session and os.getsid(pid) == session:
                    yield pid
            except ProcessLookupError:
                continue


def _has(pid: int, link: str) -> bool:
    folder = f"/proc/{pid}/fd"
    try:
        names = os.listdir(folder)  # noqa: PTH208 - for each connection
    except OSError:
        return False
    for name in names:
        try:
            if os.readlink(f"{folder}/{name}") == link:  # noqa: PTH115
                return True
        except OSError:
            continue
    return False
