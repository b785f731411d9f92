"""The gateway's own certificate: for its own host, APIs' own endpoints, and names without a certificate.

It signs itself, and lies in the data directory, so that who trusts it once trusts it after a restart.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from apps.core.self_signed import self_signed

_NAMES = ("localhost", "*.execute-api.localhost", "127.0.0.1", "::1")
_RENEW = timedelta(days=30)
_LIFETIME = timedelta(days=825)


def own_certificate(directory: Path, hosts: Iterable[str] = ()) -> Path:
    """The file with private key and certificate (PEM, mode 0600), made anew when it ends soon, lacks a host, or cannot be read."""
    path = directory / "own.pem"
    names = list(dict.fromkeys((*_NAMES, *sorted(hosts))))
    if not _serves(path, names):
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        made = self_signed(names, datetime.now(UTC), _LIFETIME)
        fresh = path.with_suffix(f".{os.getpid()}")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(made.private_key + made.certificate)
        fresh.replace(path)
    return path


def _serves(path: Path, names: list[str]) -> bool:
    try:
        text = path.read_bytes()
        certificate = x509.load_pem_x509_certificate(text)
        load_pem_private_key(text, None)
        covered = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (OSError, ValueError, TypeError, x509.ExtensionNotFound):
        return False
    known = {str(name.value) for name in covered}
    return set(names) <= known and certificate.not_valid_after_utc - datetime.now(UTC) > _RENEW
