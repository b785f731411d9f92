"""A compiled route: the steps that its events take."""

from __future__ import annotations

from typing import NamedTuple

from gateway_runtime.snapshot.stage import CompiledMethod


class CompiledRoute(NamedTuple):
    """`method` has its steps, and is what meter and logs know it by; `is_two_way` tells that replies go to the client."""

    key: str
    method: CompiledMethod
    is_two_way: bool
