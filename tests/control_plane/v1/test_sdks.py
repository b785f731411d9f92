"""SDKs: what is generated runs, in its own language, against the real data plane."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from builders import a_rest_api, a_stage, call
from django.conf import settings
from serving import Server, sdk

from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, NotFoundException, NotImplementedException
from apps.control_plane.sdk.calls import distinct

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


def test_the_python_sdk_calls_the_api(caller: Caller, shop: tuple[str, str], serve: Server, tmp_path: Path) -> None:
    api, key = shop
    folder = sdk(caller, api, "python", tmp_path, packageName="shop_client")
    program = """
        import json, sys
        from shop_client import ApiError, Client
        url, key = sys.argv[1:]
        client = Client(key, url)
        answers = {
            "got": client.pets_pet_id_get(pet_id="a b&c", x_kind="cat", tag="x y", query={"b": ["1", "2"]}).data,
            "posted": client.pets_post(body={"name": "Rex"}).data,
            "file": client.files_path_get(path="a/b c.txt").data["target"],
            "health": client.health_get().status,
        }
        try:
            Client(invoke_url=url).pets_post()
        except ApiError as error:
            answers["refused"] = [error.answer.status, error.answer.data]
        print(json.dumps(answers))
    """
    (folder / "program.py").write_text("\n".join(line[8:] for line in program.split("\n")))
    invoke_url = f"{serve()}/_aws/execute-api/{api}/prod"

    done = subprocess.run(
        [sys.executable, "program.py", invoke_url, key], cwd=folder, capture_output=True, text=True, timeout=30
    )

    assert done.returncode == 0, done.stderr
    answers = json.loads(done.stdout)
    assert answers == {
        "got": {"method": "GET", "target": "/echo/pets/a%20b%26c?tag=x+y&b=1&b=2", "kind": "cat", "body": ""},
        "posted": {"method": "POST", "target": "/echo/pets", "kind": None, "body": '{"name": "Rex"}'},
        "file": "/echo/files/a/b%20c.txt",
        "health": 200,
        "refused": [403, {"message": "Forbidden"}],
    }


def test_an_sdk_says_what_the_stage_serves_and_where(caller: Caller, tmp_path: Path) -> None:
    api = a_rest_api(caller)
    a_stage(caller, api)
    resource = call(caller, "GetResources", restApiId=api)["items"][1]["id"]
    call(caller, "DeleteMethod", restApiId=api, resourceId=resource, httpMethod="GET")

    text = (sdk(caller, api, "javascript", tmp_path) / "apiGateway-js-sdk" / "apigClient.js").read_text()

    assert f'"{settings.ENVIRONMENT.gateway_url}/_aws/execute-api/{api}/prod"' in text
    assert '"petsGet"' in text


def test_equal_stages_make_equal_archives(caller: Caller) -> None:
    api = a_rest_api(caller)
    a_stage(caller, api)

    first, second = (
        call(caller, "GetSdk", restApiId=api, stageName="prod", sdkType="python")["body"] for _ in range(2)
    )

    assert first == second


@pytest.mark.parametrize(
    ("kind", "parameters", "error", "message"),
    [
        ("cobol", {}, BadRequestException, "Invalid SDK type specified: cobol"),
        ("java", {}, BadRequestException, "service.name is a required parameter for sdk type java"),
        ("swift", {"classPrefix": "A"}, NotImplementedException, "GetSdk does not generate swift SDKs"),
        ("python", {"packageName": "a-b"}, BadRequestException, "Invalid packageName specified: a-b"),
        ("python", {"packageName": "../a"}, BadRequestException, "Invalid packageName specified"),
    ],
)
def test_what_is_not_generated_is_refused_by_name(
    caller: Caller, kind: str, parameters: dict[str, str], error: type[Exception], message: str
) -> None:
    api = a_rest_api(caller)
    a_stage(caller, api)

    with pytest.raises(error, match=message):
        call(caller, "GetSdk", restApiId=api, stageName="prod", sdkType=kind, parameters=parameters)


def test_names_that_fall_together_are_told_apart() -> None:
    assert distinct(["a", "b", "a", "a2", "a"]) == ["a", "b", "a2", "a22", "a3"]


def test_kinds_are_listed_and_archives_travel_over_the_wire(aws: Callable[..., Any], caller: Caller) -> None:
    client = aws()
    api = a_rest_api(caller)
    a_stage(caller, api)

    pages = [client.get_sdk_types(limit=4)]
    pages.append(client.get_sdk_types(limit=4, position=pages[0]["position"]))
    assert [item["id"] for page in pages for item in page["items"]] == [
        "android", "javascript", "objectivec", "swift", "java", "ruby", "python",
    ]  # fmt: skip
    swift = client.get_sdk_type(id="swift")["configurationProperties"]
    assert [(item["name"], item["required"]) for item in swift] == [("classPrefix", True)]
    with pytest.raises(client.exceptions.NotFoundException):
        client.get_sdk_type(id="cobol")

    answer = client.get_sdk(restApiId=api, stageName="prod", sdkType="python", parameters={"packageName": "pets"})
    names = zipfile.ZipFile(io.BytesIO(answer["body"].read())).namelist()
    assert names == ["pets/__init__.py", "pets/client.py", "pyproject.toml"]
    with pytest.raises(NotFoundException):
        call(caller, "GetSdk", restApiId=api, stageName="nosuch", sdkType="python")
