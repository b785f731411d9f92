"""Every list of the console goes on at a next page, and back at its first."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.urls import reverse

from apps.accounts.models import AccessKey, Account, Team
from apps.client_certificates.models import ClientCertificate
from apps.control_plane import registry
from apps.control_plane.caller import Caller
from apps.portals.models import Audience
from apps.v2_apis.models import VpcLink as SubnetLink
from apps.vpc_links.models import LoadBalancer
from apps.vpc_links.models import VpcLink as RestLink
from tests.builders import a_rest_api, a_websocket_api, an_http_api, call, call_v2

MANY = 30
REGION = "us-east-1"


def client_certificates(caller: Caller) -> str:
    made = call(caller, "GenerateClientCertificate")
    first = ClientCertificate.objects.get(certificate_id=made["clientCertificateId"])
    for number in range(MANY - 1):
        first.pk, first.certificate_id = None, f"more{number:02}"
        first.save(force_insert=True)
    return reverse("console:client_certificates")


def vpc_links(caller: Caller) -> str:
    mine: dict[str, Any] = {"account_id": caller.account_id, "region": REGION}
    arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/net/shop/50dc6c495c0c9188"
    RestLink.objects.bulk_create(
        RestLink(link_id=f"link{n:02}", name="shop", target_arns=[arn], **mine) for n in range(MANY)
    )
    return reverse("console:vpc_links")


def subnet_links(caller: Caller) -> str:
    mine: dict[str, Any] = {"account_id": caller.account_id, "region": REGION}
    SubnetLink.objects.bulk_create(
        SubnetLink(link_id=f"link{n:02}", name="shop", subnet_ids=["subnet-1"], **mine) for n in range(MANY)
    )
    return reverse("console:vpc_links")


def load_balancers(caller: Caller) -> str:
    mine: dict[str, Any] = {"account_id": caller.account_id, "region": REGION}
    LoadBalancer.objects.bulk_create(LoadBalancer(arn=f"arn:aws:x:us-east-1:1:b/{n:02}", **mine) for n in range(MANY))
    return reverse("console:load_balancers")


def access_keys(caller: Caller) -> str:
    account = Account.objects.get(pk=caller.account_id)
    AccessKey.objects.bulk_create(AccessKey(pk=f"AKIA{n:016}", account=account, secret="x") for n in range(MANY))
    return reverse("console:access_keys")


def audiences(caller: Caller) -> str:
    Audience.objects.bulk_create(Audience(account_id=caller.account_id, name=f"group-{n:02}") for n in range(MANY))
    return reverse("console:audiences")


def teams(caller: Caller) -> str:
    Team.objects.bulk_create(Team(account_id=caller.account_id, name=f"team-{n:02}") for n in range(MANY))
    return reverse("console:people")


def oauth_clients(caller: Caller) -> str:
    for number in range(MANY):
        request = {"name": f"robot {number:02}", "grantType": "client_credentials"}
        registry.call(caller, "gatehouse", "CreateOAuthClient", request)
    return reverse("console:oauth_clients")


def validators(caller: Caller) -> str:
    api = a_rest_api(caller)
    for number in range(MANY):
        call(caller, "CreateRequestValidator", restApiId=api, name=f"check {number:02}")
    return reverse("console:request_validators", args=[api])


def documentation_versions(caller: Caller) -> str:
    api = a_rest_api(caller)
    location = {"type": "API"}
    call(caller, "CreateDocumentationPart", restApiId=api, location=location, properties='{"info": "x"}')
    for number in range(MANY):
        call(caller, "CreateDocumentationVersion", restApiId=api, documentationVersion=f"{number:02}")
    return reverse("console:documentation_versions", args=[api])


def message_models(caller: Caller) -> str:
    api = a_websocket_api(caller)
    for number in range(MANY):
        call_v2(caller, "CreateModel", ApiId=api, Name=f"Ping{number:02}", ContentType="application/json", Schema="{}")
    return reverse("console:v2_models", args=[api])


def integrations(caller: Caller) -> str:
    api = an_http_api(caller)
    proxy = {"IntegrationType": "HTTP_PROXY", "IntegrationMethod": "ANY", "PayloadFormatVersion": "1.0"}
    for number in range(MANY):
        call_v2(caller, "CreateIntegration", ApiId=api, IntegrationUri=f"https://example.com/{number:02}", **proxy)
    return reverse("console:v2_integrations", args=[api])


def log_files(caller: Caller) -> str:
    api = a_rest_api(caller)
    folder = Path(django_settings.ENVIRONMENT.data_dir) / "log" / "access" / api
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(MANY):
        path = folder / f"stage{number:02}.log"
        path.write_text("a line\n")
        os.utime(path, (1_700_000_000 + number, 1_700_000_000 + number))
    return reverse("console:log_files") + f"?q={api}"


LISTS = [
    (client_certificates, "Client certificates"),
    (vpc_links, "VPC links"),
    (subnet_links, "VPC links of HTTP APIs"),
    (load_balancers, "Load balancers"),
    (access_keys, "Access keys"),
    (audiences, "Audiences"),
    (teams, "Teams"),
    (oauth_clients, "OAuth clients"),
    (validators, "Request validators"),
    (documentation_versions, "Documentation versions"),
    (message_models, "Models"),
    (integrations, "Integrations"),
    (log_files, "Log files"),
]


def rows_of(page: Any, label: str) -> list[str]:
    """The rows of a table, as they are written."""
    _, _, after = page.content.decode().partition(f'aria-label="{label}"')
    table = after.partition("</table>")[0]
    return [row.partition("</th>")[0] for row in table.split('<th scope="row"')[1:]]


def links_of(page: Any, label: str) -> dict[str, str]:
    _, _, after = page.content.decode().partition(f'aria-label="{label}"')
    pages = after.partition('aria-label="Pages"')[2].partition("</nav>")[0]
    found = [piece.partition('" href="') for piece in pages.split('rel="')[1:]]
    return {rel: rest.partition('"')[0].replace("&amp;", "&") for rel, _, rest in found}


@pytest.mark.parametrize(("many", "label"), LISTS, ids=lambda value: getattr(value, "__name__", ""))
def test_a_list_goes_on_at_its_next_page(
    owner: Client, caller: Caller, valkey: Any, many: Callable[[Caller], str], label: str
) -> None:
    address = many(caller)
    place = address.partition("?")[0]

    first = owner.get(address)
    second = owner.get(place + links_of(first, label)["next"])

    assert len(rows_of(first, label)) == 25
    assert len(rows_of(second, label)) >= 5
    assert not {*rows_of(first, label)} & {*rows_of(second, label)}
    assert "next" not in links_of(second, label)
    assert rows_of(owner.get(place + links_of(second, label)["first"]), label) == rows_of(first, label)


def test_a_place_that_is_none_is_told(owner: Client, caller: Caller) -> None:
    assert owner.get(audiences(caller), {"position": "nowhere"}).status_code == 400
