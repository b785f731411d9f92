"""What invocations are answered with that their function did not answer itself, worded as AWS words it."""

from __future__ import annotations

import base64
import json

from gateway_runtime.functions.limits import LARGEST_ANSWER

TIMED_OUT = "Sandbox.Timedout"
_LONGEST_TYPE = 128
_SIGNALS = {
    9: "killed",
    11: "segmentation fault",
    6: "aborted",
    15: "terminated",
    4: "illegal instruction",
    7: "bus error",
}


def exit_reason(status: int) -> str:
    """How a process ended, by its exit status (negative: the signal that ended it)."""
    if status == 0:
        return "Runtime exited without providing a reason"
    if status < 0:
        return f"Runtime exited with error: signal: {_SIGNALS.get(-status, str(-status))}"
    return f"Runtime exited with error: exit status {status}"


def response_too_large() -> bytes:
    return error_payload(
        "Function.ResponseSizeTooLarge",
        f"Response payload size exceeded maximum allowed payload size ({LARGEST_ANSWER} bytes).",
    )


def error_payload(error_type: str, message: str) -> bytes:
    return json.dumps({"errorType": error_type, "errorMessage": message}).encode()


def failure_status(payload: bytes) -> str:
    """What AWS's REPORT line says at its end of an invocation that failed, by what it is answered with."""
    try:
        kind = json.loads(payload).get("errorType")
    except (ValueError, AttributeError):
        kind = None
    if kind == TIMED_OUT:
        return "Status: timeout"
    told = "".join(character for character in kind if character.isprintable()) if isinstance(kind, str) else ""
    return f"Status: error\tError Type: {told[:_LONGEST_TYPE]}" if told else "Status: error"


def error_of_trailers(error_type: bytes, trailers: dict[bytes, bytes]) -> bytes:
    without_body = error_payload(error_type.decode("latin-1"), "")
    try:
        body = base64.b64decode(trailers.get(b"lambda-runtime-function-error-body", b""), validate=True)
    except ValueError:
        return without_body
    return body or without_body
