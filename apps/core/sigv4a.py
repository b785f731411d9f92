"""AWS Signature Version 4A: the asymmetric signature, whose key anybody who knows the secret derives, and which names a set of regions.

The digests, and what they are of, are those of Signature Version 4 (`apps.core.sigv4`) but for the scope, which has no region.
"""

from __future__ import annotations

import hmac
import re
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

ALGORITHM = "AWS4-ECDSA-P256-SHA256"
REGION_SET = "X-Amz-Region-Set"

_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256
_DER = re.compile(r"(?:[0-9a-f]{2}){8,72}", re.ASCII)


@lru_cache(maxsize=1024)
def private_key(access_key_id: str, secret: str) -> ec.EllipticCurvePrivateKey:
    """The key that a secret stands for: NIST SP 800-108 in counter mode, until a number below the curve's order comes out."""
    seed, context = f"AWS4A{secret}".encode(), access_key_id.encode()
    for counter in range(1, 255):
        said = b"\0\0\0\1" + ALGORITHM.encode() + b"\0" + context + bytes([counter]) + b"\0\0\1\0"
        candidate = int.from_bytes(hmac.digest(seed, said, "sha256"), "big")
        if candidate <= _ORDER - 2:
            return ec.derive_private_key(candidate + 1, ec.SECP256R1())
    raise ValueError("no key comes out of the secret")  # once in 2 to the power of 8,000


def is_signature_of(text: bytes, signature: str, access_key_id: str, secret: str) -> bool:
    """Whether a signature (DER in hexadecimal) is that of a text by an access key."""
    if not _DER.fullmatch(signature):
        return False
    key = private_key(access_key_id, secret).public_key()
    try:
        key.verify(bytes.fromhex(signature), text, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def covers(region_set: str, region: str) -> bool:
    """Whether a set such as `us-east-1,eu-*` has a region."""
    return any(_matches(pattern.strip(), region) for pattern in region_set.split(","))


def _matches(pattern: str, region: str) -> bool:
    pieces = [re.escape(piece) for piece in re.split(r"\*+", pattern)]
    # One star is enough for names of regions; more would let a caller make the match costly.
    return len(pieces) <= 2 and re.fullmatch("[a-z0-9-]*".join(pieces), region) is not None
