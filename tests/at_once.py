"""Several clients of the portal at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from botocore.exceptions import ClientError

Call = Callable[[], Any]


def at_once(*clients: Iterable[Call]) -> list[list[str]]:
    """How each client's calls end, one after the other beside those of the others: "ok", or the error's code."""
    start = Barrier(len(clients))

    def run(calls: Iterable[Call]) -> list[str]:
        start.wait(20)
        return [ending(call) for call in calls]

    with ThreadPoolExecutor(len(clients)) as pool:
        return list(pool.map(run, clients))


def ending(call: Call) -> str:
    try:
        call()
    except ClientError as error:
        failed = error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500
        return f"failure: {error}" if failed else str(error.response["Error"]["Code"])
    return "ok"


def flat(endings: list[list[str]]) -> list[str]:
    return sorted(code for codes in endings for code in codes)
