"""From documents to what a request walks: routers, and for each method the steps it really needs."""

from __future__ import annotations

import logging

import msgspec

from apps.core.documents import AccountDocument, CanaryRelease, DeploymentDocument, Method, Resource, StageDocument
from gateway_runtime.errors import GatewayError
from gateway_runtime.exchange import Exchange
from gateway_runtime.phases.cache import read_cache, unless_kept, write_cache
from gateway_runtime.phases.throttle import stage_buckets
from gateway_runtime.pipelines import REST, Pipeline
from gateway_runtime.ports import Services
from gateway_runtime.snapshot.router import Router
from gateway_runtime.snapshot.stage import (
    Canary,
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
    stage: StageDocument,
    deployment: DeploymentDocument,
    account: AccountDocument | None,
    services: Services,
    canary_deployment: DeploymentDocument | None = None,
) -> CompiledStage:
    """Everything that requests to a stage need. A method that cannot be served answers so; the others serve."""
    canary = None
    if stage.canary is not None and canary_deployment is not None:
        site = StageSite(_as_canary(stage, stage.canary), canary_deployment, account, services, is_canary=True)
        canary = Canary(_compile(site), stage.canary.percent_traffic / 100, services.chance)
    return _compile(StageSite(stage, deployment, account, services), canary)


def _as_canary(stage: StageDocument, canary: CanaryRelease) -> StageDocument:
    """The stage as requests to its canary see it."""
    variables = {**stage.variables, **canary.stage_variable_overrides}
    return msgspec.structs.replace(stage, deployment_id=canary.deployment_id, variables=variables)


def _compile(site: StageSite, canary: Canary | None = None) -> CompiledStage:
    routes = [
        (resource.path, {method.http_method: compile_method(site, resource, method) for method in resource.methods})
        for resource in site.deployment.resources
        if resource.methods
    ]
    closing = tuple(step for phase in REST.closing if (step := phase(site)) is not None)
    return CompiledStage(site, Router(routes), closing, canary)


def compile_method(at: StageSite, resource: Resource, method: Method, pipeline: Pipeline = REST) -> CompiledMethod:
    """A method with the steps of the phases that it uses."""
    site = MethodSite(*at, resource, method)
    try:
        steps = _steps(pipeline, site)
    except Misconfigured as problem:
        logger.warning(
            "method cannot be served: %s %s of %s: %s", method.http_method, resource.path, at.deployment.api_id, problem
        )
        steps = (_refuse(problem),)
    return CompiledMethod(site, steps, stage_buckets(site))


def _steps(pipeline: Pipeline, site: MethodSite) -> tuple[Step, ...]:
    """The steps of the phases. Those that a cache can make superfluous become one with its reading."""
    steps: list[Step] = []
    reading: Step | None = None
    behind: list[Step] = []
    for phase in pipeline.phases:
        step = phase(site)
        if phase is read_cache:
            reading = step
        elif step is not None:
            (steps if reading is None else behind).append(step)
        if phase is write_cache and reading is not None:
            steps.append(unless_kept(reading, tuple(behind)))
            reading = None
    return tuple(steps)


def _refuse(problem: Misconfigured) -> Step:
    def step(exchange: Exchange) -> None:
        if isinstance(problem, NotImplementedHere):
            raise GatewayError("DEFAULT_5XX", status=501, message=str(problem), error_type="NotImplementedException")
        raise GatewayError("API_CONFIGURATION_ERROR", detail=str(problem))

    return step
