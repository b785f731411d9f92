"""The console's pages of custom domain names: made with a certificate, mapped, ruled, closed to strangers, and deleted."""

from __future__ import annotations

from typing import Any

import pytest
import trustme
from django.test import Client
from django.urls import reverse

from apps.control_plane import registry
from apps.control_plane.caller import Caller
from apps.domain_names.models import Certificate, DomainName, RoutingRule, Truststore
from tests.builders import a_rest_api, a_stage, call
from tests.control_plane.gatehouse.test_certificates import HOST, a_name, imported, pem
from tests.control_plane.gatehouse.test_truststores import URI, roots


def url(page: str, *arguments: str) -> str:
    return reverse(f"console:{page}", args=arguments)


def created(client: Client, **fields: str) -> Any:
    form = {"name": HOST, "certificate": "self-signed", "security_policy": "TLS_1_2", **fields}
    return client.post(url("create_domain_name"), form)


@pytest.fixture
def stage(caller: Caller) -> str:
    api = a_rest_api(caller)
    a_stage(caller, api)
    return f"{api}:prod"


def named(caller: Caller) -> str:
    return str(a_name(caller, imported(caller)["certificateArn"])["domainName"])


def test_a_name_is_made_with_a_certificate_for_development(owner: Client) -> None:
    answer = created(owner)

    assert answer["Location"] == url("domain_name", HOST)
    assert DomainName.objects.get().regional_certificate_arn == Certificate.objects.get().arn
    page = owner.get(answer["Location"]).content.decode()
    assert "Self-signed" in page
    assert "No path leads anywhere yet" in page


def test_a_name_is_made_with_a_pasted_certificate(owner: Client) -> None:
    given = pem(trustme.CA().issue_cert(HOST))
    fields = {"body": given["certificateBody"], "private_key": given["certificatePrivateKey"]}

    assert created(owner, certificate="pasted", **fields).status_code == 302
    assert Certificate.objects.get().body.strip() == given["certificateBody"].strip()


def test_what_is_missing_or_wrong_is_said_beside_what_was_typed(owner: Client, caller: Caller) -> None:
    missing = created(owner, certificate="pasted")
    wrong = created(owner, certificate="pasted", body="x", private_key="y")
    no_host = created(owner, name="no host")

    assert [answer.status_code for answer in (missing, wrong, no_host)] == [422, 422, 422]
    assert "choose another certificate above" in missing.content.decode()
    assert "must be PEM-encoded" in wrong.content.decode()
    assert not Certificate.objects.exists()  # what was made for a name goes when the name cannot be


def test_paths_are_mapped_and_taken_away(owner: Client, caller: Caller, stage: str) -> None:
    named(caller)
    owner.post(url("add_mapping", HOST), {"mapping-key": "v1/orders/", "mapping-stage": stage})
    page = owner.get(url("domain_name", HOST)).content.decode()
    twice = owner.post(url("add_mapping", HOST), {"mapping-key": "v1/orders", "mapping-stage": stage})

    assert "/v1/orders" in page
    assert (twice.status_code, "already exists" in twice.content.decode()) == (422, True)
    (mapping,) = registry.call(caller, "apigatewayv2", "GetApiMappings", {"DomainName": HOST})["Items"]
    owner.post(url("remove_mapping", HOST, mapping["ApiMappingId"]), {"confirmation": mapping["ApiMappingId"]})
    assert "No path leads anywhere yet" in owner.get(url("domain_name", HOST)).content.decode()


