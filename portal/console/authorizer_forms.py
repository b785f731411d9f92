"""The forms of authorizers: what one is, and a request to try it on."""

from __future__ import annotations

import json
from typing import Any

from django import forms

from apps.core.integration_uris import invocation_uri
from portal.console.fields import CodeField, HeadersField, LinesField, PairsField, Patch, list_patches, member_patch
from portal.console.gate import Shape

TYPES = (
    ("TOKEN", "Lambda, token: a function reads one header"),
    ("REQUEST", "Lambda, request: a function reads the request"),
    ("COGNITO_USER_POOLS", "Cognito user pools"),
    ("JWT", "JWT: tokens of OpenID Connect issuers"),
)
KINDS = {"TOKEN": "Lambda token", "REQUEST": "Lambda request", "COGNITO_USER_POOLS": "Cognito", "JWT": "JWT"}
BY_FUNCTION = ("TOKEN", "REQUEST")
ALGORITHMS = ("RS256", "RS384", "RS512", "ES256", "ES384", "ES512")
_DEFAULT_TTL = 300
_HEADER = "method.request.header.Authorization"


class AuthorizerForm(forms.Form):
    """An authorizer of any type; what a type has no use for is not sent."""

    name = forms.CharField(max_length=128, widget=forms.TextInput(attrs={"placeholder": "signed-in"}))
    type = forms.ChoiceField(label="Authorizer type", choices=TYPES)
    function = forms.CharField(
        label="Lambda function",
        required=False,
        max_length=2048,
        help_text="The ARN of a Lambda function, or the whole arn:aws:apigateway:… URI that invokes it.",
        widget=forms.TextInput(
            attrs={
                "spellcheck": "false",
                "placeholder": "arn:aws:lambda:us-east-1:123456789012:function:who",
                "list": "functions",
            }
        ),
    )
    credentials = forms.CharField(
        label="Lambda invoke role",
        required=False,
        max_length=2048,
        help_text="Empty: the function's own policy lets the gateway invoke it.",
        widget=forms.TextInput(attrs={"spellcheck": "false"}),
    )
    pools = LinesField(
        label="Cognito user pools",
        placeholder="arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_AbCdEfGhI",
        help_text="The ARN of each pool, one per line.",
    )
    issuers = PairsField(
        label="Issuers",
        rows=3,
        placeholder="https://id.example.com = orders, billing",
        help_text="One per line: the issuer as tokens name it, and the audiences that it may name.",
    )
    claims = PairsField(
        label="Claims that tokens must have",
        rows=2,
        placeholder="department = sales",
        help_text="One per line, of every issuer. Nothing behind the = asks only that the claim is there.",
    )
    algorithms = forms.MultipleChoiceField(
        label="Algorithms",
        choices=[(name, name) for name in ALGORITHMS],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    sources = LinesField(
        label="Identity sources",
        placeholder=_HEADER,
        rows=2,
        help_text="Where the identity stands, one per line. Only a request authorizer takes several, or query strings, stage variables "
        "and context. A call without one of them is answered with 401.",
    )
    expression = forms.CharField(
        label="Token validation",
        required=False,
        help_text="RE2, for the whole token (pools: for its audience). What does not match is answered with 401, and nobody is asked.",
        widget=forms.TextInput(attrs={"spellcheck": "false", "placeholder": "Bearer [-0-9A-Za-z.]+"}),
    )
    ttl = forms.IntegerField(
        label="Authorization caching (TTL)",
        min_value=0,
        max_value=3600,
        required=False,
        help_text="Seconds, for the whole stage; 0 asks anew for every call.",
    )

    def clean_issuers(self) -> dict[str, list[str]]:
        given: dict[str, str] = self.cleaned_data["issuers"]
        split = {issuer: [word.strip() for word in text.split(",") if word.strip()] for issuer, text in given.items()}
        for issuer, audiences in split.items():
            if not audiences:
                raise forms.ValidationError(f"Name the audiences of {issuer}: {issuer} = orders")
        return split

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        needed = {
            "TOKEN": ("function", "Name the function that decides."),
            "REQUEST": ("function", "Name the function that decides."),
            "COGNITO_USER_POOLS": ("pools", "Name the user pool whose tokens count."),
            "JWT": ("issuers", "Name the issuer whose tokens count."),
        }
        name, told = needed.get(data.get("type", ""), ("", ""))
        if name and name not in self.errors and not data.get(name):
            self.add_error(name, told)
        return data

    def request(self, before: Shape | None = None) -> Shape:
        """The members of CreateAuthorizer. `before` is the authorizer that is being edited: its issuers keep claims of their own."""
        data, kind = self.cleaned_data, self.cleaned_data["type"]
        members: Shape = {"name": data["name"], "type": kind, "identitySource": ",".join(data["sources"])}
        if kind in BY_FUNCTION:
            members["authorizerUri"] = invocation_uri(data["function"], streams=False) or data["function"]
            members["authorizerCredentials"] = data["credentials"]
        if kind == "COGNITO_USER_POOLS":
            members["providerARNs"] = data["pools"]
        if kind in ("TOKEN", "COGNITO_USER_POOLS"):
            members["identityValidationExpression"] = data["expression"]
        if kind != "JWT":
            members["authorizerResultTtlInSeconds"] = _DEFAULT_TTL if data["ttl"] is None else data["ttl"]
        else:
            members["jwtConfiguration"] = self._jwt((before or {}).get("jwtConfiguration") or {})
        return {name: value for name, value in members.items() if value not in ("", [])}

    def patches(self, before: Shape) -> list[Patch]:
        """What brings an authorizer to the form."""
        after = self.request(before)
        patches = member_patch("/type", before["type"], after["type"])
        was = before if not patches or after["type"] != "JWT" else {"name": before["name"]}
        for name in ("name", "authorizerUri", "authorizerCredentials", "identitySource"):
            patches += member_patch(f"/{name}", was.get(name, ""), after.get(name, ""))
        if after["type"] == "JWT":
            if after["jwtConfiguration"] != _without_key_sets(before.get("jwtConfiguration") or {}):
                written = json.dumps(after["jwtConfiguration"])
                patches.append({"op": "replace", "path": "/jwtConfiguration", "value": written})
            return patches
        name = "identityValidationExpression"
        patches += member_patch(f"/{name}", was.get(name, ""), after.get(name, ""))
        name = "authorizerResultTtlInSeconds"
        patches += member_patch(f"/{name}", was.get(name, _DEFAULT_TTL), after[name])
        arns = list_patches("/providerARNs", was.get("providerARNs", []), after.get("providerARNs", []))
        return patches + [{**patch, "path": "/providerARNs", "value": _arn(patch)} for patch in arns]

    def _jwt(self, before: Shape) -> Shape:
        data = self.cleaned_data
        claims = [
            {"claimName": name, **({"expectedValues": [value]} if value else {})}
            for name, value in data["claims"].items()
        ]
        kept = {issuer["issuer"]: issuer.get("additionalClaims") for issuer in before.get("issuers", [])}
        own = data["claims"] == _shared_claims(before)
        issuers = []
        for issuer, audiences in data["issuers"].items():
            wanted = (kept.get(issuer) if own and issuer in kept else claims) or []
            issuers.append({
                "issuer": issuer, "audiences": audiences, **({"additionalClaims": wanted} if wanted else {}),
            })  # fmt: skip
        return {"issuers": issuers, "defaultAlgorithms": data["algorithms"] or ["RS256"]}


def initial_of(shape: Shape) -> dict[str, Any]:
    """An authorizer as the form shows it."""
    jwt = shape.get("jwtConfiguration") or {}
    return {
        "name": shape.get("name", ""),
        "type": shape.get("type", "TOKEN"),
        "function": shape.get("authorizerUri", ""),
        "credentials": shape.get("authorizerCredentials", ""),
        "pools": shape.get("providerARNs", []),
        "issuers": {issuer["issuer"]: ", ".join(issuer["audiences"]) for issuer in jwt.get("issuers", [])},
        "claims": _shared_claims(jwt),
        "algorithms": jwt.get("defaultAlgorithms") or ["RS256"],
        "sources": [source.strip() for source in shape.get("identitySource", _HEADER).split(",") if source.strip()],
        "expression": shape.get("identityValidationExpression", ""),
        "ttl": shape.get("authorizerResultTtlInSeconds", _DEFAULT_TTL),
    }


class AuthorizerTestForm(forms.Form):
    """A made-up request for an authorizer."""

    headers = HeadersField(label="Headers", rows=3, placeholder="Authorization: Bearer …", help_text="One per line.")
    target = forms.CharField(
        label="Path and query string",
        required=False,
        widget=forms.TextInput(attrs={"spellcheck": "false", "placeholder": "/pets?limit=10"}),
    )
    variables = PairsField(label="Stage variables", rows=2, placeholder="tenant = blue")
    context = PairsField(
        label="Context variables",
        rows=2,
        placeholder="identity.sourceIp = 192.0.2.1",
        help_text="For identity sources that are context variables.",
    )
    body = CodeField(label="Body", rows=3, required=False)

    def request(self) -> Shape:
        """The members of TestInvokeAuthorizer that say what is sent."""
        data = self.cleaned_data
        several: dict[str, list[str]] = {}
        for name, value in data["headers"]:
            several.setdefault(name, []).append(value)
        members = {
            "multiValueHeaders": several,
            "pathWithQueryString": data["target"],
            "stageVariables": data["variables"],
            "additionalContext": data["context"],
            "body": data["body"],
        }
        return {name: value for name, value in members.items() if value}


def _shared_claims(jwt: Shape) -> dict[str, str]:
    """The claims that all issuers ask for; those of one issuer alone are not shown, and kept."""
    each = [
        {claim["claimName"]: "".join(claim.get("expectedValues") or ()) for claim in issuer.get("additionalClaims") or ()}
        for issuer in jwt.get("issuers", [])
    ]  # fmt: skip
    first = each[0] if each else {}
    return {name: value for name, value in first.items() if all(one.get(name) == value for one in each)}


def _without_key_sets(jwt: Shape) -> Shape:
    """Where an issuer's keys are is told by the issuer, not by the form."""
    issuers = [
        {name: value for name, value in issuer.items() if name != "jwksUri"} for issuer in jwt.get("issuers", [])
    ]
    return {**jwt, "issuers": issuers}


def _arn(patch: Patch) -> str:
    """AWS takes the ARN as the value of a patch; in its path the slashes are written otherwise."""
    return patch["path"].removeprefix("/providerARNs/").replace("~1", "/").replace("~0", "~")
