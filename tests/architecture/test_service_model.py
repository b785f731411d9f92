"""Our own service model is whole: what an operation names is there, and every operation has its function."""

from __future__ import annotations

import json
from pathlib import Path

from botocore.model import Shape

from apps import control_plane
from apps.control_plane.registry import operations_built
from apps.control_plane.wire.service_models import service_model


def names_below(shape: Shape | None, seen: set[str]) -> set[str]:
    """The shapes that a shape is made of; botocore raises for one that is not there."""
    if shape is not None and shape.name not in seen:
        seen.add(shape.name)
        for member in (*getattr(shape, "members", {}).values(), getattr(shape, "member", None)):
            names_below(member, seen)
        for part in ("key", "value"):
            names_below(getattr(shape, part, None), seen)
    return seen


def test_every_shape_is_there_and_used() -> None:
    model = service_model("gatehouse")
    used: set[str] = set()
    for name in model.operation_names:
        operation = model.operation_model(name)
        names_below(operation.input_shape, used)
        names_below(operation.output_shape, used)

    assert used <= set(model.shape_names)
    assert set(model.shape_names) - used == set()


def test_every_operation_has_its_function() -> None:
    assert set(service_model("gatehouse").operation_names) == operations_built("gatehouse")


def test_the_model_is_a_file_without_double_names() -> None:
    def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
        assert len(dict(pairs)) == len(pairs), f"twice in one object: {sorted(name for name, _ in pairs)}"
        return dict(pairs)

    folder = Path(control_plane.__path__[0]) / "service_models" / "gatehouse" / "2026-01-01"
    json.loads((folder / "service-2.json").read_text(), object_pairs_hook=once)
