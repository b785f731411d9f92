"""From documents to what a request walks: routers, and for each method the steps it really needs."""

from __future__ import annotations

import logging

from apps.core.documents import AccountDocument, DeploymentDocument, Method, Resource, StageDocument
from gateway_runtime.errors import GatewayError
from gateway_runtime.exchange import Exchange
from gateway_runtime.phases.throttle import stage_buckets
from gateway_runtime.pipelines import REST, Pipeline
from gateway_runtime.ports import Services
from gateway_runtime.snapshot.router import Router
from gateway_runtime.snapshot.stage import (
    CompiledMethod,
    CompiledStage,
    MethodSite,
    Misconfigured,
    NotImplementedHere,
    StageSite,
    Step,
)

logger = logging.getLogger("gateway_runtime.snapshot")


def compile_stage(
    stage: StageDocument, deployment: DeploymentDocument, account: AccountDocument | None, services: Services
) -> CompiledStage:
    """Everything that requests to a stage need. A method that cannot be served answers so; the others serve."""
    site = StageSite(stage, deployment, account, services)
    routes = [
        (resource.path, {method.http_method: compile_method(site, resource, method) for method in resource.methods})
        for resource in deployment.resources
        if resource.methods
    ]
    closing = tuple(step for phase in REST.closing if (step := phase(site)) is not None)
    return CompiledStage(site, Router(routes), closing)


def compile_method(at: StageSite, resource: Resource, method: Method, pipeline: Pipeline = REST) -> CompiledMethod:
    """A method with the steps of the phases that it uses."""
    site = MethodSite(*at, resource, method)
    try:
        steps = tuple(step for phase in pipeline.phases if (step := phase(site)) is not None)
    except Misconfigured as problem:
        logger.warning(
            "method cannot be served: %s %s of %s: %s", method.http_method, resource.path, at.deployment.api_id, problem
        )
        steps = (_refuse(problem),)
    return CompiledMethod(site, steps, stage_buckets(site))


def _refuse(problem: Misconfigured) -> Step:
    def step(exchange: Exchange) -> None:
        if isinstance(problem, NotImplementedHere):
            raise GatewayError("DEFAULT_5XX", status=501, message=str(problem), error_type="NotImplementedException")
        raise GatewayError("API_CONFIGURATION_ERROR", detail=str(problem))

    return step
