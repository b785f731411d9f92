"""Good definitions with something put wrong: refused in words or imported, and exportable then; never anything else."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from apps.control_plane.errors import AwsError
from apps.control_plane.openapi.document import load
from apps.control_plane.openapi.exporter import EXTENSIONS, as_json, as_yaml, export_rest_api
from apps.rest_apis.models import RestApi
from tests.builders import a_caller, call
from tests.control_plane.openapi.definitions import GOLDEN_FILES, body

DOCUMENTS = [load(path.read_bytes()).data for path in GOLDEN_FILES]
ODDITIES: list[Any] = [
    None, True, False, 0, -1, 200, 1e300, "", "x", "$", "/", "{x}", "{x+}", "#/", "#/components/schemas/Nope", "é" * 300,
    [], [None], [[]], ["x"], [{}], {}, {"": ""}, {"x": "y"}, {"$ref": "#/paths"}, {"$ref": 1}, {"$ref": "#/info"}, {"a": {"b": []}},
]  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict):
        for key in value:
            yield (*path, key)
            yield from places(value[key], (*path, key))
    elif isinstance(value, list):
        for index in range(len(value)):
            yield (*path, index)
            yield from places(value[index], (*path, index))


PLACES = [sorted(places(document), key=str) for document in DOCUMENTS]


@st.composite
def mutated(draw: st.DrawFn) -> dict[str, Any]:
    number = draw(st.integers(0, len(DOCUMENTS) - 1))
    document = copy.deepcopy(DOCUMENTS[number])
    for _ in range(draw(st.integers(1, 3))):
        *path, last = draw(st.sampled_from(PLACES[number]))
        parent: Any = document
        try:
            for key in path:
                parent = parent[key]
            if draw(st.booleans()) and isinstance(last, str):
                parent[draw(st.sampled_from(["", "x", "é", "$ref", "/a//b", "/{a}/{b}c", "$"]))] = parent.pop(last)
            else:
                parent[last] = copy.deepcopy(draw(st.sampled_from(ODDITIES)))
        except (KeyError, IndexError, TypeError, AttributeError):
            continue  # an earlier change took the place away
    return document


class MutationsTest(TestCase):
    @settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
    @given(mutated())
    def test_a_damaged_definition_is_refused_in_words_or_imported(self, document: dict[str, Any]) -> None:
        caller = a_caller()
        try:
            with transaction.atomic():
                answer = call(caller, "ImportRestApi", body=body(document), parameters={"basepath": "prepend"})
        except AwsError:
            assert not RestApi.objects.exists()
            return
        api = RestApi.objects.get(id=answer["id"])
        for kind in ("oas30", "swagger"):
            export = export_rest_api(api, kind=kind, extensions=EXTENSIONS, documentation=True)  # type: ignore[arg-type]
            assert as_json(export)
            assert as_yaml(export)
