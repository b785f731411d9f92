"""The shared fixtures themselves."""

from __future__ import annotations

from urllib.request import urlopen

import pytest
from django.conf import settings


def test_valkey_answers_and_is_what_django_talks_to(valkey):
    assert valkey.ping()
    assert settings.REDIS_URL.startswith("unix://")


@pytest.mark.parametrize("time", ["first", "second"])
def test_valkey_is_empty_at_the_start_of_every_test(valkey, time):
    assert valkey.dbsize() == 0
    valkey.set("left over", time)


def test_the_portal_answers_on_a_real_port(live_portal):
    with urlopen(f"{live_portal}/admin/login/", timeout=20) as answer:
        assert answer.status == 200


def test_boto3_signs_with_the_key_of_the_test_account(aws, access_key):
    credentials = aws("apigateway")._request_signer._credentials

    assert credentials.access_key == access_key.id
