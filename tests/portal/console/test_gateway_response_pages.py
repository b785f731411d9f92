"""What the gateway itself answers, as an API words it."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from apps.control_plane.caller import Caller
from apps.rest_apis.models import GatewayResponse
from portal.console.gateway_responses import MEANINGS
from tests.builders import a_rest_api, call
from tests.portal.console.reading import text, words


def url(view: str, *args: str) -> str:
    return reverse(f"console:{view}", args=args)


def test_all_types_are_listed_with_what_they_mean(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller)
    page = words(owner.get(url("gateway_responses", api)))

    types = {item["responseType"] for item in call(caller, "GetGatewayResponses", restApiId=api, limit=500)["items"]}
    assert types == set(MEANINGS)
    assert all(f"{kind.replace('_', '_ ')} {meaning}" in page for kind, meaning in MEANINGS.items())
    assert "All are as AWS has them" in page


def test_a_type_is_customised_and_reset(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller)
    owner.post(
        url("gateway_response", api, "THROTTLED"),
        {
            "status_code": "420",
            "headers": "gatewayresponse.header.Retry-After = '1'",
            "templates-type": "application/json",
            "templates-value": '{"slow": "down"}',
        },
    )
    customised = call(caller, "GetGatewayResponse", restApiId=api, responseType="THROTTLED")
    page = words(owner.get(url("gateway_responses", api)))

    owner.post(url("reset_gateway_response", api, "THROTTLED"))

    assert customised == customised | {
        "statusCode": "420",
        "responseParameters": {"gatewayresponse.header.Retry-After": "'1'"},
        "responseTemplates": {"application/json": '{"slow": "down"}'},
        "defaultResponse": False,
    }
    assert "THROTTLED Too many requests at once. 420 customised 1 header" in page
    assert call(caller, "GetGatewayResponse", restApiId=api, responseType="THROTTLED")["defaultResponse"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"status_code": "20"}, "A status has three digits"),
        ({"headers": "X = 'y'"}, "Invalid mapping expression parameter specified: X"),
        ({"headers": "gatewayresponse.header.X = nonsense"}, "parameter specified: nonsense"),
        ({"templates-type": "json", "templates-value": "{}"}, "“json” is no content type"),
        ({"templates-type": "application/json", "templates-value": ""}, "Invalid null or empty value"),
    ],
)
def test_what_cannot_be_is_told_and_nothing_is_saved(
    owner: Client, caller: Caller, given: dict[str, str], told: str
) -> None:
    answer = owner.post(url("gateway_response", a_rest_api(caller), "DEFAULT_4XX"), given)

    assert (answer.status_code, told in words(answer)) == (422, True)
    assert not GatewayResponse.objects.exists()


def test_a_type_that_is_none_is_not_found(owner: Client, caller: Caller) -> None:
    assert owner.get(url("gateway_response", a_rest_api(caller), "NOTHING")).status_code == 404


def test_a_viewer_reads_and_has_no_button(viewer: Client, caller: Caller) -> None:
    api = a_rest_api(caller)
    call(caller, "PutGatewayResponse", restApiId=api, responseType="THROTTLED", statusCode="420")

    assert "Reset" not in text(viewer.get(url("gateway_responses", api)))
    page = text(viewer.get(url("gateway_response", api, "THROTTLED")))
    assert "Reset" not in page
    assert ">Save<" not in page
