"""What a request meets: a compiled stage, its methods, and the sites that phases are bound to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import NamedTuple

import msgspec

from apps.core.documents import AccountDocument, DeploymentDocument, Method, MethodSetting, Resource, StageDocument
from gateway_runtime.exchange import Exchange
from gateway_runtime.limits import StreamLimits
from gateway_runtime.observation.watch import Watch
from gateway_runtime.ports import Bucket, Services, TrafficLabel
from gateway_runtime.snapshot.router import Router

Step = Callable[[Exchange], Awaitable[None] | None]


class Misconfigured(ValueError):
    """A method cannot be served as it is configured; the message is for the log. It answers API_CONFIGURATION_ERROR."""


class NotImplementedHere(Misconfigured):
    """A method uses an option that Gatehouse does not have. It answers 501 and names the option."""


class StageSite(NamedTuple):
    """Where closing phases are bound: a stage of a deployment. `is_canary` when that deployment is the stage's canary."""

    stage: StageDocument
    deployment: DeploymentDocument
    account: AccountDocument | None
    services: Services
    is_canary: bool = False


class MethodSite(NamedTuple):
    """Where phases are bound: one method, in its resource, deployed to a stage."""

    stage: StageDocument
    deployment: DeploymentDocument
    account: AccountDocument | None
    services: Services
    is_canary: bool
    resource: Resource
    method: Method
    protocol: str = "REST"  # HTTP or WEBSOCKET for a route that is written as a method

    @property
    def at(self) -> StageSite:
        """The stage alone."""
        return StageSite(self.stage, self.deployment, self.account, self.services, self.is_canary)

    @property
    def path_and_method(self) -> str:
        """The key of a plan's method throttles: `/pets/{petId}/GET`, and `/GET` for the root."""
        return f"{self.resource.path.rstrip('/')}/{self.method.http_method}"

    @property
    def route_key(self) -> str | None:
        """`GET /pets/{petId}` or `$default`, for a route of an HTTP API."""
        if self.protocol != "HTTP":
            return None
        path = self.resource.path
        return f"{self.method.http_method} {path}" if path.startswith("/") else path

    def own_setting(self) -> MethodSetting | None:
        """What the stage sets for this method alone."""
        escaped = self.resource.path.replace("~", "~0").replace("/", "~1")
        return self.stage.method_settings.get(f"{escaped}/{self.method.http_method}")

    @property
    def streams(self) -> bool:
        """Whether answers pass to callers while they arrive: nothing then reads them whole, to keep or to pack them."""
        return self.method.integration.response_transfer_mode == "STREAM"

    @property
    def stream(self) -> StreamLimits | None:
        """What answers that stream may take; None where they do not."""
        if not self.streams:
            return None
        limits = self.services.stream
        return replace(limits, idle_seconds=limits.edge_idle_seconds) if self.stage.edge_optimized else limits

    def caching(self) -> MethodSetting | None:
        """The settings under which answers of the method are kept, None when they are not. `*/*` speaks of GET alone, as on AWS."""
        if self.streams:
            return None
        setting = self.own_setting()
        if setting is None and self.method.http_method == "GET":
            setting = self.stage.method_settings.get("*/*")
        if setting is None or not setting.caching_enabled or not setting.cache_ttl_in_seconds:
            return None
        streams = self.method.integration.response_transfer_mode == "STREAM"
        return None if streams or self.stage.cache_cluster_size is None else setting

    def setting(self) -> MethodSetting:
        """The method's settings: its own, or else those of `*/*`, which also give a throttle that its own leave out."""
        whole = self.stage.method_settings.get("*/*", MethodSetting())
        own = self.own_setting() or whole
        rate, burst = own.throttling_rate_limit, own.throttling_burst_limit
        return msgspec.structs.replace(
            own,
            throttling_rate_limit=whole.throttling_rate_limit if rate is None else rate,
            throttling_burst_limit=whole.throttling_burst_limit if burst is None else burst,
        )


