"""The samples are pasted and run: each of them makes the very call that it is written for."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
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
    }
    return subprocess.run(commands[label](), capture_output=True, text=True, timeout=20, check=False)


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
