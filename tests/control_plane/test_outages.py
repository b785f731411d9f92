"""What callers see of a database that cannot be used."""

import pytest
from django.db import InterfaceError, OperationalError

from apps.control_plane.errors import ServiceUnavailableException
from apps.control_plane.outages import outages_answered


@pytest.mark.parametrize("outage", [OperationalError("database is locked"), InterfaceError("connection is closed")])
def test_an_outage_answers_503_and_asks_to_come_back(outage):
    with pytest.raises(ServiceUnavailableException) as refusal, outages_answered():
        raise outage

    assert refusal.value.status == 503
    assert refusal.value.retry_after == 1


def test_any_other_failure_stays_what_it_is():
    with pytest.raises(ZeroDivisionError), outages_answered():
        raise ZeroDivisionError
