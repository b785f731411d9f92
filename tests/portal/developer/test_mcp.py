"""A product's operations as tools for agents: who may use them, what they look like, and what calling one does."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from apps.accounts.models import User
from apps.portals.models import Application, ProductStage
from portal.developer import calling
from portal.developer.api_access import make_token
from portal.developer.mcp.input_schemas import MOST_NODES, json_schema
from portal.developer.pace import PACE
from tests.portal.developer.people import browser, person
from tests.portal.developer.shops import Shop, make_product

ADDRESS = "/products/petstore/mcp"


@pytest.fixture(autouse=True)
def _no_waiting() -> None:
    PACE.forget_everybody()


@pytest.fixture
def tools(shop: Shop, origin: Any, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """The shop with its tools on, and a gateway that remembers what it was asked."""
    shop.call("UpdateProduct", productId=shop.product_id, mcp=True)
    monkeypatch.setattr(calling, "try_it_url", lambda *_: origin.url)
    row = ProductStage.objects.get()
    paths = row.reference["paths"]
    paths["/pets/{petId}"] = {
        "put": {
            "summary": "Change a pet",
            "parameters": [
                {"name": "petId", "in": "path", "required": True, "schema": {"type": "integer"}},
                {"name": "body", "in": "query", "schema": {"type": "string"}},
                {"name": "tag", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}},
            ],
            "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}}},
            "security": [{"api_key": []}],
        }
    }
    row.reference["components"]["schemas"] = {
        "Pet": {
            "type": "object",
            "required": ["name"],
            "properties": {"name": {"type": "string"}, "friend": {"$ref": "#/components/schemas/Pet"}},
        }
    }
    row.reference["paths"]["/signed"] = {"get": {"security": [{"sigv4": []}]}}
    row.reference["components"]["securitySchemes"]["sigv4"] = {
        "type": "apiKey", "name": "Authorization", "in": "header",
    }  # fmt: skip
    row.reference_deployment_id = f"t{row.pk}{id(row)}"[:10]
    row.save()
    return shop


class Agent:
    """A program that speaks the protocol with one credential."""

    def __init__(self, **headers: str) -> None:
        self.headers, self.client = headers, Client(enforce_csrf_checks=True)

    def post(self, message: Any, path: str = ADDRESS, **headers: str) -> Any:
        body = message if isinstance(message, str) else json.dumps(message)
        return self.client.post(path, body, content_type="application/json", headers={**self.headers, **headers})

    def ask(self, method: str, /, **params: Any) -> Any:
        answer = self.post({"jsonrpc": "2.0", "id": 7, "method": method, "params": params})
        assert answer.status_code == 200, answer.content
        assert answer.json()["id"] == 7
        return answer.json()

    def use(self, name: str, /, **arguments: Any) -> Any:
        return self.ask("tools/call", name=name, arguments=arguments)["result"]


@pytest.fixture
def key_agent(tools: Shop, ada: User) -> Agent:
    """A program that has Ada's key."""
    browser(ada).post("/products/petstore/access/")
    return Agent(**{"x-api-key": Application.objects.get().keys.get().api_key.value})


def test_an_agent_says_hello_lists_the_tools_and_calls_one_with_the_developers_key(
    key_agent: Agent, origin: Any
) -> None:
    hello = key_agent.ask("initialize", protocolVersion="2025-06-18", capabilities={}, clientInfo={})["result"]
    assert (hello["protocolVersion"], hello["serverInfo"]["name"]) == ("2025-06-18", "petstore")
    assert key_agent.post({"jsonrpc": "2.0", "method": "notifications/initialized"}).status_code == 202

    listed = {tool["name"]: tool for tool in key_agent.ask("tools/list")["result"]["tools"]}
    assert set(listed) == {"get-health", "get-pets", "post-pets", "put-pets-petId"}
    assert listed["get-pets"]["annotations"]["readOnlyHint"]

    result = key_agent.use("get-pets")
    assert (result["isError"], json.loads(result["content"][0]["text"])) == (False, {"ok": True})
    assert (origin.asked[0].path, origin.asked[0].headers["x-api-key"]) == ("/pets", key_agent.headers["x-api-key"])


