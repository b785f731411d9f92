"""Custom domain names as documents: where they lead, what they show and whom they trust."""

from __future__ import annotations

from apps.core import documents
from apps.deployments.credentials import document_seal
from apps.domain_names.certificates import shown_certificate, truststore_of
from apps.domain_names.models import DomainName, RoutingRule


def domain_document(domain_name: DomainName) -> documents.DomainDocument:
    """A public custom domain name with its mappings and rules, its certificate and whom it trusts."""
    truststore = truststore_of(domain_name)
    mappings = domain_name.base_path_mappings.order_by("base_path")
    to_v2_apis = domain_name.api_mappings.order_by("mapping_key")
    return documents.DomainDocument(
        account_id=domain_name.account_id,
        region=domain_name.region,
        name=domain_name.name,
        routing_mode=domain_name.routing_mode,
        mutual_tls=bool(domain_name.mutual_tls_authentication),
        mappings=tuple(
            documents.ApiMapping(api_id=row.rest_api_id, base_path=row.base_path, stage_name=row.stage or None)
            for row in mappings
        )
        + tuple(
            documents.ApiMapping(api_id=row.api_id, base_path=row.mapping_key, stage_name=row.stage)
            for row in to_v2_apis
        ),
        rules=tuple(_routing_rule(row) for row in domain_name.routing_rules.order_by("priority")),
        certificate=_server_certificate(domain_name),
        security_policy=domain_name.security_policy,
        trust_store=None if truststore is None else truststore.certificates,
    )


def _server_certificate(domain_name: DomainName) -> documents.ServerCertificate | None:
    """What the name shows; None where the installation has no certificate for it, and the gateway shows its own."""
    shown = shown_certificate(domain_name)
    if shown is None:
        return None
    place = documents.domain_section(domain_name.region, domain_name.name)
    return documents.ServerCertificate(
        certificate=shown.certificate, private_key=document_seal().seal(shown.private_key, place)
    )


def _routing_rule(row: RoutingRule) -> documents.RoutingRule:
    headers = [header for each in row.conditions for header in (each.get("MatchHeaders") or {}).get("AnyOf", ())]
    paths = [path for each in row.conditions for path in (each.get("MatchBasePaths") or {}).get("AnyOf", ())]
    return documents.RoutingRule(
        priority=row.priority,
        api_id=row.rest_api_id,
        stage_name=row.stage,
        headers=tuple(
            documents.HeaderCondition(header=each["Header"].lower(), value_glob=each["ValueGlob"]) for each in headers
        ),
        base_paths=tuple(paths),
        strip_base_path=row.strip_base_path,
    )
