"""What a deployment would change, as people read it."""

from __future__ import annotations

from typing import Any

import msgspec

from apps.core.documents import (
    DeploymentDocument,
    GatewayResponse,
    Integration,
    IntegrationResponse,
    Method,
    MethodResponse,
    Resource,
)
from portal.console.changes import Change, changes_between


def document(*resources: Resource, **members: Any) -> DeploymentDocument:
    return DeploymentDocument(
        account_id="123456789012",
        region="us-east-1",
        api_id="a1b2c3d4e5",
        api_name="Pets",
        deployment_id="d1",
        resources=resources,
        **members,
    )


def pets(*methods: Method, path: str = "/pets", id: str = "r1") -> Resource:
    return Resource(id=id, path=path, methods=methods)


def get(**members: Any) -> Method:
    integration = members.pop("integration", Integration(type="HTTP_PROXY", uri="https://pets.example.com"))
    return Method(http_method=members.pop("verb", "GET"), integration=integration, **members)


def only(found: list[Change]) -> Change:
    assert len(found) == 1, found
    return found[0]


def test_equal_documents_have_no_difference() -> None:
    assert changes_between(document(pets(get())), document(pets(get()))) == []


def test_ids_do_not_count() -> None:
    assert changes_between(document(pets(get(), id="r1")), document(pets(get(), id="r2"))) == []


def test_without_a_deployment_everything_is_added() -> None:
    change = only(changes_between(None, document(pets(get()))))

    assert change == Change("added", "/pets", "GET", note="HTTP_PROXY: https://pets.example.com")


def test_a_new_method_is_added_and_breaks_nothing() -> None:
    change = only(changes_between(document(pets(get())), document(pets(get(), get(verb="POST")))))

    assert (change.kind, change.verb, change.breaking) == ("added", "POST", False)


def test_a_method_that_is_gone_breaks_callers() -> None:
    change = only(changes_between(document(pets(get(), get(verb="POST"))), document(pets(get()))))

    assert (change.kind, change.verb, change.breaking) == ("removed", "POST", True)


def test_a_resource_that_is_gone_takes_its_methods_along() -> None:
    change = only(changes_between(document(pets(get()), pets(get(), path="/owners")), document(pets(get()))))

    assert (change.kind, change.label, change.breaking) == ("removed", "/owners", True)


def test_a_method_that_any_takes_over_breaks_nothing() -> None:
    found = changes_between(document(pets(get())), document(pets(get(verb="ANY"))))

    assert [(change.kind, change.verb, change.breaking) for change in found] == [
        ("added", "ANY", False),
        ("removed", "GET", False),
    ]


def test_a_key_that_is_newly_required_breaks_callers() -> None:
    change = only(changes_between(document(pets(get())), document(pets(get(api_key_required=True)))))

    assert (change.label, change.before, change.after, change.breaking) == (
        "/pets · API key required",
        "no",
        "yes",
        True,
    )


def test_a_key_that_is_no_longer_required_breaks_nothing() -> None:
    change = only(changes_between(document(pets(get(api_key_required=True))), document(pets(get()))))

    assert not change.breaking


def test_a_parameter_that_becomes_required_breaks_callers() -> None:
    name = "method.request.querystring.limit"
    before, after = get(request_parameters={name: False}), get(request_parameters={name: True})

    change = only(changes_between(document(pets(before)), document(pets(after))))

    assert (change.label, change.breaking) == (f"/pets · request parameter {name}", True)


def test_a_new_optional_parameter_breaks_nothing() -> None:
    after = get(request_parameters={"method.request.querystring.limit": False})

    assert not only(changes_between(document(pets(get())), document(pets(after)))).breaking


def test_another_timeout_shows_both_values() -> None:
    after = get(integration=Integration(type="HTTP_PROXY", uri="https://pets.example.com", timeout_in_millis=5000))

    change = only(changes_between(document(pets(get())), document(pets(after))))

    assert (change.before, change.after) == ("29000", "5000")


def test_a_response_is_compared_by_its_status() -> None:
    mock = Integration(type="MOCK")
    answer = Integration(type="MOCK", responses=(IntegrationResponse(status_code="200"),))
    before, after = get(integration=mock), get(integration=answer, responses=(MethodResponse(status_code="200"),))

    found = changes_between(document(pets(before)), document(pets(after)))

    assert [change.label for change in found] == ["/pets · integration response 200", "/pets · method response 200"]


def test_a_change_of_the_api_itself_comes_first() -> None:
    found = changes_between(document(pets(get())), document(binary_media_types=("image/png",)))

    assert [(change.label, change.verb) for change in found] == [("binary media types", ""), ("/pets", "GET")]


def test_a_long_template_is_cut() -> None:
    mock = Integration(type="MOCK", request_templates={"application/json": "x" * 5000})

    found = changes_between(
        document(pets(get(integration=Integration(type="MOCK")))), document(pets(get(integration=mock)))
    )

    assert len(only(found).after) == 160


def test_a_gateway_response_is_a_change_of_its_own() -> None:
    after = document(pets(get()), gateway_responses={"DEFAULT_4XX": GatewayResponse(status_code="418")})

    change = only(changes_between(document(pets(get())), after))

    assert (change.label, change.before, change.after) == (
        "gateway response DEFAULT_4XX",
        "nothing",
        '{"status_code":"418"}',
    )


def test_a_rename_of_the_api_is_none_for_its_callers() -> None:
    renamed = msgspec.structs.replace(document(pets(get())), api_name="Animals")

    assert changes_between(document(pets(get())), renamed) == []