class CompiledMethod:
    """The steps of one method, and the watch that has them timed. `stage_buckets` are the token buckets that every caller shares."""

    __slots__ = (
        "_labels",
        "http_method",
        "path_and_method",
        "resource_id",
        "resource_path",
        "route_key",
        "site",
        "stage_buckets",
        "steps",
        "watch",
    )

    def __init__(
        self, site: MethodSite, steps: tuple[Step, ...], watch: Watch, stage_buckets: tuple[Bucket, ...] = ()
    ) -> None:
        self.site = site
        self.steps = steps
        self.watch = watch
        self.stage_buckets = stage_buckets
        self.resource_id = site.resource.id
        self.resource_path = site.resource.path
        self.http_method = site.method.http_method
        self.path_and_method = site.path_and_method
        self.route_key = site.route_key
        self._labels: dict[str, TrafficLabel] = {}

    def label(self, asked: str) -> TrafficLabel:
        """What a call with this HTTP method is counted under; differs from `http_method` for ANY. Routes of HTTP APIs count by their key."""
        if self.route_key is not None:
            asked = self.http_method
        label = self._labels.get(asked)
        if label is None:
            label = self._labels[asked] = traffic_label(
                self.site.stage,
                self.resource_path,
                asked,
                detailed=self.site.setting().metrics_enabled,
                canary=self.site.is_canary,
            )
        return label


class Canary(NamedTuple):
    """A second deployment of a stage, compiled with its own variables, and the share of requests (0 to 1) that it takes."""

    stage: CompiledStage
    share: float
    chance: Callable[[], float]


class CompiledStage:
    """A stage with everything a request needs; immutable but for caches of what is derived. `unmatched` names the error of requests
    that reach none of its methods.

    `canary` takes a share of the requests that come in; `is_canary` says that this one is another's canary. `closing` and `told`
    are the closing steps as `Pipeline` tells them apart.
    """

    __slots__ = (
        "_unmatched",
        "canary",
        "closing",
        "deployment",
        "document",
        "echo",
        "echo_line",
        "is_canary",
        "router",
        "told",
    )

    unmatched = "MISSING_AUTHENTICATION_TOKEN"
    overrides_methods = True  # by X-HTTP-Method-Override
    has_one_identifier = False  # whether `$context.requestId` is the extended one

    def __init__(
        self,
        site: StageSite,
        router: Router[dict[str, CompiledMethod]],
        closing: tuple[Step, ...],
        told: tuple[Step, ...],
        canary: Canary | None = None,
    ) -> None:
        self.canary = canary
        self.is_canary = site.is_canary
        self.document = site.stage
        self.deployment = site.deployment
        self.router = router
        self.closing = closing
        self.told = told
        self.echo = (b"x-gatehouse-deployment", site.deployment.deployment_id.encode())
        self.echo_line = b"%b: %b\r\n" % self.echo
        self._unmatched: dict[str, TrafficLabel] = {}

    def chosen(self) -> CompiledStage:
        """The one of its deployments that serves the next request."""
        canary = self.canary
        return self if canary is None or canary.chance() >= canary.share else canary.stage

    def match(self, segments: tuple[str, ...], http_method: str) -> tuple[CompiledMethod, dict[str, str]] | None:
        """The method for a path below the stage: the one named, else ANY; and the path's parameters as sent."""
        found = self.router.match(segments)
        if found is None:
            return None
        methods, values = found
        method = methods.get(http_method) or methods.get("ANY")
        return None if method is None else (method, values)

    def unmatched_label(self, asked: str) -> TrafficLabel:
        """What a call is counted under that reached the stage but none of its methods."""
        label = self._unmatched.get(asked)
        if label is None:
            label = self._unmatched[asked] = traffic_label(self.document, "", asked, canary=self.is_canary)
        return label


def traffic_label(
    stage: StageDocument, resource: str, asked: str, *, detailed: bool = False, canary: bool = False
) -> TrafficLabel:
    place = (stage.account_id, stage.region, stage.api_id, stage.stage_name)
    return TrafficLabel(*place, resource, asked, detailed, canary)
