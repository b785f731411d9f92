"""Schemas of a definition become models: named ones keep their names, inline ones get one, references become AWS's."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

from apps.control_plane.openapi.node import Node
from apps.control_plane.openapi.spec import MODEL_REF, ModelSpec

MAX_MODELS = 250
_MODEL_NAME = re.compile(r"[A-Za-z0-9]{1,256}")
_MODEL_URL = re.compile(r"https://apigateway\.[a-z0-9.-]+/restapis/[^/]+/models/")


class Models:
    """The models of one definition while it is read. `section` is where the version of OpenAPI keeps named schemas."""

    def __init__(self, named: Node, section: str) -> None:
        self.section = section
        self.names = frozenset(named.data)
        self.specs: dict[str, ModelSpec] = {}
        self.inline: dict[str, str] = {}  # pointer of a schema that may be used often → name
        for name, schema in named.members():
            if _MODEL_NAME.fullmatch(name):
                self._add(name, schema)
            else:
                schema.error(f"Unable to create model '{name}': Model name must be alphanumeric: {name}")
        if len(self.specs) > MAX_MODELS:
            named.error(f"The definition has more than {MAX_MODELS} models.")

    def of(self, schema: Node) -> str | None:
        """The name of the model for a schema as it is used; None (and a warning) when it refers to none."""
        reference = schema.data.get("$ref")
        if not isinstance(reference, str):
            return self._inline(schema)
        name = reference.removeprefix(self.section)
        if name == reference or name not in self.specs:
            schema.warn(f"Reference to model '{name.rsplit('/', 1)[-1]}' not found. Ignoring.", "$ref")
            return None
        return name

    def _inline(self, schema: Node) -> str:
        """Equal inline schemas are one model, and importing again finds it again."""
        if schema.pointer not in self.inline:
            digest = hashlib.sha256(json.dumps(schema.data, sort_keys=True).encode()).hexdigest()
            self.inline[schema.pointer] = f"MODEL{digest[:6]}"
        name = self.inline[schema.pointer]
        if name not in self.specs:
            self._add(name, schema)
        return name

    def _add(self, name: str, schema: Node) -> None:
        def to_model(reference: str) -> str:
            target = reference.removeprefix(self.section)
            if target == reference or target.split("/")[0] not in self.names:
                schema.warn(f"Reference to model '{reference.rsplit('/', 1)[-1]}' not found. Ignoring.")
                return reference
            return MODEL_REF + target

        description = schema.data.get("description")
        self.specs[name] = ModelSpec(
            name=name,
            schema=with_references(schema.data, to_model),
            pointer=schema.pointer,
            description=description if isinstance(description, str) else None,
        )


def with_references(schema: Any, change: Callable[[str], str]) -> Any:
    """A copy of a schema with every reference changed."""
    if isinstance(schema, dict):
        return {
            key: change(value) if key == "$ref" and isinstance(value, str) else with_references(value, change)
            for key, value in schema.items()
        }
    if isinstance(schema, list):
        return [with_references(item, change) for item in schema]
    return schema


def stored_schema(schema: dict[str, Any], rest_api_id: str) -> str:
    """The text of a model row: references are the URLs that AWS gives models."""

    def to_url(reference: str) -> str:
        name = reference.removeprefix(MODEL_REF)
        return (
            reference if name == reference else f"https://apigateway.amazonaws.com/restapis/{rest_api_id}/models/{name}"
        )

    return json.dumps(with_references(schema, to_url), indent=2, ensure_ascii=False, separators=(",", " : "))


def exported_schema(text: str, section: str) -> Any:
    """The schema of a model row as an export has it, with references into `section`. AWS takes `$schema` off, which OpenAPI does not
    know: exports of the models that each API begins with show it."""
    schema = with_references(json.loads(text), lambda reference: _MODEL_URL.sub(section, reference))
    return {key: value for key, value in schema.items() if key != "$schema"} if isinstance(schema, dict) else schema
