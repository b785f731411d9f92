"""The JavaScript SDK runs against the real data plane, and nothing that people wrote becomes code in it, nor in Python's."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from apps.control_plane.caller import Caller
from tests.builders import a_stage, call
from tests.control_plane.v1.serving import Server, sdk

needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")


@needs_node
def test_the_javascript_sdk_calls_the_api(caller: Caller, shop: tuple[str, str], serve: Server, tmp_path: Path) -> None:
    api, key = shop
    folder = sdk(caller, api, "javascript", tmp_path) / "apiGateway-js-sdk"
    program = """
        const factory = require("./apigClient.js");
        const [invokeUrl, apiKey] = process.argv.slice(2);
        const client = factory.newClient({ invokeUrl, apiKey });
        const seen = (call) => call.then((r) => [r.status, r.data], (r) => [r.status || r.message, r.data]);
        (async () => {
          const more = { queryParams: { b: ["1", "2"] }, headers: { "X-Other": "o" } };
          const answers = {
            got: await seen(client.petsPetIdGet({ petId: "a b&c", tag: "x y", "X-Kind": "cat" }, null, more)),
            posted: await seen(client.petsPost({}, { name: "Rex" })),
            file: await seen(client.filesPathGet({ path: "a/b c.txt" })),
            health: await seen(client.healthGet()),
            missing: await seen(client.petsPetIdGet({ petId: "7" })),
            refused: await seen(factory.newClient({ invokeUrl }).petsPost({}, {})),
            names: Object.keys(client).sort(),
          };
          try { factory.newClient({ accessKey: "a" }); } catch (error) { answers.signing = error.message; }
          console.log(JSON.stringify(answers));
        })();
    """
    (folder / "program.js").write_text(program)
    invoke_url = f"{serve()}/_aws/execute-api/{api}/prod"

    done = subprocess.run(
        ["node", "program.js", invoke_url, key], cwd=folder, capture_output=True, text=True, timeout=30, check=True
    )

    answers = json.loads(done.stdout)
    got = {"method": "GET", "target": "/echo/pets/a%20b%26c?tag=x+y&b=1&b=2", "kind": "cat", "body": ""}
    assert answers["got"] == [200, got]
    posted = {"method": "POST", "target": "/echo/pets", "kind": None, "body": '{"name":"Rex"}'}
    assert answers["posted"] == [200, posted]
    assert answers["file"][1]["target"] == "/echo/files/a/b%20c.txt"
    assert answers["health"] == [200, {"up": True}]
    assert answers["missing"][0] == "Missing required parameter 'X-Kind' of petsPetIdGet"
    assert answers["refused"] == [403, {"message": "Forbidden"}]
    assert answers["names"] == ["filesPathGet", "healthGet", "petsPetIdGet", "petsPost"]
    assert "does not sign" in answers["signing"]


@needs_node
def test_nothing_that_people_wrote_becomes_code(caller: Caller, tmp_path: Path) -> None:
    awkward = '"; process.exit(7); //'
    definition = {
        "openapi": "3.0.1",
        "info": {"title": f"</script>{awkward}", "version": "1"},
        "paths": {
            "/a-b/{x}": {
                "x-amazon-apigateway-any-method": {
                    "summary": f"{awkward}\n'''\nimport os; os._exit(7)",
                    "parameters": [{"name": "x", "in": "path", "required": True}],
                    "x-amazon-apigateway-integration": {
                        "type": "mock",
                        "responses": {"default": {"statusCode": "200"}},
                    },
                    "responses": {"200": {"description": "ok"}},
                }
            }
        },
    }
    api = call(caller, "ImportRestApi", body=json.dumps(definition).encode())["id"]
    a_stage(caller, api)
    folder = sdk(caller, api, "javascript", tmp_path) / "apiGateway-js-sdk"
    sdk(caller, api, "python", tmp_path)

    shown = "console.log(Object.keys(require('./apigClient.js').newClient()).join())"
    node = subprocess.run(["node", "-e", shown], cwd=folder, capture_output=True, text=True, check=True)
    program = "import gateway_client; print(','.join(n for n in dir(gateway_client.Client) if n[0] != '_'))"
    python = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)

    verbs = ("delete", "get", "head", "options", "patch", "post", "put")
    assert node.stdout.strip().split(",") == [f"aBX{verb.capitalize()}" for verb in verbs]
    assert python.stdout.strip().split(",") == [f"a_b_x_{verb}" for verb in verbs]
    assert "<" not in (folder / "apigClient.js").read_text().partition("var CALLS")[2].partition("];")[0]