def test_arguments_go_to_path_query_and_body(key_agent: Agent, origin: Any) -> None:
    schema = key_agent.ask("tools/list")["result"]["tools"][-1]["inputSchema"]
    assert schema["required"] == ["petId"]
    assert schema["properties"]["body"]["required"] == ["name"]

    key_agent.use("put-pets-petId", petId=7, tag=["a", "b"], query_body="q", body={"name": "Rex"})

    (asked,) = origin.asked
    assert (asked.method, asked.path) == ("PUT", "/pets/7?body=q&tag=a%2Cb")
    assert json.loads(asked.body) == {"name": "Rex"}


@pytest.mark.parametrize(
    "arguments",
    [{}, {"petId": "../admin"}, {"petId": {"a": 1}}, {"petId": 1, "other": 2}, {"petId": [[1]]}],
)
def test_arguments_that_do_not_fit_are_told_and_nothing_is_sent(
    key_agent: Agent, origin: Any, arguments: dict[str, Any]
) -> None:
    assert key_agent.use("put-pets-petId", **arguments)["isError"]
    assert origin.asked == []


def test_a_refusal_of_the_api_is_an_error_of_the_tool_with_its_status(key_agent: Agent, origin: Any) -> None:
    origin.status, origin.body = 429, b'{"message": "Limit Exceeded"}'

    result = key_agent.use("get-pets")

    assert result["isError"]
    assert result["content"][0]["text"].startswith("HTTP 429")
    assert "Limit Exceeded" in result["content"][0]["text"]


def test_a_product_has_no_tools_before_they_are_switched_on(tools: Shop, key_agent: Agent) -> None:
    tools.call("UpdateProduct", productId=tools.product_id, mcp=False)

    assert key_agent.post({"jsonrpc": "2.0", "id": 1, "method": "ping"}).status_code == 404
    assert "MCP" not in Client().get("/llms.txt").content.decode()


def test_a_portal_token_needs_the_scope_and_uses_the_application_that_has_access(
    tools: Shop, key_agent: Agent, ada: User, origin: Any
) -> None:
    ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    reader, caller = (
        Agent(Authorization=f"Bearer {make_token(ada, 'x', [scope], 7)[1]}") for scope in ("read", "call")
    )

    assert reader.post(ping).status_code == 403
    assert caller.use("get-pets")["isError"] is False
    assert origin.asked[0].headers["x-api-key"] == key_agent.headers["x-api-key"]
    assert caller.post(ping, f"{ADDRESS}?application=nothing").status_code == 404


def test_a_token_of_the_application_is_filled_in_for_a_portal_token_and_not_for_a_key(
    tools: Shop, key_agent: Agent, ada: User, origin: Any
) -> None:
    app = Application.objects.get()
    tools.call("CreateApplicationClient", applicationId=app.application_id, name="R", grantType="client_credentials")
    row = ProductStage.objects.get()
    row.reference["components"]["securitySchemes"]["jwt"] = {"type": "http", "scheme": "bearer"}
    row.reference["paths"]["/health"]["get"]["security"] = [{"jwt": []}]
    row.reference_deployment_id = "jwt"
    row.save()

    Agent(Authorization=f"Bearer {make_token(ada, 'x', ['call'], 7)[1]}").use("get-health")
    key_agent.use("get-health")

    assert origin.asked[0].headers["authorization"].startswith("Bearer ey")
    assert "authorization" not in origin.asked[1].headers


@pytest.mark.parametrize(
    "headers", [{}, {"x-api-key": "nope"}, {"Authorization": "Bearer ghp_nope"}, {"Authorization": "Basic x"}]
)
def test_who_brings_nothing_that_opens_it_is_told_how_to(tools: Shop, headers: dict[str, str]) -> None:
    answer = Agent(**headers).post({"jsonrpc": "2.0", "id": 1, "method": "tools/list"})

    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, 'Bearer realm="Gatehouse"')


def test_a_session_alone_opens_nothing(tools: Shop, signed_in: Client) -> None:
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/list"})

    assert signed_in.post(ADDRESS, body, content_type="application/json").status_code == 401


def test_a_key_of_another_product_or_a_revoked_one_opens_nothing(tools: Shop, key_agent: Agent, ada: User) -> None:
    other = make_product(tools.caller, "other", "Other")
    tools.call("UpdateProduct", productId=other.product_id, mcp=True)
    ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}

    assert key_agent.post(ping, "/products/other/mcp").status_code == 401
    app = Application.objects.get()
    tools.call(
        "RevokeApplicationKey", applicationId=app.application_id, keyId=app.keys.get().api_key.key_id,
    )  # fmt: skip
    assert key_agent.post(ping).status_code == 401


