"""Models as JSON Schema draft 4: which models a schema refers to, and validators that resolve those references among themselves.

A model refers to another by its URL, `https://apigateway.amazonaws.com/restapis/{id}/models/{name}`. Nothing is ever fetched: a
reference leads to a model of the same API, into its own schema, or nowhere.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import jsonschema_rs
from jsonschema_rs import Draft4Validator

MODEL_URL = re.compile(r"https://apigateway\.[a-z0-9.-]+/restapis/(?P<api>[^/]+)/models/(?P<name>[^/#]+)(?P<rest>.*)")

# The linear engine knows no look-around; patterns that use it run on the other one, which gives up after so many steps.
_LINEAR = jsonschema_rs.RegexOptions()
_BOUNDED = jsonschema_rs.FancyRegexOptions(backtrack_limit=10_000)


class BrokenModel(ValueError):
    """A model's schema cannot be used; the message names the model and says why."""


def model_url(rest_api_id: str, name: str) -> str:
    """What a model is referred to by."""
    return f"https://apigateway.amazonaws.com/restapis/{rest_api_id}/models/{name}"


def references(schema: Any) -> Iterator[str]:
    """Every `$ref` of a schema."""
    if isinstance(schema, list):
        for item in schema:
            yield from references(item)
    elif isinstance(schema, dict):
        for key, value in schema.items():
            if key == "$ref" and isinstance(value, str):
                yield value
            else:
                yield from references(value)


def referenced_models(schema: Any) -> set[str]:
    """The names of the models that a schema refers to."""
    return {found["name"] for reference in references(schema) if (found := MODEL_URL.fullmatch(reference))}


def reached_models(names: Iterable[str], texts: Mapping[str, str]) -> dict[str, str]:
    """These models and all that they refer to, directly or not: schema texts by name, sorted. `texts` are those of the API.

    Raises BrokenModel for a name that is not there and for a text that is no JSON.
    """
    reached: dict[str, str] = {}
    left = sorted(names)
    while left:
        name = left.pop()
        if name in reached:
            continue
        if name not in texts:
            raise BrokenModel(f"{name}: there is no such model")
        reached[name] = texts[name]
        with _told_of(name):
            left += sorted(referenced_models(json.loads(texts[name])))
    return dict(sorted(reached.items()))


def model_validators(rest_api_id: str, texts: Mapping[str, str]) -> Callable[[str], Draft4Validator]:
    """A function from a model's name to its validator, made once. Both raise BrokenModel, this one where references lead out
    of the API.
    """
    registry = _registry(rest_api_id, texts)
    made: dict[str, Draft4Validator] = {}

    def validator(name: str) -> Draft4Validator:
        if name not in made:
            if name not in texts:
                raise BrokenModel(f"{name}: there is no such model")
            with _told_of(name):
                made[name] = _compile(model_url(rest_api_id, name), registry)
        return made[name]

    return validator


def _registry(rest_api_id: str, texts: Mapping[str, str]) -> jsonschema_rs.Registry:
    """Everything that references can lead to."""
    urls = {name: model_url(rest_api_id, name) for name in texts}
    known = frozenset(urls.values())
    schemas: dict[str, Any] = {}
    for name, text in texts.items():
        with _told_of(name):
            schemas[name] = schema = _canonical(json.loads(text), rest_api_id)
            for reference in references(schema):
                if (url := reference.partition("#")[0]) and url not in known:
                    raise ValueError(f"{reference} is no model of the API")
    try:
        return _indexed([(urls[name], schema) for name, schema in schemas.items()])
    except ValueError as error:
        for name, schema in schemas.items():
            with _told_of(name):
                _indexed([(urls[name], schema), *((url, {}) for url in known - {urls[name]})])
        raise BrokenModel(str(error)) from None


def _indexed(resources: list[tuple[str, Any]]) -> jsonschema_rs.Registry:
    return jsonschema_rs.Registry(resources, draft=jsonschema_rs.Draft4, retriever=_nowhere)


def _compile(url: str, registry: jsonschema_rs.Registry) -> Draft4Validator:
    try:
        return Draft4Validator({"$ref": url}, registry=registry, retriever=_nowhere, pattern_options=_LINEAR)
    except ValueError:
        return Draft4Validator({"$ref": url}, registry=registry, retriever=_nowhere, pattern_options=_BOUNDED)


def _nowhere(uri: str) -> Any:
    raise ValueError("it is no model of the API")


@contextmanager
def _told_of(name: str) -> Iterator[None]:
    """What fails here is the fault of a model; the first line says enough of it."""
    try:
        yield
    except RecursionError:
        raise BrokenModel(f"{name}: it is too deep") from None
    except ValueError as error:
        raise BrokenModel(f"{name}: {str(error).partition(chr(10))[0]}") from None


def _canonical(schema: Any, rest_api_id: str) -> Any:
    """The schema as draft 4, whatever it declares, with one spelling of references to models."""
    if not isinstance(schema, dict):
        return schema
    return _respelled({key: value for key, value in schema.items() if key not in ("$schema", "id")}, rest_api_id)


def _respelled(value: Any, rest_api_id: str) -> Any:
    if isinstance(value, list):
        return [_respelled(item, rest_api_id) for item in value]
    if not isinstance(value, dict):
        return value
    result = {key: _respelled(item, rest_api_id) for key, item in value.items()}
    found = MODEL_URL.fullmatch(value["$ref"]) if isinstance(value.get("$ref"), str) else None
    if found and found["api"] == rest_api_id:
        pointer = found["rest"].lstrip("#")
        result["$ref"] = model_url(rest_api_id, found["name"]) + (f"#{pointer}" if pointer else "")
    return result