def test_rules_are_made_moved_and_taken_away(owner: Client, caller: Caller, stage: str) -> None:
    named(caller)
    for priority, headers in ((100, "x-version = beta*"), (200, "")):
        form = {
            "rule-priority": priority,
            "rule-stage": stage,
            "rule-headers": headers,
            "rule-base_path": "/v1",
            "rule-strip": "on",
        }
        assert owner.post(url("add_rule", HOST), form).status_code == 302
    page = owner.get(url("domain_name", HOST)).content.decode()
    first, second = RoutingRule.objects.order_by("priority")
    owner.post(url("move_rule", HOST, second.rule_id))

    assert "x-version: beta*" in page
    assert "path /v1" in page
    assert list(RoutingRule.objects.order_by("priority").values_list("rule_id", flat=True)) == [
        second.rule_id, first.rule_id,
    ]  # fmt: skip
    owner.post(url("remove_rule", HOST, first.rule_id), {"confirmation": first.rule_id})
    assert RoutingRule.objects.count() == 1


def test_a_rule_moves_down_and_gets_a_priority_that_is_typed(owner: Client, caller: Caller, stage: str) -> None:
    named(caller)
    for priority in (100, 200, 300):
        form = {"rule-priority": priority, "rule-stage": stage, "rule-base_path": f"/v{priority}", "rule-strip": "on"}
        owner.post(url("add_rule", HOST), form)
    first, second, _ = RoutingRule.objects.order_by("priority")
    owner.post(url("move_rule", HOST, first.rule_id), {"down": "true"})
    assert RoutingRule.objects.get(pk=first.pk).priority == 250

    owner.post(url("prioritize_rule", HOST, first.rule_id), {"priority": "7"})

    after = RoutingRule.objects.get(pk=first.pk)
    assert (after.priority, after.conditions, after.strip_base_path) == (7, first.conditions, True)
    taken = owner.post(url("prioritize_rule", HOST, second.rule_id), {"priority": "7"})
    none = owner.post(url("prioritize_rule", HOST, second.rule_id), {"priority": "0"})
    assert (taken.status_code, none.status_code) == (422, 422)
    assert "A routing rule with priority 7 already exists" in taken.content.decode()
    assert 'value="0" aria-invalid="true"' in none.content.decode()
    assert RoutingRule.objects.get(pk=second.pk).priority == 200


def test_a_rule_of_the_second_page_moves(owner: Client, caller: Caller, stage: str) -> None:
    named(caller)
    for priority in range(10, 310, 10):
        owner.post(url("add_rule", HOST), {"rule-priority": priority, "rule-stage": stage})
    page = owner.get(url("domain_name", HOST))
    last = RoutingRule.objects.get(priority=300)
    assert "Priority of rule 250" in page.content.decode()
    assert "Priority of rule 260" not in page.content.decode()
    assert (
        "Priority of rule 300" in owner.get(url("domain_name", HOST) + page.context["rules"].next_url).content.decode()
    )

    owner.post(url("move_rule", HOST, last.rule_id))

    assert RoutingRule.objects.get(pk=last.pk).priority == 285


def test_a_rule_without_room_above_stays(owner: Client, caller: Caller, stage: str) -> None:
    named(caller)
    for priority in (1, 2):
        owner.post(url("add_rule", HOST), {"rule-priority": priority, "rule-stage": stage})
    last = RoutingRule.objects.get(priority=2)

    answer = owner.post(url("move_rule", HOST, last.rule_id), follow=True)

    assert "no priority between" in answer.content.decode()
    assert RoutingRule.objects.get(pk=last.pk).priority == 2


def test_settings_and_mutual_tls_are_changed(owner: Client, caller: Caller) -> None:
    named(caller)
    other = imported(caller)["certificateArn"]
    owner.post(url("put_truststore"), {"uri": URI, "certificates": roots()})
    settings = {
        "certificate": other,
        "security_policy": "SecurityPolicy_TLS13_1_3_2025_09",
        "routing_mode": "ROUTING_RULE_ONLY",
    }
    assert owner.post(url("domain_name", HOST), settings).status_code == 302
    assert owner.post(url("domain_trust", HOST), {"trust-truststore": URI}).status_code == 302

    shape = call(caller, "GetDomainName", domainName=HOST)
    assert (shape["regionalCertificateArn"], shape["routingMode"]) == (other, "ROUTING_RULE_ONLY")
    assert (shape["securityPolicy"], shape["endpointAccessMode"]) == (settings["security_policy"], "BASIC")
    assert shape["mutualTlsAuthentication"] == {"truststoreUri": URI}

    owner.post(url("domain_name", HOST), {**settings, "security_policy": "TLS_1_2"})
    owner.post(url("domain_trust", HOST), {"trust-truststore": ""})
    shape = call(caller, "GetDomainName", domainName=HOST)
    assert "mutualTlsAuthentication" not in shape
    assert "endpointAccessMode" not in shape


