"""The ways around rules for TCP ports, closed by a filter of system calls (seccomp), which needs no privilege.

Landlock looks at `connect` of TCP sockets. A socket of Multipath TCP falls back to plain TCP without being one, `sendto` with
`MSG_FASTOPEN` connects by itself, and io_uring does either past this filter.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
from typing import NamedTuple

_LIBC = ctypes.CDLL(None, use_errno=True)
_PR_SET_SECCOMP, _MODE_FILTER = 22, 2
_LOAD, _EQUALS, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _ERROR = 0x7FFF_0000, 0x8000_0000, 0x0005_0000
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16
_MULTIPATH_TCP = 262
_MSG_FASTOPEN = 0x2000_0000
_OTHER_INTERFACE = 0x4000_0000  # x32 on x86_64; no system call of others has such a number


class _Machine(NamedTuple):
    """Numbers of an architecture: its own, and those of its system calls."""

    audit: int
    socket: int
    sendto: int
    sendmsg: int
    sendmmsg: int
    io_uring_setup: int = 425


_MACHINES = {
    "x86_64": _Machine(0xC000_003E, socket=41, sendto=44, sendmsg=46, sendmmsg=307),
    "aarch64": _Machine(0xC000_00B7, socket=198, sendto=206, sendmsg=211, sendmmsg=269),
}


def knows_this_machine() -> bool:
    return platform.machine() in _MACHINES


def close_ways_around() -> None:
    """For this process, which must not gain privileges any more, and whatever it starts, for ever. Raises OSError."""
    program = _program(_MACHINES[platform.machine()])
    buffer = ctypes.create_string_buffer(program, len(program))
    filters = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(buffer))
    if _LIBC.prctl(_PR_SET_SECCOMP, _MODE_FILTER, filters, 0, 0):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _program(machine: _Machine) -> bytes:
    """Instructions of classic BPF: code, steps to skip if true, if false, and a number."""
    return b"".join(
        struct.pack("HBBI", *instruction)
        for instruction in (
            (_LOAD, 0, 0, _ARCHITECTURE),
            (_EQUALS, 1, 0, machine.audit),
            (_RETURN, 0, 0, _KILL),
            (_LOAD, 0, 0, _NUMBER),
            (_AT_LEAST, 0, 1, _OTHER_INTERFACE),
            (_RETURN, 0, 0, _KILL),
            *_refused_if(machine.io_uring_setup, None, errno.ENOSYS),
            *_refused_if(machine.socket, (_EQUALS, 2, _MULTIPATH_TCP), errno.EPROTONOSUPPORT),
            *_refused_if(machine.sendto, (_ANY_BIT, 3, _MSG_FASTOPEN), errno.EOPNOTSUPP),
            *_refused_if(machine.sendmsg, (_ANY_BIT, 2, _MSG_FASTOPEN), errno.EOPNOTSUPP),
            *_refused_if(machine.sendmmsg, (_ANY_BIT, 3, _MSG_FASTOPEN), errno.EOPNOTSUPP),
            (_RETURN, 0, 0, _ALLOW),
        )
    )


def _refused_if(call: int, argument: tuple[int, int, int] | None, number: int) -> tuple[tuple[int, int, int, int], ...]:
    """A system call that ends with an error; `argument` says how its value is compared, which one it is, and with what.
    The number of the call is in the accumulator before and after."""
    if argument is None:
        return (_EQUALS, 0, 1, call), (_RETURN, 0, 0, _ERROR | number)
    compare, position, value = argument
    return (
        (_EQUALS, 0, 4, call),
        (_LOAD, 0, 0, _ARGUMENTS + 8 * position),  # the lower half, which is all that the kernel looks at
        (compare, 0, 1, value),
        (_RETURN, 0, 0, _ERROR | number),
        (_LOAD, 0, 0, _NUMBER),
    )
