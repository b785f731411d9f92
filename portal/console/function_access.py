"""Who may invoke a Lambda function, besides its own account."""

from __future__ import annotations

import secrets

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect

from portal.console.function_forms import AllowForm
from portal.console.function_page import LAMBDA, function_page
from portal.console.gate import Console, console_page


@console_page("POST")
def allow_api(console: Console, name: str) -> HttpResponseBase:
    """Let an API of the account invoke the function."""
    form = AllowForm(console.request.POST, prefix="allow", console=console)
    if form.is_valid():
        api_id = form.cleaned_data["api"]
        request = {
            "FunctionName": name,
            "StatementId": f"api-{api_id}-{secrets.token_hex(3)}",
            "Action": "lambda:InvokeFunction",
            "Principal": "apigateway.amazonaws.com",
            "SourceArn": f"arn:aws:execute-api:{console.region}:{console.account_id}:{api_id}/*",
        }
        if console.submit(form, "AddPermission", request, LAMBDA) is not None:
            messages.success(console.request, "The API may invoke the function.")
            return redirect("console:function", name)
    return function_page(console, name, allow_form=form)


@console_page("POST")
def revoke_permission(console: Console, name: str, statement: str) -> HttpResponseBase:
    """Take a permission away."""
    request = {"FunctionName": name, "StatementId": statement}
    console.attempt("Whoever it named may invoke the function no more.", "RemovePermission", request, LAMBDA)
    return redirect("console:function", name)
