"""HTTP and WebSocket APIs on the whole running product: boto3 makes them, browsers and other clients use them."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
import pytest
import requests
from playwright.sync_api import Page, sync_playwright
from websockets.sync.client import ClientConnection, connect

from gateway_runtime.websocket.connection import worker_of
from tests.installation import Installation, wait_for
from tests.stack.backend import CountingBackend
from tests.supervisor.supervised import ROOT

pytestmark = pytest.mark.stack

CHROMIUM = os.environ.get("GATEHOUSE_TEST_CHROMIUM") or shutil.which("chromium") or ""

# A chat room: `$connect` lets people in, `join` gives them their id, `say` sends to everybody, `$disconnect` lets them go.
# Functions keep nothing on disk: who is in the room stands in a register.
CHAT = """
import json, os, boto3
from urllib.request import Request, urlopen

def register(method, person=""):
    with urlopen(Request(f"{os.environ['REGISTER']}/{person}", method=method)) as answer:
        return answer.read().decode()

def everybody():
    return json.loads(register("GET"))

def handler(event, context):
    told = event["requestContext"]
    me = told["connectionId"]
    if told["routeKey"] == "$connect":
        return {"statusCode": 200}
    if told["routeKey"] == "$disconnect":
        register("DELETE", me)
        return {"statusCode": 200}
    if told["routeKey"] == "join":
        register("PUT", me)
        return {"statusCode": 200, "body": json.dumps({"id": me})}
    room = boto3.client(
        "apigatewaymanagementapi", endpoint_url=os.environ["ROOM"], region_name=os.environ["ROOM_REGION"],
        aws_access_key_id=os.environ["KEY"], aws_secret_access_key=os.environ["SECRET"],
    )
    for person in everybody():
        room.post_to_connection(ConnectionId=person, Data=json.dumps({"said": json.loads(event["body"])["text"]}))
    return {"statusCode": 200}
