"""Models: what they refer to, and that references lead to models of their API alone."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core.json_schemas import BrokenModel, model_url, model_validators, reached_models

API = "a1b2c3d4e5"


def to(name: str) -> dict[str, str]:
    return {"$ref": model_url(API, name)}


def texts(**schemas: Any) -> dict[str, str]:
    return {name: json.dumps(schema) for name, schema in schemas.items()}


def fits(value: Any, **schemas: Any) -> bool:
    return model_validators(API, texts(**schemas))("Pet").is_valid(value)


def test_models_that_are_reached_come_with_those_that_they_refer_to():
    models = texts(Pet={"items": to("Leg")}, Leg={"allOf": [to("Foot")]}, Foot=to("Pet"), Other=to("Pet"))

    assert list(reached_models(["Pet"], models)) == ["Foot", "Leg", "Pet"]


def test_a_reference_that_leads_nowhere_is_told():
    with pytest.raises(BrokenModel, match="Leg: there is no such model"):
        reached_models(["Pet"], texts(Pet=to("Leg")))


def test_references_are_understood_in_every_spelling():
    leg = {"definitions": {"toes": {"type": "integer"}}}
    for spelling in ("/definitions/toes", "#/definitions/toes"):
        pet = {"$ref": f"https://apigateway.eu-west-1.amazonaws.com/restapis/{API}/models/Leg{spelling}"}
        assert fits(5, Pet=pet, Leg=leg)
        assert not fits("five", Pet=pet, Leg=leg)


def test_definitions_are_those_of_the_model_that_names_them():
    pet = {"definitions": {"a": {"type": "string"}}, "properties": {"leg": to("Leg"), "a": {"$ref": "#/definitions/a"}}}
    leg = {"definitions": {"a": {"type": "integer"}}, "properties": {"a": {"$ref": "#/definitions/a"}}}

    assert fits({"a": "x", "leg": {"a": 1}}, Pet=pet, Leg=leg)
    assert not fits({"leg": {"a": "x"}}, Pet=pet, Leg=leg)


def test_circles_end():
    assert fits({}, Pet={"$ref": "#"})
    assert fits({}, Pet=to("Leg"), Leg=to("Pet"))
    assert not fits({"next": {"next": 1}}, Pet={"type": "object", "properties": {"next": to("Pet")}})


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "https://example.com/pet.json"}, {"$ref": "file:///etc/hostname"}, {"$ref": "#/definitions/none"},
        {"$ref": model_url("f6g7h8i9j0", "Leg")}, to("None"), {"properties": {"a": {"id": "https://example.com/", "items": {"$ref": "b"}}}},
        {"type": "pet"}, {"required": "name"}, {"pattern": "("}, {"properties": []}, {"minimum": "1"},
    ],
)  # fmt: skip
def test_a_schema_that_cannot_be_used_is_told_by_its_models_name(schema: Any):
    with pytest.raises(BrokenModel, match=r"^Pet: \S"):
        fits({}, Pet=schema, Leg={})


@pytest.mark.parametrize("depth", [300, 900, 100_000])
def test_a_schema_that_is_too_deep_is_told_too(depth: int):
    deep = {"Pet": '{"not":' * depth + "{}" + "}" * depth}

    with pytest.raises(BrokenModel, match=r"^Pet: \S"):
        model_validators(API, deep)("Pet")
    with contextlib.suppress(BrokenModel):
        reached_models(["Pet"], deep)


def test_every_schema_is_read_as_draft_4():
    draft_7 = {"$schema": "http://json-schema.org/draft-07/schema#", "const": 1, "type": "integer"}

    assert fits(2, Pet=draft_7)  # draft 4 knows no const
    assert not fits(1.0, Pet=draft_7)  # and 1.0 is no integer there


def test_patterns_with_look_around_are_understood():
    assert fits("a1", Pet={"pattern": "^(?=.*[0-9]).+$"})
    assert not fits("a", Pet={"pattern": "^(?=.*[0-9]).+$"})


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
REFERENCES = st.sampled_from(
    ["#", "#/definitions/a", "#/properties", "", "a", "//", "%", model_url(API, "Pet"), model_url(API, "Leg") + "/a"]
)
KEYWORDS = st.sampled_from(
    [
        "type", "properties", "items", "additionalItems", "additionalProperties", "required", "enum", "pattern",
        "patternProperties", "minimum", "maximum", "multipleOf", "exclusiveMinimum", "minLength", "maxLength", "minItems",
        "uniqueItems", "maxProperties", "dependencies", "allOf", "anyOf", "oneOf", "not", "format", "id", "$schema",
        "definitions",
    ]
)  # fmt: skip
SCHEMAS = st.recursive(
    VALUES
    | st.builds(lambda target: {"$ref": target}, REFERENCES)
    | st.sampled_from([{"type": "string"}, {"minimum": 3}]),
    lambda inner: st.dictionaries(
        KEYWORDS, inner | st.lists(inner, max_size=3) | st.dictionaries(st.just("a"), inner), max_size=4
    ),
    max_leaves=10,
)


@settings(max_examples=300, deadline=None)
@given(SCHEMAS, VALUES)
def test_any_schema_is_compiled_or_refused_and_then_any_value_fits_or_does_not(schema: Any, value: Any):
    try:
        validator = model_validators(API, texts(Pet=schema, Leg={}))("Pet")
    except BrokenModel:
        return
    assert validator.is_valid(value) in (True, False)
