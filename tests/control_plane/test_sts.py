"""STS at the portal, asked by an unmodified boto3 and the AWS CLI."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
import time_machine
from botocore.config import Config
from botocore.exceptions import ClientError
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from apps.accounts.models import AccessKey, Account, AuditEvent, Membership, User
from apps.core.session_tokens import SessionTokens
from tests.conftest import ACCESS_KEY_ID, SECRET_ACCESS_KEY

Aws = Callable[..., Any]


def code_of(call: Callable[..., Any], **request: Any) -> tuple[int, str, str]:
    with pytest.raises(ClientError) as refused:
        call(**request)
    response = refused.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"], response["Error"]["Message"]


@pytest.fixture
def client(live_portal: str) -> Iterator[Aws]:
    """`client("sts", key_id, secret, token)` signs with other credentials than `aws` does."""
    made = []

    def client(service: str, key_id: str, secret: str, token: str | None = None) -> Any:
        made.append(
            boto3.client(
                service, endpoint_url=live_portal, region_name="us-east-1", aws_access_key_id=key_id,
                aws_secret_access_key=secret, aws_session_token=token, config=Config(retries={"total_max_attempts": 1}, parameter_validation=False),
            )
        )  # fmt: skip
        return made[-1]

    yield client
    for one in made:
        one.close()


def temporary(client: Aws, aws: Aws, service: str = "apigateway", **request: Any) -> Any:
    """A client with temporary credentials of the key that `aws` signs with."""
    given = aws("sts").get_session_token(**request)["Credentials"]
    return client(service, given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])


def test_the_root_of_an_account_is_told_who_it_is(aws: Aws, account: Account) -> None:
    identity = aws("sts").get_caller_identity()

    assert identity["ResponseMetadata"]["RequestId"]
    assert (identity["Account"], identity["UserId"]) == (account.id, account.id)
    assert identity["Arn"] == f"arn:aws:iam::{account.id}:root"


def test_a_member_is_told_their_name_and_an_id_that_stays(aws: Aws, account: Account, access_key: AccessKey) -> None:
    user = User.objects.create(username="mira", email="mira@example.com")
    Membership.objects.create(user=user, account=account, role="editor")
    AccessKey.objects.filter(pk=access_key.pk).update(user=user)

    identities = [aws("sts").get_caller_identity() for _ in range(2)]

    assert identities[0]["Arn"] == f"arn:aws:iam::{account.id}:user/mira"
    assert identities[0]["UserId"].startswith("AIDA")
    assert len({identity["UserId"] for identity in identities}) == 1


def test_an_access_key_tells_its_account_to_its_own_account_alone(aws: Aws, account: Account) -> None:
    other = AccessKey.objects.create(account=Account.objects.create(name="other"), secret="a secret")

    assert aws("sts").get_access_key_info(AccessKeyId=ACCESS_KEY_ID)["Account"] == account.id
    assert code_of(aws("sts").get_access_key_info, AccessKeyId=other.pk)[:2] == (400, "ValidationError")


def test_temporary_credentials_act_as_the_key_they_came_from(aws: Aws, client: Aws) -> None:
    made = aws("apigateway").create_rest_api(name="pets")["id"]

    assert [api["id"] for api in temporary(client, aws).get_rest_apis()["items"]] == [made]


def test_temporary_credentials_end_with_their_time(aws: Aws, client: Aws) -> None:
    gateway = temporary(client, aws, DurationSeconds=900)

    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=901)):
        assert code_of(gateway.get_rest_apis)[1] == "ExpiredTokenException"


def test_temporary_credentials_end_with_the_key_they_came_from(aws: Aws, client: Aws, access_key: AccessKey) -> None:
    gateway = temporary(client, aws)
    AccessKey.objects.filter(pk=access_key.pk).update(active=False)

    assert code_of(gateway.get_rest_apis)[1] == "UnrecognizedClientException"


def test_temporary_credentials_beget_none(aws: Aws, client: Aws) -> None:
    found = code_of(temporary(client, aws, "sts").get_session_token)

    assert found == (403, "AccessDenied", "Cannot call GetSessionToken with session credentials")


def test_a_token_goes_with_its_own_key_id_and_secret(aws: Aws, client: Aws) -> None:
    first, second = (aws("sts").get_session_token()["Credentials"] for _ in range(2))

    crossed = client("apigateway", first["AccessKeyId"], first["SecretAccessKey"], second["SessionToken"])
    without = client("apigateway", first["AccessKeyId"], first["SecretAccessKey"])
    forged = client("apigateway", first["AccessKeyId"], second["SecretAccessKey"], first["SessionToken"])

    assert code_of(crossed.get_rest_apis)[1] == "UnrecognizedClientException"
    assert code_of(without.get_rest_apis)[1] == "UnrecognizedClientException"
    assert code_of(forged.get_rest_apis)[1] == "InvalidSignatureException"


def test_what_is_refused_is_refused_in_the_words_of_sts(aws: Aws, client: Aws) -> None:
    stranger = client("sts", "AKIANOBODYNOBODYNOBO", "none")
    liar = client("sts", ACCESS_KEY_ID, "another secret")

    assert code_of(stranger.get_caller_identity)[:2] == (403, "InvalidClientTokenId")
    assert code_of(liar.get_caller_identity)[:2] == (403, "SignatureDoesNotMatch")
    assert (
        code_of(client("sts", ACCESS_KEY_ID, SECRET_ACCESS_KEY).get_session_token, DurationSeconds=1)[1]
        == "ValidationError"
    )
    assert code_of(aws("sts").get_session_token, TokenCode="123456", SerialNumber="arn:aws:iam::1:mfa/a")[0] == 400


ROLE = "arn:aws:iam::123456789012:role/cdk/deployer"


def assumed(aws: Aws, client: Aws, service: str = "apigateway", **request: Any) -> Any:
    """A client with credentials of a role that the key of `aws` assumes."""
    given = aws("sts").assume_role(**{"RoleArn": ROLE, "RoleSessionName": "build-7"} | request)["Credentials"]
    return client(service, given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])


def test_a_role_of_the_account_is_assumed_and_the_session_is_told_so(aws: Aws, client: Aws) -> None:
    answer = aws("sts").assume_role(RoleArn=ROLE, RoleSessionName="build-7")
    identity = assumed(aws, client, "sts").get_caller_identity()

    arn = "arn:aws:sts::123456789012:assumed-role/deployer/build-7"
    assert answer["AssumedRoleUser"]["Arn"] == identity["Arn"] == arn
    assert answer["AssumedRoleUser"]["AssumedRoleId"] == identity["UserId"]
    assert identity["UserId"].startswith("AROA")
    assert identity["UserId"].endswith(":build-7")
    left = answer["Credentials"]["Expiration"] - datetime.now(UTC)
    assert timedelta(minutes=59) < left <= timedelta(hours=1)


def test_a_profile_with_a_role_and_a_source_profile_works_as_on_aws(
    live_portal: str, access_key: AccessKey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config"
    config.write_text(
        f"[profile gatehouse]\naws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET_ACCESS_KEY}\n"
        f"[profile deploy]\nrole_arn = {ROLE}\nsource_profile = gatehouse\nrole_session_name = build-7\n"
        f"external_id = of-a-partner\nduration_seconds = 900\nregion = us-east-1\nendpoint_url = {live_portal}\n"
    )
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_ENDPOINT_URL", live_portal)
    session = boto3.Session(profile_name="deploy")

    made = session.client("apigateway").create_rest_api(name="pets")["id"]

    assert [api["id"] for api in session.client("apigateway").get_rest_apis()["items"]] == [made]
    assert session.client("sts").get_caller_identity()["Arn"].endswith(":assumed-role/deployer/build-7")


@pytest.mark.parametrize("name", ["admin", "gatehouse/seed", "root"])
def test_no_name_of_a_role_lets_a_viewer_do_more(
    aws: Aws, client: Aws, account: Account, access_key: AccessKey, name: str
) -> None:
    user = User.objects.create(username="vera", email="vera@example.com")
    Membership.objects.create(user=user, account=account, role="viewer")
    AccessKey.objects.filter(pk=access_key.pk).update(user=user)
    viewer = assumed(aws, client, RoleArn=f"arn:aws:iam::{account.id}:role/{name}", RoleSessionName="root")

    assert viewer.get_rest_apis()["items"] == []
    assert code_of(viewer.create_rest_api, name="pets")[:2] == (403, "AccessDeniedException")
    refused = AuditEvent.objects.get(operation="CreateRestApi")
    assert refused.principal == f"arn:aws:iam::{account.id}:user/vera"


def test_roles_of_other_accounts_are_not_assumed(aws: Aws) -> None:
    role = "arn:aws:iam::999999999999:role/deployer"

    assert code_of(aws("sts").assume_role, RoleArn=role, RoleSessionName="deploy") == (
        403,
        "AccessDenied",
        f"User: arn:aws:iam::123456789012:root is not authorized to perform: sts:AssumeRole on resource: {role}",
    )


@pytest.mark.parametrize(
    "arn", ["arn:aws:iam::123456789012:user/mira", "arn:aws:iam::123456789012:role/", "deployer-of-all-the-things"]
)
def test_what_is_no_role_is_not_assumed(aws: Aws, arn: str) -> None:
    assert code_of(aws("sts").assume_role, RoleArn=arn, RoleSessionName="deploy")[:2] == (400, "ValidationError")


@pytest.mark.parametrize(
    "member",
    [
        {"Policy": "{}"},
        {"PolicyArns": [{"arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}]},
        {"Tags": [{"Key": "team", "Value": "shop"}]},
        {"SourceIdentity": "mira"},
    ],
)
def test_what_would_have_to_narrow_a_session_is_refused_by_name(aws: Aws, member: dict[str, Any]) -> None:
    found = code_of(aws("sts").assume_role, RoleArn=ROLE, RoleSessionName="deploy", **member)

    assert found[:2] == (501, "NotImplementedException")
    assert found[2].startswith(next(iter(member)))


def test_a_session_that_assumes_a_role_gains_no_time(aws: Aws, client: Aws) -> None:
    short = temporary(client, aws, "sts", DurationSeconds=900)

    ends = short.assume_role(RoleArn=ROLE, RoleSessionName="next")["Credentials"]["Expiration"]
    found = code_of(short.assume_role, RoleArn=ROLE, RoleSessionName="next", DurationSeconds=7_200)

    assert ends <= datetime.now(UTC) + timedelta(seconds=900)
    assert found[:2] == (400, "ValidationError")


def test_a_role_ends_with_the_key_that_assumed_it(aws: Aws, client: Aws, access_key: AccessKey) -> None:
    gateway = assumed(aws, client)
    AccessKey.objects.filter(pk=access_key.pk).update(active=False)

    assert code_of(gateway.get_rest_apis)[1] == "UnrecognizedClientException"


@given(st.text(max_size=200), st.text(max_size=300))
def test_no_text_is_taken_for_a_session_token(key_id: str, token: str) -> None:
    assert SessionTokens(settings.SESSION_TOKEN_KEY).open(f"ASIA{key_id}", token) is None


def test_a_token_opens_for_its_own_key_id_only() -> None:
    session = SessionTokens(settings.SESSION_TOKEN_KEY).issue("AKIAPARENT", datetime.now(UTC))

    assert SessionTokens(settings.SESSION_TOKEN_KEY).open(session.access_key_id, session.token) == session
    assert SessionTokens(settings.SESSION_TOKEN_KEY).open("ASIAOTHER", session.token) is None
    assert "secret" not in session.token
