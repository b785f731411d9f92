"""One worker process of the data plane: its parts, how they start, and how they stop without losing anything."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import random
from collections.abc import Coroutine
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from channels_redis.pubsub import RedisPubSubChannelLayer
from redis.asyncio import Redis
from redis.exceptions import RedisError

from apps.core.environment import Environment
from apps.core.secrets import DocumentSeal
from apps.core.session_tokens import SessionTokens
from apps.core.socket_channels import PREFIX
from gateway_runtime.authorizers.discovery import own_issuers
from gateway_runtime.authorizers.key_sets import KeySets
from gateway_runtime.authorizers.results import AuthorizerResults
from gateway_runtime.authorizers.verified import VerifiedTokens
from gateway_runtime.ending import end
from gateway_runtime.functions.place import functions_of, host_pool
from gateway_runtime.gateway import Gateway
from gateway_runtime.iam.assumed_roles import RoleSessions
from gateway_runtime.limits import STREAM
from gateway_runtime.observation.sampling import TraceSampler
from gateway_runtime.ports import NOWHERE, Services, SystemClock
from gateway_runtime.snapshot.disk import LastGood
from gateway_runtime.snapshot.snapshot import Current
from gateway_runtime.snapshot.source import ConfigurationSource
from gateway_runtime.stores.access_logs import FileAccessLogs
from gateway_runtime.stores.lua import FIND_ANSWER, GRANT, KEEP_ANSWER, TAKE
from gateway_runtime.stores.redis_answers import RedisAnswers
from gateway_runtime.stores.redis_buckets import LEASE_SECONDS, RedisBuckets
from gateway_runtime.stores.redis_quotas import RedisQuotas
from gateway_runtime.stores.script_calls import ScriptCalls
from gateway_runtime.stores.stories import RedisStories
from gateway_runtime.stores.target_reports import TargetReports
from gateway_runtime.stores.usage import UsageMeter
from gateway_runtime.tls.certificates import Certificates
from gateway_runtime.upstream.discovery import Discoverer
from gateway_runtime.upstream.guard import AddressPolicy, GuardedConnector
from gateway_runtime.upstream.health_checks import HealthChecks
from gateway_runtime.upstream.name_servers import NameServers
from gateway_runtime.upstream.pool import UpstreamPool
from gateway_runtime.websocket.directory import Connections
from gateway_runtime.websocket.sockets import WebSockets

if TYPE_CHECKING:
    from gateway_runtime.stores.spans import OtlpSpans

logger = logging.getLogger("gateway_runtime.process")

_FIRST_CONFIGURATION_SECONDS = 3.0


class DataPlane:
    """Made in the running event loop. `start`, then call `gateway`, then `stop`."""

    def __init__(self, environment: Environment) -> None:
        clock = SystemClock()
        worker = f"{os.getpid()}-{os.urandom(4).hex()}"
        directory = environment.data_dir / "runtime"
        self._redis = _client(environment)
        self._limits_redis = _client(environment)
        self._calls = ScriptCalls(self._limits_redis)
        self._buckets = RedisBuckets(self._calls, clock, worker, environment.workers)
        self._quotas = RedisQuotas(self._calls, clock, environment.workers)
        self._answers_redis = _client(environment)
        self._answer_calls = ScriptCalls(self._answers_redis, without="no answers are kept")
        self._meter = UsageMeter(self._redis, directory / "journal", clock, f"gateway-{worker}")
        self._logs = FileAccessLogs(environment.data_dir / "log" / "access")
        self._execution_logs = FileAccessLogs(environment.data_dir / "log" / "execution")
        self._stories = RedisStories(self._redis, environment.stories_per_second)
        self._spans = _spans(environment)
        sampling = environment.trace_sampling
        private = environment.allow_private_backends
        self._pool = UpstreamPool(GuardedConnector(AddressPolicy(allow_loopback=private, allow_private=private)))
        self._functions_pool = host_pool(environment)
        self._portal_pool = UpstreamPool(GuardedConnector(AddressPolicy(allow_loopback=True, allow_private=True)))
        self._discoverer = Discoverer(clock.monotonic, NameServers(environment.dns_servers))
        self._key_sets = KeySets(self._pool, clock, own_issuers(environment, self._portal_pool))
        self._role_sessions = RoleSessions(self._pool, clock)
        redis_url = environment.effective_redis_url
        self._connections = Connections(lambda: RedisPubSubChannelLayer(hosts=[redis_url], prefix=PREFIX))
        self.services = Services(
            clock=clock,
            buckets=self._buckets,
            quotas=self._quotas,
            upstream=self._pool,
            functions=functions_of(environment, self._functions_pool, self._pool),
            access_logs=self._logs,
            meter=self._meter,
            session_tokens=SessionTokens(environment.derived_key("session-tokens")),
            document_seal=DocumentSeal(environment.derived_key("document-secrets")),
            connections=self._connections,
            vpc_endpoints=environment.vpc_endpoints,
            discoverer=self._discoverer,
            aws=environment.aws,
            stream=replace(STREAM, bytes_per_second=environment.stream_megabytes_per_second * 1024 * 1024),
            api_key_secret=environment.derived_key("api-key-digest"),
            authorizer_results=AuthorizerResults(clock),
            answers=RedisAnswers(self._answer_calls, environment.stage_cache_megabytes << 20),
            answers_secret=environment.derived_key("stage-cache"),
            key_sets=self._key_sets,
            verified_tokens=VerifiedTokens(),
            role_sessions=self._role_sessions,
            stories=self._stories,
            execution_logs=self._execution_logs,
            spans=self._spans or NOWHERE,
            passive_tracing=self._spans is not None,
            sampler=TraceSampler(sampling.per_second, sampling.share, random.random),
        )
        self.current = Current()
        self.source = ConfigurationSource(
            self._redis, self.current, self.services, LastGood(directory / "configuration")
        )
        self.certificates = Certificates(self.current, environment.own_hosts)
        self.gateway = Gateway(self.current, clock, environment.own_hosts)
        self._health_checks = HealthChecks(lambda: self.current.snapshot.links.balancers(), self._pool, clock.monotonic)
        self._target_reports = TargetReports(self._redis, worker, clock, lambda: self.current.snapshot.links.places())
        self.sockets = WebSockets(self.current, self._connections, clock)
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Serve from the last good configuration at once, and follow Redis from now on."""
        self._logs.start()
        self._execution_logs.start()
        if self._spans is not None:
            self._spans.start()
        self.source.start_from_disk()
        self._spawn(self.source.run())
        self._spawn(self._meter.run())
        self._spawn(self._stories.run())
        self._spawn(self._settle_leases())
        self._spawn(self._health_checks.run())
        self._spawn(self._target_reports.run())
        self._spawn(self._connections.run())
        try:
            # A fresh worker had better not refuse what its siblings serve; without Redis it serves what it has.
            async with asyncio.timeout(_FIRST_CONFIGURATION_SECONDS):
                await self.source.connected.wait()
                await self._calls.prepare(TAKE, GRANT)
                await self._answer_calls.prepare(FIND_ANSWER, KEEP_ANSWER)
        except (TimeoutError, RedisError, OSError):
            logger.warning("Redis does not answer: serving revision %d", self.current.snapshot.revision)
        # What is here now stays: the collector need not look at it again, nor run for every few requests.
        gc.collect()
        gc.freeze()
        gc.set_threshold(20_000, 20, 50)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.create_task(work))

    async def _settle_leases(self) -> None:
        while True:
            await asyncio.sleep(LEASE_SECONDS)
            try:
                await self._buckets.settle()
                await self._quotas.settle()
            except Exception:
                logger.exception("leases are not settled")

    async def stop(self) -> None:
        """Deliver what was counted, give leases back, write what was logged."""
        await end(self._tasks)
        await self.source.close()
        await self._connections.aclose()
        self._key_sets.close()
        self._role_sessions.close()
        await self._discoverer.aclose()
        await self._pool.aclose()
        await self._portal_pool.aclose()
        await self._functions_pool.aclose()
        await self._buckets.close()
        await self._quotas.close()
        await self._calls.close()
        await self._answer_calls.close()
        await self._meter.close()
        await self._stories.flush()
        await asyncio.to_thread(self._logs.close)
        await asyncio.to_thread(self._execution_logs.close)
        if self._spans is not None:
            await asyncio.to_thread(self._spans.close)
        await self._redis.aclose()
        await self._limits_redis.aclose()
        await self._answers_redis.aclose()


def _spans(environment: Environment) -> OtlpSpans | None:
    """The exporter, which is loaded only where it is used."""
    if environment.otlp_url is None:
        return None
    from gateway_runtime.stores.spans import OtlpSpans

    return OtlpSpans(environment.otlp_url)


def _client(environment: Environment) -> Redis:
    client: Redis = Redis.from_url(environment.effective_redis_url, socket_connect_timeout=2, health_check_interval=15)
    return client
