"""From documents to what a request walks: routers, and for each method the steps it really needs."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import TypeVar

import msgspec

from apps.core.documents import AccountDocument, CanaryRelease, DeploymentDocument, Method, Resource, StageDocument
from gateway_runtime.errors import GatewayError
from gateway_runtime.exchange import Exchange
from gateway_runtime.observation.seen import seen
from gateway_runtime.observation.watch import NamedStep, Watch, timed
from gateway_runtime.phases.cache import read_cache, unless_kept, write_cache
from gateway_runtime.phases.throttle import stage_buckets
from gateway_runtime.phases.trace import is_passive, is_sampled
from gateway_runtime.pipelines import REST, ClosingPhase, Pipeline
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

P = TypeVar("P")

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
    closing, told = closing_steps(REST.closing, site), closing_steps(REST.told, site)
    return CompiledStage(site, Router(routes), closing, told, canary)


def closing_steps(phases: Iterable[ClosingPhase], site: StageSite) -> tuple[Step, ...]:
    """The steps of the closing phases that a stage uses."""
    return tuple(step for phase in phases if (step := phase(site)) is not None)


def compile_method(at: StageSite, resource: Resource, method: Method, pipeline: Pipeline = REST) -> CompiledMethod:
    """A method with the steps of the phases that it uses."""
    site = MethodSite(*at, resource, method)
    return walked_method(site, named_steps(site, pipeline.phases, site))


def named_steps(site: MethodSite, phases: Iterable[Callable[[P], Step | None]], at: P) -> list[NamedStep]:
    """The steps of the phases that a method, or a route (`at`), uses; where it cannot be served, one that answers so.

    Whatever stands before that acts: who may not call does not learn that there is something wrong with what is behind.
    """
    named: list[NamedStep] = []
    try:
        for phase in phases:
            step = phase(at)
            if step is not None:
                named.append((phase.__name__, step))
    except Misconfigured as problem:
        logger.warning("%s of %s cannot be served: %s", site.path_and_method, site.deployment.api_id, problem)
        kept = [(name, step) for name, step in named if name != read_cache.__name__]  # what is not served is not kept
        return [*kept, ("integrate", _refuse(problem))]
    return named


def walked_method(site: MethodSite, named: list[NamedStep]) -> CompiledMethod:
    """A method with these steps, and the variant of them that is watched."""
    asked, services = seen(site), site.services
    steps = _folded(named)
    watched = _folded(timed(named, services.clock.monotonic, data_trace=asked.data_trace and not site.streams))
    plain = _only_steps(steps)
    asks = is_sampled if is_passive(site) else None
    names = tuple(name for name, _ in steps)
    watch = Watch(names, plain, _only_steps(watched), asked, services.stories.per_second, asks)
    return CompiledMethod(site, plain, watch, stage_buckets(site))


def _folded(named: list[NamedStep]) -> list[NamedStep]:
    """The steps of a walk. Those that a cache can make superfluous become one with its reading."""
    names = [name for name, _ in named]
    if read_cache.__name__ not in names:
        return named
    first, last = names.index(read_cache.__name__), names.index(write_cache.__name__)
    behind = _only_steps(named[first + 1 : last + 1])
    return [*named[:first], (names[first], unless_kept(named[first][1], behind)), *named[last + 1 :]]


def _only_steps(named: list[NamedStep]) -> tuple[Step, ...]:
    return tuple(step for _, step in named)


def _refuse(problem: Misconfigured) -> Step:
    def step(exchange: Exchange) -> None:
        if isinstance(problem, NotImplementedHere):
            raise GatewayError("DEFAULT_5XX", status=501, message=str(problem), error_type="NotImplementedException")
        raise GatewayError("API_CONFIGURATION_ERROR", detail=str(problem))

    return step
