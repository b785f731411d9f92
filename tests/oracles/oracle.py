"""Asks Apache Velocity 1.7 and Jayway's JSONPath themselves, where Java and Debian's packages of them are installed."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

JARS = [
    Path("/usr/share/java") / f"{name}.jar"
    for name in (
        "velocity", "json-path", "json-smart", "accessors-smart", "asm", "commons-lang", "commons-collections3", "slf4j-api",
    )
]  # fmt: skip
SOURCE = Path(__file__).with_name("Oracle.java")


class Answer(NamedTuple):
    """`text` is what came out, or the error."""

    ok: bool
    text: str


def missing() -> str:
    """Why there is nobody to ask; empty when there is."""
    if shutil.which("java") is None or shutil.which("javac") is None:
        return "no Java compiler is installed"
    absent = [jar.name for jar in JARS if not jar.exists()]
    return f"{', '.join(absent)} not in {JARS[0].parent} (packages velocity and libjsonpath-java)" if absent else ""


class Oracle:
    """The Java program, compiled once."""

    def __init__(self, folder: Path) -> None:
        self._classes = folder
        path = ":".join(map(str, JARS))
        subprocess.run(["javac", "-cp", path, "-d", str(folder), str(SOURCE)], check=True, timeout=120)

    def ask(self, kind: str, questions: list[tuple[str, Any]]) -> list[Answer]:
        """Answers for templates (`vtl`) or paths (`path`), each with its JSON document."""
        lines = "".join(f"{kind} {_encoded(text)} {_encoded(json.dumps(document))}\n" for text, document in questions)
        path = ":".join([str(self._classes), *map(str, JARS)])
        command = ["java", "-XX:TieredStopAtLevel=1", "-Xshare:auto", "-cp", path, "Oracle"]
        done = subprocess.run(command, input=lines, capture_output=True, text=True, check=True, timeout=120)
        answers = [line.partition(" ") for line in done.stdout.splitlines()]
        return [Answer(word == "ok", base64.b64decode(text).decode("utf-8", "replace")) for word, _, text in answers]


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
