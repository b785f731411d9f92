"""Which methods use something that is about to be deleted."""

from __future__ import annotations

from apps.rest_apis.models import Method


def first_method(rest_api_id: str, **lookup: str) -> str | None:
    """The first method of an API with these members, as AWS names it in refusals: `GET//pets`."""
    methods = Method.objects.filter(resource__rest_api=rest_api_id, **lookup)
    found = methods.order_by("resource__path", "http_method").values_list("http_method", "resource__path").first()
    return None if found is None else f"{found[0]}/{found[1]}"
