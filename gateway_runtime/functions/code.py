"""Deployment packages on this host: fetched once by their digest, unpacked, and kept for the next start."""

from __future__ import annotations

import asyncio
import hashlib
import io
import logging
import os
import shutil
import time
import zipfile
from collections.abc import Awaitable, Callable, Collection
from pathlib import Path

from gateway_runtime.limits import PoolLimits
from gateway_runtime.upstream.errors import UpstreamError
from gateway_runtime.upstream.guard import DEVELOPMENT, GuardedConnector
from gateway_runtime.upstream.origin import parse_origin
from gateway_runtime.upstream.pool import UpstreamPool

logger = logging.getLogger("gateway_runtime.functions")

LARGEST_PACKAGE = 50 * 1024 * 1024
LARGEST_UNPACKED = 250 * 1024 * 1024
_MOST_FILES = 50_000
_GRACE_SECONDS = 3600.0
_FETCH_SECONDS = 60.0


class BadCode(Exception):
    """A deployment package cannot be had or unpacked; the message is for the log and the function's owner."""


class CodeStore:
    """Unpacked packages below `folder`. `fetch` gives the bytes of a digest, and raises `BadCode` when it cannot."""

    def __init__(self, folder: Path, fetch: Callable[[str], Awaitable[bytes]]) -> None:
        self._folder = folder
        self._fetch = fetch
        self._coming: dict[str, asyncio.Task[Path]] = {}

    async def unpacked(self, digest: str) -> Path:
        """The folder of a package; whoever asks for one that is on its way waits for the same."""
        place = self._folder / digest
        if place.is_dir():
            return place
        task = self._coming.get(digest)
        if task is None:
            task = self._coming[digest] = asyncio.create_task(self._bring(digest, place))
            task.add_done_callback(lambda done: self._brought(digest, done))
        return await asyncio.shield(task)

    def collect(self, wanted: Collection[str]) -> None:
        """Remove packages that no function has had for an hour."""
        before = time.time() - _GRACE_SECONDS
        for place in self._folder.iterdir() if self._folder.is_dir() else ():
            if place.name not in wanted and place.name not in self._coming and place.stat().st_mtime < before:
                remove_tree(place)

    async def _bring(self, digest: str, place: Path) -> Path:
        data = await self._fetch(digest)
        if hashlib.sha256(data).hexdigest() != digest:
            raise BadCode(f"the package {digest} is damaged")
        await asyncio.to_thread(unpack, data, place)
        return place

    def _brought(self, digest: str, task: asyncio.Task[Path]) -> None:
        self._coming.pop(digest, None)
        if not task.cancelled() and task.exception() is not None:
            logger.error("package %s: %s", digest, task.exception())


def unpack(data: bytes, place: Path) -> None:
    """Unpack a zip archive to `place` in one step. Raises `BadCode` for one that reaches outside, or is too large."""
    temporary = place.with_name(f".{place.name}.{os.getpid()}")
    remove_tree(temporary)
    temporary.mkdir(parents=True, mode=0o700)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _unpack_all(archive, temporary)
        temporary.rename(place)
    except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise BadCode(f"the package cannot be unpacked: {error}") from error
    finally:
        remove_tree(temporary)


def _unpack_all(archive: zipfile.ZipFile, place: Path) -> None:
    members = archive.infolist()
    if len(members) > _MOST_FILES:
        raise BadCode(f"the package has more than {_MOST_FILES} files")
    room = LARGEST_UNPACKED
    for member in members:
        parts = Path(member.filename).parts
        if ".." in parts or Path(member.filename).is_absolute() or "\0" in member.filename:
            raise BadCode(f"the package names a file outside of itself: {member.filename}")
        target = place.joinpath(*parts)
        if member.is_dir():
            target.mkdir(parents=True, exist_ok=True)
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        # The directory's sizes may lie: what is really unpacked counts.
        with archive.open(member) as source, target.open("wb") as file:
            while chunk := source.read(256 * 1024):
                room -= len(chunk)
                if room < 0:
                    raise BadCode(f"Unzipped size must be smaller than {LARGEST_UNPACKED} bytes")
                file.write(chunk)
        executable = (member.external_attr >> 16) & 0o111 or target == place / "bootstrap"
        target.chmod(0o555 if executable else 0o444)


def remove_tree(place: Path) -> None:
    """Remove a folder and what is in it, also where it is read-only; nothing when there is none."""
    shutil.rmtree(place, ignore_errors=True)


def package_pool() -> UpstreamPool:
    """The connections to the portal, whose address is the operator's own."""
    return UpstreamPool(GuardedConnector(DEVELOPMENT), PoolLimits(body_bytes=LARGEST_PACKAGE))


def packages_of_portal(
    pool: UpstreamPool, address: str, host_header: str, token: str
) -> Callable[[str], Awaitable[bytes]]:
    """`fetch` of a `CodeStore`: the portal keeps packages in its database, and gives them to who shows the token."""
    headers = [(b"host", host_header.encode()), (b"authorization", f"Bearer {token}".encode())]

    async def fetch(digest: str) -> bytes:
        try:
            origin, path = parse_origin(f"{address}/_gatehouse/function-code/{digest}")
            response = await pool.request(origin, b"GET", path.encode(), headers, timeout=_FETCH_SECONDS)
            body = await response.read()
        except (UpstreamError, ValueError) as error:
            raise BadCode(f"the portal does not give the package: {error}") from error
        if response.status != 200:
            raise BadCode(f"the portal answers {response.status} for the package")
        return body

    return fetch
