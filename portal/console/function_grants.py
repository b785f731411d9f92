"""Letting an API invoke the function that it is led to, as AWS's console does: else its callers get errors that name no reason."""

from __future__ import annotations

import re
from typing import Any

from django.contrib import messages

from apps.control_plane.errors import AwsError
from apps.functions.models import Function
from portal.console.gate import Console

_LAMBDA = "lambda"
_FUNCTION = re.compile(r"arn:aws[\w-]*:lambda:([\w-]+):(\d{12}):function:([\w-]+)(?::([\w$-]+))?")


def grant_invocation(console: Console, api_id: str, uri: str | None) -> None:
    """Allow the API to invoke the function that a URI names, if it is here and does not allow it yet, and say so."""
    found = _FUNCTION.search(uri or "")
    if found is None or found.group(1, 2) != (console.region, console.account_id):
        return
    name, qualifier = found[3], found[4]
    if not Function.objects.filter(account_id=console.account_id, region=console.region, name=name).exists():
        return
    source = f"arn:aws:execute-api:{console.region}:{console.account_id}:{api_id}/*"
    of_it = {"FunctionName": name, **({"Qualifier": qualifier} if qualifier else {})}
    if source in _policy(console, of_it):
        return
    statement = {
        "StatementId": f"api-{api_id}",
        "Action": "lambda:InvokeFunction",
        "Principal": "apigateway.amazonaws.com",
        "SourceArn": source,
    }
    try:
        console.call("AddPermission", {**of_it, **statement}, _LAMBDA)
    except AwsError:
        messages.warning(console.request, f"The API may not invoke {name} yet: allow it on the page of the function.")
        return
    messages.info(console.request, f"The API may invoke {name} now. The page of the function takes that back.")


def _policy(console: Console, of_it: dict[str, Any]) -> str:
    """The policy of a function as it is written; empty when there is none, or it is not to be read."""
    try:
        return str(console.call("GetPolicy", of_it, _LAMBDA)["Policy"])
    except AwsError:
        return ""
