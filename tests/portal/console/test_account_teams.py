"""Teams: people with a role together, in the account or for some of its APIs; by the wire and in the console alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from django.test import Client
from django.urls import reverse

from apps.accounts.grants import Grants
from apps.accounts.models import AccessKey, Account, AuditEvent, Membership, Tag, Team, User
from apps.control_plane import registry
from apps.control_plane.caller import Caller, staff_caller
from apps.control_plane.errors import AccessDeniedException, AwsError, BadRequestException, NotFoundException
from apps.control_plane.wire.authentication import find_access_key
from apps.deployments.credentials import credentials_document
from apps.portals.audiences import shown_to
from apps.portals.models import Product, Visibility
from tests.builders import a_plan, a_rest_api, a_stage, call, ours
from tests.counted import answers, report
from tests.portal.console.reading import text, words

Member = Callable[[str], Client]


@pytest.fixture
def apis(caller: Caller) -> dict[str, str]:
    """Two REST APIs and an HTTP API."""
    made = {name: a_rest_api(caller) for name in ("ours", "theirs")}
    for api in made.values():
        a_stage(caller, api)
    made["http"] = registry.call(caller, "apigatewayv2", "CreateApi", {"Name": "web", "ProtocolType": "HTTP"})["ApiId"]
    return made


def somebody(caller: Caller, role: str = "member", **teams: dict[str, Any]) -> tuple[Caller, Client]:
    """Nina, who is in these teams: as a caller, and as a browser."""
    user, _ = User.objects.get_or_create(username="nina", defaults={"email": "nina@example.com"})
    Membership.objects.update_or_create(user=user, account_id=caller.account_id, defaults={"role": role})
    for name, team in teams.items():
        ours(caller, "PutTeam", teamName=name, **team)
        ours(caller, "PutTeamMember", teamName=name, userName="nina")
    browser = Client()
    browser.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    found = staff_caller(user, caller.account_id, caller.region, "127.0.0.1")
    assert found is not None
    return found, browser


def may(nina: Caller, name: str, service: str = "apigateway", /, **request: Any) -> bool:
    try:
        registry.call(nina, service, name, request)
    except AccessDeniedException:
        return False
    return True


def test_a_team_for_some_apis_opens_these_and_nothing_else(caller: Caller, apis: dict[str, str]) -> None:
    nina, _ = somebody(caller, devs={"role": "editor", "apiIds": [apis["ours"], apis["http"]]})

    assert may(nina, "UpdateRestApi", restApiId=apis["ours"], patchOperations=[])
    assert may(nina, "UpdateApi", "apigatewayv2", ApiId=apis["http"], Name="other")
    for name, request in (
        ("GetRestApi", {"restApiId": apis["theirs"]}), ("DeleteRestApi", {"restApiId": apis["theirs"]}), ("GetApiKeys", {}),
        ("CreateRestApi", {"name": "x", "cloneFrom": apis["ours"]}), ("CreateRestApi", {"name": "x"}), ("CreateApiKey", {}),
        ("CreateUsagePlan", {"name": "x", "apiStages": [{"apiId": apis["ours"], "stage": "prod"}]}), ("GetAccount", {}),
        ("TagResource", {"resourceArn": caller.arn(f"/restapis/{apis['ours']}"), "tags": {"a": "b"}}), ("GetDomainNames", {}),
    ):  # fmt: skip
        assert not may(nina, name, **request), name
    for name in ("ListMemberships", "ListTeams", "GetPortalBrand", "ListAudiences"):
        assert not may(nina, name, "gatehouse"), name
    assert {row["id"] for row in call(nina, "GetRestApis")["items"]} == {apis["ours"]}
    assert {row["ApiId"] for row in registry.call(nina, "apigatewayv2", "GetApis", {})["Items"]} == {apis["http"]}


def test_the_console_shows_such_people_their_apis_alone(caller: Caller, apis: dict[str, str]) -> None:
    _, browser = somebody(caller, devs={"role": "editor", "apiIds": [apis["ours"]]})

    home = text(browser.get(reverse("console:home")))
    assert apis["ours"] in home
    assert apis["theirs"] not in home
    assert reverse("console:create_api") not in home
    assert reverse("console:usage_plans") not in home
    assert "Delete" in text(browser.get(reverse("console:api_settings", args=[apis["ours"]])))
    for view in (
        "api",
        "stages",
        "api_settings",
        "traffic",
        "changes",
        "models",
        "authorizers",
        "resource_policy",
        "deployments",
    ):
        assert browser.get(reverse(f"console:{view}", args=[apis["ours"]])).status_code == 200, view
        assert browser.get(reverse(f"console:{view}", args=[apis["theirs"]])).status_code == 404, view
    for view in (
        "usage_plans",
        "api_keys",
        "audit",
        "people",
        "create_api",
        "functions",
        "products",
        "account",
        "logs",
        "import",
    ):
        assert browser.get(reverse(f"console:{view}")).status_code == 403, view
    found = text(browser.get(reverse("console:palette"), {"q": "petstore"}))
    assert apis["ours"] in found
    assert apis["theirs"] not in found


def test_every_page_is_closed_unless_it_is_about_an_api_or_for_everybody(caller: Caller, apis: dict[str, str]) -> None:
    from portal.console import gate, urls

    _, browser = somebody(caller, devs={"role": "viewer", "apiIds": [apis["ours"]]})
    named = [pattern for pattern in urls.urlpatterns if getattr(pattern, "name", None)]
    plain = [pattern.name for pattern in named if "<" not in str(pattern.pattern)]
    before_the_gate = {"sign_in", "sign_out", "single_sign_on", "single_sign_on_back", "second_step"}

    opened = {
        name for name in plain
        if name not in before_the_gate and browser.get(reverse(f"console:{name}")).status_code not in (403, 405)
    }  # fmt: skip

    assert opened <= gate._OF_EACH


def test_a_viewing_team_changes_nothing(caller: Caller, apis: dict[str, str]) -> None:
    nina, browser = somebody(caller, lookers={"role": "viewer", "apiIds": [apis["ours"]]})

    assert may(nina, "GetRestApi", restApiId=apis["ours"])
    assert not may(nina, "DeleteRestApi", restApiId=apis["ours"])
    answer = browser.post(reverse("console:delete_api", args=[apis["ours"]]), {"confirmation": "petstore"})
    assert answer.status_code == 403
    refused = AuditEvent.objects.filter(operation="DeleteRestApi", principal__endswith="user/nina")
    assert set(refused.values_list("error", flat=True)) == {"AccessDeniedException"}


def test_what_is_refused_is_audited_reads_too(caller: Caller, apis: dict[str, str]) -> None:
    nina, _ = somebody(caller, devs={"role": "editor", "apiIds": [apis["ours"]]})

    may(nina, "GetRestApi", restApiId=apis["theirs"])

    event = AuditEvent.objects.get(operation="GetRestApi")
    assert (event.error, event.resource) == ("AccessDeniedException", apis["theirs"])


def test_the_strongest_role_wins(caller: Caller, apis: dict[str, str]) -> None:
    nina, browser = somebody(
        caller,
        "viewer",
        devs={"role": "editor", "apiIds": [apis["ours"]]},
        lookers={"role": "viewer", "apiIds": [apis["ours"]]},
    )

    assert may(nina, "GetApiKeys")
    assert not may(nina, "CreateApiKey")
    assert not may(nina, "UpdateRestApi", restApiId=apis["theirs"], patchOperations=[])
    assert may(nina, "UpdateRestApi", restApiId=apis["ours"], patchOperations=[])
    assert len(call(nina, "GetRestApis")["items"]) == 2
    assert "Delete API" in text(browser.get(reverse("console:api_settings", args=[apis["ours"]])))
    assert "Delete API" not in text(browser.get(reverse("console:api_settings", args=[apis["theirs"]])))


@pytest.mark.parametrize(
    ("role", "of_apis", "expected"),
    [
        ("", (), ""),
        ("viewer", (("editor", frozenset({"b"})),), "viewer"),
        ("viewer", (("editor", frozenset({"a"})),), "editor"),
        ("owner", (("viewer", frozenset({"a"})),), "owner"),
        ("", (("viewer", frozenset({"a"})), ("editor", frozenset({"a"}))), "editor"),
    ],
)
def test_roles_add_up(role: str, of_apis: Any, expected: str) -> None:
    assert Grants(role, of_apis).role_on("a") == expected


def test_a_member_without_a_team_may_nothing(caller: Caller, apis: dict[str, str]) -> None:
    nina, browser = somebody(caller)

    assert not may(nina, "GetRestApis")
    assert not may(nina, "GetRestApi", restApiId=apis["ours"])
    assert browser.get(reverse("console:api_keys")).status_code == 403
    assert apis["ours"] not in text(browser.get(reverse("console:home")))
    assert browser.get(reverse("console:api", args=[apis["ours"]])).status_code in (403, 404)


def test_a_team_of_the_whole_account_gives_its_role_everywhere(caller: Caller, apis: dict[str, str]) -> None:
    nina, browser = somebody(caller, admins={"role": "owner"})

    assert may(nina, "CreateApiKey")
    assert may(nina, "PutMembership", "gatehouse", userName="nina", role="viewer")
    assert "Invite somebody" in text(browser.get(reverse("console:people")))


def test_a_tag_says_which_apis_a_team_is_for(caller: Caller, apis: dict[str, str]) -> None:
    for path in (f"/restapis/{apis['ours']}", f"/apis/{apis['http']}", f"/restapis/{apis['theirs']}/stages/prod"):
        Tag.objects.create(
            account_id=caller.account_id, region=caller.region, arn=caller.arn(path), key="team", value="pets"
        )
    Tag.objects.create(
        account_id=caller.account_id, region=caller.region, arn=caller.arn("/apikeys/x"), key="team", value="pets"
    )

    nina, _ = somebody(caller, pets={"role": "editor", "tagKey": "team", "tagValue": "pets"})

    assert dict(nina.of_apis) == {"editor": frozenset({apis["ours"], apis["http"]})}


def test_tags_of_other_accounts_open_nothing(caller: Caller, elsewhere: Caller) -> None:
    Tag.objects.create(
        account_id=elsewhere.account_id, region="us-east-1", arn=caller.arn("/restapis/x"), key="a", value="b"
    )

    nina, _ = somebody(caller, pets={"role": "editor", "tagKey": "a", "tagValue": "b"})

    assert dict(nina.of_apis) == {"editor": frozenset()}


def test_signed_requests_have_the_same_roles(caller: Caller, apis: dict[str, str]) -> None:
    nina, _ = somebody(caller, devs={"role": "editor", "apiIds": [apis["ours"]]})
    key = AccessKey.objects.create(account_id=caller.account_id, user=User.objects.get(username="nina"), secret="s")

    credential = find_access_key(key.pk)

    assert credential is not None
    assert (credential.role, credential.of_apis) == ("", nina.of_apis)
    assert [identity.invokes for identity in credentials_document(caller.account_id).identities] == [False]


def test_such_people_make_access_keys_of_their_own(caller: Caller, apis: dict[str, str], owner: Client) -> None:
    nina, browser = somebody(caller, devs={"role": "editor", "apiIds": [apis["ours"]]})

    browser.post(reverse("console:create_access_key"))

    assert AccessKey.objects.get().user == User.objects.get(username="nina")
    assert not may(nina, "CreateAccessKey", "gatehouse", userName="owner")


def test_owners_make_teams_take_people_in_and_end_them(owner: Client, caller: Caller, apis: dict[str, str]) -> None:
    form = {"name": "Pet devs", "role": "editor", "scope": "APIS", "apis": [apis["ours"]]}
    page = owner.post(reverse("console:create_team"), form)["Location"]
    owner.post(reverse("console:add_team_member", args=["Pet devs"]), {"who": "owner"})
    assert "Pet devs" in words(owner.get(reverse("console:people")))
    assert "Take owner out" in text(owner.get(page))
    owner.post(page, {"role": "viewer", "scope": "TAG", "tag_key": "team", "tag_value": "pets"})

    team = ours(caller, "GetTeam", teamName="Pet devs")
    assert (team["role"], team["scope"], team["apiIds"], team["userNames"]) == ("viewer", "TAG", [], ["owner"])
    owner.post(reverse("console:remove_team_member", args=["Pet devs", "owner"]))
    owner.post(reverse("console:delete_team", args=["Pet devs"]), {"confirmation": "no"})
    assert Team.objects.exists()
    owner.post(reverse("console:delete_team", args=["Pet devs"]), {"confirmation": "Pet devs"})
    assert not Team.objects.exists()
    kept = list(
        AuditEvent.objects.filter(resource__startswith="Pet devs").order_by("pk").values_list("operation", flat=True)
    )
    assert kept == ["PutTeam", "PutTeamMember", "PutTeam", "DeleteTeamMember", "DeleteTeam"]


def test_somebody_is_invited_into_a_team(owner: Client, caller: Caller, apis: dict[str, str]) -> None:
    ours(caller, "PutTeam", teamName="devs", role="editor", apiIds=[apis["ours"]])

    owner.post(
        reverse("console:invite"),
        {"invite-name": "nina", "invite-email": "nina@example.com", "invite-role": "member", "invite-team": "devs"},
    )

    assert ours(caller, "GetTeam", teamName="devs")["userNames"] == ["nina"]
    assert ours(caller, "GetMembership", userName="nina")["role"] == "member"


def test_who_leaves_the_account_leaves_its_teams(caller: Caller, owner: Client) -> None:
    somebody(caller, devs={"role": "viewer"})

    ours(caller, "DeleteMembership", userName="nina")

    assert ours(caller, "GetTeam", teamName="devs")["userNames"] == []


@pytest.mark.parametrize("name", ["PutTeam", "DeleteTeam", "PutTeamMember", "DeleteTeamMember"])
def test_only_owners_change_teams(caller: Caller, member: Member, name: str) -> None:
    ours(caller, "PutTeam", teamName="devs", role="viewer")
    member("editor")
    editor = staff_caller(User.objects.get(username="editor"), caller.account_id, caller.region, "")
    assert editor is not None

    request = {"teamName": "devs", "userName": "editor", "role": "owner"}
    wanted = {"PutTeam": ("teamName", "role"), "DeleteTeam": ("teamName",)}.get(name, ("teamName", "userName"))
    with pytest.raises(AccessDeniedException):
        ours(editor, name, **{key: request[key] for key in wanted})


@pytest.mark.parametrize(
    ("members", "error"),
    [
        ({"teamName": "a/b"}, BadRequestException),
        ({"teamName": ""}, AwsError),
        ({"teamName": "x" * 65}, BadRequestException),
        ({"role": "king"}, BadRequestException),
        ({"role": "member"}, BadRequestException),
        ({"role": "owner", "tagKey": "a"}, BadRequestException),
        ({"apiIds": ["nothing000"]}, NotFoundException),
        ({"scope": "APIS"}, BadRequestException),
        ({"scope": "TAG"}, BadRequestException),
    ],
)
def test_what_makes_no_team_is_refused(caller: Caller, members: dict[str, Any], error: type[AwsError]) -> None:
    with pytest.raises(error):
        ours(caller, "PutTeam", **{"teamName": "devs", "role": "viewer", **members})

    assert not Team.objects.exists()


def test_an_api_of_another_account_cannot_be_given(caller: Caller, elsewhere: Caller) -> None:
    theirs = a_rest_api(elsewhere)

    with pytest.raises(NotFoundException):
        ours(caller, "PutTeam", teamName="devs", role="editor", apiIds=[theirs])


def test_teams_of_other_accounts_are_unknown(caller: Caller, elsewhere: Caller, owner: Client) -> None:
    ours(elsewhere, "PutTeam", teamName="devs", role="owner")

    with pytest.raises(NotFoundException):
        ours(caller, "PutTeamMember", teamName="devs", userName="owner")
    assert owner.get(reverse("console:team", args=["devs"])).status_code == 404


def test_a_live_client_opens_for_those_who_may_change_its_api(
    account: Account, caller: Caller, apis: dict[str, str]
) -> None:
    nina, _ = somebody(caller, devs={"role": "editor", "apiIds": [apis["http"]]})

    assert (nina.role_on(apis["http"]), nina.role_on(apis["ours"])) == ("editor", "")


def test_an_unmodified_client_of_such_a_person_works_within_their_apis(live_portal: str, caller: Caller) -> None:
    ours_id, theirs_id = (a_rest_api(caller) for _ in range(2))
    somebody(caller, devs={"role": "editor", "apiIds": [ours_id]})
    nina = User.objects.get(username="nina")
    key = AccessKey.objects.create(account_id=caller.account_id, user=nina, secret="a secret of nina's")
    options = {
        "endpoint_url": live_portal, "region_name": caller.region, "aws_access_key_id": key.pk,
        "aws_secret_access_key": "a secret of nina's", "config": Config(retries={"total_max_attempts": 1}),
    }  # fmt: skip
    gateway = boto3.client("apigateway", **options)

    assert boto3.client("sts", **options).get_caller_identity()["Arn"].endswith(":user/nina")
    assert [api["id"] for api in gateway.get_rest_apis()["items"]] == [ours_id]
    gateway.create_deployment(restApiId=ours_id, stageName="prod")
    with pytest.raises(ClientError, match="not authorized to perform: apigateway:POST"):
        gateway.create_deployment(restApiId=theirs_id, stageName="prod")
    with pytest.raises(ClientError, match="not authorized to perform: apigateway:GET"):
        gateway.get_api_keys()


def test_products_that_are_kept_back_are_shown_to_roles_of_the_account_alone(caller: Caller) -> None:
    api = a_rest_api(caller)
    stage = a_stage(caller, api)
    plan = a_plan(caller, (api, stage))
    stages, plans = [{"restApiId": api, "stageName": stage}], [{"usagePlanId": plan}]
    ours(caller, "CreateProduct", slug="pets", name="Pets", stages=stages, usagePlans=plans)
    Product.objects.update(visibility=Visibility.AUDIENCE)

    def sees() -> bool:
        return Product.objects.filter(shown_to(User.objects.get(username="nina"))).exists()

    somebody(caller, devs={"role": "editor", "apiIds": [api]})
    of_a_team_for_an_api = sees()
    somebody(caller, everybody={"role": "viewer"})

    assert (of_a_team_for_an_api, sees()) == (False, True)


def test_a_role_for_some_apis_shows_the_numbers_of_these_alone(caller: Caller, apis: dict[str, str]) -> None:
    _, browser = somebody(caller, devs={"role": "viewer", "apiIds": [apis["ours"]]})
    for api in apis.values():
        report(answers(api, 7, account_id=caller.account_id, region=caller.region))

    assert "Last 24 hours" not in words(browser.get(reverse("console:home")))
    assert browser.get(reverse("console:dashboard")).status_code == 403
    assert "Requests 7 " in words(browser.get(reverse("console:traffic", args=[apis["ours"]])))
    assert browser.get(reverse("console:traffic", args=[apis["theirs"]])).status_code == 404
