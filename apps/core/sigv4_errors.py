"""What AWS says of a signature that it does not accept: codes and words."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from datetime import timedelta


class SignatureError(Exception):
    """A request whose signature is missing, unreadable or wrong. `status` is the HTTP status that AWS answers."""

    def __init__(self, code: str, message: str, status: int = 403) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


def missing_token() -> SignatureError:
    return SignatureError("MissingAuthenticationTokenException", "Missing Authentication Token")


def unknown_key() -> SignatureError:
    """The access key, or the session token that came with it, is none of ours."""
    return SignatureError("UnrecognizedClientException", "The security token included in the request is invalid.")


def expired_token() -> SignatureError:
    """Temporary credentials whose time is over."""
    return SignatureError("ExpiredTokenException", "The security token included in the request is expired")


def mismatch() -> SignatureError:
    return SignatureError(
        "InvalidSignatureException",
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access "
        "Key and signing method. Consult the service documentation for details.",
    )


def scope_error(message: str) -> SignatureError:
    return SignatureError("InvalidSignatureException", message)


def host_not_signed() -> SignatureError:
    return scope_error("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")


def expired(signed_at: str, earliest: str, now: str, lifetime: timedelta) -> SignatureError:
    minutes = int(lifetime.total_seconds() // 60)
    return scope_error(f"Signature expired: {signed_at} is now earlier than {earliest} ({now} - {minutes} min.)")


def not_yet_current(signed_at: str, latest: str, now: str, skew: timedelta) -> SignatureError:
    minutes = int(skew.total_seconds() // 60)
    return scope_error(f"Signature not yet current: {signed_at} is still later than {latest} ({now} + {minutes} min.)")


def unsupported_algorithm(algorithm: str) -> SignatureError:
    return _incomplete(f"Unsupported AWS 'algorithm': '{algorithm}'.")


def malformed_credential(credential: str) -> SignatureError:
    return _incomplete(
        "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, "
        f"got '{credential}'"
    )


def date_in_wrong_format(text: str) -> SignatureError:
    return _incomplete(
        f"Date must be in ISO-8601 'basic format'. Got '{text}'. See http://en.wikipedia.org/wiki/ISO_8601"
    )


def header_malformed(authorization: str) -> SignatureError:
    return _incomplete(
        "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with "
        f"Base64): '{_hashed(authorization)}'."
    )


def header_incomplete(missing: Sequence[str], *, date_missing: bool, authorization: str) -> SignatureError:
    sentences = [f"Authorization header requires '{field}' parameter." for field in missing]
    if date_missing:
        sentences.append("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
    return _incomplete(
        " ".join(sentences) + f" (Hashed with SHA-256 and encoded with Base64) Authorization={_hashed(authorization)}"
    )


def query_incomplete(missing: Sequence[str]) -> SignatureError:
    sentences = [f"AWS query-string parameters must include '{field}'." for field in missing]
    return _incomplete(" ".join(sentences) + " Re-examine the query-string parameters.")


def _incomplete(message: str) -> SignatureError:
    return SignatureError("IncompleteSignatureException", message)


def _hashed(authorization: str) -> str:
    """The header is never shown again: somebody may have sent a password in it."""
    return base64.b64encode(hashlib.sha256(authorization.encode("latin-1")).digest()).decode()
