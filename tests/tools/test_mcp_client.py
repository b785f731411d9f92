"""The Python SDK of the Model Context Protocol, as an agent's program uses it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from apps.portals.models import Application
from portal.developer import calling
from portal.developer.api_access import make_token
from portal.developer.pace import PACE
from tests.portal.developer.conftest import origin, shop  # noqa: F401 - fixtures
from tests.portal.developer.people import browser, person
from tests.portal.developer.shops import Shop
from tests.tools.conftest import Run

pytestmark = [pytest.mark.tools, pytest.mark.stack]

PROGRAM = """
import asyncio, json, sys

import httpx2
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client


async def main(url, name, value):
    async with httpx2.AsyncClient(headers={name: value}, trust_env=False) as http:
        async with Client(streamable_http_client(url, http_client=http)) as client:
            tools = await client.list_tools()
            answer = await client.call_tool("get-pets", {})
            refused = await client.call_tool("get-pets", {"nonsense": 1})
            print(json.dumps([[tool.name for tool in tools.tools], answer.content[0].text, refused.is_error]))


asyncio.run(main(*sys.argv[1:]))
"""


def test_an_agent_lists_a_products_operations_and_calls_one(
    run: Run, live_portal: str, shop: Shop, origin: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch  # noqa: F811
) -> None:  # fmt: skip
    monkeypatch.setattr(calling, "try_it_url", lambda *_: origin.url)
    shop.call("UpdateProduct", productId=shop.product_id, mcp=True)
    ada = person("ada@example.com")
    browser(ada).post("/products/petstore/access/")
    key = Application.objects.get().keys.get().api_key.value
    token = make_token(ada, "agent", ["call"], 7)[1]
    program = tmp_path / "agent.py"
    program.write_text(PROGRAM)

    for header in (("x-api-key", str(key)), ("Authorization", f"Bearer {token}")):
        PACE.forget_everybody()
        said = run("python", str(program), f"{live_portal}/products/petstore/mcp", *header).stdout

        names, text, refused = json.loads(said)
        assert names == ["get-health", "get-pets", "post-pets"]
        assert (json.loads(text), refused) == ({"ok": True}, True)
    assert {asked.headers["x-api-key"] for asked in origin.asked} == {key}