"""


@pytest.fixture
def backend() -> Iterator[CountingBackend]:
    backend = CountingBackend()
    yield backend
    backend.stop()


class Register:
    """Names that are put and deleted over HTTP."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        register = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer(json.dumps(sorted(register.names)).encode())

            def do_PUT(self) -> None:
                register.names.add(self.path[1:])
                self._answer(b"")

            def do_DELETE(self) -> None:
                register.names.discard(self.path[1:])
                self._answer(b"")

            def _answer(self, body: bytes) -> None:
                self.send_response(200)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments: Any) -> None:
                """The story tells what happened."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Register:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def zipped(code: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("app.py", code)
    return buffer.getvalue()


def ours(product: Installation, operation: str, **request: Any) -> Any:
    """An operation of our own, performed as the operator of the installation performs it."""
    command = [sys.executable, "manage.py", "operation", operation, json.dumps(request)]
    done = subprocess.run(command, cwd=ROOT, env=product.variables, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def seconds_until(url: str, status: int = 200, **options: Any) -> float:
    """How long it takes until an address answers so."""
    started = time.monotonic()
    wait_for(lambda: requests.get(url, timeout=5, **options).status_code == status, 5)
    return time.monotonic() - started


def test_quick_create_is_live_within_a_second(product: Installation, backend: CountingBackend):
    client = boto3.client("apigatewayv2", **product.boto3_arguments())

    api = client.create_api(Name="quick", ProtocolType="HTTP", Target=f"http://127.0.0.1:{backend.port}/base")
    took = seconds_until(f"{product.endpoints['gateway']}/_aws/execute-api/{api['ApiId']}/pets/7?a=1")

    assert took < 1
    assert set(backend.seen) == {"GET /base/pets/7?a=1"}


def test_routes_behind_tokens_of_the_built_in_provider_deploy_by_themselves(
    product: Installation, backend: CountingBackend
):
    client = boto3.client("apigatewayv2", **product.boto3_arguments())
    issuer = ours(product, "GetOidcIssuer")["issuer"]
    robot = ours(product, "CreateOAuthClient", name="robot", grantType="client_credentials", scopes=["pets/read"])
    api = client.create_api(Name="guarded", ProtocolType="HTTP")["ApiId"]
    client.create_stage(ApiId=api, StageName="$default", AutoDeploy=True)
    authorizer = client.create_authorizer(
        ApiId=api,
        Name="provider",
        AuthorizerType="JWT",
        IdentitySource=["$request.header.Authorization"],
        JwtConfiguration={"Issuer": issuer, "Audience": [robot["clientId"]]},
    )["AuthorizerId"]
    integration = client.create_integration(
        ApiId=api,
        IntegrationType="HTTP_PROXY",
        IntegrationMethod="ANY",
        IntegrationUri=f"http://127.0.0.1:{backend.port}/{{name}}",
        PayloadFormatVersion="1.0",
        RequestParameters={"append:querystring.who": "$context.authorizer.claims.client_id"},
    )["IntegrationId"]
    guarded = {"AuthorizationType": "JWT", "AuthorizerId": authorizer, "AuthorizationScopes": ["pets/read"]}
    client.create_route(ApiId=api, RouteKey="GET /{name}", Target=f"integrations/{integration}", **guarded)
    url = f"{product.endpoints['gateway']}/_aws/execute-api/{api}/pets"

    took = seconds_until(url, 401)
    token = requests.post(
        f"{issuer}/token",
        {"grant_type": "client_credentials", "scope": "pets/read"},
        auth=(robot["clientId"], robot["clientSecret"]),
        timeout=5,
    ).json()["access_token"]
    answer = requests.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=5)
    client.delete_route(ApiId=api, RouteId=client.get_routes(ApiId=api)["Items"][0]["RouteId"])
    client.create_route(ApiId=api, RouteKey="GET /open", Target=f"integrations/{integration}")
    opened = seconds_until(url.replace("/pets", "/open"), 200)

    assert (answer.status_code, answer.json()["path"].partition("?")[0]) == (200, "/pets")
    assert (took < 1, opened < 1) == (True, True)


def test_a_browser_and_another_client_chat_across_two_workers(product: Installation):
    with Register() as people, sync_playwright() as playwright, ExitStack() as open_:
        address = make_chat(product, people.url)
        if not CHROMIUM:
            pytest.skip("there is no Chromium")
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        in_browser = join_in_browser(page, address)
        others = join_elsewhere(address, in_browser, open_)
        page.evaluate("""room.send(JSON.stringify({action: "say", text: "from the page"}))""")
        heard = [json.loads(other.recv(timeout=10)) for other in others]
        others[-1].send(json.dumps({"action": "say", "text": "to the page"}))
        page.wait_for_function("heard.length == 2")
        in_page = page.evaluate("heard")
        open_.close()
        browser.close()
        wait_for(lambda: not people.names, 10)  # every `$disconnect` was told

    assert heard == [{"said": "from the page"}] * len(others)
    assert in_page == [{"said": "from the page"}, {"said": "to the page"}]


def make_chat(product: Installation, register: str) -> str:
    """The address of a chat room that a Lambda function keeps, with the register of who is in it."""
    region, account = product.endpoints["region"], product.endpoints["account_id"]
    client = boto3.client("apigatewayv2", **product.boto3_arguments())
    functions = boto3.client("lambda", **product.boto3_arguments())
    api = client.create_api(Name="chat", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action")
    api_id = api["ApiId"]
    place = f"{product.endpoints['gateway']}/_aws/execute-api/{api_id}/prod"
    variables = {
        "REGISTER": register, "ROOM": place, "ROOM_REGION": region,
        "KEY": product.endpoints["access_key_id"], "SECRET": product.endpoints["secret_access_key"],
    }  # fmt: skip
    arn = functions.create_function(
        FunctionName="room",
        Runtime="python3.11",
        Role=f"arn:aws:iam::{account}:role/room",
        Handler="app.handler",
        Timeout=20,
        Code={"ZipFile": zipped(CHAT)},
        Environment={"Variables": variables},
    )["FunctionArn"]
    functions.get_waiter("function_active_v2").wait(FunctionName="room")
    functions.add_permission(
        FunctionName="room",
        StatementId="chat",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
        SourceArn=f"arn:aws:execute-api:{region}:{account}:{api_id}/*/*",
    )
    uri = f"arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{arn}/invocations"
    behind = client.create_integration(ApiId=api_id, IntegrationType="AWS_PROXY", IntegrationUri=uri)["IntegrationId"]
    for key in ("$connect", "$disconnect", "say"):
        client.create_route(ApiId=api_id, RouteKey=key, Target=f"integrations/{behind}")
    join = client.create_route(
        ApiId=api_id, RouteKey="join", Target=f"integrations/{behind}", RouteResponseSelectionExpression="$default"
    )
    client.create_route_response(ApiId=api_id, RouteId=join["RouteId"], RouteResponseKey="$default")
    client.create_stage(ApiId=api_id, StageName="prod", AutoDeploy=True)
    return place.replace("http://", "ws://", 1)


def join_in_browser(page: Page, address: str) -> str:
    """A page in the room; its connection's id."""
    page.set_default_timeout(15_000)
    page.evaluate(
        """async address => {
            for (let attempt = 0; attempt < 50; attempt += 1) {  // the configuration may be a moment away
                window.room = new WebSocket(address);
                const opened = await new Promise(done => { room.onopen = () => done(true); room.onerror = () => done(false); });
                if (opened) break;
            }
            window.heard = [];
            room.onmessage = message => heard.push(JSON.parse(message.data));
            room.send(JSON.stringify({action: "join"}));
        }""",
        address,
    )
    page.wait_for_function("heard.length == 1")
    return str(page.evaluate("heard.shift().id"))


def join_elsewhere(address: str, in_browser: str, open_: ExitStack) -> list[ClientConnection]:
    """Clients in the room, the last of them at another worker than the page."""
    others: list[ClientConnection] = []
    for _ in range(30):
        other = open_.enter_context(connect(address))
        other.send(json.dumps({"action": "join"}))
        others.append(other)
        if worker_of(json.loads(other.recv(timeout=10))["id"]) != worker_of(in_browser):
            return others
    raise AssertionError("all connections came to one worker")
