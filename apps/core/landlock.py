"""Which Landlock this machine's kernel has: by it the function host keeps functions from the installation's files and ports."""

from __future__ import annotations

import ctypes

_LIBC = ctypes.CDLL(None, use_errno=True)
_CREATE_RULESET = 444  # on every architecture
_VERSION = 1
RESTRICTS_TCP = 4
"""The first version that has rules for connections by TCP."""


def landlock_version() -> int:
    """The version of Landlock that the kernel has; 0 for none."""
    return max(0, _LIBC.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION))
