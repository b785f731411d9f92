"""What visitors see of API Gateway's portals: the last publication, in its colours, with try-it, and previews."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from apps.control_plane.caller import Caller
from apps.portals.aws_portals import Portal, PortalPublication
from apps.portals.previews import LASTS
from apps.portals.tasks import publish_waiting_portals
from portal.developer.pace import Pace
from portal.developer.portals.endpoint_calls import PACE, RATE, read_endpoint
from tests.builders import COLORS, a_portal, a_portal_with_pages, a_rest_api, a_stage, call, call_v2, mock
from tests.portal.developer.test_try_stream import lines_of

POOL = {
    "AppClientId": "client",
    "UserPoolArn": "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_gatehouse",
    "UserPoolDomain": "https://portal.example.com",
}
PNG = "data:image/png;base64,iVBORw0KGgoAAAAAAAAAAA=="

Ids = dict[str, str]


@pytest.fixture(autouse=True)
def _nobody_called_yet() -> None:
    PACE.forget_everybody()


@pytest.fixture
def ids(caller: Caller, valkey: Any) -> Ids:
    """A published portal over an API whose `GET /pets` wants a key, by the members that name its parts."""
    api = a_rest_api(caller, {"/pets": {"GET": mock(api_key_required=True)}})
    a_stage(caller, api)
    found = a_portal_with_pages(caller, api)
    publish(caller, found)
    return {**found, "RestApiId": api}


def publish(caller: Caller, ids: Ids) -> None:
    call_v2(caller, "PublishPortal", PortalId=ids["PortalId"])
    publish_waiting_portals()


def preview(caller: Caller, ids: Ids) -> str:
    """The path of a new preview."""
    call_v2(caller, "PreviewPortal", PortalId=ids["PortalId"])
    publish_waiting_portals()
    return urlsplit(call_v2(caller, "GetPortal", PortalId=ids["PortalId"])["Preview"]["PreviewUrl"]).path


def home(ids: Ids) -> str:
    return f"/portals/{ids['PortalId']}/"


def product(ids: Ids, base: str = "") -> str:
    return f"{base or home(ids)}products/{ids['PortalProductId']}/"


def endpoint(ids: Ids, base: str = "") -> str:
    return f"{product(ids, base)}endpoints/{ids['ProductRestEndpointPageId']}/"


def text(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200, path
    return response.content.decode()


def test_a_visitor_goes_from_the_portal_to_an_endpoint(ids: Ids) -> None:
    visitor = Client()

    assert product(ids) in text(visitor, home(ids))
    overview = text(visitor, product(ids))
    assert "<h2>Welcome</h2>" in overview
    assert "<strong>our</strong>" in overview
    assert endpoint(ids) in overview
    page = text(visitor, endpoint(ids))
    assert f"/_aws/execute-api/{ids['RestApiId']}/prod/pets" in page
    assert "Send request" in page


def test_pages_in_the_display_order_are_shown_and_drafts_are_not(caller: Caller, ids: Ids) -> None:
    of_product = {"PortalProductId": ids["PortalProductId"]}
    pages = [
        call_v2(caller, "CreateProductPage", **of_product, DisplayContent={"Title": title, "Body": "<b>x</b> *y*"})
        for title in ("Terms", "Secret")
    ]
    order = call_v2(caller, "GetPortalProduct", **of_product)["DisplayOrder"]
    order["ProductPageArns"] = [pages[0]["ProductPageArn"]]
    call_v2(caller, "UpdatePortalProduct", **of_product, DisplayOrder=order)
    publish(caller, ids)
    visitor = Client()

    shown, draft = (f"{product(ids)}pages/{page['ProductPageId']}/" for page in pages)
    assert "&lt;b&gt;x&lt;/b&gt; <em>y</em>" in text(visitor, shown)
    assert visitor.get(draft).status_code == 404
    assert "Secret" not in text(visitor, product(ids))


def test_a_change_is_seen_after_the_next_publication(caller: Caller, ids: Ids) -> None:
    content = {"DisplayName": "New name", "Theme": {"CustomColors": COLORS}}
    call_v2(caller, "UpdatePortal", PortalId=ids["PortalId"], PortalContent=content)

    assert "New name" not in text(Client(), home(ids))
    publish(caller, ids)
    assert "New name" in text(Client(), home(ids))


def test_a_publication_that_fails_takes_nothing_from_visitors(caller: Caller, ids: Ids) -> None:
    before = text(Client(), endpoint(ids))
    call(caller, "DeleteStage", restApiId=ids["RestApiId"], stageName="prod")

    publish(caller, ids)

    assert call_v2(caller, "GetPortal", PortalId=ids["PortalId"])["PublishStatus"] == "PUBLISH_FAILED"
    after = text(Client(), endpoint(ids))
    assert re.sub(r'csrf\w+" value="\w+|"x-csrftoken": "\w+', "", after) == re.sub(
        r'csrf\w+" value="\w+|"x-csrftoken": "\w+', "", before
    )


def test_nobody_visits_a_portal_that_is_not_published(caller: Caller, ids: Ids) -> None:
    never = a_portal(caller)
    call_v2(caller, "DisablePortal", PortalId=ids["PortalId"])

    for path in (f"/portals/{never}/", home(ids), endpoint(ids), "/portals/zzzzzzzzzz/", f"{home(ids)}style.css"):
        assert Client().get(path).status_code == 404, path


def test_a_preview_shows_what_is_not_published_and_lets_nobody_try(caller: Caller, ids: Ids, origin: Any) -> None:
    content = {"DisplayName": "New name", "Theme": {"CustomColors": COLORS}}
    call_v2(caller, "UpdatePortal", PortalId=ids["PortalId"], PortalContent=content)

    base = preview(caller, ids)

    page = Client().get(base)
    assert "New name" in page.content.decode()
    assert page["X-Robots-Tag"] == "noindex"
    assert "Send request" not in text(Client(), endpoint(ids, base))
    assert Client().post(f"{endpoint(ids, base)}try/").status_code == 404
    assert origin.asked == []
    assert "New name" not in text(Client(), home(ids))


def test_a_preview_ends_after_an_hour_and_with_the_next_one(caller: Caller, ids: Ids) -> None:
    first = preview(caller, ids)
    second = preview(caller, ids)
    assert (Client().get(first).status_code, Client().get(second).status_code) == (404, 200)

    rows = PortalPublication.objects.filter(is_preview=True)
    rows.update(created=rows.get().created - LASTS)

    assert Client().get(second).status_code == 404
    assert "Preview" not in call_v2(caller, "GetPortal", PortalId=ids["PortalId"])


@pytest.mark.parametrize("token", ["1", "1:x", "x:y", ":", "🐈"])
def test_a_made_up_token_leads_nowhere(ids: Ids, token: str) -> None:
    assert Client().get(f"/portals/preview/{token}/").status_code == 404


def test_a_token_of_a_preview_does_not_open_other_publications(caller: Caller, ids: Ids) -> None:
    token = preview(caller, ids).split("/")[3]
    live = Portal.objects.get(portal_id=ids["PortalId"]).live_id

    assert Client().get(f"/portals/preview/{live}:{token.split(':')[1]}/").status_code == 404


def test_try_it_calls_the_stage_with_the_visitors_key(ids: Ids, origin: Any, settings: Any) -> None:
    settings.ENVIRONMENT = with_gateway(settings.ENVIRONMENT, origin.url)

    response = Client().post(f"{endpoint(ids)}try/", {"key": "my-key"})

    (asked,) = origin.asked
    assert asked.path == f"/_aws/execute-api/{ids['RestApiId']}/prod/pets"
    assert asked.headers["x-api-key"] == "my-key"
    assert "200 OK" in response.content.decode()


def test_the_answer_is_shown_as_it_comes(ids: Ids, origin: Any, settings: Any) -> None:
    settings.ENVIRONMENT = with_gateway(settings.ENVIRONMENT, origin.url)
    place = f"{endpoint(ids)}stream/"
    assert f'data-try-stream="{place}"' in text(Client(), endpoint(ids))

    said = lines_of(Client().post(place, {"key": "my-key"}))

    assert [one["kind"] for one in said] == ["head", "text", "end"]
    assert (said[0]["status"], said[1]["text"]) == ("200 OK", '{"ok": true}')
    assert "200 OK" in said[2]["answer"]
    assert "my-key" in said[2]["samples"]
    (asked,) = origin.asked
    assert (asked.path, asked.headers["x-api-key"]) == (f"/_aws/execute-api/{ids['RestApiId']}/prod/pets", "my-key")


def test_a_stream_has_the_pace_of_the_api_and_previews_have_none(caller: Caller, ids: Ids, origin: Any, settings: Any):
    settings.ENVIRONMENT = with_gateway(settings.ENVIRONMENT, origin.url)
    while not PACE.wait_for(f"{ids['RestApiId']}/prod"):
        pass

    (end,) = lines_of(Client().post(f"{endpoint(ids)}stream/"))

    assert "Slow down a little" in end["answer"]
    assert Client().post(f"{endpoint(ids, preview(caller, ids))}stream/").status_code == 404
    assert origin.asked == []


def with_gateway(environment: Any, url: str) -> Any:
    return replace(environment, internal_gateway_url=url)


def test_try_it_sends_three_requests_a_second_to_an_api(ids: Ids, origin: Any, settings: Any) -> None:
    settings.ENVIRONMENT = with_gateway(settings.ENVIRONMENT, origin.url)
    document = Portal.objects.select_related("live").get(portal_id=ids["PortalId"]).live.document
    tried = read_endpoint(document["products"][0]["sections"][0]["endpoints"][0], document)
    pace = Pace(rate=RATE, burst=RATE, clock=lambda: 0.0)

    endings = [tried.call(tried.fresh(), pace) for _ in range(4)]

    assert [answer.status for answer, _ in endings] == [200, 200, 200, 0]
    assert endings[3][1].title == "Slow down a little"
    assert len(origin.asked) == 3


@pytest.mark.parametrize("key", ["a\r\nX-Evil: 1", "é"])
def test_a_key_that_is_none_is_sent_to_nobody(ids: Ids, origin: Any, settings: Any, key: str) -> None:
    settings.ENVIRONMENT = with_gateway(settings.ENVIRONMENT, origin.url)

    response = Client().post(f"{endpoint(ids)}try/", {"key": key})

    assert "Nothing was sent" in response.content.decode()
    assert origin.asked == []


def test_an_endpoint_that_cannot_be_tried_has_no_form_and_takes_no_call(caller: Caller, ids: Ids, origin: Any) -> None:
    of_page = {key: ids[key] for key in ("PortalProductId", "ProductRestEndpointPageId")}
    overrides = {"Endpoint": "https://api.example.com/pets", "OperationName": "Find pets", "Body": "**Ask** nicely."}
    call_v2(
        caller,
        "UpdateProductRestEndpointPage",
        **of_page,
        TryItState="DISABLED",
        DisplayContent={"Overrides": overrides},
    )
    publish(caller, ids)

    page = text(Client(), endpoint(ids))

    assert "Send request" not in page
    assert "<h1>Find pets</h1>" in page
    assert "<strong>Ask</strong> nicely." in page
    assert "https://api.example.com/pets" in page
    assert Client().post(f"{endpoint(ids)}try/").status_code == 404
    assert origin.asked == []


def test_a_portal_with_a_user_pool_asks_visitors_to_sign_in(caller: Caller, ids: Ids, signed_in: Client) -> None:
    call_v2(caller, "UpdatePortal", PortalId=ids["PortalId"], Authorization={"CognitoConfig": POOL})
    publish(caller, ids)

    for path in (home(ids), endpoint(ids)):
        answer = Client().get(path)
        assert (answer.status_code, answer["Location"].split("?")[0]) == (302, "/sign-in/"), path
        assert signed_in.get(path).status_code == 200, path
    assert Client().post(f"{endpoint(ids)}try/").status_code == 302


def test_a_search_finds_products_by_all_that_they_say(ids: Ids) -> None:
    for search, found in (("adopt", False), ("pets our", True), ("/PETS", True), ("dogs", False)):
        assert (product(ids) in text(Client(), f"{home(ids)}?q={search}")) is found, search


def test_the_logo_is_a_picture_that_may_do_nothing(caller: Caller, ids: Ids) -> None:
    assert Client().get(f"{home(ids)}logo").status_code == 404
    call_v2(caller, "UpdatePortal", PortalId=ids["PortalId"], LogoUri=PNG)
    publish(caller, ids)

    logo = Client().get(f"{home(ids)}logo")

    assert logo["Content-Type"] == "image/png"
    assert logo["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert f"{home(ids)}logo?v=" in text(Client(), home(ids))
