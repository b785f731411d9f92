"""API keys and usage plans, as the real service was recorded to answer. Where a recorded answer is left out, its test says why."""

from __future__ import annotations

from tests.conformance.sequences import Client, Open, replace


def test_names_of_keys(api_gateway: Client, recording: Open) -> None:
    replay, create = recording("test_create_api_key_with_invalid_name"), api_gateway.create_api_key
    replay.check("create-api-key-empty-name", create, name="")
    replay.check("create-api-key-no-name", create)
    replay.check("create-api-key-name-too-long", create, name="n" * 1025)
    replay.finish()


def test_values_of_keys(api_gateway: Client, recording: Open) -> None:
    replay, create = recording("test_create_api_key_with_invalid_value"), api_gateway.create_api_key
    replay.check("create-api-key-empty-value", create, value="")
    replay.check("create-api-key-short-value", create, value="v" * 19)
    replay.check("create-api-key-invalid-value-too-long", create, value="v" * 129)
    replay.finish()


def test_descriptions_of_keys(api_gateway: Client, recording: Open) -> None:
    replay = recording("test_update_api_key_invalid_description_length")
    too_long = "d" * 125_001
    replay.check("create-api-key-description-too-long", api_gateway.create_api_key, description=too_long)
    key = api_gateway.create_api_key()["id"]
    operations = [replace("/description", too_long)]
    replay.check(
        "update-api-key-description-too-long", api_gateway.update_api_key, apiKey=key, patchOperations=operations
    )
    replay.finish()


def test_a_burst_above_the_rate(api_gateway: Client, recording: Open) -> None:
    replay = recording("test_create_usage_plan_with_throttle")
    throttle = {"burstLimit": 20, "rateLimit": 10.0}
    replay.check("create-usage-plan-burst-gt-rate", api_gateway.create_usage_plan, name="a", throttle=throttle)
    replay.finish()


def test_lists_of_keys(api_gateway: Client, recording: Open) -> None:
    replay, listed = recording("test_get_api_keys"), api_gateway.get_api_keys
    replay.check("get-api-keys", listed)
    replay.check("create-api-key", api_gateway.create_api_key, name="test-key-first")
    replay.check("get-api-keys-after-create-1", listed)
    replay.check("create-api-key-2", api_gateway.create_api_key, name="test-key-second")
    replay.check("get-api-keys-after-create-2", listed)
    for name, query in (
        ("name-query", "test-key-second"),
        ("prefix-name-query", "test-key-f"),
        ("prefix-name-query-2", "test-key"),
        ("prefix-name-query-cased", "TEST-KEY"),
        ("postfix-name-query", "second"),
        ("infix-name-query", "key"),
        ("wrong-name-query", "nosuch"),
    ):
        replay.check(f"get-api-keys-{name}", listed, nameQuery=query)
    page = replay.check("get-apis-keys-pagination", listed, limit=1)
    replay.check("get-apis-keys-pagination-2", listed, limit=1, position=page["position"])
    replay.finish()