def test_a_product_that_is_not_for_somebody_has_no_tools_for_them(tools: Shop, key_agent: Agent) -> None:
    tools.call("PutAudience", audienceName="partners", entries=["@partner.example"])
    tools.call("UpdateProduct", productId=tools.product_id, visibility="audience", audiences=["partners"])
    eve = person("eve@elsewhere.example")

    agent = Agent(Authorization=f"Bearer {make_token(eve, 'x', ['call'], 7)[1]}")

    assert agent.post({"jsonrpc": "2.0", "id": 1, "method": "ping"}).status_code == 404


@pytest.mark.parametrize(
    ("message", "status", "code"),
    [
        ("{", 400, -32700),
        ("[" * 100_000, 400, -32700),
        ("[]", 400, -32600),
        ('{"id": 1, "method": "ping"}', 400, -32600),
        ('{"jsonrpc": "2.0", "id": {}, "method": "ping"}', 400, -32600),
        ('{"jsonrpc": "2.0", "id": 1, "method": "resources/list"}', 200, -32601),
        ('{"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": []}', 200, None),
        ('{"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": [1]}', 200, -32602),
        ('{"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {"cursor": "x"}}', 200, -32602),
        ('{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "nope"}}', 200, -32602),
        ('"' + "x" * 1_100_000 + '"', 413, -32600),
    ],
)  # fmt: skip
def test_what_is_no_message_is_refused_by_its_code(
    key_agent: Agent, message: str, status: int, code: int | None
) -> None:
    answer = key_agent.post(message)

    assert (answer.status_code, answer.json().get("error", {}).get("code")) == (status, code)


def test_a_version_that_is_not_spoken_is_refused_and_another_one_offered(key_agent: Agent) -> None:
    ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}

    assert key_agent.post(ping, **{"MCP-Protocol-Version": "2031-01-01"}).status_code == 400
    assert key_agent.post(ping, **{"MCP-Protocol-Version": "2025-06-18"}).status_code == 200
    assert key_agent.ask("initialize", protocolVersion="2031-01-01")["result"]["protocolVersion"] == "2025-11-25"


def test_a_page_of_another_site_is_refused_and_there_is_no_stream_to_listen_to(key_agent: Agent) -> None:
    assert (
        key_agent.post({"jsonrpc": "2.0", "id": 1, "method": "ping"}, Origin="https://evil.example").status_code == 403
    )
    assert (Client().get(ADDRESS).status_code, Client().delete(ADDRESS).status_code) == (405, 405)


def test_an_agent_is_slowed_down_like_the_person_it_calls_for(key_agent: Agent, origin: Any) -> None:
    results = [key_agent.use("get-pets") for _ in range(9)]

    assert any("Try again" in one["content"][0]["text"] for one in results)
    assert len(origin.asked) < 9


def test_the_switch_is_on_the_products_page_and_developers_are_told_the_address(tools: Shop) -> None:
    assert "/products/petstore/mcp" in Client().get("/products/petstore/").content.decode()
    assert "[MCP](" in Client().get("/llms.txt").content.decode()
    assert Client().get("/api/v1/products/petstore/").json()["mcp"].endswith("/products/petstore/mcp")


_SCHEMAS = st.recursive(
    st.one_of(st.none(), st.text(max_size=5), st.integers(), st.just({"$ref": "#/a"}), st.just({"type": "string"})),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.sampled_from(["allOf", "items", "properties", "additionalProperties", "type", "required", "a"]), inner),
    ),
    max_leaves=20,
)  # fmt: skip


@given(_SCHEMAS)
def test_any_schema_becomes_one_without_references(schema: Any) -> None:
    assert '"$ref": "' not in json.dumps(json_schema({"a": schema}, schema))


def test_a_schema_that_holds_itself_many_times_stays_within_its_bound() -> None:
    document: dict[str, Any] = {"a": {"properties": {str(number): {"$ref": "#/a"} for number in range(40)}}}

    assert json.dumps(json_schema(document, document["a"])).count("properties") <= MOST_NODES
