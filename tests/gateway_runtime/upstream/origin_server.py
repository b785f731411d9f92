"""An origin that answers with exactly the bytes a test gives it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gateway_runtime.upstream import Origin

Script = Callable[["Visit"], Awaitable[None]]


class Visit:
    """One connection to the origin."""

    def __init__(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.number = number
        self.reader = reader
        self.writer = writer

    async def head(self) -> bytes:
        """Read a request head."""
        return await self.reader.readuntil(b"\r\n\r\n")

    async def answer(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def gone(self) -> None:
        """Wait until the gateway closes the connection."""
        try:
            while await self.reader.read(65536):
                pass
        except ConnectionError:
            pass


class OriginServer:
    """Counts connections and keeps what was received."""

    def __init__(self) -> None:
        self.visits = 0
        self.closed = 0
        self.heads: list[bytes] = []
        self.origin = Origin("http", "127.0.0.1", 0)


@asynccontextmanager
async def origin_server(script: Script, ssl: object = None) -> AsyncIterator[OriginServer]:
    """Run the script for each connection; the connection closes behind it."""
    state = OriginServer()
    tasks: set[asyncio.Task[None]] = set()

    async def visit(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        state.visits += 1
        try:
            await script(Visit(state.visits, reader, writer))
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            state.closed += 1
            writer.close()

    server = await asyncio.start_server(visit, "127.0.0.1", 0, ssl=ssl)  # type: ignore[arg-type]
    state.origin = Origin("https" if ssl else "http", "127.0.0.1", server.sockets[0].getsockname()[1])
    try:
        yield state
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def self_signed(address: str, directory: Path) -> Path:
    """A certificate for an IP address and its key, in one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "origin")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = directory / "origin.pem"
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path
