"""The Java SDK, and Android's beside it: sources of a Maven or Gradle project that need no library."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from apps.control_plane.errors import BadRequestException
from apps.control_plane.sdk.calls import Call, distinct
from apps.control_plane.sdk.words import camel, constant, pascal, words_of

_SOURCES = Path(__file__).with_name("java_client")
_PACKAGE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*", re.ASCII)
_COORDINATE = re.compile(r"[A-Za-z0-9._-]{1,128}", re.ASCII)
_WORDS = words_of(
    "abstract assert boolean break byte case catch char class const continue default do double else enum extends final "
    "finally float for goto if implements import instanceof int interface long native new package private protected public "
    "return short static strictfp super switch synchronized this throw throws transient try void volatile while true false "
    "null _"
)
# What a request has already, its own or every object's.
_METHODS = _WORDS | words_of(
    "address body clone equals finalize getClass hashCode header headers notify notifyAll query segment segments self "
    "toString verb wait"
)
_TAKEN = words_of("ApiException ApiRequest Builder IOException Object Override Result String Transport")


class Project(NamedTuple):
    """What the sources are called and built as."""

    service: str
    package: str
    group_id: str
    artifact_id: str
    version: str
    builds_with: str = "maven"
    license_text: str = ""
    transport: str = "Transport.java"
    folder: str = "generated-code"


def java_project(given: dict[str, str]) -> Project:
    """The project of the kind `java`; raises BadRequestException for what makes none."""
    service = _service(given["service.name"])
    package = _checked("java.package-name", given["java.package-name"], _PACKAGE)
    if given["java.build-system"] not in ("maven", "gradle"):
        raise BadRequestException(f"Invalid java.build-system specified: {given['java.build-system']}")
    return Project(
        service=service,
        package=package,
        group_id=_checked("java.group-id", given.get("java.group-id") or package, _COORDINATE),
        artifact_id=_checked("java.artifact-id", given.get("java.artifact-id") or service, _COORDINATE),
        version=_checked("java.artifact-version", given["java.artifact-version"], _COORDINATE),
        builds_with=given["java.build-system"],
        license_text=given.get("java.license-text", ""),
    )


def android_project(title: str, given: dict[str, str]) -> Project:
    """The project of the kind `android`, whose client is named after the API."""
    return Project(
        service=constant(title) + "Client" if constant(title) else "ApiClient",
        package=_checked("invokerPackage", given["invokerPackage"], _PACKAGE),
        group_id=_checked("groupId", given["groupId"], _COORDINATE),
        artifact_id=_checked("artifactId", given["artifactId"], _COORDINATE),
        version=_checked("artifactVersion", given["artifactVersion"], _COORDINATE),
        transport="AndroidTransport.java",
        folder="apiGateway-android-sdk",
    )


def files(project: Project, invoke_url: str, calls: list[Call]) -> dict[str, str]:
    """The files of the project by their paths."""
    names = distinct([call_name(call) for call in calls])
    root = f"{project.folder}/src/main/java/{project.package.replace('.', '/')}"
    sources = {
        f"{root}/{project.service}.java": _source("Service.java")
        .replace("__SERVICE__", project.service)
        .replace("__INVOKE_URL__", literal(invoke_url))
        .replace("__CALLS__", "\n".join(_method(name) for name in names)),
        f"{root}/Transport.java": _source(project.transport),
        **{f"{root}/model/{name}": _source(name) for name in ("ApiException.java", "ApiRequest.java", "Result.java")},
        **{
            f"{root}/model/{_request_name(name)}.java": _request(name, call)
            for name, call in zip(names, calls, strict=True)
        },
    }
    head = "".join(f"// {line}".rstrip() + "\n" for line in _comment_lines(project.license_text))
    found = {path: head + text.replace("__PACKAGE__", project.package) for path, text in sources.items()}
    build, text = ("build.gradle", _gradle(project)) if project.builds_with == "gradle" else ("pom.xml", _pom(project))
    return {**found, f"{project.folder}/{build}": text}


def call_name(call: Call) -> str:
    """`getPetsPetId` of GET /pets/{petId}."""
    *path, verb = call.words
    return verb + "".join(pascal(word) for word in path)


def literal(text: str) -> str:
    """A string literal. Java reads `\\u` before it reads strings, so what would end one is written otherwise."""
    return '"' + "".join(_escaped(character) for character in text) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    if character < " ":
        return f"\\{ord(character):03o}"
    if character <= "~":
        return character
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


def _comment_lines(text: str) -> list[str]:
    """Lines of a comment in which nothing is a Unicode escape, which could end it."""
    return [line.replace("\\", "\\\\").encode("ascii", "replace").decode() for line in text.splitlines()]


def _source(name: str) -> str:
    return (_SOURCES / name).read_text()


def _service(name: str) -> str:
    service = constant(name)
    if not service or service in _TAKEN:
        raise BadRequestException(f"Invalid service.name specified: {name}")
    return service


def _checked(setting: str, value: str, pattern: re.Pattern[str]) -> str:
    if not pattern.fullmatch(value) or _WORDS & set(value.split(".")):
        raise BadRequestException(f"Invalid {setting} specified: {value}")
    return value


def _request_name(name: str) -> str:
    return f"{name[:1].upper()}{name[1:]}Request"


def _method(name: str) -> str:
    return f"""    public Result {name}({_request_name(name)} request) throws IOException {{
        return transport.send(request);
    }}
"""


def _request(name: str, call: Call) -> str:
    """The class of one call's request. Whatever a person wrote goes in as a literal, never as code."""
    kind = _request_name(name)
    setters = distinct([f"{n}_" if (n := camel(item.name)) in _METHODS else n for item in call.parameters])
    required = [f"{item.place} {_key(item.name, item.place)}" for item in call.parameters if item.required]
    arguments = "".join(f", {literal(one)}" for one in required)
    places = {"query": "query", "header": "header"}
    methods = "".join(
        f"""
    public {kind} {setter}(String value) {{
        return {places.get(item.place, "segments" if item.greedy else "segment")}({literal(item.name)}, value);
    }}
"""
        for setter, item in zip(setters, call.parameters, strict=True)
    )
    return f"""package __PACKAGE__.model;

public final class {kind} extends ApiRequest<{kind}> {{
    public {kind}() {{
        super({literal(call.verb)}, {literal(call.path)}{arguments});
    }}

    @Override
    protected {kind} self() {{
        return this;
    }}
{methods}}}
"""


def _key(name: str, place: str) -> str:
    return name.lower() if place == "header" else name


def _pom(project: Project) -> str:
    release = "<maven.compiler.release>11</maven.compiler.release>"
    if project.transport == "AndroidTransport.java":
        release = "<maven.compiler.source>8</maven.compiler.source><maven.compiler.target>8</maven.compiler.target>"
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>{project.group_id}</groupId>
  <artifactId>{project.artifact_id}</artifactId>
  <version>{project.version}</version>
  <properties>
    {release}
    <project.build.sourceEncoding>UTF-8</project.build.sourceEncoding>
  </properties>
</project>
"""


def _gradle(project: Project) -> str:
    return f"""plugins {{
    id 'java-library'
}}

group = '{project.group_id}'
version = '{project.version}'
archivesBaseName = '{project.artifact_id}'

java {{
    sourceCompatibility = JavaVersion.VERSION_11
    targetCompatibility = JavaVersion.VERSION_11
}}
"""
