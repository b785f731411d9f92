"""One furnished world for a file of tests; what each submission does to it is taken back."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
from django.core.cache import cache
from django.db import connection, transaction
from django.test.utils import override_settings

from tests.portal.walked.crawl import Walk, walk
from tests.portal.walked.strict_sqlite import be_strict, refuse_nul
from tests.portal.walked.submitting import Bench
from tests.portal.walked.world import World, make_world, places


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any, valkey_url: str) -> Iterator[World]:
    """Everything happens in one transaction that is never committed: nothing is published, sent or handed to Celery."""
    # What other stories have left there is no part of this world.
    redis.Redis.from_url(valkey_url).flushall()
    logging.disable(logging.ERROR)  # thousands of refusals, as many lines
    with django_db_blocker.unblock(), override_settings(REDIS_URL=valkey_url):
        with _kept_open(), transaction.atomic(), connection.execute_wrapper(refuse_nul):
            be_strict()
            yield make_world()
            transaction.set_rollback(True)
        cache.clear()
    logging.disable(logging.NOTSET)


class _kept_open:  # noqa: N801 - a context manager
    """An operation that waits for somebody far away lets go of its connection, with which the transaction would end."""

    def __enter__(self) -> None:
        connection.ensure_connection()
        self._autocommit = connection.settings_dict["AUTOCOMMIT"]
        connection.settings_dict["AUTOCOMMIT"], connection.close_at = False, None

    def __exit__(self, *_: object) -> None:
        connection.settings_dict["AUTOCOMMIT"] = self._autocommit
        connection.close()


Walked = Callable[[str], tuple[Bench, Walk]]


@pytest.fixture(scope="module")
def walked(world: World) -> Walked:
    """`walked("owner")`: a browser in which that person is signed in, and what they have met; "" is a stranger."""
    known: dict[str, tuple[Bench, Walk]] = {}
    starts = places(world)
    # Signed in here, before a test's own transaction begins, which takes back what happens in it.
    clients = {who: world.browser(getattr(world, who) if who else None) for who in starts}

    def meet(who: str) -> tuple[Bench, Walk]:
        if who not in known:
            known[who] = Bench(clients[who]), walk(clients[who], *starts[who])
        return known[who]

    return meet
