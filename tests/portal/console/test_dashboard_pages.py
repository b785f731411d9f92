"""Dashboards: of the account, an API, a stage, a method and a key; every number came through the ledger."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import reverse

from apps.control_plane.caller import Caller
from tests.builders import a_key, a_plan, a_rest_api, a_stage, an_http_api, subscribe
from tests.counted import answers, report
from tests.portal.console.reading import text, words

Served = Callable[..., None]


def url(view: str, *args: str, **query: str) -> str:
    return reverse(f"console:{view}", args=args) + (f"?{urlencode(query)}" if query else "")


@pytest.fixture
def served(caller: Caller) -> Served:
    def serve(api: str, count: int = 10, **members: Any) -> None:
        report(answers(api, count, account_id=caller.account_id, region=caller.region, **members))

    return serve


def links(response: Any) -> dict[str, str]:
    """The links of a page by what they say."""
    found = re.findall(r'<a [^>]*href="([^"]*)"[^>]*>(.*?)</a>', text(response), flags=re.DOTALL)
    return {re.sub(r"<[^>]+>", "", label).strip(): html.unescape(target) for target, label in found}


def test_requests_errors_and_latencies_of_an_api_are_told(owner: Client, caller: Caller, served: Served) -> None:
    api = a_rest_api(caller)
    served(api, 90, ms=10, back_end_ms=4)
    served(api, 10, ms=800, errors_4xx=5, errors_5xx=2, throttled=3, cache_hits=1, cache_misses=1)

    page = words(owner.get(url("traffic", api)))

    assert "Requests 100 " in page
    assert "4xx 5% 5 · throttled 3" in page
    assert "5xx 2% 2 " in page
    assert re.search(r"p95 latency (7[6-9]\d|8[0-4]\d) ms p50 (9|10) ms", page)
    assert "back end 4 ms" in page
    assert "Cache hits 50% 1 of 2" in page
    for chart in ("Requests by status", "Share of errors", "Latency", "Integration latency", "Cache hit rate"):
        assert f"Numbers of {chart}" in page


@pytest.mark.parametrize(
    ("period", "count", "refresh"),
    [("15m", 1, "2s"), ("1h", 3, "2s"), ("24h", 7, "30s"), ("7d", 15, ""), ("30d", 31, ""), ("nonsense", 3, "2s")],
)
def test_a_range_is_as_long_as_it_says_and_the_short_ones_are_live(
    owner: Client, caller: Caller, served: Served, period: str, count: int, refresh: str
) -> None:
    api = a_rest_api(caller)
    for requests, ago in ((1, 5), (2, 40), (4, 10 * 60), (8, 3 * 24 * 60), (16, 20 * 24 * 60), (32, 34 * 24 * 60)):
        served(api, requests, ago=ago)

    page = owner.get(url("traffic", api, period=period))

    assert f"Requests {count} " in words(page)
    assert (
        f'hx-trigger="every {refresh}"' in text(page)
        if refresh
        else "hx-trigger" not in text(page).split('id="numbers"')[1][:200]
    )


def test_the_slowest_method_leads_to_its_own_dashboard(owner: Client, caller: Caller, served: Served) -> None:
    api = a_rest_api(caller)
    a_stage(caller, api, "prod")
    served(api, 50)
    served(api, 7, resource="/reports", method="POST", ms=900, errors_5xx=7, stage_name="prod")

    page = owner.get(url("traffic", api, stage="prod", period="24h"))

    assert re.search(r"Slowest methods POST /reports \d+ ms p95 of 7 GET /pets", words(page))
    assert re.search(r"Methods with most errors POST /reports 7 100% of 7", words(page))
    narrower = links(page)["/reports"]
    assert narrower == "?" + urlencode({"stage": "prod", "method": "POST /reports", "period": "24h"})
    own = words(owner.get(url("traffic", api) + narrower))
    assert "Requests 7 " in own
    assert "Slowest methods" not in own


def test_busy_keys_are_named_and_lead_to_what_they_call(owner: Client, caller: Caller, served: Served) -> None:
    api, key = a_rest_api(caller), a_key(caller, name="acme-mobile")
    served(api, 30, key_id=key["id"])
    served(api, 12)
    served(api, 5, key_id="deleted000")

    page = owner.get(url("traffic", api))

    assert re.search("Busiest keys acme-mobile 30 0% errors Without a key 12 .* deleted000 5 ", words(page))
    own = owner.get(links(page)["acme-mobile"])
    assert "Requests 30 " in words(own)
    assert re.search("Busiest stages .* · prod 30 ", words(own))
    assert "Busiest methods GET /pets 30" in words(own)


def test_what_reached_no_method_can_be_looked_at(owner: Client, caller: Caller, served: Served) -> None:
    api = a_rest_api(caller)
    served(api, 3, resource="", errors_4xx=3)
    served(api, 5)

    page = owner.get(url("traffic", api))

    assert "Requests 3 " in words(owner.get(url("traffic", api) + links(page)["(no resource)"]))


def test_the_dashboard_of_the_account_leads_to_its_apis(owner: Client, caller: Caller, served: Served) -> None:
    pets, orders = a_rest_api(caller, name="Pets"), an_http_api(caller)
    served(pets, 20)
    served(orders, 40, ms=70, errors_5xx=4)
    served("gone000000", 1)
    report(answers(pets, 500, account_id="999999999999"))

    page = owner.get(url("dashboard"))

    assert "Requests 61 " in words(page)
    assert "gone000000 (deleted) 1" in words(page)
    assert links(page)["Pets"] == url("traffic", pets, period="1h")
    assert url("v2_traffic", orders, period="1h") in links(page).values()


def test_the_first_page_tells_of_the_last_day(owner: Client, caller: Caller, served: Served) -> None:
    api = a_rest_api(caller)
    assert "Last 24 hours" not in words(owner.get(url("home")))

    served(api, 80, errors_4xx=2)
    served(api, 20, ago=23 * 60, errors_5xx=1)

    page = words(owner.get(url("home")))
    assert "Last 24 hours Dashboard Requests 100 4xx 2% 5xx 1% p95 latency" in page


def test_a_route_of_an_http_api_has_a_dashboard(owner: Client, caller: Caller, served: Served) -> None:
    api = an_http_api(caller, "GET /pets", "GET /slow")
    served(api, 40, stage_name="$default")
    served(api, 2, stage_name="$default", resource="/slow", ms=700)

    page = owner.get(url("v2_traffic", api))

    assert re.search(r"Slowest routes GET /slow \d+ ms", words(page))
    assert "Requests 2 " in words(owner.get(url("v2_traffic", api) + links(page)["/slow"]))


def test_an_api_without_requests_says_how_to_send_one(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller)
    assert "Not deployed yet" in words(owner.get(url("traffic", api)))
    a_stage(caller, api, "prod")

    page = words(owner.get(url("traffic", api)))

    assert "curl http" in page
    assert f"/_aws/execute-api/{api}/prod/" in page


def test_a_key_without_requests_says_how_to_use_it(owner: Client, caller: Caller) -> None:
    key, api = a_key(caller), a_rest_api(caller)
    assert "in no usage plan" in words(owner.get(url("key_traffic", key["id"])))
    a_stage(caller, api, "prod")
    plan = a_plan(caller, (api, "prod"))
    subscribe(caller, plan, key)

    assert "x-api-key: YOUR_KEY" in words(owner.get(url("key_traffic", key["id"])))


def test_dashboards_of_others_are_not_there(owner: Client, elsewhere: Caller) -> None:
    assert owner.get(url("traffic", a_rest_api(elsewhere))).status_code == 404
    assert owner.get(url("key_traffic", a_key(elsewhere)["id"])).status_code == 404


@pytest.mark.parametrize("query", ["?period=nonsense", "?stage=unknown", "?period=1h&stage=", "?method=GET"])
def test_unknown_periods_stages_and_methods_fail_nothing(owner: Client, caller: Caller, query: str) -> None:
    assert owner.get(url("traffic", a_rest_api(caller)) + query).status_code == 200


def test_a_dashboard_asks_as_much_of_a_thousand_keys_as_of_one(
    owner: Client, caller: Caller, django_assert_max_num_queries: Any
) -> None:
    api = a_rest_api(caller)
    mine = {"account_id": caller.account_id, "region": caller.region}
    report(*(answers(api, key_id=f"key{at:07}", **mine) for at in range(1_000)))

    with django_assert_max_num_queries(22):
        page = owner.get(url("traffic", api, period="30d"))

    assert "Requests 1,000 " in words(page)
    assert len(page.content) < 100_000
