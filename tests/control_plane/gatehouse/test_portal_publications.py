"""A portal goes back to what it showed before, at once, and forward again by publishing."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from apps.control_plane import registry
from apps.control_plane.caller import Caller
from apps.control_plane.errors import AwsError
from apps.portals.tasks import publish_waiting_portals
from tests.builders import COLORS, a_caller, a_portal, call_v2

pytestmark = pytest.mark.django_db


def call(caller: Caller, operation: str, **members: Any) -> dict[str, Any]:
    return registry.call(caller, "gatehouse", operation, members)


def publish(caller: Caller, portal: str, name: str) -> None:
    content = {"DisplayName": name, "Theme": {"CustomColors": COLORS}}
    call_v2(caller, "UpdatePortal", PortalId=portal, PortalContent=content)
    call_v2(caller, "PublishPortal", PortalId=portal, Description=name)
    publish_waiting_portals()


def shown(portal: str) -> str:
    """The heading that visitors see."""
    page = Client().get(f"/portals/{portal}/").content.decode()
    return page.partition("<h1>")[2].partition("</h1>")[0]


@pytest.fixture
def portal(caller: Caller) -> str:
    made = a_portal(caller)
    for name in ("First", "Second", "Third"):
        publish(caller, made, name)
    return made


def test_a_portal_goes_back_one_publication_after_the_other(caller: Caller, portal: str) -> None:
    seen = [shown(portal)]
    for _ in range(2):
        assert call(caller, "RollBackPortal", portalId=portal)["live"] is True
        seen.append(shown(portal))

    assert seen == ["Third", "Second", "First"]
    with pytest.raises(AwsError, match="no publication before"):
        call(caller, "RollBackPortal", portalId=portal)
    assert call_v2(caller, "GetPortal", PortalId=portal)["LastPublishedDescription"] == "First"


def test_what_is_rolled_back_is_published_again_as_the_portal_is(caller: Caller, portal: str) -> None:
    call(caller, "RollBackPortal", portalId=portal)

    call_v2(caller, "PublishPortal", PortalId=portal)
    publish_waiting_portals()

    assert shown(portal) == "Third"


def test_a_portal_goes_to_the_publication_that_is_named(caller: Caller, portal: str) -> None:
    items = call(caller, "ListPortalPublications", portalId=portal)["items"]
    assert [(item["description"], item["live"]) for item in items] == [
        ("Third", True),
        ("Second", False),
        ("First", False),
    ]

    call(caller, "RollBackPortal", portalId=portal, publicationId=items[2]["publicationId"])

    assert shown(portal) == "First"


def test_a_publication_of_another_portal_is_an_unknown_one(caller: Caller, portal: str) -> None:
    other = a_portal(caller)
    publish(caller, other, "Other")
    (item,) = call(caller, "ListPortalPublications", portalId=other)["items"]

    with pytest.raises(AwsError, match="Unable to find PortalPublication"):
        call(caller, "RollBackPortal", portalId=portal, publicationId=item["publicationId"])
    with pytest.raises(AwsError, match="Unable to find Portal"):
        call(a_caller("222222222222"), "RollBackPortal", portalId=portal)


def test_a_portal_that_was_disabled_has_nothing_to_go_back_to(caller: Caller, portal: str) -> None:
    call_v2(caller, "DisablePortal", PortalId=portal)

    assert call(caller, "ListPortalPublications", portalId=portal) == {"items": []}
    with pytest.raises(AwsError, match="no publication before"):
        call(caller, "RollBackPortal", portalId=portal)


def test_nothing_goes_back_while_a_portal_is_published(caller: Caller, portal: str) -> None:
    call_v2(caller, "PublishPortal", PortalId=portal)

    with pytest.raises(AwsError) as refused:
        call(caller, "RollBackPortal", portalId=portal)
    assert refused.value.code == "ConflictException"
