"""The forms in which methods and integrations are made and edited."""

from __future__ import annotations

from typing import Any

from django import forms

from apps.control_plane.v1.integration_checks import LONGEST_STREAM
from apps.core.integration_uris import invocation_uri
from apps.deployments.frozen_authorizers import AUTHORIZERS_OF
from apps.rest_apis.models import Method, RequestValidator, RestApi
from portal.console.authorizer_forms import KINDS
from portal.console.content_types import ModelsField, TemplatesField
from portal.console.fields import LinesField, PairsField, offer, switch

JSON = "application/json"
VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "ANY")
TYPES = (
    ("HTTP_PROXY", "HTTP proxy: hand the call through as it is"),
    ("HTTP", "HTTP: map the request and the answer"),
    ("AWS_PROXY", "Lambda proxy: a function gets the call and gives the answer"),
    ("AWS", "AWS: map the request and the answer of a function or a service"),
    ("MOCK", "Mock: answer without a back end"),
)
PASSTHROUGH = (
    ("WHEN_NO_MATCH", "Pass through what no template matches"),
    ("WHEN_NO_TEMPLATES", "Pass through when there are no templates"),
    ("NEVER", "Refuse with 415"),
)
HANDLINGS = (
    ("", "As it is"),
    ("CONVERT_TO_TEXT", "Binary to base64 text"),
    ("CONVERT_TO_BINARY", "Base64 text to binary"),
)
TRANSFERS = (("BUFFERED", "Whole"), ("STREAM", "While it arrives, for proxies"))


class IntegrationForm(forms.Form):
    """What stands behind a method."""

    type = forms.ChoiceField(label="Integration type", choices=TYPES)
    uri = forms.CharField(
        label="Endpoint URL or ARN",
        required=False,
        help_text="{petId} takes a mapped path parameter, ${stageVariables.host} a stage variable. For AWS: the ARN of a function, or "
        "arn:aws:apigateway:us-east-1:sqs:path/… of a service.",
        widget=forms.TextInput(
            attrs={"spellcheck": "false", "inputmode": "url", "placeholder": "https://api.example.com/pets"}
        ),
    )
    integration_http_method = forms.ChoiceField(
        label="HTTP method of the back end",
        choices=[("", "The same"), *((verb, verb) for verb in VERBS)],
        required=False,
    )
    timeout = forms.IntegerField(
        label="Timeout",
        min_value=50,
        max_value=LONGEST_STREAM,
        initial=29_000,
        help_text="Milliseconds, 50 to 29,000; up to 900,000 for an answer that passes while it arrives.",
    )
    transfer = forms.ChoiceField(label="Response transfer mode", choices=TRANSFERS, required=False)
    credentials = forms.CharField(
        label="Execution role",
        required=False,
        help_text="AWS: the ARN of the role that the call is made with; functions need none.",
    )
    content_handling = forms.ChoiceField(label="Content handling", choices=HANDLINGS, required=False)
    parameters = PairsField(
        label="URL path, query string and header parameters",
        placeholder="integration.request.path.petId = method.request.path.petId",
        help_text="One per line. A constant stands in single quotes.",
    )
    templates = TemplatesField(
        label="Mapping templates",
        help_text="By the content type of the request, for HTTP and mock integrations. They write the body that the back "
        'end gets; a mock\'s says which response it chooses: {"statusCode": 200}.',
    )
    passthrough = forms.ChoiceField(label="Request body passthrough", choices=PASSTHROUGH, required=False)

    def __init__(self, *args: Any, kind: str = "", **options: Any) -> None:
        """`kind` is the type that is there: kept as a choice when it is one that cannot be chosen anew."""
        super().__init__(*args, **options)
        offer(self, "type", [*TYPES, *([(kind, kind)] if kind and kind not in dict(TYPES) else [])])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        kind = data.get("type")
        if kind in ("HTTP", "HTTP_PROXY") and not data.get("uri"):
            self.add_error("uri", "An HTTP integration needs the URL that it calls.")
        if kind in ("AWS", "AWS_PROXY") and not data.get("uri"):
            self.add_error("uri", "An AWS integration needs the ARN of what it calls.")
        return data

    def request(self, method: str) -> dict[str, Any]:
        """The members of PutIntegration for a method of this verb."""
        data = self.cleaned_data
        kind, streams = data["type"], data["transfer"] == "STREAM"
        members: dict[str, Any] = {"type": kind, "timeoutInMillis": data["timeout"]}
        if kind.startswith("AWS"):
            members["uri"] = invocation_uri(data["uri"], streams=streams) or data["uri"]
            members["integrationHttpMethod"] = data["integration_http_method"] or "POST"
        elif kind != "MOCK":
            members["uri"] = data["uri"]
            members["integrationHttpMethod"] = data["integration_http_method"] or method
        if streams:
            members["responseTransferMode"] = "STREAM"
        if data["credentials"]:
            members["credentials"] = data["credentials"]
        if data["content_handling"]:
            members["contentHandling"] = data["content_handling"]
        if data["parameters"]:
            members["requestParameters"] = data["parameters"]
        if data["templates"] and not kind.endswith("_PROXY"):
            members["requestTemplates"] = data["templates"]
        if data["passthrough"]:
            members["passthroughBehavior"] = data["passthrough"]
        return members


