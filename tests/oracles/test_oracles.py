"""Our engines against Apache Velocity 1.7 and Jayway's JSONPath 2.0: the same template, the same document, the same answer."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from apps.core.json_path import MISSING, JsonPathError, compile_path
from apps.core.vtl import Template, VtlError
from tests.oracles.generator import TemplateGenerator
from tests.oracles.oracle import Answer, Oracle, missing
from tests.oracles.same_answers import DOCUMENT, PATHS, SHOP, TEMPLATES

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing() or "asked")

MADE_UP = 1_500

# Where API Gateway differs from Velocity, or ours is wider: the template, what Velocity answers (None: an error) and what ours does.
DEPARTURES: list[tuple[str, str | None, str]] = [
    ("#macro(foo)body $n#end[#foo()]", "[body 5]", "#macro(foo)body $n#end[#foo()]"),
    ('#evaluate("$n")', "5", '#evaluate("$n")'),
    ("#if($u)T#{else}F#end", "F", "T"),
    ('#if($u == "")T#{else}F#end', "F", "T"),
    ("#set($x = 5)#set($x = $u)[$x]", "[5]", "[]"),
    ("\\$u", "\\$u", "$u"),
    ("$s.class.name $s.getClass()", "java.lang.String class java.lang.String", " "),
    ("#set($x = -$n)$x", None, "-5"),
    ("$s.substring(1+1)", None, "xt"),
    ("#set($x = $n -1)$x", None, "4"),
    ("#unknown(($n)", None, "#unknown((5)"),
]


@pytest.fixture(scope="module")
def oracle(tmp_path_factory: pytest.TempPathFactory) -> Oracle:
    return Oracle(tmp_path_factory.mktemp("oracle"))


def ours(template: str, document: dict[str, Any] = DOCUMENT) -> Answer:
    try:
        return Answer(True, Template(template).render(copy.deepcopy(document)))
    except VtlError as error:
        return Answer(False, str(error))


def differences(oracle: Oracle, templates: list[str], document: dict[str, Any]) -> list[str]:
    answers = oracle.ask("vtl", [(template, document) for template in templates])
    found = []
    for template, theirs in zip(templates, answers, strict=True):
        mine = ours(template, document)
        if mine.ok is not theirs.ok or (mine.ok and mine.text != theirs.text):
            found.append(f"{template!r}\n  Velocity {theirs}\n  ours     {mine}")
    return found


def test_velocity_writes_the_same(oracle: Oracle) -> None:
    assert not differences(oracle, TEMPLATES, DOCUMENT)


def test_velocity_writes_the_same_for_templates_that_are_made_up(oracle: Oracle) -> None:
    generator = TemplateGenerator(20)
    document = {**DOCUMENT, "strings": ["x", "y/z"]}

    assert not differences(oracle, [generator.template() for _ in range(MADE_UP)], document)


def test_the_departures_from_velocity_are_these(oracle: Oracle) -> None:
    answers = oracle.ask("vtl", [(template, DOCUMENT) for template, _, _ in DEPARTURES])
    told = [
        (template, theirs.text if theirs.ok else None, ours(template).text)
        for (template, _, _), theirs in zip(DEPARTURES, answers, strict=True)
    ]

    assert told == DEPARTURES


def test_jayway_finds_the_same(oracle: Oracle) -> None:
    found = []
    for path, theirs in zip(PATHS, oracle.ask("path", [(path, SHOP) for path in PATHS]), strict=True):
        try:
            mine = compile_path(path).read(SHOP)
        except JsonPathError:
            mine = MISSING
        if (mine is MISSING) is theirs.ok or (theirs.ok and json.loads(theirs.text) != mine):
            found.append(f"{path}\n  Jayway {theirs}\n  ours   {mine!r}")
    assert not found
