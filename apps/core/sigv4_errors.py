"""What AWS says of a signature that it does not accept: codes and words."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from datetime import timedelta


class SignatureError(Exception):
    """A request whose signature is missing, unreadable or wrong. `status` is the HTTP status that AWS answers. `explanation` stands
    behind the message where AWS tells what should have been signed: it repeats the caller's headers, so it is for the caller alone."""

    def __init__(self, code: str, message: str, status: int = 403, explanation: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.explanation = explanation


def missing_token() -> SignatureError:
    return SignatureError("MissingAuthenticationTokenException", "Missing Authentication Token")


def unknown_key() -> SignatureError:
    """The access key, or the session token that came with it, is none of ours."""
    return SignatureError("UnrecognizedClientException", "The security token included in the request is invalid.")


def expired_token() -> SignatureError:
    """Temporary credentials whose time is over."""
    return SignatureError("ExpiredTokenException", "The security token included in the request is expired")


def mismatch(canonical: bytes | None = None, text: str = "") -> SignatureError:
    """`canonical` is the canonical request, and `text` the string that should have been signed."""
    explanation = ""
    if canonical is not None:
        explanation = (
            f"\n\nThe Canonical String for this request should have been\n'{canonical.decode('utf-8', 'replace')}'"
            f"\n\nThe String-to-Sign should have been\n'{text}'\n"
        )
    return SignatureError(
        "InvalidSignatureException",
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access "
        "Key and signing method. Consult the service documentation for details.",
        explanation=explanation,
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


def malformed_credential(credential: str, elements: str = "keyid/date/region/service/term") -> SignatureError:
    number = elements.count("/") + 1
    return _incomplete(
        f"Credential must have exactly {number} slash-delimited elements, e.g. {elements}, got '{credential}'"
    )


def region_set_missing() -> SignatureError:
    """Signature Version 4A without the regions that it is for, or without having signed them."""
    return _incomplete("Authorization header requires existence of a signed 'X-Amz-Region-Set' header.")


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
