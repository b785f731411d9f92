"""The forms of custom domain names, their certificates, mappings, rules and trust stores."""

from __future__ import annotations

from typing import Any

from django import forms

from portal.console.choosing import OneOfMany, one_of_many, public_rest_stages, public_stages
from portal.console.fields import LinesField, PairsField, offer
from portal.console.gate import Console

SELF_SIGNED, PASTED = "self-signed", "pasted"
_POLICIES = [
    ("TLS_1_2", "TLS 1.2 and 1.3"),
    ("SecurityPolicy_TLS13_1_3_2025_09", "TLS 1.3 only"),
]
_MODES = [
    ("BASE_PATH_MAPPING_ONLY", "API mappings only"),
    ("ROUTING_RULE_THEN_BASE_PATH_MAPPING", "Routing rules, then API mappings"),
    ("ROUTING_RULE_ONLY", "Routing rules only"),
]
Choices = list[tuple[str, str]]


def _pem(label: str, *, rows: int = 5, required: bool = False, help_text: str = "") -> forms.CharField:
    attributes = {"rows": rows, "spellcheck": "false", "autocomplete": "off", "placeholder": "-----BEGIN …"}
    return forms.CharField(
        label=label, required=required, help_text=help_text, widget=forms.Textarea(attrs=attributes), strip=True
    )


class PemForm(forms.Form):
    """A certificate that somebody has."""

    body = _pem("Certificate", required=True)
    private_key = _pem("Private key", required=True, help_text="Sealed when it is kept, and never shown again.")
    chain = _pem("Chain", help_text="Certificates between this one and its root, the issuer's first.")

    def request(self) -> dict[str, str]:
        """The members of ImportCertificate."""
        data = self.cleaned_data
        members = {"certificateBody": data["body"], "certificatePrivateKey": data["private_key"]}
        return {**members, "certificateChain": data["chain"]} if data["chain"] else members


class SelfSignedForm(forms.Form):
    """A certificate for development."""

    names = LinesField(
        label="Names", placeholder="api.example.com\n*.example.com", help_text="One on each line; a star for a label."
    )

    def clean_names(self) -> list[str]:
        names: list[str] = self.cleaned_data["names"]
        if not names:
            raise forms.ValidationError("Name at least one host.")
        return names


class DomainForm(forms.Form):
    """A new name, with a certificate that is here, is pasted, or is made."""

    name = forms.CharField(label="Domain name", max_length=253, help_text="A host of yours, or *.example.com for many.")
    certificate = forms.ChoiceField(label="ACM certificate")
    body = _pem("Certificate to paste", rows=4)
    private_key = _pem("Its private key", rows=4, help_text="Sealed when it is kept, and never shown again.")
    chain = _pem("Its chain", rows=4)
    security_policy = forms.ChoiceField(label="Security policy", choices=_POLICIES)

    def __init__(self, *args: Any, certificates: Choices, **options: Any) -> None:
        super().__init__(*args, **options)
        made = [(SELF_SIGNED, "Make one that signs itself, for development"), (PASTED, "Paste one below")]
        offer(self, "certificate", [*made, *certificates])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("certificate") == PASTED:
            for member in ("body", "private_key"):
                if not data.get(member):
                    self.add_error(member, "Paste it here, or choose another certificate above.")
        return data


class SettingsForm(forms.Form):
    """What a name shows, speaks, and lets lead on. Values are AWS's."""

    certificate = forms.ChoiceField(label="ACM certificate")
    security_policy = forms.ChoiceField(label="Security policy", choices=_POLICIES)
    routing_mode = forms.ChoiceField(label="Routing mode", choices=_MODES)

    def __init__(self, *args: Any, certificates: Choices, policies: Choices, **options: Any) -> None:
        super().__init__(*args, **options)
        offer(self, "certificate", certificates)
        offer(self, "security_policy", [*_POLICIES, *policies])


class TrustForm(forms.Form):
    """Whose clients a name lets in."""

    truststore = forms.ChoiceField(label="Trust store", required=False)

    def __init__(self, *args: Any, truststores: Choices, **options: Any) -> None:
        super().__init__(*args, **options)
        offer(self, "truststore", [("", "Nobody is asked for a certificate"), *truststores])


class MappingForm(forms.Form):
    """A path and the stage that it leads to."""

    key = forms.CharField(label="Path", required=False, max_length=300, help_text="v1/orders; empty for every path.")
    stage = OneOfMany(label="API and stage")

    def __init__(self, *args: Any, console: Console, **options: Any) -> None:
        super().__init__(*args, **options)
        one_of_many(self, "stage").offer(console, public_stages)


class LeadForm(forms.Form):
    """Another stage that a mapping leads to."""

    stage = OneOfMany()

    def __init__(self, *args: Any, console: Console, **options: Any) -> None:
        super().__init__(*args, **options)
        one_of_many(self, "stage").offer(console, public_stages)


class PriorityForm(forms.Form):
    """Where a rule stands among the others. `rule_id` says whose it is, on a page with many."""

    priority = forms.IntegerField(min_value=1, max_value=1_000_000)

    def __init__(self, *args: Any, rule_id: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.rule_id = rule_id


class RuleForm(forms.Form):
    """A routing rule. All conditions have to be met; a rule without any is always met."""

    priority = forms.IntegerField(min_value=1, max_value=1_000_000, help_text="The lowest number is asked first.")
    base_path = forms.CharField(label="Base path", required=False, max_length=300, help_text="v1, or v1/orders.")
    headers = PairsField(
        label="Headers", rows=2, placeholder="x-version = beta*", help_text="At most two; a star at either end."
    )
    stage = OneOfMany(label="API and stage")
    strip = forms.BooleanField(label="Leave the base path out of what the API sees", required=False)

    def __init__(self, *args: Any, console: Console, **options: Any) -> None:
        super().__init__(*args, **options)
        one_of_many(self, "stage").offer(console, public_rest_stages)

    def request(self) -> dict[str, Any]:
        """The members of CreateRoutingRule beside the name."""
        data = self.cleaned_data
        api_id, stage = data["stage"].split(":", 1)
        conditions: list[dict[str, Any]] = [
            {"MatchHeaders": {"AnyOf": [{"Header": name, "ValueGlob": value}]}}
            for name, value in data["headers"].items()
        ]
        if data["base_path"]:
            conditions.append({"MatchBasePaths": {"AnyOf": [data["base_path"].strip("/")]}})
        invoke = {"ApiId": api_id, "Stage": stage, "StripBasePath": data["strip"]}
        return {"Priority": data["priority"], "Conditions": conditions, "Actions": [{"InvokeApi": invoke}]}


class TruststoreForm(forms.Form):
    """What stands for a trust store's address."""

    uri = forms.CharField(
        label="Address", max_length=1100, initial="s3://truststores/clients.pem",
        help_text="What truststoreUri names. Nothing has to be there in S3.",
    )  # fmt: skip
    version = forms.CharField(max_length=1024, required=False, help_text="What truststoreVersion names.")
    certificates = _pem(
        "Certificates", rows=8, required=True, help_text="Roots and what is between, one after another."
    )

    def request(self) -> dict[str, str]:
        """The members of PutTruststore."""
        data = self.cleaned_data
        members = {"truststoreUri": data["uri"], "certificates": data["certificates"]}
        return {**members, "truststoreVersion": data["version"]} if data["version"] else members
