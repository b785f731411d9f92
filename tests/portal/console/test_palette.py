"""The command palette: what it finds, for whom, and what it asks of the database."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.control_plane.caller import Caller
from tests.builders import a_key, a_rest_api, an_http_api
from tests.portal.console.reading import text, words

PALETTE = reverse("console:palette")
MOST_QUERIES = 12


def found(client: Client, query: str = "", here: str = "") -> str:
    return words(client.get(PALETTE, {"q": query}, headers={"HX-Current-URL": here} if here else {}))


def test_without_words_pages_and_actions_are_offered(owner: Client) -> None:
    page = found(owner)

    assert "API keys API Gateway Page" in page
    assert "Create a function Action" in page


def test_apis_and_keys_are_found_by_name_and_by_id(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller, name="Orders")
    http = an_http_api(caller, Name="orders v2")
    key = a_key(caller, name="order robot")["id"]

    page = text(owner.get(PALETTE, {"q": "order"}))

    for view, name in (("api", api), ("v2_api", http), ("api_key", key)):
        assert reverse(f"console:{view}", args=[name]) in page
    assert reverse("console:api", args=[api]) in text(owner.get(PALETTE, {"q": api[:6]}))


def test_pages_of_the_api_that_one_looks_at_come_first(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller, name="Orders")

    page = found(owner, "authorizers", here=f"http://localhost/console/apis/{api}/stages/")

    assert page.startswith("Authorizers Orders This API")


def test_every_word_has_to_match(owner: Client) -> None:
    assert "Create an API key Action" in found(owner, "key create")
    assert "Nothing is called “key nonsense”." in found(owner, "key nonsense")


def test_a_viewer_is_offered_no_action(viewer: Client) -> None:
    assert "Action" not in found(viewer)


def test_what_is_anothers_is_not_found(owner: Client, elsewhere: Caller) -> None:
    api = a_rest_api(elsewhere, name="Foreign")

    assert api not in text(owner.get(PALETTE, {"q": "Foreign"}))
    assert "This API" not in found(owner, here=f"/console/apis/{api}/")


def test_a_name_with_markup_stays_a_name(owner: Client, caller: Caller) -> None:
    a_rest_api(caller, name="<img src=x>")

    assert "<img" not in text(owner.get(PALETTE, {"q": "img"}))


def test_it_asks_the_same_few_questions_however_much_there_is(
    owner: Client, caller: Caller, django_assert_max_num_queries: Any
) -> None:
    for number in range(8):
        a_rest_api(caller, {}, name=f"orders {number}")
    owner.get(PALETTE)

    with django_assert_max_num_queries(MOST_QUERIES):
        owner.get(PALETTE, {"q": "orders"})


@pytest.mark.parametrize("query", ["%", "_", "\\", "'", "x" * 1000])
def test_odd_queries_are_queries(owner: Client, query: str) -> None:
    assert owner.get(PALETTE, {"q": query}).status_code == 200


def test_inside_an_http_api_its_own_pages_come_first(owner: Client, caller: Caller) -> None:
    api = an_http_api(caller)
    here = {"HX-Current-URL": f"http://testserver/console/v2/{api}/stages/"}

    labels = [one.label for one in owner.get(reverse("console:palette"), headers=here).context["found"]]

    assert labels[:4] == ["Routes", "Authorization", "Integrations", "CORS"]
    assert "Connections" not in labels
    assert "Create a route" in labels
