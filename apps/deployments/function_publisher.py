"""Publishing Lambda functions; see `publisher`, which has the rest."""

from __future__ import annotations

from collections.abc import Iterator

from apps.core.documents import encode, function_section
from apps.deployments.sections import Sections, put_sections, revision_lock
from apps.functions.freeze import function_document
from apps.functions.models import Function


def publish_function(function: Function) -> None:
    """Publish a function as its rows are now; one that is deleted meanwhile is left to who deletes it."""
    with revision_lock():
        now = Function.objects.filter(pk=function.pk).first()
        if now is not None:
            put_sections(now.account_id, _sections(now))


def retract_function(function: Function) -> None:
    """Take a function away."""
    with revision_lock():
        put_sections(None, {function_section(function.account_id, function.region, function.name): None})


def function_sections() -> Iterator[tuple[str, Sections]]:
    """Every section of functions with its account."""
    for function in Function.objects.order_by("id").iterator():
        yield function.account_id, _sections(function)


def _sections(function: Function) -> Sections:
    name = function_section(function.account_id, function.region, function.name)
    return {name: encode(function_document(function))}
