"""What a mapping template makes of a made-up request, as the data plane would, without calling anything.

As `test_invoke`, this runs the runtime's own pieces on documents that are not published.
"""

from __future__ import annotations

import asyncio
from typing import NamedTuple

from django.conf import settings

from apps.control_plane.test_invoke import TestRequest, exchange_of, services_of
from apps.core.documents import DeploymentDocument, Integration, Method, Resource, StageDocument
from gateway_runtime.edge.refusals import new_request_id
from gateway_runtime.errors import GatewayError
from gateway_runtime.functions.place import functions_of
from gateway_runtime.mapping.templates import Template
from gateway_runtime.pipelines import Pipeline
from gateway_runtime.snapshot.compile import compile_method
from gateway_runtime.snapshot.router import Router
from gateway_runtime.snapshot.stage import CompiledStage, Misconfigured, StageSite
from gateway_runtime.upstream.guard import AddressPolicy, GuardedConnector
from gateway_runtime.upstream.pool import UpstreamPool

LONGEST_TEMPLATE = 307_200
"""Characters; AWS's limit."""

_NO_PHASES = Pipeline((), ())


class Preview(NamedTuple):
    """The text that came of it, or, where there is none, the problem with its line and column."""

    text: str
    problem: str = ""


def preview(source: str, stage: StageDocument, path: str, request: TestRequest, body: str) -> Preview:
    """Render a template for a request of the resource at `path`; `body` is what `$input` reads. Raises `NotARequest`."""
    if len(source) > LONGEST_TEMPLATE:
        return Preview("", f"A template has at most {LONGEST_TEMPLATE} characters.")
    return asyncio.run(_preview(source, stage, path, request, body))


async def _preview(source: str, stage: StageDocument, path: str, request: TestRequest, body: str) -> Preview:
    # Nobody is asked: there is nothing to close.
    pool = UpstreamPool(GuardedConnector(AddressPolicy(allow_loopback=False, allow_private=False)))
    services = services_of(pool, functions_of(settings.ENVIRONMENT, pool, pool), settings.ENVIRONMENT)
    resource = Resource(id="", path=path, methods=(Method(request.method, Integration(type="MOCK")),))
    document = DeploymentDocument(
        account_id=stage.account_id,
        region=stage.region,
        api_id=stage.api_id,
        api_name="",
        deployment_id=stage.deployment_id,
        resources=(resource,),
    )
    site = StageSite(stage, document, None, services)
    exchange = exchange_of(site, request, new_request_id())
    exchange.method = compile_method(site, resource, resource.methods[0], _NO_PHASES)
    exchange.stage = CompiledStage(site, Router([]), (), ())
    try:
        template = Template("application/json", source)
        return Preview(template.write(exchange, body).decode("utf-8", "replace"))
    except Misconfigured as error:
        return Preview("", str(error).partition("mapping template: ")[2] or str(error))
    except GatewayError as error:
        return Preview("", str(error.detail or error.message).removeprefix("the mapping template failed: "))
