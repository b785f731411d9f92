"""Policies of a member, in IAM's language: what their signed calls of APIs may do, and the question whether one goes through."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from apps.accounts.grants import grants_of
from apps.accounts.models import Membership
from apps.control_plane.gatehouse.user_policies import LONGEST_DOCUMENT
from apps.core.iam import Decision, IllFormedPolicy, compile_policy
from apps.rest_apis.models import RestApi
from apps.v2_apis.models import Api
from portal.console.fields import CodeField, PairsField, offer
from portal.console.gate import Console, console_page
from portal.console.policy_check import Call, deciding_statement, readable, verdict
from portal.highlighting import highlight_json

_SERVICE = "gatehouse"
_INVOKE = "execute-api:Invoke"
_MOST_APIS = 300
PRESETS = {
    "One API": {"Effect": "Allow", "Action": _INVOKE, "Resource": "arn:aws:execute-api:*:*:API_ID/*"},
    "Reading alone": {"Effect": "Allow", "Action": _INVOKE, "Resource": "arn:aws:execute-api:*:*:*/*/GET/*"},
    "Not a stage": {"Effect": "Deny", "Action": _INVOKE, "Resource": "arn:aws:execute-api:*:*:*/prod/*"},
}
"""Statements to begin with, by what they are for."""


class PolicyForm(forms.Form):
    """A policy of a member."""

    name = forms.CharField(label="Name", max_length=128, widget=forms.TextInput(attrs={"spellcheck": "false"}))
    document = CodeField(
        label="Policy",
        rows=16,
        language="json",
        max_length=LONGEST_DOCUMENT,
        help_text="Without Principal: it is the member's own. It counts at once.",
    )

    def clean_document(self) -> str:
        text = str(self.cleaned_data["document"]).strip()
        try:
            compile_policy(text, principals=False, longest=LONGEST_DOCUMENT)
        except IllFormedPolicy as error:
            raise forms.ValidationError(str(error)) from None
        return text


class CallForm(forms.Form):
    """A signed call that the member might make."""

    api = forms.ChoiceField(label="API")
    stage = forms.CharField(initial="prod", max_length=128, widget=forms.TextInput(attrs={"spellcheck": "false"}))
    method = forms.CharField(initial="GET", max_length=16, widget=forms.TextInput(attrs={"spellcheck": "false"}))
    path = forms.CharField(initial="/", label="Path", widget=forms.TextInput(attrs={"spellcheck": "false"}))
    address = forms.GenericIPAddressField(label="From address", initial="192.0.2.10")
    keys = PairsField(
        label="Other condition keys",
        rows=2,
        placeholder="aws:UserAgent = curl/8",
        help_text="One per line.",
    )

    def __init__(self, *args: Any, apis: dict[str, RestApi | Api], **options: Any) -> None:
        super().__init__(*args, **options)
        offer(self, "api", [(api_id, f"{api.name} ({api_id})") for api_id, api in apis.items()])


@dataclass(frozen=True)
class Answer:
    """Whether a call goes through, why, and the statement that decided, where one did."""

    allowed: bool
    reason: str
    arn: str
    title: str = ""
    statement: str = ""


@console_page("GET", "POST")
def user_policies(console: Console, name: str) -> HttpResponseBase:
    """The policies of a member; the form attaches one, or writes one of its name anew."""
    member = _member(console, name)
    preset = PRESETS.get(console.request.GET.get("preset", ""))
    initial: dict[str, str] = {}
    if preset:
        initial = {"document": json.dumps({"Version": "2012-10-17", "Statement": [preset]}, indent=2)}
    elif chosen := console.request.GET.get("policy"):
        found = console.call("GetUserPolicy", {"userName": name, "policyName": chosen}, _SERVICE)
        initial = {"name": chosen, "document": readable(found["policyDocument"])}
    form = PolicyForm(console.posted, initial=initial)
    if form.is_valid():
        given = form.cleaned_data
        request = {"userName": name, "policyName": given["name"], "policyDocument": given["document"]}
        if console.submit(form, "PutUserPolicy", request, _SERVICE) is not None:
            messages.success(console.request, f"{given['name']} counts from now on.")
            return redirect("console:user_policies", name)
    return _page(console, member, form, CallForm(prefix="call", apis=_apis(console)))


@console_page("POST")
def check_user_policies(console: Console, name: str) -> HttpResponseBase:
    """What comes of a signed call of the member. Nothing is called."""
    member = _member(console, name)
    apis = _apis(console)
    form = CallForm(console.request.POST, prefix="call", apis=apis)
    answer = _answer(member, apis[form.cleaned_data["api"]], form.cleaned_data) if form.is_valid() else None
    return _page(console, member, PolicyForm(), form, answer)


@console_page("POST")
def delete_user_policy(console: Console, name: str, policy: str) -> HttpResponseBase:
    """Take a policy away, after its name has been typed."""
    if console.request.POST.get("confirmation", "").strip() != policy:
        messages.error(console.request, f"Type {policy} to delete the policy. Nothing was deleted.")
        return redirect("console:user_policies", name)
    request = {"userName": name, "policyName": policy}
    console.attempt(f"{policy} does not count any more.", "DeleteUserPolicy", request, _SERVICE)
    return redirect("console:user_policies", name)


def _page(
    console: Console, member: Membership, form: PolicyForm, call: CallForm, answer: Answer | None = None
) -> HttpResponseBase:
    name = member.user.get_username()
    rows = console.call("ListUserPolicies", {"userName": name}, _SERVICE)["items"]
    return console.page(
        "console/user_policies.html",
        section="people",
        name=name,
        policies=[{**row, "shown": highlight_json(readable(row["policyDocument"]))} for row in rows],
        invokes=_invokes(member),
        presets=list(PRESETS),
        form=form,
        call=call,
        answer=answer,
        trail=[{"label": "People", "url": reverse("console:people")}, {"label": name}],
        status=422 if form.errors or call.errors else 200,
    )


def _answer(member: Membership, api: RestApi | Api, given: dict[str, Any]) -> Answer:
    """As the data plane decides a signed call (docs/authorization.md): a denial first, then whatever allows."""
    account = member.account_id
    call = Call(
        api_arn=f"arn:aws:execute-api:{api.region}:{account}:{api.id}",
        stage=given["stage"],
        method=given["method"].upper(),
        path=given["path"],
        authorization="AWS_IAM",
        principal=f"arn:aws:iam::{account}:user/{member.user.get_username()}",
        context={
            "aws:SourceIp": [given["address"]],
            **{name: [value] for name, value in (given["keys"] or {}).items()},
        },
    )
    allowing = ("", "")
    for policy in member.policies.order_by("name"):
        decision, statement = deciding_statement(policy.document, call)
        shown = highlight_json(statement) if statement else ""
        if decision is Decision.EXPLICIT_DENY:
            return Answer(False, f"The policy {policy.name} denies the call.", call.arn, policy.name, shown)
        if decision is Decision.ALLOW and not allowing[0]:
            allowing = (policy.name, shown)
    by_api = verdict(api.policy, call) if isinstance(api, RestApi) and api.policy else None
    if by_api is not None and not by_api.allowed:
        return Answer(False, "The resource policy of the API denies the call.", call.arn, "Resource policy", highlight_json(by_api.statement) if by_api.statement else "")  # fmt: skip
    if allowing[0]:
        return Answer(True, f"The policy {allowing[0]} allows the call.", call.arn, *allowing)
    if by_api is not None and by_api.answer == "goes through":
        return Answer(
            True,
            "The resource policy of the API allows the call.",
            call.arn,
            "Resource policy",
            highlight_json(by_api.statement),
        )
    if _invokes(member):
        return Answer(True, "The member's role in the account allows it, and nothing denies it.", call.arn)
    return Answer(False, "No policy allows the call, and the member's role does not either.", call.arn)


def _invokes(member: Membership) -> bool:
    return grants_of(member).role in (Membership.Role.EDITOR, Membership.Role.OWNER)


def _member(console: Console, name: str) -> Membership:
    console.call("GetMembership", {"userName": name}, _SERVICE)
    rows = Membership.objects.select_related("user").prefetch_related("teams")
    return rows.get(account_id=console.account_id, user__username=name)


def _apis(console: Console) -> dict[str, RestApi | Api]:
    mine = {"account_id": console.account_id, "region": console.region}
    found: dict[str, RestApi | Api] = {
        api.id: api for api in RestApi.objects.filter(**mine).order_by("name", "id")[:_MOST_APIS]
    }
    found.update({api.id: api for api in Api.objects.filter(**mine).order_by("name", "id")[:_MOST_APIS]})
    return found
