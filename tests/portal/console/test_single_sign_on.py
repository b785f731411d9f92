"""Signing in to the console by a provider of identities: who comes in, in which role, and who stays out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import time_machine
from allauth.account.models import EmailAddress
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Account, AuditEvent, Membership, ProvidedIdentity, SecondFactor, User
from apps.control_plane import registry
from apps.control_plane.caller import Caller
from apps.core import totp
from apps.core.environment import BadEnvironment, read_environment
from apps.core.single_sign_on import SingleSignOn
from tests.issuer import CLIENT_ID, CLIENT_SECRET, Provider, rsa_key
from tests.portal.console.reading import words

PASSWORD = "a long pass phrase"
HOME = reverse("console:home")


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as provider:
        yield provider


@pytest.fixture
def let_in(settings: Any, account: Account) -> Callable[..., None]:
    """`let_in(issuer, roles=…)` is what the operator has decided."""

    def decide(issuer: str, password_sign_in: bool = True, **members: Any) -> None:
        given = {
            "issuer": issuer, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "name": "Example", "scopes": "openid email",
            "domains": (), "groups_claim": "groups", "roles": (("dev", "editor"), ("boss", "owner")), "account_id": None, **members,
        }  # fmt: skip
        settings.ENVIRONMENT = replace(
            settings.ENVIRONMENT, single_sign_on=SingleSignOn(**given), password_sign_in=password_sign_in,
            public_portal_url=settings.ENVIRONMENT.public_portal_url or "http://testserver",
        )  # fmt: skip

    return decide


@pytest.fixture(autouse=True)
def there_is_an_owner(account: Account) -> None:
    user = User.objects.create_user("owner", "owner@example.com", PASSWORD)
    Membership.objects.create(user=user, account=account, role="owner")


def sign_in(browser: Client, provider: Provider, goal: str = "/console/audit/") -> Any:
    """There and back."""
    there = browser.get(reverse("console:single_sign_on"), {"next": goal})
    return browser.get(provider.agrees(there["Location"])) if there.status_code == 302 else there


def role_of(name: str) -> str | None:
    row = Membership.objects.filter(user__username=name).first()
    return row.role if row else None


def test_somebody_new_comes_in_with_the_role_of_their_group(provider: Provider, let_in: Any, client: Client) -> None:
    let_in(provider.url)
    assert "Sign in with Example" in words(client.get(reverse("console:sign_in")))
    before = client.session.session_key

    answer = sign_in(client, provider)

    assert answer["Location"] == "/console/audit/"
    assert client.get(HOME).status_code == 200
    assert client.session.session_key != before
    assert role_of("nina") == "editor"
    assert not User.objects.get(username="nina").has_usable_password()
    event = AuditEvent.objects.get(operation="CreateUser")
    assert event.principal.endswith(":role/gatehouse/single-sign-on")


def test_the_strongest_group_counts_anew_at_every_sign_in(provider: Provider, let_in: Any) -> None:
    let_in(provider.url)
    roles = []
    for groups in (["dev"], ["dev", "boss"], "dev"):
        provider.person["groups"] = groups
        sign_in(Client(), provider)
        roles.append(role_of("nina"))

    assert roles == ["editor", "owner", "editor"]
    assert User.objects.filter(email="nina@example.com").count() == 1


def test_groups_may_be_told_by_the_user_info_of_the_same_person(
    provider: Provider, let_in: Any, client: Client
) -> None:
    let_in(provider.url)
    del provider.person["groups"]
    provider.in_user_info = {"groups": ["dev"], "email": "other@example.com"}

    assert sign_in(client, provider).status_code == 302
    assert User.objects.get(username="nina").email == "nina@example.com"
    provider.in_user_info = {"sub": "somebody else", "groups": ["boss"]}
    assert sign_in(Client(), provider).status_code == 403


@pytest.mark.parametrize("groups", [[], ["other"], None, 7, {"dev": 1}, [["dev"]]])
def test_who_has_no_group_stays_out(provider: Provider, let_in: Any, client: Client, groups: Any) -> None:
    let_in(provider.url)
    provider.person["groups"] = groups

    answer = sign_in(client, provider)

    assert (answer.status_code, "in no group that is let in" in words(answer)) == (403, True)
    assert not User.objects.filter(username="nina").exists()
    assert client.get(HOME).status_code == 302


@pytest.mark.parametrize(
    "claims",
    [
        {"email": "nina@elsewhere.com"}, {"email": "nina@sub.example.com"}, {"email": "nina@example.com.evil.org"}, {"email": None},
        {"email_verified": False}, {"email_verified": None}, {"email_verified": "true"}, {"email": ["nina@example.com"]},
    ],
)  # fmt: skip
def test_only_confirmed_addresses_of_the_domains_are_let_in(
    provider: Provider, let_in: Any, client: Client, claims: dict[str, Any]
) -> None:
    let_in(provider.url, domains=("example.com",), roles=())
    provider.person |= claims

    assert sign_in(client, provider).status_code == 403
    assert not ProvidedIdentity.objects.exists()


def test_without_roles_newcomers_are_viewers_and_owners_decide(provider: Provider, let_in: Any, caller: Caller) -> None:
    let_in(provider.url, domains=("example.com",), roles=())
    sign_in(Client(), provider)
    assert role_of("nina") == "viewer"

    registry.call(caller, "gatehouse", "PutMembership", {"userName": "nina", "role": "editor"})
    sign_in(Client(), provider)

    assert role_of("nina") == "editor"


@pytest.mark.parametrize(
    "lies",
    [
        {"nonce": "another"}, {"nonce": None}, {"aud": "somebody"}, {"aud": [CLIENT_ID, "other"]}, {"azp": "other"}, {"iss": "http://evil"},
        {"exp": 1}, {"exp": None}, {"iat": None}, {"sub": None}, {"sub": ""}, {"sub": "x" * 256}, {"sub": 7},
    ],
)  # fmt: skip
def test_a_token_that_does_not_fit_the_question_opens_nothing(
    provider: Provider, let_in: Any, client: Client, lies: dict[str, Any]
) -> None:
    let_in(provider.url)
    provider.lies = lies

    answer = sign_in(client, provider)

    assert (answer.status_code, "cannot be used" in words(answer)) == (502, True)
    assert not User.objects.filter(username="nina").exists()


def test_a_token_of_another_key_opens_nothing(provider: Provider, let_in: Any, client: Client) -> None:
    let_in(provider.url)
    provider.signs_with = rsa_key(1)

    assert sign_in(client, provider).status_code == 502


@pytest.mark.parametrize(
    "metadata",
    [{"issuer": "http://evil"}, {"token_endpoint": None}, {"jwks_uri": "file:///etc/passwd"}, {"userinfo_endpoint": 7}],
)
def test_a_provider_that_describes_itself_wrongly_is_not_used(
    provider: Provider, let_in: Any, client: Client, metadata: dict[str, Any]
) -> None:
    let_in(provider.url)
    provider.metadata = metadata

    assert sign_in(client, provider).status_code == 502


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/token", "/keys", "/userinfo"])
@pytest.mark.parametrize("broken", [(500, b""), (200, b"<html>"), (200, b"[]"), (302, b""), (200, b"x" * 300_000)])
def test_a_broken_answer_is_told_on_the_page(
    provider: Provider, let_in: Any, client: Client, path: str, broken: tuple[int, bytes]
) -> None:
    let_in(provider.url)
    provider.broken[path] = broken

    answer = sign_in(client, provider)

    assert answer.status_code == 502
    assert "sign-in service" in words(answer)
    assert client.get(HOME).status_code == 302


def test_a_provider_that_is_away_is_told_on_the_page(let_in: Any, client: Client) -> None:
    let_in("http://127.0.0.1:9")

    answer = client.get(reverse("console:single_sign_on"))

    assert (answer.status_code, "cannot be reached" in words(answer)) == (502, True)


def test_the_answer_counts_once_and_only_in_the_browser_that_asked(
    provider: Provider, let_in: Any, client: Client
) -> None:
    let_in(provider.url)
    address = provider.agrees(client.get(reverse("console:single_sign_on"))["Location"])
    other = Client()
    other.get(reverse("console:single_sign_on"))

    assert "not begun in this browser" in words(Client().get(address))
    assert other.get(address).status_code == 502
    assert client.get(address).status_code == 302
    assert client.get(address).status_code == 502


def test_an_answer_that_comes_late_or_from_elsewhere_does_not_count(provider: Provider, let_in: Any) -> None:
    let_in(provider.url)
    with time_machine.travel("2026-03-04T05:06:07Z", tick=False) as clock:
        late = Client()
        address = provider.agrees(late.get(reverse("console:single_sign_on"))["Location"])
        clock.shift(601)
        assert late.get(address).status_code == 502
    mixed = Client()
    address = provider.agrees(mixed.get(reverse("console:single_sign_on"))["Location"])
    assert mixed.get(re.sub(r"iss=[^&]+", "iss=http%3A%2F%2Fevil", address)).status_code == 502


def test_who_does_not_agree_is_back_at_the_door(provider: Provider, let_in: Any, client: Client) -> None:
    let_in(provider.url)
    provider.refuses = "access_denied"

    assert "was not completed there" in words(sign_in(client, provider))


def test_a_link_cannot_lead_elsewhere_afterwards(provider: Provider, let_in: Any, client: Client) -> None:
    let_in(provider.url)

    assert sign_in(client, provider, "https://evil.example.com/")["Location"] == HOME


def test_somebody_whom_an_owner_has_invited_is_the_same_person(provider: Provider, let_in: Any, caller: Caller) -> None:
    registry.call(caller, "gatehouse", "CreateUser", {"userName": "n", "email": "nina@example.com", "role": "viewer"})
    let_in(provider.url)

    sign_in(Client(), provider)

    assert role_of("n") == "editor"


@pytest.mark.parametrize(("confirmed", "staff", "status"), [(True, False, 302), (False, False, 403), (True, True, 403)])
def test_an_address_is_linked_only_if_both_sides_have_confirmed_it(
    provider: Provider, let_in: Any, client: Client, confirmed: bool, staff: bool, status: int
) -> None:
    let_in(provider.url)
    user = User.objects.create_user("early", "nina@example.com", PASSWORD, is_staff=staff)
    EmailAddress.objects.create(user=user, email="nina@example.com", verified=confirmed)

    assert sign_in(client, provider).status_code == status
    assert ProvidedIdentity.objects.filter(user=user).exists() is (status == 302)


def test_a_deactivated_person_stays_out(provider: Provider, let_in: Any) -> None:
    let_in(provider.url)
    sign_in(Client(), provider)
    User.objects.filter(username="nina").update(is_active=False)

    assert sign_in(Client(), provider).status_code == 403


def test_the_last_owner_is_told_why_the_role_cannot_change(provider: Provider, let_in: Any) -> None:
    let_in(provider.url)
    provider.person["groups"] = ["boss"]
    sign_in(Client(), provider)
    Membership.objects.filter(user__username="owner").delete()
    provider.person["groups"] = ["dev"]

    assert "needs an owner" in words(sign_in(Client(), provider))


def test_names_are_made_of_what_names_may_have(provider: Provider, let_in: Any) -> None:
    let_in(provider.url)
    provider.person |= {"preferred_username": 'Nína Ö. "x"@corp', "email": "n@example.com"}
    sign_in(Client(), provider)
    provider.person |= {"sub": "u-2", "email": "n2@example.com"}
    sign_in(Client(), provider)

    assert set(User.objects.exclude(username="owner").values_list("username", flat=True)) == {"N-na-.-x", "N-na-.-x-2"}


def test_a_second_factor_of_ours_is_asked_for_unless_the_provider_asked_for_one(
    provider: Provider, let_in: Any
) -> None:
    let_in(provider.url)
    sign_in(Client(), provider)
    user = User.objects.get(username="nina")
    SecondFactor.objects.create(user=user, secret=totp.new_secret(), confirmed="2026-01-01T00:00:00Z")
    plain, strong = Client(), Client()

    sign_in(plain, provider)
    provider.person["amr"] = ["pwd", "mfa"]
    sign_in(strong, provider)

    assert plain.get(HOME)["Location"].startswith(reverse("console:second_step"))
    assert strong.get(HOME).status_code == 200


def test_where_passwords_are_off_none_opens_the_console(provider: Provider, let_in: Any, client: Client) -> None:
    let_in(provider.url, password_sign_in=False)
    User.objects.filter(username="owner").update(is_staff=True, is_superuser=True)

    page = words(client.get(reverse("console:sign_in")))
    posted = client.post(reverse("console:sign_in"), {"username": "owner", "password": PASSWORD})
    client.force_login(
        User.objects.get(username="owner"), backend="allauth.account.auth_backends.AuthenticationBackend"
    )

    assert "Password" not in page
    assert posted.status_code == 403
    assert client.get(HOME)["Location"].startswith(reverse("console:sign_in"))
    assert client.get(reverse("admin:index"))["Location"].startswith(reverse("console:sign_in"))
    assert client.get(reverse("console:sign_in")).status_code == 200
    assert sign_in(Client(), provider).status_code == 302


def test_the_built_in_provider_opens_the_console_too(
    live_portal: str, settings: Any, let_in: Any, account: Account, caller: Caller
) -> None:
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, public_portal_url=live_portal)
    back = f"{live_portal}{reverse('console:single_sign_on_back')}"
    members = {"name": "Console", "grantType": "authorization_code", "redirectUris": [back], "scopes": ["pets/read"]}
    made = registry.call(caller, "gatehouse", "CreateOAuthClient", members)
    let_in(
        f"{live_portal}/oidc/{account.id}", client_id=made["clientId"], client_secret=made.get("clientSecret", ""),
        domains=("example.com",), roles=(),
    )  # fmt: skip
    user = User.objects.create_user("mira", "mira@example.com", PASSWORD)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    browser = requests.Session()
    signed_in = Client()
    signed_in.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    browser.cookies.set("sessionid", signed_in.cookies["sessionid"].value)

    asked = browser.get(f"{live_portal}{reverse('console:single_sign_on')}", timeout=20)
    form = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', asked.text))
    agreed = browser.post(
        asked.url, {**form, "allow": "True"}, headers={"Referer": asked.url}, timeout=20, allow_redirects=False
    )
    assert parse_qs(urlsplit(agreed.headers["Location"]).query).keys() >= {"code", "state"}
    home = browser.get(agreed.headers["Location"], timeout=20)

    assert (home.status_code, urlsplit(home.url).path) == (200, HOME)
    assert role_of("mira") == "viewer"


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"GATEHOUSE_OIDC_ISSUER": "id.example.com"}, "GATEHOUSE_OIDC_ISSUER must start"),
        ({"GATEHOUSE_OIDC_ISSUER": "https://id"}, "GATEHOUSE_OIDC_CLIENT_ID must be set"),
        ({"GATEHOUSE_OIDC_ISSUER": "https://id", "GATEHOUSE_OIDC_CLIENT_ID": "g"}, "must say who is let in"),
        ({"GATEHOUSE_OIDC_ISSUER": "https://id", "GATEHOUSE_OIDC_CLIENT_ID": "g", "GATEHOUSE_OIDC_ROLES": "a=king"}, "must look like"),
        ({"GATEHOUSE_OIDC_ISSUER": "https://id", "GATEHOUSE_OIDC_CLIENT_ID": "g", "GATEHOUSE_OIDC_ROLES": "=owner"}, "must look like"),
        ({"GATEHOUSE_OIDC_ISSUER": "https://id", "GATEHOUSE_OIDC_CLIENT_ID": "g", "GATEHOUSE_OIDC_DOMAINS": "a", "GATEHOUSE_OIDC_ACCOUNT": "1"}, "12 digits"),
        ({"GATEHOUSE_PASSWORD_SIGN_IN": "off"}, "nobody could sign in"),
    ],
)  # fmt: skip
def test_settings_that_cannot_be_used_are_refused_at_start(variables: dict[str, str], message: str) -> None:
    with pytest.raises(BadEnvironment, match=message):
        read_environment(variables)


def test_the_secret_of_the_client_is_not_shown() -> None:
    given = read_environment(
        {"GATEHOUSE_OIDC_ISSUER": "https://id/", "GATEHOUSE_OIDC_CLIENT_ID": "g", "GATEHOUSE_OIDC_CLIENT_SECRET": "hush", "GATEHOUSE_OIDC_ROLES": "a=b=owner, *=viewer"}
    ).single_sign_on  # fmt: skip

    assert given is not None
    assert "hush" not in repr(given)
    assert (given.role_of(frozenset({"a=b"})), given.role_of(frozenset())) == ("owner", "viewer")
