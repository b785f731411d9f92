"""docs/compatibility.md: which operations of AWS are built, which tests call them, and which recordings of the real service are replayed.

It is collected from the tests' source, so that it is the same on every machine. `python tests/conformance/compatibility.py` writes it.
"""

from __future__ import annotations

import ast
import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from botocore import xform_name

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "compatibility.md"
COMMAND = "python tests/conformance/compatibility.py"
_TESTS = ROOT / "tests"
_RECORDINGS = Path(__file__).parent / "recordings"
_TITLES = {
    "apigateway": "V1: REST APIs",
    "apigatewayv2": "V2: HTTP and WebSocket APIs",
    "lambda": "Lambda: what an API gateway has need of",
}
# What a built operation does not do, or what is behind it that is not done yet.
_LIMITS = {
    (
        "apigateway",
        "CreateDomainName",
    ): "the data plane serves public names over HTTP and HTTPS",
    (
        "apigateway",
        "GetSdk",
    ): "generates android, java, javascript and ruby, and python as an extra; those for iOS answer 501",
    (
        "lambda",
        "CreateFunction",
    ): "code comes as ZipFile, for Python, Node.js and provided runtimes; networks, layers, images and file systems answer 501",
    ("apigateway", "TestInvokeMethod"): "what the data plane does not serve answers 501, as at a deployment",
}


# Other people's tools, unmodified, as `tests/tools` runs them: what they do here, and what they call that is not API Gateway.
_TOOLS = {
    "Ansible `community.aws` (`api_gateway`, `api_gateway_info`, `api_gateway_domain`)": (
        "everything: defines, deploys, tags, finds by tags and deletes REST APIs; makes domain names with their mappings "
        "and deletes them",
        "nothing",
    ),
    "Cloud Custodian `c7n` (`rest-api`, `rest-stage`, `rest-resource`, `rest-account`, `rest-vpclink`, "
    "`rest-client-certificate`, `apigw-domain-name`)": (
        "finds all of these, and updates and deletes APIs, stages, methods, integrations and the account's settings",
        "its actions on tags call the Resource Groups Tagging API (TagResources)",
    ),
    "AWS Chalice": (
        "everything: makes the function, imports the REST API before it, deploys, changes and removes both",
        "roles: the configuration names one (`manage_iam_role: false`), since IAM's CreateRole is not here",
    ),
    "AWS SDK for JavaScript v3 (`@aws-sdk/client-api-gateway`, `@aws-sdk/client-sts`)": (
        "everything: learns who it is, takes temporary credentials, defines, deploys and pages through REST APIs",
        "nothing",
    ),
}


class Recording(NamedTuple):
    """A recorded sequence: how many answers it has, and those that are not compared with why."""

    name: str
    answers: int
    replayed: bool
    left_out: dict[str, str]


def page() -> str:
    """The whole page."""
    return "\n".join([*_introduction(), *_operations(), *_replays(), *_tools(), *_variables()]) + "\n"


def _introduction() -> Iterator[str]:
    yield "# Compatibility"
    yield ""
    yield "Every operation of Amazon API Gateway's control plane and of AWS Lambda, as botocore's service models have them. One that is not built answers"
    yield "`501 NotImplementedException` by its name, never a silent success. *Tests* are the files that call the operation; besides these"
    yield "`tests/control_plane/v1/test_isolation.py` calls every one that takes an id on behalf of a stranger, and"
    yield "`tests/conformance/refusals_left_out.py` lists the errors of AWS's model that nothing causes here, with the reasons."
    yield ""
    yield f"This page is written by `{COMMAND}`; a test fails when it is not what the code says."


# Operations ---------------------------------------------------------------------------------------------------------


def _operations() -> Iterator[str]:
    from apps.control_plane.registry import operations_built
    from apps.control_plane.wire.service_models import BESIDE, SERVICES, service_model

    called = _called()
    for service in SERVICES:
        names = sorted(service_model(service).operation_names)
        built = operations_built(service)
        yield ""
        yield f"## {_TITLES[service]}"
        yield ""
        yield f"{len(built)} of {len(names)} operations are built."
        yield ""
        yield "| operation | | tests |"
        yield "|---|---|---|"
        for name in names:
            if name in built:
                tests = ", ".join(sorted(called.get((service, name), ()))) or "none"
                limit = _LIMITS.get((service, name))
                yield f"| {name} | built{f': {limit}' if limit else ''} | {tests} |"
            else:
                yield f"| {name} | 501 | |"
    yield ""
    yield "## Beside it"
    yield ""
    yield "Clients of API Gateway call a few operations of other services at the same endpoint. Their others answer 501 by name."
    yield ""
    for service in BESIDE:
        yield f"* `{service}`: {', '.join(sorted(operations_built(service)))}"


