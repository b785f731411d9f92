"""Whatever a template does, it ends in text or in a VtlError, within its budget and without reaching Python."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.core.vtl import Limits, Template, VtlError, VtlLimitExceeded, VtlSyntaxError

GREEDY = {
    "a loop of too many turns": "#foreach($i in [1..1001])x#end",
    "nested loops": "#foreach($i in [1..1000])#foreach($j in [1..1000])#foreach($k in [1..1000])#set($x = $i)#end#end#end",
    "text that doubles": '#set($s = "xxxxxxxx")#foreach($i in [1..100])#set($s = "$s$s")#end',
    "text that doubles by concat": '#set($s = "xxxxxxxx")#foreach($i in [1..100])#set($s = $s.concat($s))#end',
    "text that doubles by replacing": '#set($s = "xxxx")#foreach($i in [1..100])#set($s = $s.replace("x", "xx"))#end',
    "text that doubles by an expression": '#set($s = "xxxx")#foreach($i in [1..100])#set($s = $s.replaceAll("x", "xx"))#end',
    "repeated text": '#set($s = "x")$s.repeat(2000000000)',
    "wide formats": '#set($s = "")#foreach($i in [1..1000])#foreach($j in [1..1000])$s.format("%9999d", 1)#end#end',
    "much output": '#set($s = "x")#set($s = $s.repeat(20000))#foreach($i in [1..1000])$s#end',
    "lists in lists": "#set($a = [1])#foreach($i in [1..60])#set($a = [$a, $a])#end$a",
    "lists in lists compared": "#set($a = [1])#set($b = [1])#foreach($i in [1..60])#set($a = [$a, $a])#set($b = [$b, $b])#end#if($a == $b)x#end",
    "a list in itself": "#set($a = [])#set($x = $a.add($a))$a",
    "a map in itself": "#set($a = {})#set($a.a = $a)$a",
    "a list that grows": "#set($a = [1])#foreach($i in [1..100])#set($x = $a.addAll($a))#end",
    "a number that grows": "#set($n = 3)#foreach($i in [1..1000])#set($n = $n * $n)#end",
    "a long range": "#set($x = [1..100000000])",
    "a definition of itself": "#define($a)x$a#end$a",
    "many long expressions": "#foreach($i in [1..1000])#set($x = 1" + "+1" * 50_000 + ")#end",
}  # fmt: skip
TOO_DEEP = {
    "parentheses": "#set($x = " + "(" * 10_000 + "1" + ")" * 10_000 + ")",
    "lists": "#set($x = " + "[" * 10_000,
    "negations": "#if(" + "!" * 10_000 + "true)x#end",
    "blocks": "#if(true)" * 10_000 + "#end" * 10_000,
    "calls": "$x" + ".y($x" * 10_000,
    "a long template": "x" * 400_000,
    "a long number": "#set($x = " + "1" * 5_000 + ")",
}


@pytest.mark.parametrize("greedy", GREEDY)
def test_what_takes_too_much_ends_in_an_error(greedy):
    with pytest.raises(VtlLimitExceeded):
        Template(GREEDY[greedy]).render({})


@pytest.mark.parametrize("deep", TOO_DEEP)
def test_what_is_too_large_does_not_compile(deep):
    with pytest.raises(VtlSyntaxError):
        Template(TOO_DEEP[deep])


def test_a_thousand_turns_are_fine():
    assert len(Template("#foreach($i in [1..1000])x#end").render({})) == 1000


def test_time_runs_out():
    ticks = iter(range(1_000_000))

    with pytest.raises(VtlLimitExceeded, match="runs for more than 3 seconds"):
        Template("#foreach($i in [1..1000])#foreach($j in [1..100])$i#end#end").render(
            {}, Limits(seconds=3), clock=lambda: next(ticks)
        )


NAMES = st.sampled_from(
    ["__class__", "__dict__", "__init__", "__globals__", "__subclasses__", "__getattribute__", "_made", "_exchange", "mro",
     "format_map", "encode", "join", "append", "items", "pop", "keys", "count", "index", "sort", "as_integer_ratio", "get",
     "size", "toString", "format", "replaceAll", "keySet", "put", "a"]
)  # fmt: skip
ROOTS = st.sampled_from(["$s", "$n", "$f", "$m", "$l", "$t", "$u", "${s}", "$foreach", "$m.a", "$l[0]"])
ARGUMENTS = st.sampled_from(
    [
        "",
        "()",
        "('a')",
        "(1)",
        "('__class__')",
        "('{0.__class__}')",
        "('%s', $m)",
        "($l)",
        "(0, 'x')",
        "['__class__']",
        "[0]",
    ]
)


def values() -> dict:
    return {"s": "text", "n": 5, "f": 1.5, "t": True, "m": {"a": {"b": [1]}}, "l": [[1], 2]}


@given(ROOTS, st.lists(st.tuples(NAMES, ARGUMENTS), min_size=1, max_size=4))
@settings(max_examples=300, deadline=None)
def test_no_chain_of_names_reaches_an_attribute(root, chain):
    template = root + "".join(f".{name}{argument}" for name, argument in chain)
    try:
        written = Template(
            f"{template}|#set($x = {root}{''.join('.' + name + argument for name, argument in chain)})$x"
        ).render(values())
    except VtlError:
        return
    for trace in ("<class", "<function", "<bound", "<built-in", "object at 0x", "method"):
        assert trace not in written


PIECES = st.sampled_from(
    ["$", "#", "#if", "#else", "#elseif", "#end", "#set", "#foreach", "#define", "#macro", "#break", "#stop", "#[[", "]]#", "#*", "*#",
     "##", "(", ")", "[", "]", "{", "}", "$x", "$!x", "${x}", "$x.y", ".z()", " in ", "=", "==", "&&", "||", "!", "+", "-", "*", "/", "%",
     "1", "2.5", "..", "'a'", '"b $x"', '"', "'", ",", ":", "true", "\\", "\n", " ", "and", "not", "text", "$foreach.count", "$l", "$m"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=25))
@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_text_gives_text_or_a_vtl_error(pieces):
    try:
        written = Template("".join(pieces)).render({"x": "v", "l": [1, [2]], "m": {"y": 1}}, Limits(steps=20_000))
    except VtlError:
        return
    assert isinstance(written, str)


@given(st.text(max_size=60))
@settings(max_examples=200, deadline=None)
def test_text_without_signs_is_itself(text):
    plain = text.replace("$", "").replace("#", "").replace("\\", "")

    assert Template(plain).render({}) == plain
