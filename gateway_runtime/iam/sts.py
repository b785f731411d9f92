"""AssumeRole: how STS is asked for the session of a role, and how its answer is read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import urlencode

from apps.core.signed_request import SignedRequest
from apps.core.sigv4_signing import AwsCredentials, sign
from gateway_runtime.limits import ROLES
from gateway_runtime.ports import Upstream
from gateway_runtime.upstream.errors import UpstreamError
from gateway_runtime.upstream.origin import parse_origin
from gateway_runtime.upstream.response import UpstreamResponse

SESSION_NAME = "BackplaneAssumeRoleSession"  # what roles that API Gateway has assumed are called in CloudTrail
_REFUSED = "API Gateway does not have permission to assume the provided role"
_VERSION = "2011-06-15"
_ELEMENT = r"<{0}>\s*([^<>&\s]{{1,16384}})\s*</{0}>"
_KEY_ID, _SECRET, _TOKEN, _EXPIRATION = (
    re.compile(_ELEMENT.format(name).encode())
    for name in ("AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration")
)
_CODE = re.compile(rb"<Code>\s*([\w.]{1,128})\s*</Code>")


class CredentialsRefused(Exception):
    """Nobody gives what a call would have to be signed with; the message is for the log."""


class CredentialsUnavailable(Exception):
    """STS does not answer, or says nothing that can be understood; the message is for the log."""


class Role(NamedTuple):
    """A role as an integration names it. `account_id` is the API's, which the role's trust policy may ask for as `sts:ExternalId`;
    `operator` signs the call to STS at `end_point`, for `region`."""

    arn: str
    account_id: str
    end_point: str
    region: str
    operator: AwsCredentials


class RoleSession(NamedTuple):
    """What requests on a role's behalf are signed with until `expires` (epoch seconds)."""

    credentials: AwsCredentials
    expires: float


async def assume_role(upstream: Upstream, role: Role, now: float) -> RoleSession:
    """A fresh session of a role. `now` is epoch seconds. Raises CredentialsRefused and CredentialsUnavailable."""
    try:
        origin, target = parse_origin(role.end_point)
        body = _question(role)
        headers: list[tuple[bytes, bytes]] = [
            (b"content-type", b"application/x-www-form-urlencoded; charset=utf-8"),
            (b"accept", b"application/xml"),
        ]
        path = target.partition("?")[0].encode()
        signed = SignedRequest("POST", path, b"", ((b"host", origin.authority), *headers), body)
        headers += sign(signed, role.operator, region=role.region, service="sts", now=datetime.fromtimestamp(now, UTC))
        response = await upstream.request(origin, b"POST", path, headers, body, timeout=ROLES.call_seconds)
        answer = await _bounded(response)
    except (UpstreamError, ValueError) as error:
        raise CredentialsUnavailable(f"{role.end_point} cannot be asked to assume {role.arn}: {error}") from error
    if 400 <= response.status < 500:
        raise CredentialsRefused(f"{_REFUSED} {role.arn}: {response.status} {error_code(answer)} (GATEHOUSE_AWS_ROLES)")
    session = read_session(answer) if response.status == 200 else None
    if session is None:
        raise CredentialsUnavailable(f"{role.end_point} answers {response.status} without a session of {role.arn}")
    if session.expires <= now + ROLES.usable_before_seconds:
        raise CredentialsUnavailable(f"{role.end_point} gives a session of {role.arn} that is over, or nearly so")
    return session


def _question(role: Role) -> bytes:
    asked = {
        "Action": "AssumeRole",
        "Version": _VERSION,
        "RoleArn": role.arn,
        "RoleSessionName": SESSION_NAME,
        "ExternalId": role.account_id,
    }
    return urlencode(asked).encode()


async def _bounded(response: UpstreamResponse) -> bytes:
    received = bytearray()
    try:
        while chunk := await response.next_chunk():
            received += chunk
            if len(received) > ROLES.answer_bytes:
                raise ValueError(f"it answers with more than {ROLES.answer_bytes} bytes")
    finally:
        response.close()
    return bytes(received)


def read_session(answer: bytes) -> RoleSession | None:
    """The session in an answer to AssumeRole (XML); None where there is none. Its values have nothing in them that XML escapes."""
    found = [pattern.search(answer) for pattern in (_KEY_ID, _SECRET, _TOKEN, _EXPIRATION)]
    texts: Sequence[str] = [match[1].decode("latin-1") for match in found if match is not None]
    if len(texts) != len(found) or not "".join(texts).isascii():
        return None
    try:
        ends = datetime.fromisoformat(texts[3])
        expires = (ends if ends.tzinfo else ends.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
    return RoleSession(AwsCredentials(*texts[:3]), expires)


def error_code(answer: bytes) -> str:
    """The code of an error of a service that takes its actions by query; "" where there is none."""
    match = _CODE.search(answer)
    return "" if match is None else match[1].decode()
