"""The developer portal's samples in every language, run as readers run them: each makes the call that it shows, whatever lets it in."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from apps.core.sigv4 import SignedRequest, read_signature, verify
from portal.developer.samples import CallToWrite, write_samples
from tests.portal.developer.conftest import origin  # noqa: F401 - a fixture
from tests.portal.developer.test_samples import AWKWARD

pytestmark = [pytest.mark.tools, pytest.mark.stack]

TARGET = "/prod/pets/a%2Fb?x=1&y=caf%C3%A9"
# What curl signs of a path with escapes is right since its newest releases alone.
PLAIN_TARGET = "/prod/pets?x=1&y=2"


@dataclass(frozen=True)
class Language:
    """How a sample is run: `tools` have to be installed, `file` is what it is pasted into, `command` runs it there."""

    tools: tuple[str, ...]
    file: str
    command: tuple[str, ...]
    before: tuple[str, ...] = ()


_TYPES = ("--target", "es2022", "--module", "esnext", "--moduleResolution", "bundler", "--types", "node", "--strict")
LANGUAGES = {
    "curl": Language(("curl",), "call.sh", ("sh", "call.sh")),
    "Python": Language((), "call.py", (sys.executable, "call.py")),
    "JavaScript": Language(("node",), "call.mjs", ("node", "call.mjs")),
    "TypeScript": Language(("node", "tsc"), "call.mts", ("node", "call.mjs"), ("tsc", *_TYPES, "call.mts")),
    "Java": Language(("java", "javac"), "SignedCall.java", ("java", "SignedCall.java")),
    "Go": Language(("go",), "main.go", ("go", "run", "main.go")),
    "Ruby": Language(("ruby",), "call.rb", ("ruby", "call.rb")),
    "PHP": Language(("php",), "call.php", ("php", "call.php")),
    "C#": Language(("dotnet",), "call.cs", ("dotnet", "run", "call.cs")),
}
KINDS = {
    "key": ({"x-api-key": "k'ey$1`2`"}, "", ""),
    "JWT": ({"Authorization": "Bearer head.claims.signature"}, "", ""),
    "SigV4": ({"x-api-key": "k'ey$1`2`"}, "eu-central-1", ""),
    "SigV4 of a session": ({}, "eu-central-1", "session/token="),
}


@pytest.mark.parametrize(("method", "body"), [("GET", None), ("POST", AWKWARD)])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("label", LANGUAGES)
def test_a_sample_makes_the_call_that_it_shows(
    label: str,
    kind: str,
    method: str,
    body: str | None,
    origin: Any,  # noqa: F811
    tmp_path: Path,
) -> None:
    headers, region, session = KINDS[kind]
    typed = {} if body is None else {"Content-Type": "application/json"}
    target = PLAIN_TARGET if region and label == "curl" else TARGET
    call = CallToWrite(method, origin.url + target, {**headers, **typed}, body, region)
    code = next(sample.code for sample in write_samples(call) if sample.label == label)

    done = pasted(LANGUAGES[label], _whole(label, code), session, tmp_path)

    assert '{"ok": true}' in done.stdout, done.stdout + done.stderr
    (asked,) = origin.asked
    assert (asked.method, asked.path, asked.body.decode()) == (method, target, body or "")
    assert {name: asked.headers[name.lower()] for name in headers} == headers
    if body is not None:
        assert asked.headers["content-type"].startswith("application/json")
    if region:
        check_signature(asked, session)


def pasted(language: Language, code: str, session: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """The sample in a file of its own, run with an access key in the environment."""
    modules = Path(os.environ.get("GATEHOUSE_TEST_TOOLS", "nowhere")).parent / "node_modules"
    path = f"{modules / '.bin'}:{os.environ['PATH']}"
    for tool in language.tools:
        if shutil.which(tool, path=path) is None:
            pytest.skip(f"{tool} is not installed")
    (folder / language.file).write_text(code)
    if modules.is_dir():
        (folder / "node_modules").symlink_to(modules)
    environment = {
        "PATH": path,
        "HOME": str(folder),
        "LC_ALL": "C.UTF-8",
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "se/cret",
        **({"AWS_SESSION_TOKEN": session} if session else {}),
    }
    for command in filter(None, (language.before, language.command)):
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
    return done


def check_signature(asked: Any, session: str) -> None:
    """As the gateway checks it; raises what the gateway would refuse with."""
    path, _, query = asked.path.partition("?")
    headers = tuple((name.encode(), value.encode()) for name, value in asked.headers.items())
    request = SignedRequest(asked.method, path.encode(), query.encode(), headers, asked.body)
    signature = read_signature(request)
    found = verify(request, signature, "se/cret", service="execute-api", now=datetime.now(UTC))
    assert (found.access_key_id, found.region, signature.security_token or "") == (
        "AKIDEXAMPLE",
        "eu-central-1",
        session,
    )


def _whole(label: str, code: str) -> str:
    """The unsigned sample of Java is the inside of a program."""
    if label != "Java" or "public class" in code:
        return code
    imports, _, rest = code.partition("\n\n")
    return f"{imports}\nclass SignedCall {{ public static void main(String[] a) throws Exception {{\n{rest}\n}} }}\n"
