"""The samples are pasted and run: each of them makes the very call that it is written for."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from apps.core.sigv4 import SignedRequest, read_signature, verify
from portal.developer.samples import CallToWrite, write_samples

# Everything that quoting could get wrong: quotes of both kinds, dollars, backticks, backslashes, line breaks, other scripts.
AWKWARD = '{"name": "O\'Brien `whoami` $HOME ${x} \\\\n \\" \n\t%s %d é 猫 🐈 \u2028"}'


def sample(label: str, call: CallToWrite) -> str:
    return next(sample.code for sample in write_samples(call) if sample.label == label)


def run(label: str, code: str) -> subprocess.CompletedProcess[str]:
    """Run a sample as a reader would."""
    commands = {
        "curl": lambda: ["curl", "--silent", "--max-time", "10", *shlex.split(code.replace("\\\n", " "))[1:]],
        "Python": lambda: [sys.executable, "-c", code],
        "JavaScript": lambda: ["node", "--input-type=module", "-e", code],
        "Java": lambda: ["java", _java_program(code)],
    }
    return subprocess.run(commands[label](), capture_output=True, text=True, timeout=20, check=False)


def _java_program(code: str) -> str:
    """A sample is the inside of a program."""
    imports, _, rest = code.partition("\n\n")
    path = Path(tempfile.mkdtemp()) / "Main.java"
    path.write_text(
        f"{imports}\nclass Main {{ public static void main(String[] a) throws Exception {{\n{rest}\n}} }}\n"
    )
    return str(path)


def test_a_call_is_written_in_nine_languages() -> None:
    call = CallToWrite(
        "POST", "https://api.example/pets", {"x-api-key": "k'$1", "Content-Type": "application/json"}, AWKWARD
    )
    labels = [one.label for one in write_samples(call)]

    assert labels == ["curl", "Python", "JavaScript", "TypeScript", "Java", "Go", "Ruby", "PHP", "C#"]
    for one in write_samples(call):
        assert "https://api.example/pets" in one.code
        assert "whoami" in one.code


@pytest.mark.skipif(not shutil.which("javac"), reason="there is no Java compiler")
def test_the_java_sample_makes_the_call_it_shows(origin: Any) -> None:
    call = CallToWrite("POST", f"{origin.url}/pets?x=$HOME", {"x-api-key": "k'ey$1`2`"}, AWKWARD)

    done = run("Java", sample("Java", call))

    assert done.stdout.strip() == '200\n{"ok": true}', done.stderr
    assert (origin.asked[0].method, origin.asked[0].body.decode()) == ("POST", AWKWARD)


SIGNED = "/prod/pets/a%2Fb?y=caf%C3%A9+au+lait&x=1&flag"


def signed_program(label: str, code: str) -> list[str]:
    """How a reader runs a signed sample."""
    if label == "Java":
        path = Path(tempfile.mkdtemp()) / "SignedCall.java"
        path.write_text(code)
        return ["java", str(path)]
    return {
        "curl": lambda: ["sh", "-c", code],
        "Python": lambda: [sys.executable, "-c", code],
        "JavaScript": lambda: ["node", "--input-type=module", "-e", code],
        "Ruby": lambda: ["ruby", "-e", code],
        "PHP": lambda: ["php", "-r", code.removeprefix("<?php")],
    }[label]()


def signer(origin: Any, session: str) -> tuple[str, str]:
    """Who signed what the server was asked, as the gateway finds out; and the body."""
    (asked,) = origin.asked
    path, _, query = asked.path.partition("?")
    headers = tuple((name.encode(), value.encode()) for name, value in asked.headers.items())
    request = SignedRequest(asked.method, path.encode(), query.encode(), headers, asked.body)
    signature = read_signature(request)
    assert (signature.security_token or "") == session
    found = verify(request, signature, "se/cret", service="execute-api", now=datetime.now(UTC))
    return f"{found.access_key_id} {found.region}", asked.body.decode()


@pytest.mark.parametrize("label", ["Python", "JavaScript", "Java", "Ruby", "PHP"])
@pytest.mark.parametrize(("method", "body", "session"), [("GET", None, ""), ("POST", AWKWARD, "session/token=")])
def test_a_signed_sample_makes_a_call_whose_signature_holds(
    label: str, method: str, body: str | None, session: str, origin: Any
) -> None:
    runtime = {"JavaScript": "node", "Java": "javac", "Ruby": "ruby", "PHP": "php"}.get(label, "true")
    if not shutil.which(runtime):
        pytest.skip(f"{runtime} is not installed")
    call = CallToWrite(method, origin.url + SIGNED, {"x-api-key": "k'ey$1`2`"}, body, "eu-central-1")
    environment = {**os.environ, "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "se/cret"}
    environment |= {"AWS_SESSION_TOKEN": session} if session else {}

    command = signed_program(label, sample(label, call))
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environment)

    assert '{"ok": true}' in done.stdout, done.stderr
    assert signer(origin, session) == ("AKIDEXAMPLE eu-central-1", body or "")
    assert origin.asked[0].headers["x-api-key"] == "k'ey$1`2`"


def test_the_signed_sample_of_curl_makes_a_call_whose_signature_holds(origin: Any) -> None:
    call = CallToWrite("GET", f"{origin.url}/prod/pets?x=1&y=2", {}, None, "eu-central-1")
    environment = {**os.environ, "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "se/cret"}

    command = signed_program("curl", sample("curl", call))
    subprocess.run(command, capture_output=True, text=True, timeout=30, check=True, env=environment)

    assert signer(origin, "") == ("AKIDEXAMPLE eu-central-1", "")


def test_a_signed_call_is_written_in_nine_languages() -> None:
    call = CallToWrite("POST", "https://api.example/pets", {"Content-Type": "text/x"}, AWKWARD, "eu-central-1")
    samples = write_samples(call)

    assert [one.label for one in samples] == [
        "curl",
        "Python",
        "JavaScript",
        "TypeScript",
        "Java",
        "Go",
        "Ruby",
        "PHP",
        "C#",
    ]
    for one in samples:
        assert "whoami" in one.code
        assert "execute-api" in one.code
        assert "SECRET_ACCESS_KEY" in one.code or one.label == "Python"
    assert "const response: Response" in sample("TypeScript", call)


@pytest.mark.parametrize("label", ["curl", "Python", "JavaScript"])
@pytest.mark.parametrize(
    ("method", "body"), [("GET", None), ("POST", AWKWARD), ("DELETE", None), ("PUT", "@/etc/passwd")]
)
def test_a_sample_makes_the_call_it_shows(label: str, method: str, body: str | None, origin: Any) -> None:
    if label == "JavaScript" and not shutil.which("node"):
        pytest.skip("node is not installed")
    headers = {"x-api-key": "k'ey$1`2`", "X-Note": 'say "hi" \\ there'}
    call = CallToWrite(method, f"{origin.url}/pets/a%2Fb?name=O'Brien&x=$HOME&y=`id`", headers, body)

    done = run(label, sample(label, call))

    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == '{"ok": true}'
    (asked,) = origin.asked
    assert (asked.method, asked.body.decode()) == (method, body or "")
    assert asked.path.startswith("/pets/a%2Fb?name=O")
    assert asked.headers["x-api-key"] == "k'ey$1`2`"
    assert asked.headers["x-note"] == 'say "hi" \\ there'


def test_a_body_of_curl_that_looks_like_a_file_name_stays_a_body(origin: Any) -> None:
    assert "--data-raw" in sample("curl", CallToWrite("POST", origin.url, {}, "@secrets"))


def test_a_refusal_is_an_error_in_the_programs(origin: Any) -> None:
    origin.status = 403

    assert run("Python", sample("Python", CallToWrite("GET", origin.url, {}))).returncode != 0
