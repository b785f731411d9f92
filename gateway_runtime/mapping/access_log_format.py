"""Access-log formats: text with `$context` variables, compiled once per stage."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from gateway_runtime.exchange import Exchange
from gateway_runtime.mapping.context import Variable, chosen_by_callers, variable

if TYPE_CHECKING:
    from gateway_runtime.snapshot.stage import StageSite

_VARIABLE = re.compile(r"\$context\.([A-Za-z0-9_]+(?:\.[A-Za-z0-9_-]+)*)")


def compile_format(text: str, site: StageSite) -> Callable[[Exchange], str]:
    """A function from an answered exchange to its line, with a line break at its end.

    What never varies within a stage becomes part of the text. A variable without a value, or unknown, shows as `-`. In a format
    that is JSON, quotes and backslashes of values are escaped, so that a caller's header cannot forge members.
    """
    constants = {
        "accountId": site.stage.account_id,
        "apiId": site.stage.api_id,
        "stage": site.stage.stage_name,
        "deploymentId": site.deployment.deployment_id,
    }
    is_json = text.lstrip().startswith("{")
    pieces: list[str] = []
    variables: list[Variable] = []
    at = 0
    for match in _VARIABLE.finditer(text):
        pieces.append(text[at : match.start()].replace("%", "%%"))
        at = match.end()
        name = match[1]
        if name in constants:
            pieces.append(constants[name].replace("%", "%%"))
        elif (known := variable(name)) is not None:
            pieces.append("%s")
            variables.append(_escaping(known) if is_json and chosen_by_callers(name) else known)
        else:
            pieces.append("-")
    pieces.append(text[at:].replace("%", "%%").rstrip("\r\n") + "\n")
    template = "".join(pieces)
    getters = tuple(variables)
    return lambda exchange: template % tuple([getter(exchange) or "-" for getter in getters])


def _escaping(variable: Variable) -> Variable:
    def read(exchange: Exchange) -> str | None:
        value = variable(exchange)
        if value is not None and ('"' in value or "\\" in value):
            return value.replace("\\", "\\\\").replace('"', '\\"')
        return value

    return read
