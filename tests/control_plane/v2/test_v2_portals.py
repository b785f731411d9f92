"""Portals and their products: what may be said of them, what publishing does, and who may show what."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from apps.control_plane.caller import Caller
from apps.control_plane.v2 import portal_products, portals, product_pages, product_rest_endpoint_pages
from apps.portals.aws_portals import (
    Portal,
    PortalProduct,
    PortalPublication,
    ProductPage,
    ProductRestEndpointPage,
)
from apps.portals.publications import KEPT
from apps.portals.tasks import publish_waiting_portals
from tests.bucket import Bucket
from tests.builders import (
    COLORS,
    a_caller,
    a_portal,
    a_portal_with_pages,
    a_rest_api,
    a_stage,
    an_endpoint_page,
    call,
    call_v2,
    mock,
    refusal_v2,
)

pytestmark = pytest.mark.django_db

PICTURE = b"\x89PNG\r\n\x1a\n" + b"\x00" * 64
EMBEDDED = "data:image/png;base64," + base64.b64encode(PICTURE).decode()
POOL = {
    "AppClientId": "client",
    "UserPoolArn": "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_gatehouse",
    "UserPoolDomain": "https://portal.example.com",
}


@pytest.fixture
def api(caller: Caller, valkey: Any) -> str:
    made = a_rest_api(caller, {"/pets": {"GET": mock(), "POST": mock()}})
    a_stage(caller, made)
    return made


@pytest.fixture
def shop(caller: Caller, api: str) -> dict[str, str]:
    """A portal, by the members that name its parts."""
    return a_portal_with_pages(caller, api)


def portal(caller: Caller, shop: dict[str, str]) -> dict[str, Any]:
    return call_v2(caller, "GetPortal", PortalId=shop["PortalId"])


def publish(caller: Caller, shop: dict[str, str], description: str = "") -> dict[str, Any]:
    call_v2(caller, "PublishPortal", PortalId=shop["PortalId"], Description=description)
    publish_waiting_portals()
    return portal(caller, shop)


def live(shop: dict[str, str]) -> dict[str, Any]:
    """What visitors see."""
    row = Portal.objects.get(portal_id=shop["PortalId"])
    assert row.live is not None
    document: dict[str, Any] = row.live.document
    return document


def product_of(caller: Caller, shop: dict[str, str]) -> dict[str, Any]:
    return call_v2(caller, "GetPortalProduct", PortalProductId=shop["PortalProductId"])


def share(caller: Caller, shop: dict[str, str], principal: Any, **statement: Any) -> None:
    allowed = {"Effect": "Allow", "Principal": principal, "Action": "apigateway:GetPortalProduct", "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [{**allowed, **statement}]}
    call_v2(
        caller,
        "PutPortalProductSharingPolicy",
        PortalProductId=shop["PortalProductId"],
        PolicyDocument=json.dumps(policy),
    )


def test_a_new_portal_is_disabled_and_has_a_default_domain_name(caller, shop):
    found = portal(caller, shop)

    assert found["PublishStatus"] == "DISABLED"
    assert found["PortalArn"] == f"arn:aws:apigateway:us-east-1:123456789012:/portals/{shop['PortalId']}"
    assert found["EndpointConfiguration"]["PortalDefaultDomainName"].startswith(f"p-{shop['PortalId']}.")
    assert "Preview" not in found
    assert "LastPublished" not in found


def test_publishing_takes_its_time_and_then_tells_when_and_why(caller, shop):
    assert call_v2(caller, "PublishPortal", PortalId=shop["PortalId"], Description="the first") == {}
    assert portal(caller, shop)["PublishStatus"] == "PUBLISH_IN_PROGRESS"

    publish_waiting_portals()

    found = portal(caller, shop)
    assert (found["PublishStatus"], found["LastPublishedDescription"]) == ("PUBLISHED", "the first")
    assert found["LastPublished"]
    assert live(shop)["products"][0]["sections"][0]["endpoints"][0]["path"] == "/pets"


def test_visitors_see_a_change_only_after_the_next_publication(caller, shop):
    publish(caller, shop)
    of_page = {"PortalProductId": shop["PortalProductId"], "ProductPageId": shop["ProductPageId"]}
    call_v2(caller, "UpdateProductPage", **of_page, DisplayContent={"Title": "Welcome", "Body": "# New"})

    assert "our" in live(shop)["products"][0]["overview"]
    publish(caller, shop)
    assert live(shop)["products"][0]["overview"] == "# New"


def test_a_publication_that_fails_leaves_the_one_before_and_says_why(caller, shop, api):
    publish(caller, shop, "good")
    before = live(shop)
    call(caller, "DeleteStage", restApiId=api, stageName="prod")

    found = publish(caller, shop, "bad")

    assert found["PublishStatus"] == "PUBLISH_FAILED"
    assert "GET /pets cannot be shown" in found["StatusException"]["Message"]
    assert found["LastPublishedDescription"] == "good"
    assert live(shop) == before
    page = {key: shop[key] for key in ("PortalProductId", "ProductRestEndpointPageId")}
    assert call_v2(caller, "GetProductRestEndpointPage", **page)["Status"] == "FAILED"


def test_a_portal_that_failed_is_published_once_what_was_wrong_is_right(caller, shop, api):
    call(caller, "DeleteStage", restApiId=api, stageName="prod")
    assert publish(caller, shop)["PublishStatus"] == "PUBLISH_FAILED"

    a_stage(caller, api)

    found = publish(caller, shop)
    assert found["PublishStatus"] == "PUBLISHED"
    assert "StatusException" not in found


def test_only_the_newest_publications_are_kept(caller, shop):
    for _ in range(KEPT + 3):
        publish(caller, shop)

    assert PortalPublication.objects.count() == KEPT


def test_while_a_portal_is_published_nothing_else_happens_to_it(caller, shop):
    call_v2(caller, "PublishPortal", PortalId=shop["PortalId"])

    for name in ("PublishPortal", "PreviewPortal", "UpdatePortal", "DisablePortal"):
        assert refusal_v2(caller, name, PortalId=shop["PortalId"]).startswith("ConflictException"), name
    assert refusal_v2(caller, "DeletePortal", PortalId=shop["PortalId"]).startswith("BadRequestException")


def test_a_portal_is_disabled_before_it_is_deleted(caller, shop):
    publish(caller, shop)
    assert "must be disabled" in refusal_v2(caller, "DeletePortal", PortalId=shop["PortalId"])

    call_v2(caller, "DisablePortal", PortalId=shop["PortalId"])

    assert portal(caller, shop)["PublishStatus"] == "DISABLED"
    assert not PortalPublication.objects.exists()
    call_v2(caller, "DeletePortal", PortalId=shop["PortalId"])
    assert refusal_v2(caller, "GetPortal", PortalId=shop["PortalId"]).startswith("NotFoundException")


def test_a_preview_has_an_address_and_publishes_nothing(caller, shop):
    call_v2(caller, "PreviewPortal", PortalId=shop["PortalId"])
    assert portal(caller, shop)["Preview"] == {"PreviewStatus": "PREVIEW_IN_PROGRESS"}

    publish_waiting_portals()

    found = portal(caller, shop)
    assert found["Preview"]["PreviewStatus"] == "PREVIEW_READY"
    assert "/portals/preview/" in found["Preview"]["PreviewUrl"]
    assert found["PublishStatus"] == "DISABLED"


def test_a_preview_of_what_cannot_be_shown_fails_with_a_reason(caller, shop, api):
    call(caller, "DeleteStage", restApiId=api, stageName="prod")

    call_v2(caller, "PreviewPortal", PortalId=shop["PortalId"])
    publish_waiting_portals()

    preview = portal(caller, shop)["Preview"]
    assert preview["PreviewStatus"] == "PREVIEW_FAILED"
    assert "no stage prod" in preview["StatusException"]["Message"]


def test_a_page_that_the_display_order_does_not_name_is_a_draft(caller, shop, api):
    an_endpoint_page(caller, shop["PortalProductId"], api, method="POST")
    content = {"Title": "Terms", "Body": "None."}
    call_v2(caller, "CreateProductPage", PortalProductId=shop["PortalProductId"], DisplayContent=content)

    publish(caller, shop)

    product = live(shop)["products"][0]
    assert product["pages"] == []
    assert [endpoint["method"] for endpoint in product["sections"][0]["endpoints"]] == ["GET"]


def test_a_page_that_is_deleted_leaves_the_display_order(caller, shop):
    of_product = {"PortalProductId": shop["PortalProductId"]}
    call_v2(caller, "DeleteProductPage", **of_product, ProductPageId=shop["ProductPageId"])
    call_v2(
        caller,
        "DeleteProductRestEndpointPage",
        **of_product,
        ProductRestEndpointPageId=shop["ProductRestEndpointPageId"],
    )

    order = product_of(caller, shop)["DisplayOrder"]
    assert order == {"Contents": [{"SectionName": "Adopting", "ProductRestEndpointPageArns": []}]}
    call_v2(caller, "UpdatePortalProduct", **of_product, DisplayOrder=order)


def test_a_display_order_names_pages_of_its_own_product_once(caller, shop):
    of_product = {"PortalProductId": shop["PortalProductId"]}
    order = product_of(caller, shop)["DisplayOrder"]
    twice = {"ProductPageArns": [order["OverviewPageArn"]] * 2}
    strange = {"OverviewPageArn": order["OverviewPageArn"][:-1] + "!"}
    nameless = {"Contents": [{**order["Contents"][0], "SectionName": " "}]}

    for wrong, words in ((twice, "only once"), (strange, "Invalid page ARN"), (nameless, "cannot be empty")):
        assert words in refusal_v2(caller, "UpdatePortalProduct", **of_product, DisplayOrder=wrong)


def test_an_endpoint_page_says_what_the_stage_does_until_it_is_overridden(caller, shop):
    of_page = {key: shop[key] for key in ("PortalProductId", "ProductRestEndpointPageId")}
    plain = call_v2(caller, "GetProductRestEndpointPage", **of_page, IncludeRawDisplayContent="true")
    overrides = {"Body": "Ask nicely.", "Endpoint": "https://api.example.com/pets", "OperationName": "Find pets"}

    changed = call_v2(caller, "UpdateProductRestEndpointPage", **of_page, DisplayContent={"Overrides": overrides})
    again = call_v2(caller, "UpdateProductRestEndpointPage", **of_page, DisplayContent={"None": {}})

    assert plain["DisplayContent"]["Endpoint"].endswith(".execute-api.us-east-1.amazonaws.com/prod/pets")
    assert "responses" in json.loads(plain["RawDisplayContent"])
    assert changed["DisplayContent"] == overrides
    assert again["DisplayContent"] == plain["DisplayContent"]
    assert again["TryItState"] == "ENABLED"


@pytest.mark.parametrize(
    "parts", [{"RestApiId": "zzzzzzzzzz"}, {"Stage": "none"}, {"Path": "/dogs"}, {"Method": "DELETE"}, {"Method": "X"}]
)
def test_an_endpoint_page_is_about_a_method_that_is_there(caller, shop, api, parts):
    right = {"RestApiId": api, "Stage": "prod", "Path": "/pets", "Method": "GET"}
    identifier = {"IdentifierParts": {**right, **parts}}

    assert "Invalid REST endpoint identifier" in refusal_v2(
        caller,
        "CreateProductRestEndpointPage",
        PortalProductId=shop["PortalProductId"],
        RestEndpointIdentifier=identifier,
    )


def test_the_methods_of_another_accounts_api_cannot_be_shown(shop, api):
    stranger = a_caller("333333333333")
    product = call_v2(stranger, "CreatePortalProduct", DisplayName="Theirs")
    identifier = {"IdentifierParts": {"RestApiId": api, "Stage": "prod", "Path": "/pets", "Method": "GET"}}

    assert "has no stage" in refusal_v2(
        stranger,
        "CreateProductRestEndpointPage",
        PortalProductId=product["PortalProductId"],
        RestEndpointIdentifier=identifier,
    )


def test_a_product_is_shared_with_those_whom_its_policy_allows(caller, shop):
    friend, stranger = a_caller("222222222222"), a_caller("333333333333")
    named = {"PortalProductId": shop["PortalProductId"], "ResourceOwnerAccountId": caller.account_id}
    share(caller, shop, {"AWS": "222222222222"})

    assert call_v2(friend, "GetPortalProduct", **named)["DisplayName"] == "Pets"
    assert len(call_v2(friend, "ListProductPages", **named)["Items"]) == 1
    assert len(call_v2(friend, "ListPortalProducts", ResourceOwner="OTHER_ACCOUNTS")["Items"]) == 1
    assert call_v2(friend, "ListPortalProducts")["Items"] == []
    for name in ("GetPortalProduct", "ListProductPages", "ListProductRestEndpointPages"):
        assert refusal_v2(stranger, name, **named).startswith("NotFoundException"), name
    assert call_v2(stranger, "ListPortalProducts", ResourceOwner="OTHER_ACCOUNTS")["Items"] == []
    assert refusal_v2(friend, "UpdatePortalProduct", PortalProductId=shop["PortalProductId"]).startswith("NotFound")


def test_whoever_a_product_is_no_longer_shared_with_cannot_publish_it_again(caller, shop):
    friend = a_caller("222222222222")
    arn = product_of(caller, shop)["PortalProductArn"]
    assert refusal_v2(friend, "CreatePortal", **portal_body(arn)).startswith("BadRequestException")
    share(caller, shop, {"AWS": "arn:aws:iam::222222222222:root"})
    theirs = {"PortalId": a_portal(friend, arn)}
    assert publish(friend, theirs)["PublishStatus"] == "PUBLISHED"

    call_v2(caller, "DeletePortalProductSharingPolicy", PortalProductId=shop["PortalProductId"])

    assert publish(friend, theirs)["PublishStatus"] == "PUBLISH_FAILED"
    assert live(theirs)["products"][0]["name"] == "Pets"
    call_v2(friend, "UpdatePortal", **theirs, IncludedPortalProductArns=[])
    assert publish(friend, theirs)["PublishStatus"] == "PUBLISHED"


def portal_body(*arns: str) -> dict[str, Any]:
    return {
        "Authorization": {"None": {}},
        "EndpointConfiguration": {"None": {}},
        "PortalContent": {"DisplayName": "Pet shop", "Theme": {"CustomColors": COLORS}},
        "IncludedPortalProductArns": list(arns),
    }


def test_a_denial_in_a_sharing_policy_wins(caller, shop):
    friend = a_caller("222222222222")
    share(caller, shop, "*", Effect="Deny")

    named = {"PortalProductId": shop["PortalProductId"], "ResourceOwnerAccountId": caller.account_id}
    assert refusal_v2(friend, "GetPortalProduct", **named).startswith("NotFoundException")
    assert product_of(caller, shop)["DisplayName"] == "Pets"


@pytest.mark.parametrize(
    "document", ["none", "[]", "{}", '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*"}]}']
)
def test_what_is_no_policy_is_refused(caller, shop, document):
    named = {"PortalProductId": shop["PortalProductId"]}

    words = refusal_v2(caller, "PutPortalProductSharingPolicy", **named, PolicyDocument=document)

    assert words.startswith("BadRequestException: Invalid policy document.")
    assert refusal_v2(caller, "GetPortalProductSharingPolicy", **named).startswith("NotFoundException")


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"Authorization": {"CognitoConfig": {**POOL, "UserPoolArn": "arn:aws:iam::123456789012:user/one"}}}, "user pool ARN"),
        ({"Authorization": {"CognitoConfig": {**POOL, "UserPoolArn": POOL["UserPoolArn"].replace("us-east-1", "eu-west-1")}}}, "same Region"),
        ({"Authorization": {"CognitoConfig": {**POOL, "UserPoolDomain": "https://user@evil.example"}}}, "user pool domain"),
        ({"Authorization": {"None": {}, "CognitoConfig": POOL}}, "Exactly one"),
        ({"EndpointConfiguration": {}}, "Exactly one"),
        ({"EndpointConfiguration": {"AcmManaged": {"DomainName": "no name", "CertificateArn": "arn:aws:acm:x"}}}, "domain name"),
        ({"EndpointConfiguration": {"AcmManaged": {"DomainName": "a.example.com", "CertificateArn": "arn:aws:acm:x"}}}, "owned by"),
        ({"PortalContent": {"DisplayName": "Pets", "Theme": {"CustomColors": {**COLORS, "TextColor": "red"}}}}, "TextColor"),
        ({"IncludedPortalProductArns": ["arn:aws:apigateway:us-east-1:123456789012:/portalproducts/zzz"]}, "Invalid portal product"),
        ({"LogoUri": "s3://bucket/logo.png"}, "Amazon S3 for this account"),
        ({"LogoUri": "ftp://bucket/logo.png"}, "Invalid logo URI"),
        ({"LogoUri": "data:image/svg+xml;base64,PHN2Zy8+"}, "PNG, JPEG, GIF or WebP"),
        ({"LogoUri": "data:image/png,none"}, "base64"),
        ({"LogoUri": "http://127.0.0.1:1/logo.png"}, "cannot be used"),
    ],
)  # fmt: skip
def test_what_a_portal_cannot_be_is_refused(caller, members, words):
    found = refusal_v2(caller, "CreatePortal", **{**portal_body(), **members})

    assert found.startswith("BadRequestException")
    assert words in found
    assert not Portal.objects.exists()


def test_a_domain_name_belongs_to_one_portal(caller, shop):
    certificate = "arn:aws:acm:us-east-1:123456789012:certificate/one"
    mine = {"AcmManaged": {"DomainName": "Pets.example.com", "CertificateArn": certificate}}

    found = call_v2(caller, "UpdatePortal", PortalId=shop["PortalId"], EndpointConfiguration=mine)

    assert found["EndpointConfiguration"]["DomainName"] == "pets.example.com"
    assert "already exists" in refusal_v2(caller, "CreatePortal", **{**portal_body(), "EndpointConfiguration": mine})
    again = call_v2(caller, "UpdatePortal", PortalId=shop["PortalId"], EndpointConfiguration={"None": {}})
    assert "DomainName" not in again["EndpointConfiguration"]


class Shelf(BaseHTTPRequestHandler):
    content = PICTURE

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/logo.png" else 302)
        self.send_header("Location", "/logo.png")
        self.send_header("Content-Length", str(len(self.content)))
        self.end_headers()
        self.wfile.write(self.content)

    def log_message(self, format: str, *args: Any) -> None:
        """Nobody reads it."""


@pytest.fixture
def shelf() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shelf)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join(5)


def test_a_logo_is_fetched_when_it_is_named_and_published_with_the_rest(caller, shop, shelf):
    found = call_v2(caller, "UpdatePortal", PortalId=shop["PortalId"], LogoUri=f"{shelf}/logo.png")
    publish(caller, shop)

    assert found["PortalContent"]["Theme"]["LogoLastUploaded"]
    row = Portal.objects.select_related("live").get(portal_id=shop["PortalId"])
    assert row.live is not None
    assert bytes(row.live.logo or b"") == PICTURE
    taken = call_v2(caller, "UpdatePortal", PortalId=shop["PortalId"], LogoUri="")
    assert "LogoLastUploaded" not in taken["PortalContent"]["Theme"]


def test_a_logo_that_redirects_or_is_too_large_is_refused(caller, shelf, monkeypatch):
    assert "answers 302" in refusal_v2(caller, "CreatePortal", **{**portal_body(), "LogoUri": f"{shelf}/elsewhere"})
    monkeypatch.setattr(Shelf, "content", PICTURE + b"\x00" * 200 * 1024)
    assert "more than 200 KB" in refusal_v2(caller, "CreatePortal", **{**portal_body(), "LogoUri": f"{shelf}/logo.png"})


def test_a_logo_may_lie_in_s3(caller, settings):
    with Bucket(PICTURE) as bucket:
        settings.ENVIRONMENT = replace(settings.ENVIRONMENT, aws=bucket.access)
        wanted = {**portal_body(), "LogoUri": "s3://looks/shop/logo 1.png"}

        found = call_v2(caller, "CreatePortal", **wanted)

        assert found["PortalContent"]["Theme"]["LogoLastUploaded"]
        assert bytes(Portal.objects.get(portal_id=found["PortalId"]).logo) == PICTURE
        ((path, signed),) = bucket.asked
        assert (path, "/us-east-1/s3/" in signed) == ("/looks/shop/logo%201.png", True)
        bucket.body = b"<svg/>"
        assert "PNG, JPEG, GIF or WebP" in refusal_v2(caller, "CreatePortal", **wanted)
        bucket.status = 403
        assert "S3 answers 403" in refusal_v2(caller, "CreatePortal", **wanted)
        bucket.status, bucket.body = 200, PICTURE + b"\x00" * 200 * 1024
        assert "more than 200 KB" in refusal_v2(caller, "CreatePortal", **wanted)


def test_a_small_logo_may_be_in_its_uri(caller):
    found = call_v2(caller, "CreatePortal", **{**portal_body(), "LogoUri": EMBEDDED})

    assert found["PortalContent"]["Theme"]["LogoLastUploaded"]


def test_portals_and_products_have_tags(caller, shop):
    arn = product_of(caller, shop)["PortalProductArn"]

    call_v2(caller, "TagResource", ResourceArn=arn, Tags={"team": "pets"})

    assert product_of(caller, shop)["Tags"] == {"team": "pets"}
    assert call_v2(caller, "GetTags", ResourceArn=arn)["Tags"] == {"team": "pets"}
    tagged = call_v2(caller, "CreatePortal", **portal_body(), Tags={"team": "web"})
    assert tagged["Tags"] == {"team": "web"}
    assert [item["Tags"] for item in call_v2(caller, "ListPortals")["Items"]] == [{}, {"team": "web"}]


def test_lists_come_in_pages(caller, shop, api):
    of_product = {"PortalProductId": shop["PortalProductId"]}
    an_endpoint_page(caller, shop["PortalProductId"], api, method="POST")
    call_v2(caller, "CreateProductPage", **of_product, DisplayContent={"Title": "Terms", "Body": "None."})
    call_v2(caller, "CreatePortalProduct", DisplayName="More")
    a_portal(caller)

    for name, members in (
        ("ListPortals", {}),
        ("ListPortalProducts", {}),
        ("ListProductPages", of_product),
        ("ListProductRestEndpointPages", of_product),
    ):
        whole = call_v2(caller, name, **members)["Items"]
        first = call_v2(caller, name, **members, MaxResults="1")
        second = call_v2(caller, name, **members, MaxResults="1", NextToken=first["NextToken"])
        assert len(whole) == 2, name
        assert first["Items"] + second["Items"] == whole, name
        assert "NextToken" not in second, name


def test_one_more_than_an_account_or_a_product_may_have_is_refused(caller, shop, api):
    mine = {"account_id": caller.account_id, "region": caller.region}
    product = PortalProduct.objects.get()
    Portal.objects.bulk_create(Portal(**mine) for _ in range(portals.MAX_PORTALS - 1))
    PortalProduct.objects.bulk_create(PortalProduct(**mine) for _ in range(portal_products.MAX_PRODUCTS - 1))
    ProductPage.objects.bulk_create(ProductPage(product=product) for _ in range(product_pages.MAX_PAGES - 1))
    ProductRestEndpointPage.objects.bulk_create(
        ProductRestEndpointPage(product=product) for _ in range(product_rest_endpoint_pages.MAX_PAGES - 1)
    )
    of_product = {"PortalProductId": shop["PortalProductId"]}
    identifier = {"IdentifierParts": {"RestApiId": api, "Stage": "prod", "Path": "/pets", "Method": "GET"}}

    for name, members in (
        ("CreatePortal", portal_body()),
        ("CreatePortalProduct", {"DisplayName": "more"}),
        ("CreateProductPage", {**of_product, "DisplayContent": {"Title": "more", "Body": "more"}}),
        ("CreateProductRestEndpointPage", {**of_product, "RestEndpointIdentifier": identifier}),
    ):
        assert refusal_v2(caller, name, **members).startswith("TooManyRequestsException"), name


def test_a_portal_has_two_hundred_products_at_most(caller):
    arns = [f"arn:aws:apigateway:us-east-1:123456789012:/portalproducts/p{number}" for number in range(201)]

    assert "at most 200" in refusal_v2(caller, "CreatePortal", **portal_body(*arns))


def test_try_it_is_not_for_private_apis(caller, valkey):
    policy = json.dumps({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "*"}],
    })  # fmt: skip
    private = a_rest_api(
        caller, {"/pets": {"GET": mock()}}, endpointConfiguration={"types": ["PRIVATE"]}, policy=policy
    )
    a_stage(caller, private)
    product = call_v2(caller, "CreatePortalProduct", DisplayName="Inside")["PortalProductId"]
    identifier = {"IdentifierParts": {"RestApiId": private, "Stage": "prod", "Path": "/pets", "Method": "GET"}}

    assert an_endpoint_page(caller, product, private)["TryItState"] == "DISABLED"
    assert "private APIs" in refusal_v2(
        caller,
        "CreateProductRestEndpointPage",
        PortalProductId=product,
        RestEndpointIdentifier=identifier,
        TryItState="ENABLED",
    )
