"""Handshakes that ask for a certificate, in memory: whose is trusted, whatever the pieces in which bytes come."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway_runtime.tls.asking import AskedCaller
from gateway_runtime.tls.contexts import asking_context

HOST = "mutual.example.com"
AUTHORITY, CLIENTS, STRANGERS = trustme.CA(), trustme.CA(), trustme.CA()
SHOWN = AUTHORITY.issue_cert(HOST)
KNOWN, STRANGE = CLIENTS.issue_cert("anna@example.com"), STRANGERS.issue_cert("eve@example.com")


def pem(*certificates: trustme.Blob) -> str:
    return "".join(blob.bytes().decode() for blob in certificates)


def asking(policy: str = "TLS_1_2") -> ssl.SSLContext:
    return asking_context(
        pem(*SHOWN.cert_chain_pems), pem(SHOWN.private_key_pem), pem(CLIENTS.cert_pem), policy
    )  # fmt: skip


ASKING = asking()


class Conversation:
    """A client of Python's own `ssl` and the server's side of the connection; bytes go over in pieces of `sizes`."""

    def __init__(
        self,
        shows: trustme.LeafCert | None,
        sizes: Iterator[int],
        server: ssl.SSLContext = ASKING,
        last: ssl.SSLObject | None = None,
    ) -> None:
        context = ssl.create_default_context() if last is None else last.context
        AUTHORITY.configure_trust(context)
        if shows is not None:
            shows.configure_cert(context)
        self._sizes = sizes
        self._to_client, self._from_client = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._to_server, self._from_server = ssl.MemoryBIO(), ssl.MemoryBIO()
        session = None if last is None else last.session
        self.client = context.wrap_bio(self._to_client, self._from_client, server_hostname=HOST, session=session)
        server_side = server.wrap_bio(self._to_server, self._from_server, server_side=True)
        assert isinstance(server_side, AskedCaller)
        self.server = server_side

    def until(self, *acts: Callable[[], object]) -> list[object]:
        """Do all of these, whichever can go on, while bytes go to and fro."""
        results: list[object] = [None] * len(acts)
        left = set(range(len(acts)))
        while left:
            for number in sorted(left):
                try:
                    results[number] = acts[number]()
                    left.discard(number)
                except ssl.SSLWantReadError:
                    pass
            moved = self._carry()
            assert moved or not left, "both wait for each other"
        return results

    def _carry(self) -> bool:
        to_server = self._from_client.read(next(self._sizes))
        self._to_server.write(to_server)
        to_client = self._from_server.read()
        self._to_client.write(to_client)
        return bool(to_server or to_client)


def shaken(shows: trustme.LeafCert | None, sizes: Iterator[int]) -> Conversation:
    conversation = Conversation(shows, sizes)
    conversation.until(conversation.client.do_handshake, conversation.server.do_handshake)
    return conversation


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 700), min_size=1, max_size=5), st.binary(min_size=1, max_size=40_000), st.booleans())
def test_pieces_of_any_size_make_the_same_conversation(sizes: list[int], sent: bytes, known: bool) -> None:
    conversation = shaken(KNOWN if known else STRANGE, cycle(sizes))
    client, server = conversation.client, conversation.server
    received = bytearray()

    def receive() -> None:
        while len(received) < len(sent):
            received.extend(server.read(len(sent)))

    conversation.until(lambda: client.write(sent), receive)
    server.write(b"enough")
    (answer,) = conversation.until(lambda: client.read(6))

    assert received == sent
    assert answer == b"enough"
    assert (server.refusal is None) is known
    assert server.getpeercert(binary_form=True) == client_der(KNOWN if known else STRANGE)


def client_der(shown: trustme.LeafCert) -> bytes:
    return ssl.PEM_cert_to_DER_cert(shown.cert_chain_pems[0].bytes().decode())


def test_who_shows_nothing_is_not_let_through_the_handshake() -> None:
    with pytest.raises(ssl.SSLError, match="peer did not return a certificate"):
        shaken(None, cycle([10_000]))


def test_who_has_a_weak_key_is_not_trusted(tmp_path: Path) -> None:
    """An issuer that is trusted vouches for a key that somebody could find."""
    key = rsa.generate_private_key(65537, 1024)
    issuer = x509.load_pem_x509_certificate(CLIENTS.cert_pem.bytes())
    signer = load_pem_private_key(CLIENTS.private_key_pem.bytes(), None)
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(
        issuer.subject, x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "eve")]), key.public_key(), 7,
        now - timedelta(days=1), now + timedelta(days=1),
    )  # fmt: skip
    weak = builder.sign(signer, hashes.SHA256())  # type: ignore[arg-type]
    text = tmp_path / "eve.pem"
    text.write_bytes(
        weak.public_bytes(Encoding.PEM) + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )

    conversation = Conversation(None, cycle([10_000]))
    conversation.client.context.set_ciphers("DEFAULT:@SECLEVEL=0")
    conversation.client.context.load_cert_chain(text)
    conversation = Conversation(None, cycle([10_000]), last=conversation.client)
    conversation.until(conversation.client.do_handshake, conversation.server.do_handshake)

    assert conversation.server.refusal is not None


def test_nobody_is_trusted_before_a_certificate_was_looked_at() -> None:
    assert Conversation(KNOWN, cycle([10])).server.refusal is not None


def test_a_session_is_not_taken_up_again() -> None:
    first = shaken(KNOWN, cycle([10_000]))
    first.server.write(b"x")
    first.until(lambda: first.client.read(1))

    again = Conversation(None, cycle([10_000]), last=first.client)
    again.until(again.client.do_handshake, again.server.do_handshake)

    assert not again.client.session_reused
    assert again.server.refusal is None, "it was asked for its certificate anew"


def test_both_sides_end_the_connection_in_order() -> None:
    conversation = shaken(KNOWN, cycle([10_000]))

    conversation.until(conversation.client.unwrap, conversation.server.unwrap)

    assert conversation.server.read(10) == b""


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=600))
def test_bytes_that_are_no_handshake_end_it_or_wait(data: bytes) -> None:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = ASKING.wrap_bio(incoming, outgoing, server_side=True)
    incoming.write(data)

    with pytest.raises(ssl.SSLError):
        server.do_handshake()

    assert isinstance(server, AskedCaller)
    assert server.refusal is not None


def test_a_policy_may_speak_the_newest_version_alone() -> None:
    newest = Conversation(KNOWN, cycle([10_000]), asking("SecurityPolicy_TLS13_1_3_2025_09"))
    newest.until(newest.client.do_handshake, newest.server.do_handshake)

    assert newest.server.version() == "TLSv1.3"
    assert newest.server.cipher() == newest.client.cipher()


@pytest.mark.parametrize("certificate", ["nonsense", pem(*STRANGE.cert_chain_pems)])
def test_a_certificate_that_cannot_be_used_is_told(certificate: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        asking_context(certificate, pem(SHOWN.private_key_pem), pem(CLIENTS.cert_pem), "TLS_1_2")
