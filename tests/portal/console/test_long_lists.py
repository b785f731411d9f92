"""Lists ask the same few questions of the database, however long they are."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Account
from apps.usage_plans.models import ApiKey

MOST_QUERIES = 14


def many_keys(account: Account, count: int) -> None:
    ApiKey.objects.bulk_create(
        ApiKey(
            account=account, region="us-east-1", key_id=f"key{number:07}", name=f"robot {number}", value="x",
            value_digest=f"{number:032}", enabled=True,
        )
        for number in range(count)
    )  # fmt: skip


@pytest.mark.parametrize("count", [1, 300])
def test_the_list_of_keys_is_one_page_of_few_questions(
    owner: Client, account: Account, django_assert_max_num_queries: Any, count: int
) -> None:
    many_keys(account, count)
    owner.get(reverse("console:home"))

    with django_assert_max_num_queries(MOST_QUERIES):
        page = owner.get(reverse("console:api_keys"))

    assert len(page.context["rows"]) == min(count, 25)
    assert bool(page.context["next_url"]) == (count > 25)
