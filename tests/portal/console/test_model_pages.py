"""Models of an API on its pages, and the validators and models that methods check requests with."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from apps.control_plane.caller import Caller
from apps.rest_apis.models import Method
from tests.builders import a_rest_api, call
from tests.portal.console.reading import text, words

SCHEMA = '{"title": "A pet", "type": "object", "properties": {"name": {"type": "string"}}}'


def url(view: str, *args: str) -> str:
    return reverse(f"console:{view}", args=args)


def pets(caller: Caller, api: str) -> tuple[str, str, str]:
    rows = call(caller, "GetResources", restApiId=api)["items"]
    return api, next(row["id"] for row in rows if row["path"] == "/pets"), "GET"


def the_method(caller: Caller, at: tuple[str, str, str]) -> dict[str, object]:
    return call(caller, "GetMethod", restApiId=at[0], resourceId=at[1], httpMethod=at[2])


def test_an_api_without_models_is_told_what_they_are_for(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller)
    for name in ("Empty", "Error"):
        call(caller, "DeleteModel", restApiId=api, modelName=name)

    page = words(owner.get(url("models", api)))

    assert "A model is a JSON schema with a name" in page
    assert "Create model" in page


def test_a_model_is_made_and_shows_the_template_made_from_it(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller)

    made = owner.post(
        url("create_model", api), {"name": "Pet", "content_type": "application/json", "schema": SCHEMA}, follow=True
    )

    assert call(caller, "GetModel", restApiId=api, modelName="Pet")["schema"] == SCHEMA
    assert '"name" : "foo"' in words(made)
    assert "A pet" in words(owner.get(url("models", api)))


def test_line_ends_of_browsers_do_not_change_a_model(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller)
    before = call(caller, "GetModel", restApiId=api, modelName="Error")

    owner.post(
        url("model", api, "Error"),
        {"description": before["description"], "schema": before["schema"].replace("\n", "\r\n")},
    )

    assert call(caller, "GetModel", restApiId=api, modelName="Error") == before


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"schema": '{"type": '}, "This is no JSON: Expecting value (line 1, column 10)"),
        ({"schema": "[" * 20_000}, "This is nested too deeply."),
        ({"schema": '{"maximum": ' + "9" * 5000 + "}"}, "This has a number of too many digits."),
        ({"schema": "{}"}, "Model schema must have at least 1 property"),
        ({"name": "a pet"}, "A name has letters and digits only"),
        ({"name": "Error"}, "Model name already exists"),
        ({"schema": '{"$ref": "https://apigateway.amazonaws.com/restapis/x/models/Y"}'}, "Invalid model reference"),
    ],
)
def test_a_model_that_cannot_be_is_told_in_the_form(
    owner: Client, caller: Caller, given: dict[str, str], told: str
) -> None:
    api = a_rest_api(caller)

    answer = owner.post(
        url("create_model", api), {"name": "Pet", "content_type": "application/json", "schema": SCHEMA, **given}
    )

    assert answer.status_code == 422
    assert told in words(answer)


def test_a_model_in_use_stays_and_its_user_is_named(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller)
    at = pets(caller, api)
    owner.post(url("edit_method", *at), {"models-type": "application/json", "models-value": "Error"})

    page = words(owner.post(url("delete_model", api, "Error"), follow=True))

    assert "Cannot delete model 'Error', is referenced in method request: /pets/GET" in page
    assert call(caller, "GetModel", restApiId=api, modelName="Error")


def test_a_viewer_reads_a_model_and_has_no_button_for_it(viewer: Client, caller: Caller) -> None:
    api = a_rest_api(caller)

    page = text(viewer.get(url("model", api, "Error")))

    assert "Save model" not in page
    assert "Delete" not in page
    assert "Create model" not in text(viewer.get(url("models", api)))


def test_a_validator_of_body_and_parameters_is_made_once(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller)
    at = pets(caller, api)

    owner.post(
        url("edit_method", *at), {"validator": "new", "models-type": "application/json", "models-value": "Error"}
    )

    made = call(caller, "GetRequestValidators", restApiId=api)["items"]
    assert [(row["validateRequestBody"], row["validateRequestParameters"]) for row in made] == [(True, True)]
    method = the_method(caller, at)
    assert (method["requestValidatorId"], method["requestModels"]) == (made[0]["id"], {"application/json": "Error"})
    page = words(owner.get(url("edit_method", *at)))
    assert "Body and parameters: checks body and parameters" in page
    assert "makes a validator" not in page
    shown = words(owner.get(url("api", api) + f"?resource={at[1]}&method=GET"))
    assert "Request validator Body and parameters" in shown


def test_validator_and_models_are_taken_away_again(owner: Client, caller: Caller) -> None:
    at = pets(caller, a_rest_api(caller))
    models = {"models-type": ["application/json", ""], "models-value": ["Error", ""]}
    owner.post(url("edit_method", *at), {"validator": "new", **models})

    owner.post(url("edit_method", *at), {"validator": "", "models-remove": "0", **models})

    method = the_method(caller, at)
    assert "requestValidatorId" not in method
    assert "requestModels" not in method


def test_a_refused_method_request_leaves_no_validator_behind(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller)

    answer = owner.post(
        url("edit_method", *pets(caller, api)),
        {"validator": "new", "parameters": "method.request.nowhere.x = optional"},
    )

    assert answer.status_code == 422
    assert call(caller, "GetRequestValidators", restApiId=api)["items"] == []


def test_a_model_row_without_a_content_type_is_for_json(owner: Client, caller: Caller) -> None:
    owner.post(url("edit_method", *pets(caller, a_rest_api(caller))), {"models-type": "", "models-value": "Error"})

    assert Method.objects.get().request_models == {"application/json": "Error"}


@pytest.mark.parametrize(
    ("kind", "model", "told"),
    [
        ("application/json", "", "Choose the model for application/json"),
        ("application/json", "Nothing", "Choose the model for application/json"),
        ("json", "Error", "“json” is no content type"),
    ],
)
def test_a_model_row_that_cannot_be_is_told_and_kept(
    owner: Client, caller: Caller, kind: str, model: str, told: str
) -> None:
    answer = owner.post(
        url("edit_method", *pets(caller, a_rest_api(caller))), {"models-type": kind, "models-value": model}
    )

    assert (answer.status_code, told in words(answer)) == (422, True)
    assert f'value="{kind}" list=' in text(answer)
