"""Access-log formats (CLF, JSON, XML, CSV): text with `$context` variables, compiled once per stage."""

from __future__ import annotations

from collections.abc import Callable
from json.encoder import encode_basestring
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape as escape_xml

from apps.core.access_log_text import VARIABLE, Kind, kind_of
from gateway_runtime.exchange import Exchange
from gateway_runtime.mapping.context import Variable, chosen_by_callers, variable
from gateway_runtime.mapping.log_variables import log_variable
from gateway_runtime.mapping.phase_variables import PHASE_VARIABLES

if TYPE_CHECKING:
    from gateway_runtime.snapshot.stage import StageSite

Escape = Callable[[str], str]


def compile_format(text: str, site: StageSite) -> Callable[[Exchange], str]:
    """A function from an answered exchange to its line, with a line break at its end.

    What never varies within a stage becomes part of the text. A variable without a value, or unknown, shows as `-`. What callers and
    back ends choose is written so that it cannot forge members, elements, columns or quoted fields of the line.
    """
    constants = {
        "accountId": site.stage.account_id,
        "apiId": site.stage.api_id,
        "stage": site.stage.stage_name,
        "deploymentId": site.deployment.deployment_id,
    }
    escape = _ESCAPES.get(kind_of(text))
    pieces: list[str] = []
    variables: list[Variable] = []
    at = 0
    for match in VARIABLE.finditer(text):
        pieces.append(text[at : match.start()].replace("%", "%%"))
        quoted = text[match.start() - 1 : match.start()] == '"'
        at = match.end()
        name = match[1]
        if name in constants:
            pieces.append(constants[name].replace("%", "%%"))
        elif (known := _of_logs(name) or variable(name)) is not None:
            pieces.append("%s")
            variables.append(_written(name, known, escape, quoted))
        else:
            pieces.append("-")
    pieces.append(text[at:].replace("%", "%%").rstrip("\r\n") + "\n")
    template = "".join(pieces)
    getters = tuple(variables)
    return lambda exchange: template % tuple([getter(exchange) or "-" for getter in getters])


def needs_times(text: str) -> bool:
    """Whether a format names variables that only a watched walk can tell."""
    return any(match[1] in PHASE_VARIABLES for match in VARIABLE.finditer(text))


def _of_logs(name: str) -> Variable | None:
    """A variable that only access logs have."""
    return PHASE_VARIABLES.get(name) or log_variable(name)


def _written(name: str, known: Variable, escape: Escape | None, quoted: bool) -> Variable:
    if escape is None or not (chosen_by_callers(name) or _of_logs(name) is not None):
        return known
    if name == "error.messageString" and not quoted:
        return _message_string(escape)
    return _escaping(known, escape)


def _escaping(known: Variable, escape: Escape) -> Variable:
    def read(exchange: Exchange) -> str | None:
        value = known(exchange)
        return None if value is None else escape(value)

    return read


def _message_string(escape: Escape) -> Variable:
    """The error's message with its own quotes: those it keeps."""

    def read(exchange: Exchange) -> str | None:
        error = exchange.error
        if error is None:
            return None
        return "null" if error.message is None else f'"{escape(error.message)}"'

    return read


def _within_json(value: str) -> str:
    return encode_basestring(value)[1:-1]  # what json.dumps calls, without an encoder made for each value


def _within_xml(value: str) -> str:
    return escape_xml(value, {'"': "&quot;", "'": "&apos;"})


def _within_csv(value: str) -> str:
    if "," not in value and '"' not in value:
        return value
    return '"' + value.replace('"', '""') + '"'


def _within_quotes(value: str) -> str:
    """As Apache writes the fields of its Common Log Format."""
    return value.replace("\\", "\\\\").replace('"', '\\"')


# How values are written; without a kind nothing marks their ends.
_ESCAPES: dict[Kind, Escape] = {"JSON": _within_json, "XML": _within_xml, "CSV": _within_csv, "CLF": _within_quotes}
