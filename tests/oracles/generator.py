"""Makes templates up: well-formed ones, of everything in which our engine means to equal Velocity.

Left out are slips of Velocity's lexer: text, comments and `#set` right behind a `)` or `]` of a reference, and white space
between a lone `#` and `#set`.
"""

from __future__ import annotations

from random import Random


class TemplateGenerator:
    """Each call of `template` gives another one; a seed gives the same ones again."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def template(self) -> str:
        return self._block(3)

    def _one(self, *choices: str) -> str:
        return self._random.choice(choices)

    def _block(self, depth: int) -> str:
        return "".join(self._statement(depth) for _ in range(self._random.randint(1, 4)))

    def _statement(self, depth: int) -> str:
        kind = self._random.randrange(9 if depth else 4)
        if kind == 0:
            return self._one(
                "text ",
                "\n",
                "  ",
                "a\n  ",
                '{"k": 1}\n',
                "#1,",
                "$5 ",
                "\\n ",
                "## note\n",
                "#* c *#",
                "x:y ",
                "#[[ $s ]]#",
            )
        if kind in (1, 2):
            return self._reference(2) + self._one(" ", "\n", ",")
        if kind in (3, 4):
            return f"#set($v{self._random.randrange(3)} = {self._value(depth)}){self._one('', ' ', chr(10), '  ' + chr(10))}"
        if kind == 5:
            return (
                f"#if({self._condition(2)}){self._one('', chr(10))}{self._block(depth - 1)}#end{self._one('', chr(10))}"
            )
        if kind == 6:
            return f"#if({self._condition(2)}){self._block(depth - 1)}#elseif({self._condition(1)}){self._block(depth - 1)}#{{else}}{self._block(depth - 1)}#end"
        if kind == 7:
            return f"#foreach($i in {self._one('$l', '$el', '[1..3]', '[3..1]', '$m', '[$n, $s]', '$strings')}){self._block(depth - 1)}$foreach.count#if($foreach.hasNext),#end#end"
        return f"#define($d){self._block(depth - 1)}#end$d"

    def _reference(self, depth: int) -> str:
        return self._one(
            "$s", "${s}", "$!n", "$f", "$m", "$l", "$t", "$nul", "$m.a", "$m.b[1]", "$m['a']", "$m.get('a')", "$l[0]", "$l.size()",
            "$l.get(1)", "$s.length()", "$s.substring(1,3)", "$s.toUpperCase()", "$s.indexOf('x')", "$s.replace('t','T')",
            "$s.contains('ex')", "$m.keySet()", "$m.size()", "$l.contains(2)", "$l.isEmpty()", "$s.concat('!')", "$s.equals('text')",
            "$m.containsKey('b')", "$strings[0]", "$strings", "$s.replaceAll('[te]','-')", "$s.trim()", "$n.toString()",
            "$l.subList(0,2)", "$s.startsWith('te')", "$m.nope", "$m.entrySet()", "$f.intValue()", "$s.charAt(2)", "$m.b[0]",
        )  # fmt: skip

    def _number(self) -> str:
        return self._one(
            "1", "2", "7", "0", "10", "2.5", "-3", "$n", "$l[1]", "$f", "$big", "$m.a", "100000", "1e3", "0.001"
        )

    def _value(self, depth: int) -> str:
        kind = self._random.randrange(8)
        if kind == 0:
            return self._one(
                "'a'", '"b"', '"$s!"', '"$n of ${s}"', "'$n'", '""', '"#if($t)yes#end"', "'it''s'", '"q""q"'
            )
        if kind == 1:
            return self._number()
        if kind == 2:
            return f"{self._number()} {self._one('+', '-', '*', '/', '%')} {self._number()}"
        if kind == 3:
            return f"({self._number()} {self._one('+', '*')} {self._number()}) {self._one('-', '*', '%')} {self._number()} {self._one('+', '-')} {self._number()}"
        if kind == 4:
            return self._one(
                "[1, 'a', $n]",
                "[]",
                "{}",
                "{'a': 1, 'b': [$s]}",
                "[$l, $m]",
                "[1..$n]",
                "{$s: $t}",
                "[[1], {'x': 2.0}]",
            )
        if kind == 5:
            return self._condition(2)
        if kind == 6:
            return f"{self._one('$s', '$n', chr(39) + 'x' + chr(39))} + {self._one('$s', chr(39) + 'y' + chr(39))}"
        return self._reference(depth)

    def _condition(self, depth: int) -> str:
        kind = self._random.randrange(6 if depth else 3)
        if kind == 0:
            return self._one(
                "$t",
                "$fl",
                "$s",
                "$e",
                "$nul",
                "$el",
                "$n",
                "true",
                "false",
                "$m.nope",
                "$l.isEmpty()",
                "$s.contains('x')",
            )
        if kind in (1, 2):
            return f"{self._number()} {self._one('==', '!=', '<', '>', '<=', '>=', 'eq', 'lt', 'ge')} {self._number()}"
        if kind == 3:
            return f"{self._one('$s', '$n', '$e', '$t')} {self._one('==', '!=')} {self._one(chr(39) + 'text' + chr(39), chr(39) * 2, '5', 'true', '$s')}"
        if kind == 4:
            return f"({self._condition(depth - 1)}) {self._one('&&', '||', 'and', 'or')} {self._condition(depth - 1)}"
        return f"!({self._condition(depth - 1)})"
