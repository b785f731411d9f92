"""An issuer of tokens, with keys of its own and a real HTTP server that publishes them; and the provider that signs people in by it."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

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
                issuer._serve(self, b"")

            def do_POST(self) -> None:
                issuer._serve(self, self.rfile.read(int(self.headers["content-length"])))

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

    def _serve(self, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        self.requests.append(handler.path)
        status, answer = self.reply(handler.path, handler.headers["authorization"] or "", body)
        handler.send_response(status)
        handler.send_header("content-length", str(len(answer)))
        handler.end_headers()
        handler.wfile.write(answer)

    def reply(self, path: str, authorization: str, body: bytes) -> tuple[int, bytes]:
        """Status and body of an answer."""
        found = self.answer(path)
        return (404, b"") if found is None else (self.status, found)

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


CLIENT_ID, CLIENT_SECRET = "gatehouse", "a secret: of the client"


class Provider(Issuer):
    """An OpenID Connect provider that knows one person, checks what a provider checks, and lies where a story says so.

    `person` are the person's claims, `lies` replace claims of the next id tokens, `signs_with` is the key.
    """

    places = {
        "authorization_endpoint": "authorize",
        "token_endpoint": "token",
        "userinfo_endpoint": "userinfo",
        "jwks_uri": "keys",
    }
    secret = CLIENT_SECRET

    def __init__(self) -> None:
        super().__init__()
        self.person: dict[str, Any] = {
            "sub": "u-1",
            "email": "nina@example.com",
            "email_verified": True,
            "groups": ["dev"],
        }
        self.lies: dict[str, Any] = {}
        self.signs_with: Key = rsa_key()
        self.metadata: dict[str, Any] = {}
        self.broken: dict[str, tuple[int, bytes]] = {}
        self.in_user_info: dict[str, Any] = {}
        self.refuses = ""
        self._codes: dict[str, dict[str, str]] = {}

    def agrees(self, address: str) -> str:
        """What the person's browser is sent back to, after they have agreed at the address it was sent to."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert address.startswith(f"{self.url}/{self.places['authorization_endpoint']}?")
        assert (asked["response_type"], asked["client_id"], asked["code_challenge_method"]) == (
            "code",
            CLIENT_ID,
            "S256",
        )
        assert "openid" in asked["scope"].split()
        if self.refuses:
            answer = {"error": self.refuses}
        else:
            code = f"code-{len(self._codes)}"
            self._codes[code] = asked
            answer = {"code": code}
        return f"{asked['redirect_uri']}?{urlencode({**answer, 'state': asked['state'], 'iss': self.url})}"

    def reply(self, path: str, authorization: str, body: bytes) -> tuple[int, bytes]:
        path = urlsplit(path).path
        if path in self.broken:
            return self.broken[path]
        if path == f"/{self.places['token_endpoint']}":
            return self._token(authorization, body)
        if path == "/userinfo" and authorization == "Bearer opaque":
            return 200, json.dumps({"sub": self.person["sub"], **self.in_user_info}).encode()
        if path == "/.well-known/openid-configuration":
            places = {name: f"{self.url}/{place}" for name, place in self.places.items()}
            return 200, json.dumps({"issuer": self.url, **places, **self.metadata}).encode()
        if path == f"/{self.places['jwks_uri']}":
            path = "/keys"
        return super().reply(path, authorization, body)

    def _token(self, authorization: str, body: bytes) -> tuple[int, bytes]:
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        asked = self._codes.pop(form["code"], None)
        client, secret = form["client_id"], ""
        if authorization:
            told = base64.b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
            client, secret = unquote(told[0]), unquote(told[2])
        if (client, secret) != (CLIENT_ID, self.secret) or asked is None:
            return 401, b'{"error": "invalid_client"}'
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if challenge != asked["code_challenge"] or form["redirect_uri"] != asked["redirect_uri"]:
            return 400, b'{"error": "invalid_grant"}'
        claims = {"aud": CLIENT_ID, "nonce": asked["nonce"], **self.person, **self.lies}
        token = self.token(self.signs_with, **claims)
        return 200, json.dumps({"access_token": "opaque", "token_type": "Bearer", "id_token": token}).encode()


class UserPool(Provider):
    """The same with the addresses of a user pool, whose app client has no secret."""

    places = {
        "authorization_endpoint": "oauth2/authorize",
        "token_endpoint": "oauth2/token",
        "jwks_uri": ".well-known/jwks.json",
    }
    secret = ""


def sign(payload: bytes, key: Key, header: dict[str, Any]) -> str:
    """A payload, whatever it is, signed under a header without the members that are None."""
    registry = jws.JWSRegistry(algorithms=[header["alg"]], strict_check_header=False)
    registry.max_header_length = 100_000
    known = {name: value for name, value in header.items() if value is not None}
    return jws.serialize_compact(known, payload, key, registry=registry)
