"""Handshakes that ask callers for a certificate and take any: who shows one that is not trusted is refused by HTTP, as on AWS.

Python's `ssl` ends such a handshake with an alert, so these are made with pyOpenSSL, under the interface of `ssl` by which event loops speak
TLS. The verdict is OpenSSL's own. Nobody is trusted by default: a caller whose certificate was not looked at is refused too.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from OpenSSL import SSL, crypto

_NOT_LOOKED_AT = "its certificate was not looked at"
_LARGEST_READ = 65_536
_HEADER = 5  # bytes before a record: what it is, its version, and its length
_OPTIONS = (
    SSL.OP_NO_COMPRESSION | SSL.OP_NO_RENEGOTIATION | SSL.OP_CIPHER_SERVER_PREFERENCE
    # A session that is taken up again would not be verified anew.
    | SSL.OP_NO_TICKET
)  # fmt: skip


class AskingContext(ssl.SSLContext):
    """The settings of a server that asks. PEM in; raises ValueError for what cannot be used."""

    def __new__(cls, *args: object, **members: object) -> AskingContext:
        return super().__new__(cls, ssl.PROTOCOL_TLS_SERVER)

    def __init__(self, certificate: str, private_key: str, trust_store: str, *, ciphers: str, only_1_3: bool) -> None:
        self._asking = context = SSL.Context(SSL.TLS_SERVER_METHOD)
        context.set_options(_OPTIONS)
        context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
        context.set_min_proto_version(SSL.TLS1_3_VERSION if only_1_3 else SSL.TLS1_2_VERSION)
        context.set_cipher_list(ciphers.encode())
        context.set_alpn_select_callback(_http_1_1)
        context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, _note)
        try:
            first, *chain = x509.load_pem_x509_certificates(certificate.encode())
            context.use_certificate(first)
            for issuer in chain:
                context.add_extra_chain_cert(issuer)
            context.use_privatekey(load_pem_private_key(private_key.encode(), None))  # type: ignore[arg-type]
            context.check_privatekey()
            store = context.get_cert_store()
            assert store is not None
            for root in x509.load_pem_x509_certificates(trust_store.encode()):
                store.add_cert(crypto.X509.from_cryptography(root))
        except (SSL.Error, crypto.Error, TypeError) as error:
            raise ValueError(f"OpenSSL refuses the certificate or the trust store: {_reason(error)}") from error

    def wrap_bio(
        self,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        server_side: bool = False,
        server_hostname: str | bytes | None = None,
        session: ssl.SSLSession | None = None,
    ) -> ssl.SSLObject:
        return AskedCaller(self._asking, incoming, outgoing)  # type: ignore[return-value]


class AskedCaller:
    """One connection, as `ssl.SSLObject` has it. `refusal` says why the caller is not trusted; None once a certificate is."""

    def __init__(self, context: SSL.Context, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO) -> None:
        self._incoming = incoming
        self._outgoing = outgoing
        self._connection = SSL.Connection(context, None)
        self._connection.set_app_data(self)
        self._connection.set_accept_state()
        self._failed: str | None = None
        self._looked_at = False
        self._header = bytearray()
        self._left = 0  # bytes of a record that are still to come

    @property
    def refusal(self) -> str | None:
        return self._failed or (None if self._looked_at else _NOT_LOOKED_AT)

    def note(self, error: int, depth: int, *, good: bool) -> None:
        """OpenSSL has looked at a certificate of the chain; at depth 0 is the caller's own."""
        if not good:
            self._failed = self._failed or f"OpenSSL does not trust its certificate: error {error} at depth {depth}"
        elif depth == 0:
            self._looked_at = True

    # As event loops use it
    def do_handshake(self) -> None:
        self._done(self._connection.do_handshake)

    def read(self, size: int = _LARGEST_READ, buffer: Any = None) -> Any:
        connection = self._connection
        try:
            return self._done(lambda: connection.recv(size) if buffer is None else connection.recv_into(buffer, size))
        except ssl.SSLZeroReturnError:
            return b"" if buffer is None else 0

    def write(self, data: Any) -> int:
        sent: int = self._done(lambda: self._connection.send(data))
        return sent

    def pending(self) -> int:
        return self._connection.pending()

    def unwrap(self) -> None:
        self._done(self._shut)

    def _shut(self) -> None:
        if not self._connection.shutdown():
            raise SSL.WantReadError

    def getpeercert(self, binary_form: bool = False) -> Any:
        shown = self._connection.get_peer_certificate(as_cryptography=True)
        if shown is None:
            return None
        return shown.public_bytes(Encoding.DER) if binary_form else {}

    def cipher(self) -> tuple[str, str, int] | None:
        name = self._connection.get_cipher_name()
        if name is None:
            return None
        return name, self._connection.get_cipher_version() or "", self._connection.get_cipher_bits() or 0

    def version(self) -> str | None:
        return self._connection.get_protocol_version_name()

    def compression(self) -> None:
        """There is none."""

    def _done(self, act: Callable[[], Any]) -> Any:
        """What OpenSSL does once it has what it needs of what came in; what it wants to send is sent, also when it fails."""
        try:
            while True:
                try:
                    return act()
                except SSL.WantReadError:
                    if not self._feed():
                        raise
        except SSL.WantReadError:
            raise ssl.SSLWantReadError(ssl.SSL_ERROR_WANT_READ, "more has to come") from None
        except SSL.ZeroReturnError:
            raise ssl.SSLZeroReturnError(ssl.SSL_ERROR_ZERO_RETURN, "the caller has ended") from None
        except SSL.SysCallError:
            raise ssl.SSLEOFError(ssl.SSL_ERROR_EOF, "the caller has gone away") from None
        except SSL.Error as error:
            raise ssl.SSLError(ssl.SSL_ERROR_SSL, _reason(error)) from None
        finally:
            self._send()

    def _feed(self) -> bool:
        """Give OpenSSL one record, or what is here of it, and no more: by what is left in `incoming` the loop sees that there is more to read."""
        if self._left == 0:
            self._header += self._incoming.read(_HEADER - len(self._header))
            if len(self._header) < _HEADER:
                return False
            self._left = int.from_bytes(self._header[3:])
            self._connection.bio_write(bytes(self._header))
            self._header.clear()
        data = self._incoming.read(self._left) if self._left else b""
        self._left -= len(data)
        if data:
            self._connection.bio_write(data)
        return bool(data) or self._left == 0

    def _send(self) -> None:
        while True:
            try:
                self._outgoing.write(self._connection.bio_read(_LARGEST_READ))
            except SSL.Error:
                return


def _note(connection: SSL.Connection, certificate: crypto.X509, error: int, depth: int, good: int) -> bool:
    """Go on whatever OpenSSL finds: the request is answered by it."""
    caller: AskedCaller = connection.get_app_data()
    caller.note(error, depth, good=bool(good))
    return True


def _http_1_1(connection: SSL.Connection, offered: list[bytes]) -> Any:
    return b"http/1.1" if b"http/1.1" in offered else SSL.NO_OVERLAPPING_PROTOCOLS


def _reason(error: Exception) -> str:
    """The last thing in OpenSSL's queue of errors."""
    queue = error.args[0] if error.args and isinstance(error.args[0], list) else []
    return queue[-1][2] if queue else str(error) or type(error).__name__
