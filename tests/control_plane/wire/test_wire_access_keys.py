"""The wire in the running portal: its paths, its database of access keys, and its neighbours."""

from __future__ import annotations

import http.client
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from apps.accounts.models import AccessKey, Account, Membership, User
from apps.control_plane.wire.authentication import find_access_key
from apps.control_plane.wire.service_models import all_operations, operation_model
from apps.control_plane.wire.urls import urlpatterns


def code_of(call: Callable[[], Any]) -> str:
    with pytest.raises(ClientError) as refused:
        call()
    return str(refused.value.response["Error"]["Code"])


def send(url: str, method: str, target: str, headers: dict[str, str] | None = None) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
    connection.request(method, target, b"", headers or {})
    response = connection.getresponse()
    response.read()
    connection.close()
    return response


@pytest.fixture
def person(account: Account) -> User:
    return User.objects.create_user("ada", "ada@example.com")


@pytest.fixture
def key_of_person(person: User, account: Account) -> AccessKey:
    return AccessKey.objects.create(account=account, user=person, secret="hers")


def test_every_operations_path_is_the_wires() -> None:
    for service, name in all_operations():
        path = operation_model(service, name).http["requestUri"].partition("?")[0].lstrip("/")
        assert any(pattern.resolve(path) for pattern in urlpatterns), path


@pytest.mark.parametrize("path", ["", "console/", "accounts/login/", "account/", "v2x", "restapisx", "static/a.css"])
def test_the_pages_of_the_portal_are_not_the_wires(path: str) -> None:
    assert not any(pattern.resolve(path) for pattern in urlpatterns)


def test_an_unsigned_request_misses_its_token(live_portal: str) -> None:
    response = send(live_portal, "GET", "/restapis")

    assert (response.status, response.headers["x-amzn-ErrorType"]) == (403, "MissingAuthenticationTokenException")


def test_no_csrf_token_is_asked_of_a_client(live_portal: str) -> None:
    assert send(live_portal, "POST", "/restapis").headers["x-amzn-ErrorType"] == "MissingAuthenticationTokenException"


def test_a_signed_request_for_another_service_is_answered_by_the_wire(live_portal: str, access_key: AccessKey) -> None:
    request = AWSRequest("POST", live_portal + "/", data=b"")
    SigV4Auth(Credentials(access_key.id, "x"), "ecs", "us-east-1").add_auth(request)

    response = send(live_portal, "POST", "/", dict(request.headers.items()))

    assert (response.status, response.headers["x-amzn-ErrorType"]) == (501, "NotImplementedException")


def test_a_key_of_the_account_is_its_owner(access_key: AccessKey) -> None:
    credential = find_access_key(access_key.id)

    assert credential is not None
    assert (credential.account_id, credential.role) == (access_key.account_id, "owner")
    assert credential.principal == f"arn:aws:iam::{access_key.account_id}:root"


def test_a_persons_key_has_the_persons_role(key_of_person: AccessKey, person: User) -> None:
    Membership.objects.create(user=person, account=key_of_person.account, role="viewer")

    credential = find_access_key(key_of_person.id)

    assert credential is not None
    assert credential.role == "viewer"
    assert credential.principal == f"arn:aws:iam::{key_of_person.account_id}:user/ada"


def test_the_key_of_a_person_who_left_the_account_is_none(key_of_person: AccessKey) -> None:
    assert find_access_key(key_of_person.id) is None


def test_the_key_of_a_person_who_may_not_sign_in_is_none(key_of_person: AccessKey, person: User) -> None:
    Membership.objects.create(user=person, account=key_of_person.account, role="owner")
    person.is_active = False
    person.save()

    assert find_access_key(key_of_person.id) is None


@pytest.mark.parametrize("access_key_id", ["", "AKIANOBODY", "AKIA\0", "é" * 300])
@pytest.mark.django_db
def test_an_unknown_key_is_none(access_key_id: str) -> None:
    assert find_access_key(access_key_id) is None


def test_a_key_counts_no_more_once_it_is_inactive(aws: Callable[..., Any], access_key: AccessKey) -> None:
    access_key.active = False
    access_key.save()

    assert code_of(aws().get_rest_apis) == "UnrecognizedClientException"
