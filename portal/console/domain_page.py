"""The page of a custom domain name: its facts, its forms, and where its paths lead."""

from __future__ import annotations

from typing import Any

from django.db.models import Max, Min
from django.http import HttpResponseBase
from django.urls import reverse

from apps.domain_names.certificates import certificate_arn
from apps.domain_names.models import DomainName
from portal.console.api_frame import command_samples
from portal.console.choosing import SHORT, public_stages
from portal.console.commands import Command
from portal.console.domain_forms import MappingForm, PriorityForm, RuleForm, SettingsForm, TrustForm
from portal.console.gate import Console
from portal.console.paging import page_of_items, page_of_rows

SECTION = "domain-names"
OURS = "gatehouse"


def domain_page(
    console: Console,
    row: DomainName,
    *,
    settings: SettingsForm | None = None,
    trust: TrustForm | None = None,
    mapping: MappingForm | None = None,
    rule: RuleForm | None = None,
    priority: PriorityForm | None = None,
) -> HttpResponseBase:
    """The page of a name, with whatever form was sent back."""
    rules = page_of_rows(console, row.routing_rules.select_related("rest_api"), "priority", name="rule_position")
    ends = row.routing_rules.aggregate(first=Min("priority"), last=Max("priority"))
    proposed = public_stages(console, "")
    shape = console.call("GetDomainName", {"domainName": row.name})
    place = {"DomainName": row.name}
    sent_back = any(form is not None and form.errors for form in (settings, trust, mapping, rule, priority))
    following = (ends["last"] or 0) + 100
    return console.page(
        "console/domain_name.html",
        section=SECTION,
        row=row,
        shape=shape,
        certificate=certificates_of(console).get(certificate_arn(row) or ""),
        certificate_arn=certificate_arn(row),
        settings=settings or settings_form(console, row),
        trust=trust or trust_form(console, row),
        mapping=mapping or MappingForm(console=console, prefix="mapping"),
        rule=rule or RuleForm(console=console, prefix="rule", initial={"priority": min(following, 1_000_000)}),
        priority=priority,
        mappings=page_of_items(
            console, ((f"{one['key']} {one['id']}", one) for one in mapping_rows(row)), "mapping_position"
        ),
        rules=rules,
        rule_rows=[{"row": one, "conditions": _in_words(one.conditions)} for one in rules.rows],
        ends=ends,
        stages=proposed[:SHORT],
        proposes=len(proposed) > SHORT,
        trail=[*domain_trail(), {"label": row.name}],
        cli=command_samples(
            console,
            [
                Command("GetDomainName", {"domainName": row.name}),
                Command("GetApiMappings", place, service="apigatewayv2"),
                Command("ListRoutingRules", place, service="apigatewayv2"),
            ],
        ),
        status=422 if sent_back else 200,
    )


def find_name(console: Console, name: str) -> DomainName:
    """A public name of the account and region."""
    return console.caller.find(
        DomainName, "Invalid domain name identifier specified", name=name.lower(), domain_name_id=""
    )


def settings_form(console: Console, row: DomainName, data: Any = None) -> SettingsForm:
    arn = certificate_arn(row) or ""
    choices = certificate_choices(console)
    if arn not in dict(choices):
        choices = [(arn, f"{arn or row.certificate_name or 'none'} (not here)"), *choices]
    policies = [(row.security_policy, row.security_policy)]
    known = {value for value, _ in SettingsForm.base_fields["security_policy"].choices}  # type: ignore[attr-defined]
    initial = {"certificate": arn, "security_policy": row.security_policy, "routing_mode": row.routing_mode}
    return SettingsForm(
        data, certificates=choices, policies=[] if row.security_policy in known else policies, initial=initial
    )


def trust_form(console: Console, row: DomainName, data: Any = None) -> TrustForm:
    stores = console.call("ListTruststores", {}, OURS)["items"]
    choices = [(_trusted(store), " ".join(_trusted(store).split("\n"))) for store in stores]
    own = _trusted(row.mutual_tls_authentication or {})
    if own and own not in dict(choices):
        choices = [(own, f"{' '.join(own.split())} (not here)"), *choices]
    return TrustForm(data, truststores=choices, initial={"truststore": own}, prefix="trust")


def _trusted(named: dict[str, Any]) -> str:
    """A trust store as the value of a choice: its address and, on a second line, its version."""
    uri, version = named.get("truststoreUri", ""), named.get("truststoreVersion", "")
    return f"{uri}\n{version}" if version else uri


def certificates_of(console: Console) -> dict[str, dict[str, Any]]:
    items = console.call("ListCertificates", {}, OURS)["items"]
    return {certificate["certificateArn"]: certificate for certificate in items}


def certificate_choices(console: Console) -> list[tuple[str, str]]:
    return [
        (arn, f"{', '.join(found['domainNames']) or found['subject']}, until {found['expirationDate']:%d %b %Y}")
        for arn, found in certificates_of(console).items()
    ]


def domain_trail() -> list[dict[str, str]]:
    return [{"label": "Custom domain names", "url": reverse("console:domain_names")}]


def mapping_rows(domain: DomainName) -> list[dict[str, Any]]:
    """The mappings of a name, by path, to APIs of all kinds."""
    rows: list[dict[str, Any]] = [
        {"id": row.mapping_id, "key": row.base_path, "api": row.rest_api, "stage": row.stage or "", "kind": "REST"}
        for row in domain.base_path_mappings.select_related("rest_api")
    ]
    rows += [
        {
            "id": row.mapping_id,
            "key": row.mapping_key,
            "api": row.api,
            "stage": row.stage,
            "kind": row.api.protocol_type,
        }
        for row in domain.api_mappings.select_related("api")
    ]
    for each in rows:
        each["leads"] = f"{each['api'].id}:{each['stage']}"
    return sorted(rows, key=lambda each: each["key"])


def _in_words(conditions: list[dict[str, Any]]) -> list[str]:
    words = [f"path /{path}" for each in conditions for path in each.get("MatchBasePaths", {}).get("AnyOf", ())]
    return words + [
        f"{header['Header']}: {header['ValueGlob']}"
        for each in conditions
        for header in each.get("MatchHeaders", {}).get("AnyOf", ())
    ]
