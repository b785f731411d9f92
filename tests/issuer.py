"""An issuer of tokens, with keys of its own and a real HTTP server that publishes them."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from joserfc import jws
from joserfc.jwk import ECKey, OctKey, RSAKey

Key = RSAKey | ECKey | OctKey

_RSA = {number: RSAKey.generate_key(2048) for number in range(3)}
_CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}
_EC = {name: ECKey.generate_key(curve) for name, curve in _CURVES.items()}


def rsa_key(number: int = 0) -> RSAKey:
    """One of a few keys: making them is slow."""
    return _RSA[number]


def ec_key(algorithm: str) -> ECKey:
    return _EC[algorithm]


def public(key: Key, key_id: str, **members: Any) -> dict[str, Any]:
    """A key as a key set shows it."""
    return {**key.as_dict(private=False), "kid": key_id, "use": "sig", **members}


class Issuer:
    """Serves `documents` by path; `requests` are the paths asked for. Use as a context manager."""

    def __init__(self) -> None:
        self.documents: dict[str, bytes | Any] = {}
        self.requests: list[str] = []
        self.status = 200
        self.keys: dict[str, dict[str, Any]] = {}
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                issuer.requests.append(self.path)
                body = issuer.answer(self.path)
                self.send_response(issuer.status if body is not None else 404)
                self.send_header("content-length", str(len(body or b"")))
                self.end_headers()
                self.wfile.write(body or b"")

            def log_message(self, *arguments: Any) -> None:
                """The story tells what happened."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.publish(k1=rsa_key())

    def __enter__(self) -> Issuer:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def publish(self, **keys: Key | dict[str, Any]) -> None:
        """Put these keys into the key set, and take the others out of it."""
        self.keys = {name: key if isinstance(key, dict) else public(key, name) for name, key in keys.items()}

    def answer(self, path: str) -> bytes | None:
        found = self.documents.get(path)
        if found is None and path == "/.well-known/openid-configuration":
            found = {"issuer": self.url, "jwks_uri": f"{self.url}/keys"}
        if found is None and path == "/keys":
            found = {"keys": list(self.keys.values())}
        return found if found is None or isinstance(found, bytes) else json.dumps(found).encode()

    def claims(self, now: float | None = None, **claims: Any) -> dict[str, Any]:
        """What a good token says; None leaves a claim out."""
        at = int(time.time() if now is None else now)
        made = {"iss": self.url, "aud": "pets", "sub": "alice", "iat": at, "exp": at + 300, **claims}
        return {name: value for name, value in made.items() if value is not None}

    def token(
        self,
        key: Key | None = None,
        kid: str | None = "k1",
        alg: str = "RS256",
        *,
        header: dict[str, Any] | None = None,
        now: float | None = None,
        **claims: Any,
    ) -> str:
        """A signed token."""
        payload = json.dumps(self.claims(now, **claims)).encode()
        return sign(payload, key or rsa_key(), {"alg": alg, "kid": kid, **(header or {})})


def sign(payload: bytes, key: Key, header: dict[str, Any]) -> str:
    """A payload, whatever it is, signed under a header without the members that are None."""
    registry = jws.JWSRegistry(algorithms=[header["alg"]], strict_check_header=False)
    registry.max_header_length = 100_000
    known = {name: value for name, value in header.items() if value is not None}
    return jws.serialize_compact(known, payload, key, registry=registry)
