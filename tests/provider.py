"""A small OpenID Connect provider over HTTP. It knows one person, checks what a provider checks, and lies where a story says so."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from joserfc import jwt

from tests.issuer import Key, public, rsa_key

CLIENT_ID, CLIENT_SECRET = "gatehouse", "a secret: of the client"


class Provider:
    """`claims` are the person's, `lies` replace claims of the next id tokens, `signs_with` is the key. Use as a context manager."""

    def __init__(self) -> None:
        self.claims: dict[str, Any] = {
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
        provider = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                provider._serve(self, b"")

            def do_POST(self) -> None:
                provider._serve(self, self.rfile.read(int(self.headers["content-length"])))

            def log_message(self, *arguments: Any) -> None:
                """The story tells what happened."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Provider:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def agrees(self, address: str) -> str:
        """What the person's browser is sent back to, after they have agreed at the address it was sent to."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert address.startswith(f"{self.url}/authorize?")
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

    def _serve(self, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        path = urlsplit(handler.path).path
        status, answer = self.broken.get(path) or self._answer(path, handler, body)
        handler.send_response(status)
        handler.send_header("content-length", str(len(answer)))
        handler.end_headers()
        handler.wfile.write(answer)

    def _answer(self, path: str, handler: BaseHTTPRequestHandler, body: bytes) -> tuple[int, bytes]:
        if path == "/.well-known/openid-configuration":
            return 200, json.dumps(self._metadata()).encode()
        if path == "/keys":
            return 200, json.dumps({"keys": [public(rsa_key(), "k1")]}).encode()
        if path == "/token":
            return self._token(handler.headers["authorization"] or "", body)
        if path == "/userinfo" and handler.headers["authorization"] == "Bearer opaque":
            return 200, json.dumps({"sub": self.claims["sub"], **self.in_user_info}).encode()
        return 404, b"{}"

    def _metadata(self) -> dict[str, Any]:
        places = {
            "authorization_endpoint": "authorize",
            "token_endpoint": "token",
            "userinfo_endpoint": "userinfo",
            "jwks_uri": "keys",
        }
        return {"issuer": self.url, **{name: f"{self.url}/{path}" for name, path in places.items()}, **self.metadata}

    def _token(self, authorization: str, body: bytes) -> tuple[int, bytes]:
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        asked = self._codes.pop(form["code"], None)
        client, _, secret = base64.b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
        challenge = (
            base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).decode().rstrip("=")
        )
        if (unquote(client), unquote(secret)) != (CLIENT_ID, CLIENT_SECRET) or asked is None:
            return 401, b'{"error": "invalid_client"}'
        if challenge != asked["code_challenge"] or form["redirect_uri"] != asked["redirect_uri"]:
            return 400, b'{"error": "invalid_grant"}'
        now = int(time.time())
        claims = {
            "iss": self.url,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
            **self.claims,
            **self.lies,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        token = jwt.encode({"alg": "RS256", "kid": "k1"}, claims, self.signs_with)
        return 200, json.dumps({"access_token": "opaque", "token_type": "Bearer", "id_token": token}).encode()