class MethodForm(IntegrationForm):
    """A new method with its integration."""

    http_method = forms.ChoiceField(label="Method", choices=[(verb, verb) for verb in VERBS])
    authorization = forms.ChoiceField(label="Authorization", required=False)
    api_key_required = forms.BooleanField(label="API key required", required=False, widget=switch())

    field_order = ["http_method", "type", "uri"]

    def __init__(self, *args: Any, api: RestApi, **options: Any) -> None:
        super().__init__(*args, **options)
        offer(self, "authorization", authorizations_of(api))


CHECK_ALL = "new"
"""The choice that makes a validator of body and parameters."""
_CHECKS = {
    (True, True): "body and parameters",
    (True, False): "body",
    (False, True): "parameters",
    (False, False): "nothing",
}


class MethodRequestForm(forms.Form):
    """What a method asks of its callers."""

    authorization = forms.ChoiceField(
        label="Authorization", required=False, help_text="Authorizers are made on the page of that name."
    )
    scopes = LinesField(
        label="Authorization scopes",
        rows=2,
        placeholder="pets:read",
        help_text="One per line, for JWTs and user pools: a token must have one of them.",
    )
    api_key_required = forms.BooleanField(
        label="API key required",
        required=False,
        widget=switch(),
        help_text="A key counts when a usage plan joins it to the stage.",
    )
    operation_name = forms.CharField(label="Operation name", max_length=1024, required=False)
    parameters = PairsField(
        label="URL query string parameters and HTTP request headers",
        placeholder="method.request.querystring.limit = optional",
        help_text="One per line, each required or optional. Mappings can only use what is named here.",
    )
    validator = forms.ChoiceField(
        label="Request validator",
        required=False,
        help_text="Checks what is required above, and bodies against the models below, before the back end is asked.",
    )
    models = ModelsField(
        label="Request body",
        help_text="Which model a body must match, by its content type. It counts when a validator checks bodies.",
    )

    field_order = ["authorization", "scopes", "api_key_required", "operation_name", "parameters", "validator", "models"]

    def __init__(self, *args: Any, api: RestApi, **options: Any) -> None:
        super().__init__(*args, **options)
        offer(self, "authorization", authorizations_of(api))
        validators = list(api.request_validators.order_by("pk"))
        choices = [("", "None: requests are not checked")] + [(row.validator_id, _described(row)) for row in validators]
        if not any(row.validate_request_body and row.validate_request_parameters for row in validators):
            choices.append((CHECK_ALL, "Validate body and parameters (makes a validator)"))
        offer(self, "validator", choices)
        models = self.fields["models"]
        assert isinstance(models, ModelsField)
        models.offer(api.models.order_by("name").values_list("name", flat=True))

    def clean_parameters(self) -> dict[str, bool]:
        given: dict[str, str] = self.cleaned_data["parameters"]
        for name, need in given.items():
            if need not in ("required", "optional"):
                raise forms.ValidationError(f"{name} must be required or optional, not “{need}”.")
        return {name: need == "required" for name, need in given.items()}


def authorizations_of(api: RestApi) -> list[tuple[str, str]]:
    """Who may call: an authorization type, with the authorizer that it names behind a colon."""
    asked = {kind: name for name, kinds in AUTHORIZERS_OF.items() for kind in kinds}
    rows = api.authorizers.order_by("name")
    return [
        ("NONE", "None: everybody may call"),
        ("AWS_IAM", "AWS IAM: who signs with an access key"),
        *((f"{asked[row.type]}:{row.authorizer_id}", f"{row.name} ({KINDS[row.type]})") for row in rows),
    ]


def authorization_of(method: Method) -> str:
    """The choice that a method has made."""
    named = f":{method.authorizer_id}" if method.authorization_type in AUTHORIZERS_OF else ""
    return f"{method.authorization_type}{named}"


def _described(row: RequestValidator) -> str:
    checks = _CHECKS[row.validate_request_body, row.validate_request_parameters]
    return f"{row.name or row.validator_id}: checks {checks}"