def _called() -> dict[tuple[str, str], set[str]]:
    """Which test files call an operation: as a method of boto3's client, or by its name through the registry."""
    from apps.control_plane.wire.service_models import SERVICES, service_model

    names = {service: set(service_model(service).operation_names) for service in SERVICES}
    methods = {service: {xform_name(name): name for name in names[service]} for service in SERVICES}
    found: dict[tuple[str, str], set[str]] = {}
    for path in _sources():
        text = path.read_text()
        client = "lambda" if "lambda" in _shown(path) else "apigatewayv2" if "v2" in _shown(path) else "apigateway"
        tree = ast.parse(text)
        used = [(client, methods[client].get(node.attr)) for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
        for service, name in [*used, *_names_in(tree, client)]:
            if name in names.get(service, ()):
                found.setdefault((service, str(name)), set()).add(_shown(path))
    return found


def _names_in(tree: ast.Module, client: str) -> Iterator[tuple[str, str]]:
    """Every text with the service that it would be an operation of: the one that the call around it names, else the file's."""
    elsewhere: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            texts = [argument for argument in node.args if isinstance(argument, ast.Constant)]
            named = isinstance(node.func, ast.Name) and node.func.id == "call_v2"
            services = (text.value for text in texts if text.value in ("apigatewayv2", "lambda", "gatehouse"))
            service = "apigatewayv2" if named else next(services, None)
            if service is not None:
                elsewhere |= {id(text) for text in texts}
                yield from ((str(service), str(text.value)) for text in texts)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in elsewhere:
            yield client, node.value


def _sources() -> list[Path]:
    tests = (path for folder in ("conformance", "control_plane") for path in (_TESTS / folder).rglob("test_*.py"))
    return sorted(
        [
            *tests,
            _TESTS / "builders.py",
            *map(Path(__file__).with_name, ("every_operation.py", "every_v2_operation.py", "sequences.py")),
        ]
    )


def _shown(path: Path) -> str:
    """`v1/stages`, `recorded_stages`: a file without what all of them have in common."""
    name = path.relative_to(_TESTS).with_suffix("").as_posix().replace("test_", "", 1)
    return name.removeprefix("control_plane/").removeprefix("conformance/")


# Recordings ---------------------------------------------------------------------------------------------------------


def _replays() -> Iterator[str]:
    recordings = sorted(_recordings(), key=lambda recording: recording.name)
    compared = sum(recording.answers - len(recording.left_out) for recording in recordings if recording.replayed)
    yield ""
    yield "## Recordings of the real service"
    yield ""
    yield f"{compared} of {sum(recording.answers for recording in recordings)} recorded answers, in {len(recordings)} sequences, are compared member by member"
    yield "with what is answered here (`tests/conformance`). All are of REST APIs: nothing of V2 was recorded."
    yield ""
    yield "| sequence | compared | left out, and why |"
    yield "|---|---|---|"
    for recording in recordings:
        left_out = "; ".join(f"`{name}`: {reason.rstrip('.')}" for name, reason in sorted(recording.left_out.items()))
        count = recording.answers - len(recording.left_out) if recording.replayed else 0
        yield f"| {recording.name.removeprefix('test_')} | {count} of {recording.answers} | {left_out} |"


def _tools() -> Iterator[str]:
    yield ""
    yield "## Deployment tools"
    yield ""
    yield "Unmodified, and pointed here with `AWS_ENDPOINT_URL` alone (`LANES=tools scripts/test`)."
    yield ""
    yield "| tool | does here | stops at |"
    yield "|---|---|---|"
    for tool, (reached, stopped) in _TOOLS.items():
        yield f"| {tool} | {reached} | {stopped} |"


def _variables() -> Iterator[str]:
    from tests.conformance.context_variables import ALL, WITHOUT

    yield ""
    yield "## Variables of access logs"
    yield ""
    yield "Every `$context` variable that AWS documents for access logs, and the story in which it has a value, by kind of API"
    yield "(`tests/gateway_runtime/plane/test_context_variables.py`). Those in the last column always show as `-`."
    yield ""
    yield "| variable | REST | HTTP | WebSocket | without a value |"
    yield "|---|---|---|---|---|"
    for name in sorted({name for table in ALL.values() for name in table} | set(WITHOUT)):
        stories = [ALL[kind][name][0] if name in ALL[kind] else "" for kind in ("REST", "HTTP", "WEBSOCKET")]
        yield f"| `{name}` | {' | '.join(stories)} | {WITHOUT.get(name, '')} |"


def _recordings() -> list[Recording]:
    answers = {
        name: set(recorded)
        for path in sorted(_RECORDINGS.glob("*.json"))
        for name, recorded in json.loads(path.read_text()).items()
    }
    left_out: dict[str, dict[str, str]] = {}
    for path in sorted(Path(__file__).parent.glob("test_recorded_*.py")):
        lines = path.read_text().split("\n")
        for node in ast.parse("\n".join(lines)).body:
            if isinstance(node, ast.FunctionDef):
                for name in _named(node, set(answers)):
                    mine = left_out.setdefault(name, {})
                    mine.update((item, why) for item, why in _spared(node, lines) if item in answers[name])
    return [
        Recording(name, len(recorded), name in left_out, left_out.get(name, {})) for name, recorded in answers.items()
    ]


def _named(function: ast.FunctionDef, known: set[str]) -> set[str]:
    """The recordings that a test opens, also by names that it puts together."""
    found = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found |= known & {node.value}
        elif isinstance(node, ast.JoinedStr):
            parts = (
                re.escape(str(part.value)) if isinstance(part, ast.Constant) else r"[^\[\]]+" for part in node.values
            )
            pattern = re.compile("".join(parts))
            found |= {name for name in known if name.startswith("test_") and pattern.fullmatch(name)}
    return found


def _spared(function: ast.FunctionDef, lines: list[str]) -> Iterator[tuple[str, str]]:
    """The answers that a test does not compare, with the comment beside or above `finish`."""
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "finish":
            for argument in node.args:
                if isinstance(argument, ast.Constant):
                    yield str(argument.value), _comment(lines, node.lineno - 1, argument.lineno - 1)


def _comment(lines: list[str], first: int, line: int) -> str:
    """The comment beside a line, else the one above the statement that begins at `first`."""
    _, mark, beside = lines[line].partition("  # ")
    if mark:
        return beside.strip()
    above: list[str] = []
    while first > 0 and lines[first - 1].strip().startswith("# "):
        first -= 1
        above.insert(0, lines[first].strip().removeprefix("# "))
    return " ".join(above) or "the test does not say"


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.test")
    import django

    django.setup()
    PAGE.write_text(page())