def test_a_version_of_a_trust_store_is_chosen(owner: Client, caller: Caller) -> None:
    named(caller)
    owner.post(url("put_truststore"), {"uri": URI, "version": "v1", "certificates": roots()})

    owner.post(url("domain_trust", HOST), {"trust-truststore": f"{URI}\nv1"})

    shape = call(caller, "GetDomainName", domainName=HOST)
    assert shape["mutualTlsAuthentication"] == {"truststoreUri": URI, "truststoreVersion": "v1"}


def test_a_certificate_is_renewed_where_it_is_and_kept_while_it_is_shown(owner: Client, caller: Caller) -> None:
    named(caller)
    row = Certificate.objects.get()
    given = pem(trustme.CA().issue_cert(HOST))
    fields = {"body": given["certificateBody"], "private_key": given["certificatePrivateKey"]}

    owner.post(f"{url('import_certificate')}?arn={row.arn}", fields)
    owner.post(url("delete_certificate"), {"arn": row.arn, "confirmation": row.arn.rpartition("/")[2]})

    kept = Certificate.objects.get()
    assert (kept.pk, kept.body.strip()) == (row.pk, given["certificateBody"].strip())


def test_trust_stores_and_certificates_go(owner: Client, caller: Caller) -> None:
    owner.post(url("put_truststore"), {"uri": URI, "certificates": roots()})
    owner.post(url("generate_certificate"), {"names": "a.example.com\n*.example.com"})
    page = owner.get(url("certificates")).content.decode()
    owner.post(url("delete_truststore"), {"uri": URI, "confirmation": URI.rpartition("/")[2]})
    arn = Certificate.objects.get().arn
    owner.post(url("delete_certificate"), {"arn": arn, "confirmation": arn.rpartition("/")[2]})

    assert "*.example.com" in page
    assert URI in page
    assert not Certificate.objects.exists()
    assert not Truststore.objects.exists()


def test_a_name_is_deleted_after_it_has_been_typed(owner: Client, caller: Caller) -> None:
    named(caller)
    owner.post(url("delete_domain_name", HOST), {"confirmation": "other"})
    assert DomainName.objects.exists()
    owner.post(url("delete_domain_name", HOST), {"confirmation": HOST})
    assert not DomainName.objects.exists()


def test_a_certificate_that_is_not_here_is_told(owner: Client, caller: Caller) -> None:
    a_name(caller, "arn:aws:acm:us-east-1:123456789012:certificate/elsewhere")

    assert "Its certificate is not here" in owner.get(url("domain_name", HOST)).content.decode()
    assert "Not here" in owner.get(url("domain_names")).content.decode()


def test_viewers_see_and_change_nothing(viewer: Client, caller: Caller, stage: str) -> None:
    named(caller)
    for page in (url("domain_names"), url("domain_name", HOST), url("certificates")):
        text = viewer.get(page).content.decode()
        assert "Add new mapping" not in text
        assert "Import certificate" not in text

    assert created(viewer, name="b.example.com").status_code == 403
    assert viewer.post(url("add_mapping", HOST), {"mapping-stage": stage}).status_code == 403
    assert DomainName.objects.count() == 1


def test_names_of_other_accounts_are_unknown(owner: Client, elsewhere: Caller) -> None:
    a_name(elsewhere, "arn:aws:acm:us-east-1:210987654321:certificate/theirs")

    assert owner.get(url("domain_name", HOST)).status_code == 404
    assert HOST not in owner.get(url("domain_names")).content.decode()
