"""The function host: finds a function in the configuration, decides whether it may be invoked, and runs it."""

from __future__ import annotations

import asyncio
import random
import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from apps.core.documents import function_section
from apps.core.function_documents import FunctionDocument, FunctionVersion
from apps.core.function_names import FunctionName, parse_function_name
from apps.core.iam import Decision, Policy, Principal, compile_policy
from gateway_runtime.functions.errors import FunctionNotFound, FunctionThrottled, InvocationDenied, PayloadTooLarge
from gateway_runtime.functions.invocation import Invocation, Receiver
from gateway_runtime.functions.limits import LARGEST_EVENT, LARGEST_PAYLOAD
from gateway_runtime.functions.pools import PoolKey, Pools
from gateway_runtime.ports import FunctionAnswer
from gateway_runtime.snapshot.snapshot import Current

LATEST = "$LATEST"
_API_GATEWAY = Principal(service="apigateway.amazonaws.com")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of the host. `source_arn` is the API on whose behalf, `role_arn` the role that asks in its place; both are
    empty for a caller that is allowed already."""

    name: FunctionName
    payload: bytes
    source_arn: str = ""
    role_arn: str = ""
    client_context: str = ""
    trace_id: str = ""


@dataclass(frozen=True, slots=True)
class Ran:
    """How an invocation went: the answer, the version that ran, and the end of its log."""

    answer: FunctionAnswer
    version: str
    log_tail: bytes = b""
    streamed: bool = False


class EndPoints(Protocol):
    """Functions that are HTTP end points."""

    async def invoke(self, url: str, payload: bytes, timeout: float) -> FunctionAnswer:  # noqa: ASYNC109
        """POST the event; what comes back is the answer."""


class FunctionHost:
    """`edition` tells the state of a folder that holds code in place (see `folders.py`)."""

    def __init__(self, current: Current, pools: Pools, end_points: EndPoints, edition: Callable[[str], str]) -> None:
        self._current = current
        self._pools = pools
        self._end_points = end_points
        self._edition = edition
        self._running: Counter[str] = Counter()  # by section

    def admit(self, wanted: Wanted, *, event: bool = False) -> tuple[FunctionDocument, FunctionVersion]:
        """The function and the version that an invocation goes to. Raises the errors of `functions.errors`."""
        name = wanted.name
        document = self._document(name)
        version = None if document is None else _version(document, name.qualifier)
        if document is None or version is None:
            raise FunctionNotFound(f"Function not found: {name.qualified_arn}")
        if wanted.source_arn and not allows_api_gateway(document, name, wanted.source_arn):
            raise InvocationDenied(f"the policy of {name.qualified_arn} does not let {wanted.source_arn} invoke it")
        if wanted.role_arn and not allows_role(document, name, wanted.role_arn):
            raise InvocationDenied(f"the policy of {name.qualified_arn} does not let {wanted.role_arn} invoke it")
        if len(wanted.payload) > (LARGEST_EVENT if event else LARGEST_PAYLOAD):
            raise PayloadTooLarge(f"an event of {len(wanted.payload)} bytes for {name.qualified_arn}")
        return document, version

    async def run(self, wanted: Wanted, request_id: str = "", receiver: Receiver | None = None) -> Ran:
        """Run a function to its end. Raises the errors of `functions.errors`; what the function itself raises is its answer."""
        document, version = self.admit(wanted)
        section = function_section(document.account_id, document.region, document.name)
        limit = document.reserved_concurrency
        if limit is not None and self._running[section] >= limit:
            raise FunctionThrottled("Rate Exceeded.")
        self._running[section] += 1
        try:
            if version.endpoint is not None:
                answer = await self._end_points.invoke(version.endpoint, wanted.payload, version.timeout)
                return Ran(answer, version.version)
            return await self._run_here(wanted, version, request_id or str(uuid.uuid4()), receiver)
        finally:
            self._running[section] -= 1
            if not self._running[section]:
                del self._running[section]

    async def _run_here(
        self, wanted: Wanted, version: FunctionVersion, request_id: str, receiver: Receiver | None
    ) -> Ran:
        invocation = Invocation(
            request_id,
            wanted.name.qualified_arn,
            wanted.payload,
            client_context=wanted.client_context,
            trace_id=wanted.trace_id,
            receiver=receiver,
        )
        name = wanted.name._replace(qualifier="")
        edition = self._edition(version.folder) if version.folder is not None else ""
        key = PoolKey(name, version, edition)
        if edition and not self._pools.has(key):
            self.configuration_changed()  # the folder's earlier states are no more
        pool = self._pools.pool(key)
        pool.submit(invocation)
        try:
            answer = await invocation.answer
        except asyncio.CancelledError:
            pool.withdraw(invocation)
            raise
        return Ran(answer, version.version, invocation.log_tail, invocation.streamed)

    def configuration_changed(self) -> None:
        """Let go of the runtimes of versions that are no more."""
        self._pools.retain(self._is_current)

    def _is_current(self, key: PoolKey) -> bool:
        document = self._document(key.function)
        folder = key.version.folder
        return (
            document is not None
            and key.version in document.versions
            and (folder is None or key.edition == self._edition(folder))
        )

    def _document(self, name: FunctionName) -> FunctionDocument | None:
        snapshot = self._current.snapshot
        section = function_section(name.account_id, name.region, name.name)
        found = snapshot.decoded.get(snapshot.sections.get(section, ""))
        return found if isinstance(found, FunctionDocument) else None


def read_name(text: str) -> FunctionName:
    """A function by its ARN; raises `FunctionNotFound` for anything else."""
    name = parse_function_name(text)
    if name is None or not name.account_id or not name.region:
        raise FunctionNotFound(f"Function not found: {text}")
    return name


def _version(document: FunctionDocument, qualifier: str) -> FunctionVersion | None:
    """The version that a qualifier means; an alias shares its invocations out by weight."""
    wanted = qualifier or LATEST
    for alias in document.aliases:
        if alias.name == qualifier:
            wanted = alias.version
            share = random.random()  # noqa: S311 - shares traffic, guards nothing
            for version, weight in alias.weights.items():
                share -= weight
                if share < 0:
                    wanted = version
                    break
    return next((version for version in document.versions if version.version == wanted), None)


def allows_api_gateway(document: FunctionDocument, name: FunctionName, source_arn: str) -> bool:
    """Whether the policy of exactly the invoked function, version or alias allows it; without a policy nobody may."""
    context = {"aws:SourceArn": [source_arn], "aws:SourceAccount": [_account_of(source_arn)]}
    return _allows(document, name, context, _API_GATEWAY)


def allows_role(document: FunctionDocument, name: FunctionName, role_arn: str) -> bool:
    """The same for a role of another account: named by its ARN, or with its account as a whole."""
    context = {"aws:PrincipalArn": [role_arn], "aws:PrincipalAccount": [_account_of(role_arn)]}
    return _allows(document, name, context, Principal(_account_of(role_arn), frozenset({role_arn})))


def _account_of(arn: str) -> str:
    return arn.split(":")[4] if arn.count(":") > 4 else ""


def _allows(
    document: FunctionDocument, name: FunctionName, context: Mapping[str, list[str]], principal: Principal
) -> bool:
    text = document.policies.get(name.qualifier)
    if text is None:
        return False
    decision = _compiled(text).decide("lambda:InvokeFunction", name.qualified_arn, context, principal)
    return decision is Decision.ALLOW


@lru_cache(maxsize=1024)
def _compiled(text: str) -> Policy:
    return compile_policy(text, principals=True)
