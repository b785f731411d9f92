"""Sessions of the roles that integrations name: asked for once, shared by all calls, and renewed before they end."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable

from apps.core.sigv4_signing import AwsCredentials
from gateway_runtime.iam.sts import CredentialsRefused, CredentialsUnavailable, Role, RoleSession, assume_role
from gateway_runtime.limits import ROLES, RoleLimits
from gateway_runtime.ports import Clock, Upstream

logger = logging.getLogger("gateway_runtime.iam")

_FAILURES = (CredentialsRefused, CredentialsUnavailable)


class _Kept:
    """The session of one role, and the one call that asks for the next. `failure` is why the last one got none."""

    __slots__ = ("asking", "failure", "paused_until", "session")

    def __init__(self) -> None:
        self.session: RoleSession | None = None
        self.asking: asyncio.Task[RoleSession] | None = None
        self.failure: Exception | None = None
        self.paused_until = 0.0


class RoleSessions:
    """One per process; it outlives the configuration. The roles used longest ago go first."""

    def __init__(self, upstream: Upstream, clock: Clock, limits: RoleLimits = ROLES) -> None:
        self._upstream = upstream
        self._now = clock.time
        self._limits = limits
        self._kept: OrderedDict[Role, _Kept] = OrderedDict()

    def credentials(self, role: Role) -> AwsCredentials | Awaitable[AwsCredentials]:
        """What to sign with on a role's behalf: at once while a session is good, which is renewed aside when it nears its end.

        Raises CredentialsRefused or CredentialsUnavailable, and so does what is awaited. A refusal is remembered for a few seconds.
        """
        kept = self._of(role)
        session, now = kept.session, self._now()
        left = -1.0 if session is None else session.expires - now
        if session is not None and left > self._limits.usable_before_seconds:
            if left <= self._limits.renewed_before_seconds and now >= kept.paused_until:
                self._ask(role, kept)
            return session.credentials
        if kept.asking is None and kept.failure is not None and now < kept.paused_until:
            raise type(kept.failure)(*kept.failure.args)
        return self._wait(self._ask(role, kept))

    def _of(self, role: Role) -> _Kept:
        kept = self._kept.get(role)
        if kept is None:
            kept = self._kept[role] = _Kept()
            while len(self._kept) > self._limits.roles:
                self._kept.popitem(last=False)
        self._kept.move_to_end(role)
        return kept

    @staticmethod
    async def _wait(asking: asyncio.Task[RoleSession]) -> AwsCredentials:
        # A caller who leaves does not end the call for the others.
        return (await asyncio.shield(asking)).credentials

    def _ask(self, role: Role, kept: _Kept) -> asyncio.Task[RoleSession]:
        if kept.asking is None:
            call = assume_role(self._upstream, role, self._now())
            kept.asking = asyncio.get_running_loop().create_task(call)
            kept.asking.add_done_callback(lambda task: self._answered(kept, task))
        return kept.asking

    def _answered(self, kept: _Kept, task: asyncio.Task[RoleSession]) -> None:
        kept.asking = None
        if task.cancelled():
            return
        failure = task.exception()
        if failure is None:
            kept.session, kept.failure, kept.paused_until = task.result(), None, 0.0
            return
        kept.paused_until = self._now() + self._limits.pause_seconds
        kept.failure = failure if isinstance(failure, _FAILURES) else None
        logger.warning("%s", failure)

    def close(self) -> None:
        """End the calls that are running."""
        for kept in self._kept.values():
            if kept.asking is not None:
                kept.asking.cancel()
