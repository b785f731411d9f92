"""From rows to the document of a function."""

from __future__ import annotations

from apps.accounts.models import Tag
from apps.core import function_documents as documents
from apps.functions.models import Function

ENDPOINT = "gatehouse:endpoint"
FOLDER = "gatehouse:folder"
"""Tags by which a function is an HTTP end point, or has its code in a folder of the function host, in place of its package."""


def function_document(function: Function) -> documents.FunctionDocument:
    """A function as its rows are now."""
    tags = dict(
        Tag.objects.filter(
            account_id=function.account_id, arn=function.named.arn, key__in=(ENDPOINT, FOLDER)
        ).values_list("key", "value")
    )
    versions = tuple(
        documents.FunctionVersion(
            version=row.version,
            runtime=row.runtime,
            handler=row.handler,
            code_digest=row.code_id,
            memory_size=row.memory_size,
            timeout=row.timeout,
            environment=row.environment,
            endpoint=tags.get(ENDPOINT),
            folder=tags.get(FOLDER),
        )
        for row in function.versions.order_by("id")
    )
    return documents.FunctionDocument(
        account_id=function.account_id,
        region=function.region,
        name=function.name,
        versions=versions,
        aliases=tuple(
            documents.FunctionAlias(name=row.name, version=row.version, weights=row.weights)
            for row in function.aliases.order_by("name")
        ),
        policies={row.qualifier: row.document for row in function.policies.order_by("qualifier")},
        reserved_concurrency=function.reserved_concurrency,
    )
