"""What a TLS handshake is made with, for each name: versions, certificate, and whose client certificates are trusted."""

from __future__ import annotations

import hashlib
import os
import ssl

from apps.core.documents import DomainDocument, domain_section
from apps.core.secrets import DocumentSeal
from gateway_runtime.tls.asking import AskingContext

_ONLY_1_3 = "TLS13_1_3"
# All are forward secret and authenticated; those of TLS 1.3 are OpenSSL's.
_CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"


class Handshake:
    """How connections to a name begin. `trust` names the trust store that callers were verified by: "" where they show no certificate.

    `made_of` is what it was made of: equal ones need not be made again.
    """

    __slots__ = ("context", "made_of", "trust")

    def __init__(self, context: ssl.SSLContext, trust: str = "", made_of: tuple[object, ...] = ()) -> None:
        self.context = context
        self.trust = trust
        self.made_of = made_of


def server_context(certificate: str, private_key: str, security_policy: str = "TLS_1_2") -> ssl.SSLContext:
    """A server's settings: HTTP/1.1 over TLS 1.2 and up, or 1.3 alone where the policy says so. PEM in; raises ValueError.

    Nothing older than 1.2 is spoken, whatever a policy allows.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    only_newest = _ONLY_1_3 in security_policy
    context.minimum_version = ssl.TLSVersion.TLSv1_3 if only_newest else ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    context.set_ciphers(_CIPHERS)
    context.set_alpn_protocols(["http/1.1"])
    load_certificate(context, certificate, private_key)
    return context


def load_certificate(context: ssl.SSLContext, certificate: str, private_key: str) -> None:
    """Load PEM texts: OpenSSL reads them from files, so this one has no name, lies in memory, and is gone at once. Raises ValueError."""
    descriptor = os.memfd_create("certificate", os.MFD_CLOEXEC)
    with os.fdopen(descriptor, "w") as file:
        file.write(f"{private_key}\n{certificate}\n")
        file.flush()
        try:
            context.load_cert_chain(f"/proc/self/fd/{descriptor}")
        except ssl.SSLError as error:
            raise ValueError(f"OpenSSL refuses the certificate: {error.reason}") from error


def asking_context(certificate: str, private_key: str, trust_store: str, security_policy: str) -> ssl.SSLContext:
    """The same for callers who have to show a certificate; the trust store (PEM) says whose are trusted. Raises ValueError."""
    only_1_3 = _ONLY_1_3 in security_policy
    return AskingContext(certificate, private_key, trust_store, ciphers=_CIPHERS, only_1_3=only_1_3)


def trust_of(trust_store: str | None) -> str:
    """What a trust store is known by."""
    return hashlib.sha256(trust_store.encode()).hexdigest() if trust_store else ""


def handshake_of(document: DomainDocument, seal: DocumentSeal, last: Handshake | None) -> Handshake | None:
    """What a custom domain name's document asks for: `last` when that is the same, None without a certificate. Raises ValueError."""
    shown = document.certificate
    if shown is None:
        return None
    trust_store = document.trust_store if document.mutual_tls else None
    made_of = (shown, document.security_policy, trust_store)
    if last is not None and last.made_of == made_of:
        return last
    private_key = seal.open(shown.private_key, domain_section(document.region, document.name))
    if trust_store:
        context = asking_context(shown.certificate, private_key, trust_store, document.security_policy)
    else:
        context = server_context(shown.certificate, private_key, document.security_policy)
    return Handshake(context, trust_of(trust_store), made_of)
