"""Functions where none can be invoked."""

from __future__ import annotations

from typing import NoReturn

from gateway_runtime.functions.errors import FunctionsUnreachable


class NoFunctions:
    """Every invocation fails: there is no end point for functions."""

    async def invoke(
        self,
        arn: str,
        payload: bytes,
        *,
        source_arn: str,
        event: bool = False,
        timeout: float,  # noqa: ASYNC109
    ) -> NoReturn:
        raise FunctionsUnreachable(f"no end point for functions is configured: {arn}")

    async def stream(
        self,
        arn: str,
        payload: bytes,
        *,
        source_arn: str,
        timeout: float,  # noqa: ASYNC109
    ) -> NoReturn:
        raise FunctionsUnreachable(f"no end point for functions is configured: {arn}")
