"""The condition operators: how one value of a request is compared with one value of a policy."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import operator
import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache, partial
from typing import Any, NamedTuple

from apps.core.iam.errors import IllFormedPolicy
from apps.core.iam.wildcards import Matches, arn_pattern, text_pattern
from apps.core.ip_addresses import unmapped

_LONGEST_NUMBER = 64
_PARTIAL_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2}))?", re.ASCII)
_SECONDS = re.compile(r"-?[0-9]{1,12}(?:\.[0-9]{1,9})?", re.ASCII)


class Reading(NamedTuple):
    """How a policy's values are read. `in_doubt` is what a comparison says that cannot be made."""

    variables: bool
    in_doubt: bool


Compile = Callable[[str, Reading], Matches]


class Operator(NamedTuple):
    """`StringNotEquals` is `StringEquals`, `negated`: no value of the policy may be the request's."""

    compile: Compile
    negated: bool = False


def _text(text: str, reading: Reading, *, wildcards: bool = False, ignore_case: bool = False) -> Matches:
    return text_pattern(
        text, variables=reading.variables, wildcards=wildcards, ignore_case=ignore_case, in_doubt=reading.in_doubt
    )


def _arn(text: str, reading: Reading) -> Matches:
    return arn_pattern(text, variables=reading.variables, in_doubt=reading.in_doubt)


def _compared(read: Callable[[str], Any], compare: Callable[[Any, Any], bool], text: str, reading: Reading) -> Matches:
    """The comparison of two readable values, the request's on the left."""
    try:
        wanted = read(text)
    except ValueError as error:
        raise IllFormedPolicy(f"A condition has a value that does not fit its operator: {error}") from None
    in_doubt = reading.in_doubt

    def matches(value: str, _: Any) -> bool:
        try:
            return bool(compare(read(value), wanted))
        except ValueError:
            return in_doubt

    return matches


def _number(text: str) -> Decimal:
    try:
        number = Decimal(text) if len(text) <= _LONGEST_NUMBER else None
    except InvalidOperation:
        number = None
    if number is None or not number.is_finite():
        raise ValueError("it is not a number")
    return number


def _date(text: str) -> float:
    """A date of ISO 8601, or seconds since the epoch."""
    if partial_date := _PARTIAL_DATE.fullmatch(text):
        return datetime(int(partial_date[1]), int(partial_date[2] or 1), 1, tzinfo=UTC).timestamp()
    if _SECONDS.fullmatch(text):
        return float(text)
    if len(text) > _LONGEST_NUMBER:
        raise ValueError("it is not a date")
    try:
        date = datetime.fromisoformat(text)
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise ValueError("it is not a date") from None


def _boolean(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError("it is neither true nor false")
    return text.lower() == "true"


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("it is not Base64") from None


@lru_cache(maxsize=4096)
def _number_of(address: str) -> tuple[int, int]:
    """Version and number of an IP address; callers have the same ones again and again. Raises ValueError."""
    found = unmapped(ipaddress.ip_address(address))
    return found.version, int(found)


def _address(text: str, reading: Reading) -> Matches:
    try:
        network = ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        raise IllFormedPolicy("A condition has a value that is neither an IP address nor a CIDR range.") from None
    in_doubt, version = reading.in_doubt, network.version
    first, mask = int(network.network_address), int(network.netmask)

    def matches(value: str, _: Any) -> bool:
        try:
            kind, number = _number_of(value)
        except ValueError:
            return in_doubt
        return kind == version and number & mask == first

    return matches


def _pair(name: str, compile_value: Compile, kind: str) -> dict[str, Operator]:
    """`StringEquals` and `StringNotEquals`, of the kind `Equals`."""
    return {f"{name}{kind}": Operator(compile_value), f"{name}Not{kind}": Operator(compile_value, negated=True)}


def _ordered(name: str, read: Callable[[str], Any]) -> dict[str, Operator]:
    comparisons = {
        "LessThan": operator.lt,
        "LessThanEquals": operator.le,
        "GreaterThan": operator.gt,
        "GreaterThanEquals": operator.ge,
    }
    of_order = {f"{name}{word}": Operator(partial(_compared, read, compare)) for word, compare in comparisons.items()}
    return _pair(name, partial(_compared, read, operator.eq), "Equals") | of_order


OPERATORS: dict[str, Operator] = {
    name.lower(): found
    for name, found in (
        _pair("String", _text, "Equals")
        | _pair("String", partial(_text, ignore_case=True), "EqualsIgnoreCase")
        | _pair("String", partial(_text, wildcards=True), "Like")
        | _ordered("Numeric", _number)
        | _ordered("Date", _date)
        | {"Bool": Operator(partial(_compared, _boolean, operator.eq))}
        | {"BinaryEquals": Operator(partial(_compared, _bytes, operator.eq))}
        | {"IpAddress": Operator(_address), "NotIpAddress": Operator(_address, negated=True)}
        | _pair("Arn", _arn, "Equals")
        | _pair("Arn", _arn, "Like")
    ).items()
}
