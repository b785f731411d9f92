"""The try-it form: what it asks for, and what was filled in. It can only name an operation of the page's own API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from apps.core.secrets import Secret
from portal.developer.first_call import prefilled
from portal.developer.reference import OperationPage, Parameter
from portal.developer.tryit import METHODS, Attempt, Credentials

LONGEST_VALUE = 4_096
LONGEST_BODY = 1024 * 1024
LONGEST_TOKEN = 8_192


@dataclass(frozen=True)
class Field:
    """An input of the form; its name says where the value goes: `path:petId`, `query:limit`, `header:X-Trace`."""

    parameter: Parameter
    value: str

    @property
    def name(self) -> str:
        return f"{self.parameter.where}:{self.parameter.name}"


def fields(attempt: Attempt) -> list[Field]:
    """The inputs of an operation with what they hold."""
    return [
        Field(parameter, attempt.values.get((parameter.where, parameter.name), ""))
        for parameter in attempt.operation.parameters
    ]


def fresh_attempt(operation: OperationPage, key: str) -> Attempt:
    """What the form holds before anybody touched it."""
    attempt = prefilled(operation, key)
    return Attempt(operation, attempt.method, attempt.values, attempt.body, key)


def read_attempt(operation: OperationPage, posted: Mapping[str, str], key: str, region: str = "") -> Attempt:
    """What was filled in. Only the operation's own parameters are read, cut to a length that no URL or header exceeds."""
    method = operation.method
    if method == "ANY":
        method = posted.get("method", "GET") if posted.get("method") in METHODS else "GET"
    values = {
        (parameter.where, parameter.name): posted.get(f"{parameter.where}:{parameter.name}", "")[:LONGEST_VALUE]
        for parameter in operation.parameters
    }
    takes_body = bool(operation.body_type) or operation.method == "ANY"
    # Forms send line breaks as CR LF.
    body = posted.get("body", "")[:LONGEST_BODY].replace("\r\n", "\n") if takes_body else ""
    token = posted.get("token", "").strip()[:LONGEST_TOKEN] if operation.token_header else ""
    return Attempt(operation, method, values, body, key, token, _credentials(operation, posted, region))


def _credentials(operation: OperationPage, posted: Mapping[str, str], region: str) -> Credentials | None:
    """The access key that was typed, if the operation wants a signature."""
    key_id, secret = (posted.get(name, "").strip()[:LONGEST_VALUE] for name in ("access_key_id", "secret_access_key"))
    if not operation.signed or not (key_id and secret):
        return None
    return Credentials(key_id, Secret(secret), posted.get("session_token", "").strip()[:LONGEST_VALUE], region)
