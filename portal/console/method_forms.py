"""The forms in which methods and integrations are made and edited."""

from __future__ import annotations

from typing import Any

from django import forms

from apps.rest_apis.models import RequestValidator, RestApi
from portal.console.content_types import ModelsField, TemplatesField
from portal.console.fields import PairsField, switch

JSON = "application/json"
VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "ANY")
TYPES = (
    ("HTTP_PROXY", "HTTP proxy: hand the call through as it is"),
    ("HTTP", "HTTP: map the request and the answer"),
    ("MOCK", "Mock: answer without a back end"),
)
PASSTHROUGH = (
    ("WHEN_NO_MATCH", "Pass through what no template matches"),
    ("WHEN_NO_TEMPLATES", "Pass through when there are no templates"),
    ("NEVER", "Refuse with 415"),
)


class IntegrationForm(forms.Form):
    """What stands behind a method."""

    type = forms.ChoiceField(label="Integration", choices=TYPES)
    uri = forms.CharField(
        label="Endpoint URL",
        required=False,
        help_text="{petId} takes a mapped path parameter, ${stageVariables.host} a stage variable.",
        widget=forms.TextInput(
            attrs={"spellcheck": "false", "inputmode": "url", "placeholder": "https://api.example.com/pets"}
        ),
    )
    integration_http_method = forms.ChoiceField(
        label="Method of the back end", choices=[("", "The same"), *((verb, verb) for verb in VERBS)], required=False
    )
    timeout = forms.IntegerField(
        label="Timeout", min_value=50, max_value=29_000, initial=29_000, help_text="Milliseconds, 50 to 29,000."
    )
    parameters = PairsField(
        label="Mapped parameters",
        placeholder="integration.request.path.petId = method.request.path.petId",
        help_text="One per line. A constant stands in single quotes.",
    )
    templates = TemplatesField(
        label="Body templates",
        help_text="By the content type of the request, for HTTP and mock integrations. They write the body that the back "
        'end gets; a mock\'s says which response it chooses: {"statusCode": 200}.',
    )
    passthrough = forms.ChoiceField(label="Other bodies", choices=PASSTHROUGH, required=False)

    def __init__(self, *args: Any, kind: str = "", **options: Any) -> None:
        """`kind` is the type that is there: kept as a choice when it is one that cannot be chosen anew."""
        super().__init__(*args, **options)
        choice = self.fields["type"]
        assert isinstance(choice, forms.ChoiceField)
        choice.choices = [*TYPES, *([(kind, kind)] if kind and kind not in dict(TYPES) else [])]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("type") in ("HTTP", "HTTP_PROXY") and not data.get("uri"):
            self.add_error("uri", "An HTTP integration needs the URL that it calls.")
        return data

    def request(self, method: str) -> dict[str, Any]:
        """The members of PutIntegration for a method of this verb."""
        data = self.cleaned_data
        members: dict[str, Any] = {"type": data["type"], "timeoutInMillis": data["timeout"]}
        if data["type"] != "MOCK":
            members["uri"] = data["uri"]
            members["integrationHttpMethod"] = data["integration_http_method"] or method
        if data["parameters"]:
            members["requestParameters"] = data["parameters"]
        if data["templates"] and data["type"] != "HTTP_PROXY":
            members["requestTemplates"] = data["templates"]
        if data["passthrough"]:
            members["passthroughBehavior"] = data["passthrough"]
        return members


class MethodForm(IntegrationForm):
    """A new method with its integration."""

    http_method = forms.ChoiceField(label="Method", choices=[(verb, verb) for verb in VERBS])
    api_key_required = forms.BooleanField(label="Require an API key", required=False, widget=switch())

    field_order = ["http_method", "type", "uri"]


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

    api_key_required = forms.BooleanField(
        label="Require an API key",
        required=False,
        widget=switch(),
        help_text="A key counts when a usage plan joins it to the stage.",
    )
    operation_name = forms.CharField(label="Operation name", max_length=1024, required=False)
    parameters = PairsField(
        label="Parameters",
        placeholder="method.request.querystring.limit = optional",
        help_text="One per line, each required or optional. Mappings can only use what is named here.",
    )
    validator = forms.ChoiceField(
        label="Request validator",
        required=False,
        help_text="Checks what is required above, and bodies against the models below, before the back end is asked.",
    )
    models = ModelsField(
        label="Models of bodies",
        help_text="Which model a body must match, by its content type. It counts when a validator checks bodies.",
    )

    field_order = ["api_key_required", "operation_name", "parameters", "validator", "models"]

    def __init__(self, *args: Any, api: RestApi, **options: Any) -> None:
        super().__init__(*args, **options)
        validators = list(api.request_validators.order_by("pk"))
        choices = [("", "None: requests are not checked")] + [(row.validator_id, _described(row)) for row in validators]
        if not any(row.validate_request_body and row.validate_request_parameters for row in validators):
            choices.append((CHECK_ALL, "Validate body and parameters (makes a validator)"))
        choice, models = self.fields["validator"], self.fields["models"]
        assert isinstance(choice, forms.ChoiceField)
        assert isinstance(models, ModelsField)
        choice.choices = choices
        models.offer(api.models.order_by("name").values_list("name", flat=True))

    def clean_parameters(self) -> dict[str, bool]:
        given: dict[str, str] = self.cleaned_data["parameters"]
        for name, need in given.items():
            if need not in ("required", "optional"):
                raise forms.ValidationError(f"{name} must be required or optional, not “{need}”.")
        return {name: need == "required" for name, need in given.items()}


def _described(row: RequestValidator) -> str:
    checks = _CHECKS[row.validate_request_body, row.validate_request_parameters]
    return f"{row.name or row.validator_id}: checks {checks}"
