"""JSON in the database stays as it was written."""

from __future__ import annotations

from apps.control_plane.caller import Caller
from apps.rest_apis.models import RestApi
from tests.builders import a_rest_api


def test_members_keep_their_order(caller: Caller):
    api = a_rest_api(caller)
    written = {"zebra": {"b": 1, "a": 2}, "ox": [3, None, "é"], "antelope": {}}

    RestApi.objects.filter(id=api).update(openapi_info=written)

    read = RestApi.objects.get(id=api).openapi_info
    assert read == written
    assert list(read) == ["zebra", "ox", "antelope"]
    assert list(read["zebra"]) == ["b", "a"]
