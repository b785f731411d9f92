"""SDKs in Java, for Android and in Ruby: they compile, they call the API, and nothing that people wrote becomes code."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException
from apps.control_plane.sdk import java, ruby
from tests.builders import a_rest_api, a_stage, call
from tests.control_plane.v1.serving import Server, sdk

needs_java = pytest.mark.skipif(shutil.which("javac") is None, reason="no JDK is installed")
needs_ruby = pytest.mark.skipif(shutil.which("ruby") is None, reason="ruby is not installed")

JAVA = {"service.name": "pet shop", "java.package-name": "org.example.shop"}
ANDROID = {
    "groupId": "org.example", "artifactId": "shop", "artifactVersion": "1.0", "invokerPackage": "org.example.shop",
}  # fmt: skip
PROGRAM = """
import org.example.shop.*;
import org.example.shop.model.*;

public class Program {
    public static void main(String[] arguments) throws Exception {
        CLIENT client = CLIENT.builder().invokeUrl(arguments[0]).apiKey(arguments[1]).build();
        CLIENT stranger = CLIENT.builder().invokeUrl(arguments[0] + "/").timeoutMillis(5000).build();
        GetPetsPetIdRequest request = new GetPetsPetIdRequest().petId("a b&c").tag("x y").xKind("cat");
        System.out.println(client.getPetsPetId(request.query("b", "1").query("b", "2").header("X-Other", "o")).body());
        System.out.println(client.postPets(new PostPetsRequest().body("{\\"name\\": \\"Rex\\"}")).body());
        System.out.println(client.getFilesPath(new GetFilesPathRequest().path("a/b c.txt")).body());
        Result health = client.getHealth(new GetHealthRequest());
        System.out.println("[" + health.status() + ", \\"" + health.headers().get("content-type").get(0) + "\\"]");
        try {
            client.getPetsPetId(new GetPetsPetIdRequest().petId("7"));
        } catch (IllegalArgumentException missing) {
            System.out.println("\\"" + missing.getMessage() + "\\"");
        }
        try {
            stranger.postPets(new PostPetsRequest().body("{}"));
        } catch (ApiException refused) {
            System.out.println("[" + refused.result().status() + ", " + refused.result().body() + "]");
        }
    }
}
"""
TOLD = [
    {"method": "GET", "target": "/echo/pets/a%20b%26c?tag=x+y&b=1&b=2", "kind": "cat", "body": ""},
    {"method": "POST", "target": "/echo/pets", "kind": None, "body": '{"name": "Rex"}'},
    {"method": "GET", "target": "/echo/files/a/b%20c.txt", "kind": None, "body": ""},
    [200, "application/json"],
    "Missing required parameter: header x-kind",
    [403, {"message": "Forbidden"}],
]


def run(*command: str, folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def compiled(folder: Path, *more: str) -> None:
    sources = [str(path) for path in folder.rglob("*.java")]
    run("javac", "-Xlint:all", "-Werror", "-d", str(folder / "classes"), *more, *sources, folder=folder)


@needs_java
@pytest.mark.parametrize(
    ("kind", "client", "parameters"), [("java", "PetShop", JAVA), ("android", "TheShopScriptClient", ANDROID)]
)
def test_the_java_sdks_call_the_api(
    caller: Caller, shop: tuple[str, str], serve: Server, tmp_path: Path, kind: str, client: str, parameters: dict[str, str]
) -> None:  # fmt: skip
    api, key = shop
    folder = sdk(caller, api, kind, tmp_path, **parameters)
    (folder / "Program.java").write_text(PROGRAM.replace("CLIENT", client))
    compiled(folder, *(["--release", "8", "-Xlint:-options"] if kind == "android" else []))
    invoke_url = f"{serve()}/_aws/execute-api/{api}/prod"

    told = run("java", "-cp", "classes", "Program", invoke_url, key, folder=folder)

    answers = [json.loads(line) for line in told.splitlines()]
    answers[0]["target"] = answers[0]["target"].replace("x%20y", "x+y")
    assert answers == TOLD


@needs_ruby
def test_the_ruby_sdk_calls_the_api(caller: Caller, shop: tuple[str, str], serve: Server, tmp_path: Path) -> None:
    api, key = shop
    folder = sdk(caller, api, "ruby", tmp_path, **{"service.name": "pet shop"})
    program = """
        $LOAD_PATH.unshift "pet_shop/lib"
        require "pet_shop"
        client = PetShop::Client.new(api_key: ARGV[1], invoke_url: ARGV[0])
        said = [client.get_pets_pet_id(pet_id: "a b&c", tag: "x y", x_kind: "cat", query: { "b" => ["1", "2"] }).data,
                client.post_pets(body: '{"name": "Rex"}').data, client.get_files_path(path: "a/b c.txt").data]
        begin
          PetShop::Client.new(invoke_url: ARGV[0]).post_pets
        rescue PetShop::ApiError => refused
          said << [refused.answer.status, refused.answer.data]
        end
        puts JSON.generate(said)
    """
    (folder / "program.rb").write_text(program)

    told = run("ruby", "program.rb", f"{serve()}/_aws/execute-api/{api}/prod", key, folder=folder)

    assert json.loads(told) == [*TOLD[:3], TOLD[-1]]


def awkward(caller: Caller) -> str:
    """A deployed API of which every word tries to be code."""
    words = '"#{exit 7}"; System.exit(7); \\u0022 // */ \u2028'
    parameters = [
        {"name": name, "in": place, "required": True, "schema": {"type": "string"}}
        for name, place in (
            ('a"\\', "query"),
            ("class", "query"),
            ("body", "query"),
            ("#{x}", "header"),
            ("1", "query"),
        )
    ]
    operation = {
        "summary": words,
        "parameters": [*parameters, {"name": "x", "in": "path", "required": True, "schema": {"type": "string"}}],
        "responses": {"200": {"description": "ok"}},
        "x-amazon-apigateway-integration": {"type": "mock", "responses": {"default": {"statusCode": "200"}}},
    }
    definition = {
        "openapi": "3.0.1",
        "info": {"title": words, "version": "1"},
        "paths": {"/a-b/{x}": {"get": operation, "post": operation}, "/a/b/{x}": {"get": operation}},
    }
    api: str = call(caller, "ImportRestApi", body=json.dumps(definition).encode())["id"]
    a_stage(caller, api)
    return api


@needs_java
def test_nothing_that_people_wrote_becomes_java(caller: Caller, tmp_path: Path) -> None:
    licence = "Ours */ \\u000a import none;\n\u2028second"
    folder = sdk(caller, awkward(caller), "java", tmp_path, **JAVA, **{"java.license-text": licence})

    compiled(folder)

    methods = run("javap", "-cp", "classes", "org.example.shop.PetShop", folder=folder)
    assert sorted(re.findall(r"Result (\w+)\(", methods)) == ["getABX", "getABX2", "postABX"]
    assert (folder / "generated-code/src/main/java/org/example/shop/PetShop.java").read_text().startswith("// Ours */")


def test_nothing_that_people_wrote_becomes_ruby(caller: Caller, tmp_path: Path) -> None:
    folder = sdk(caller, awkward(caller), "ruby", tmp_path, **{"service.name": "Shop", "ruby.gem-name": "shop"})

    source = (folder / "shop/lib/shop.rb").read_text()

    assert "exit 7" not in source
    assert '"\\#{x}" => x2' in source
    assert "def get_a_b_x(x:, a:, class_:, body_:, x2:, n1:, body: nil, query: {}, headers: {})" in source


def test_a_project_is_built_by_maven_or_gradle(caller: Caller) -> None:
    api = a_rest_api(caller)
    a_stage(caller, api)

    def names(**more: str) -> set[str]:
        answer = call(caller, "GetSdk", restApiId=api, stageName="prod", sdkType="java", parameters={**JAVA, **more})
        return {name.rpartition("/")[2] for name in zipfile.ZipFile(io.BytesIO(answer["body"])).namelist()}

    assert "pom.xml" in names()
    assert "build.gradle" in names(**{"java.build-system": "gradle"})


def test_parameters_go_by_the_names_of_the_list_and_of_the_reference(caller: Caller) -> None:
    api = a_rest_api(caller)
    a_stage(caller, api)
    at = {"restApiId": api, "stageName": "prod", "sdkType": "java"}

    listed = call(caller, "GetSdk", **at, parameters=JAVA)
    documented = call(
        caller, "GetSdk", **at, parameters={"serviceName": "pet shop", "javaPackageName": "org.example.shop"}
    )

    assert listed["body"] == documented["body"]


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [
        ("java", {"service.name": "7"}),
        ("java", {"service.name": "String"}),
        ("java", {"java.package-name": "a.class"}),
        ("java", {"java.package-name": "a..b"}),
        ("java", {"java.package-name": "../../etc"}),
        ("java", {"java.build-system": "ant"}),
        ("java", {"java.artifact-version": "1</version>"}),
        ("android", {"invokerPackage": "/"}),
        ("android", {"groupId": "a'b"}),
        ("ruby", {"service.name": "!"}),
        ("ruby", {"ruby.gem-name": "../up"}),
        ("ruby", {"ruby.gem-version": '1"'}),
    ],
)
def test_names_that_make_no_project_are_refused(caller: Caller, kind: str, parameters: dict[str, str]) -> None:
    api = a_rest_api(caller)
    a_stage(caller, api)
    valid: dict[str, Any] = {"java": JAVA, "android": ANDROID, "ruby": {"service.name": "Shop"}}[kind]

    with pytest.raises(BadRequestException, match=f"Invalid {next(iter(parameters))} specified"):
        call(caller, "GetSdk", restApiId=api, stageName="prod", sdkType=kind, parameters={**valid, **parameters})


@given(st.text())
def test_literals_end_where_they_should(text: str) -> None:
    for quoted, special in ((java.literal(text), '"'), (ruby.literal(text), '"#')):
        assert re.fullmatch(rf'"(?:[^\\{special}]|\\.)*"', quoted, re.DOTALL)
        assert all(" " <= character <= "~" for character in quoted)
