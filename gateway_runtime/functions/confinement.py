"""What of the file system a runtime may reach, by the kernel's Landlock, which needs no privilege: everything but the installation's
data may be read, next to nothing may be written, and no process but its own may be signalled or looked into. Where the operator
names TCP ports, no others are connected to."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from apps.core.landlock import RESTRICTS_TCP, landlock_version

_LIBC = ctypes.CDLL(None, use_errno=True)
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # on every architecture
_PATH_BENEATH, _PORT = 1, 2
_CONNECT_TCP = 2
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_REFER, _TRUNCATE = 1 << 13, 1 << 14
_CHANGES = ((1 << 13) - 1) & ~(_EXECUTE | _READ_FILE | _READ_DIR)  # write, make and remove, of every kind
_SCOPES = 3  # abstract sockets, and signals
_READ = _EXECUTE | _READ_FILE | _READ_DIR
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE
_DEVICES = ("null", "zero", "full", "random", "urandom")
# What runs functions may lie below the data directory, as when that is the folder of the sources.
_RUNTIMES = (Path(sys.prefix).resolve(), Path(sys.base_prefix).resolve(), Path(__file__).parent / "node")
_MOST_ENTRIES = 8_192
SHARED_TMP = Path("/tmp")  # noqa: S108 - the one folder that functions on AWS write to, by this name


class _Attributes(ctypes.Structure):
    _fields_ = [("fs", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64)]


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32)]


class _NetPort(ctypes.Structure):
    _fields_ = [("allowed", ctypes.c_uint64), ("port", ctypes.c_uint64)]


class Confinement(NamedTuple):
    """`hidden` is the folder that nothing is to be read of, but what lies in `code`, and in `temporary`, where all may be written.
    `tcp_ports` are those that may be connected to, None for all."""

    hidden: Path
    code: Path
    temporary: Path
    tcp_ports: frozenset[int] | None = None


def shares_tmp(hidden: Path) -> bool:
    """Whether functions may write to `/tmp`: not where what is hidden lies below it."""
    return SHARED_TMP not in (hidden, *hidden.parents)


@contextlib.contextmanager
def ruleset(confinement: Confinement) -> Iterator[int]:
    """The descriptor of the rules, for `restrict` in the process to be confined; -1 where the kernel has no Landlock. Raises OSError."""
    version = landlock_version()
    if confinement.tcp_ports is not None and version < RESTRICTS_TCP:
        raise OSError(errno.EOPNOTSUPP, "this kernel cannot keep functions from TCP ports")
    if not version:
        yield -1
        return
    refer = _REFER if version >= 2 else 0
    truncate = _TRUNCATE if version >= 3 else 0
    connect = _CONNECT_TCP if confinement.tcp_ports is not None else 0
    attributes = _Attributes(_READ | _CHANGES | refer | truncate, connect, _SCOPES if version >= 6 else 0)
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    rules = _checked(_LIBC.syscall(_CREATE_RULESET, ctypes.byref(attributes), ctypes.c_size_t(size), 0))
    try:
        everything = _READ | _CHANGES | refer | truncate
        for path in _all_but(confinement.hidden):
            _allow(rules, path, _READ)
        for path in (*_RUNTIMES, confinement.code):
            _allow(rules, path, _READ)
        _allow(rules, confinement.temporary, everything)
        for device in _DEVICES:
            _allow(rules, Path("/dev", device), _READ_FILE | _WRITE_FILE | truncate)
        if shares_tmp(confinement.hidden):
            _allow(rules, SHARED_TMP, everything)
        for port in confinement.tcp_ports or ():
            _add(rules, _PORT, _NetPort(_CONNECT_TCP, port))
        yield rules
    finally:
        os.close(rules)


def restrict(rules: int) -> None:
    """Confine this process for ever, and whatever it starts. It must not gain privileges any more. Raises OSError."""
    if rules >= 0:
        _checked(_LIBC.syscall(_RESTRICT_SELF, rules, 0))


def _all_but(hidden: Path) -> Iterator[Path]:
    """What lies beside a folder and beside each of its parents. A link is none of it: where it leads may be what is hidden."""
    left = _MOST_ENTRIES
    for folder in hidden.parents:
        below = hidden.parts[len(folder.parts)]
        with contextlib.suppress(PermissionError), os.scandir(folder) as entries:
            for entry in entries:
                if entry.name != below and not entry.is_symlink() and left > 0:
                    left -= 1
                    yield Path(entry.path)


def _allow(rules: int, path: Path, access: int) -> None:
    try:
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return  # gone since, or never there
    try:
        mode = os.fstat(opened).st_mode
        if stat.S_ISLNK(mode):
            return
        allowed = access if stat.S_ISDIR(mode) else access & _OF_FILES
        _add(rules, _PATH_BENEATH, _PathBeneath(allowed, opened))
    finally:
        os.close(opened)


def _add(rules: int, kind: int, rule: ctypes.Structure) -> None:
    _checked(_LIBC.syscall(_ADD_RULE, rules, kind, ctypes.byref(rule), 0))


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
