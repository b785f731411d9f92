"""The samples are pasted and run: each of them makes the very call that it is written for."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

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


def test_a_signed_call_is_written_where_a_signature_is_a_line_or_two(origin: Any) -> None:
    call = CallToWrite("GET", f"{origin.url}/pets", {}, None, "eu-central-1")

    assert [one.label for one in write_samples(call)] == ["curl", "Python"]
    assert "--aws-sigv4 aws:amz:eu-central-1:execute-api" in sample("curl", call)
    environment = {**os.environ, "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"}
    command = [sys.executable, "-c", sample("Python", call)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False, env=environment)
    assert done.stdout.strip() == '{"ok": true}', done.stderr
    assert "eu-central-1/execute-api/aws4_request" in origin.asked[0].headers["authorization"]


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
