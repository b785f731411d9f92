"""What templates write: the language, as Velocity 1.7 has it and as API Gateway departs from it."""

from __future__ import annotations

import json

import pytest

from apps.core.vtl import Template, VtlError, VtlSyntaxError

TEXT = [
    ("plain $5 #1 #fff $ # text", "plain $5 #1 #fff $ # text"),
    ("", ""),
    ("$s ${s} $!s $!{s} ${s}s", "text text text text texts"),
    ("$undefined ${undefined} $!undefined $undefined.a.b() ${undefined.a}|", "    |"),
    ('$s. $s.5 $s.. $s:$n $s/$n $s"$n" $s(x)', 'text. text.5 text.. text:5 text/5 text"5" text(x)'),
    ("$n-1 $s-x", " "),
    ("\\$s \\\\$s \\\\\\$s \\#if(true) \\n \\", "$s \\text \\$s #if(true) \\n \\"),
    ("a ## to the end\nb", "a b"),
    ("a #* over\nlines *# b", "a  b"),
    ("#[[ $s #if ]]#", " $s #if "),
    ("#literal()$s#end", "$s"),
    ("C#sharp #unknown($n) #(a) #{x}", "C#sharp #unknown($n) #(a) #{x}"),
]
API_GATEWAY = [
    ("#macro(hello $name)Hello $name#end #hello($s)", "#macro(hello $name)Hello $name#end #hello($s)"),
    ('#evaluate("$s")', '#evaluate("$s")'),
    ("#if($undefined)T#{else}F#end", "T"),
    ("#if($undefined == '')T#{else}F#end#if($undefined == $null)T#end", "TT"),
    ("#if($m.missing)T#{else}F#end#if($m.missing == $null)T#end", "FT"),
    ("$undefined.length() $m.missing.length()|", "0 |"),
]
WHITE_SPACE = [
    ("  #set($a = 1)  \nx", "x"),
    ("x\n  #set($a = 1)\n  y", "x\n    y"),
    ("#set($a = 1)\n  #set($b = 2)\n  x", "  x"),
    ("$s #set($a = 1)x", "textx"),
    ("#set($a = 1)   x", "   x"),
    ("#if(true) \n A \n#else \n B\n#end \nz", " A \nz"),
    ("  #if(true)\n  A\n  #end\nz", "    A\n  z"),
    ("#foreach($i in [1..2])  #set($a=1)\n  $i\n#end", "  1\n  2\n"),
    ("#set($a=1)   \r\nz", "z"),
]
EXPRESSIONS = [
    ("#set($x = 1 + 2 * 3)$x", "7"),
    ("#set($x = (1 + 2) * 3)$x", "9"),
    ("#set($x = 10 - 2 - 3)$x", "5"),
    ("#set($x = 7 / 2)$x", "3"),
    ("#set($x = -7 / 2)$x #set($x = -7 % 3)$x", "-3-1"),
    ("#set($x = 5 / 0)[$x]", "[]"),
    ("#set($x = 2147483647 + 1)$x", "2147483648"),
    ("#set($x = 1.5 + 1)$x", "2.5"),
    ("#set($x = 1e10)$x", "1.0E10"),
    ("#set($x = 0.0001)$x", "1.0E-4"),
    ("#set($x = 5.0)$x", "5.0"),
    ("#set($x = 'a' + 1 + 2)$x", "a12"),
    ("#set($x = -$n)$x", "-5"),
    ("#set($x = $n -1)$x", "4"),
    ("#set($x = 3-1)$x", "2"),
    ("#if(1 == '1')T#end#if(1 == 1.0)T#end#if($t == 'true')T#end", "TTT"),
    ("#if('')T#{else}F#end#if('a')T#{else}F#end#if(1)T#{else}F#end#if([])T#{else}F#end", "FFFF"),
    ("#if($e)T#end#if($el)T#end#if($n)T#end#if($fl)T#{else}F#end", "TTTF"),
    ("#if($n > 4 && $n < 6 and $n ge 5 or $n le 4)T#end", "T"),
    ("#if(not $fl && !$fl)T#end", "T"),
    ("#if('b' > 'a')T#{else}F#end#if($nul > 1)T#{else}F#end", "FF"),
    ("#if($l == [1,2,3] && $m == $m)T#end", "T"),
    ("#if($n == 1)a#elseif($n == 5)b#{else}c#end", "b"),
    ('#set($x = "n=$n #if(true)yes#end")$x', "n=5 yes"),
    ("#set($x = 'n=$n')$x", "n=$n"),
    ('#set($x = "say ""hi""")$x', 'say "hi"'),
    ("#set($x = 'it''s')$x", "it's"),
    ('#set($x = "\\u0041\\n")$x', "A\\n"),
    ('#set($x = "\\ud83d\\ude00\\ud800")$x', "😀\ufffd"),
    ("#set($x = [1, 'a', true, $n, [2]])$x", "[1, a, true, 5, [2]]"),
    ("#set($x = {'a': 1, $s: {}})$x", "{a=1, text={}}"),
    ("#set($x = [1..3])$x#set($x = [3..$l[0]])$x", "[1, 2, 3][3, 2, 1]"),
    ("#set($x = $nul)[$x]#set($x = 5)#set($x = $nul)[$x]", "[][5]"),
    ("#set($m.z = 1)$m.z#set($m['y'] = 2)$m.y#set($l[0] = 9)$l", "12[9,2,3]"),
    ("#set($a.b.c = 5)[$a]", "[]"),
]
LOOPS = [
    ("#foreach($x in [1..3])$x#if($foreach.hasNext),#end#end", "1,2,3"),
    ("#foreach($x in $l)$foreach.index$foreach.count$velocityCount$foreach.first$foreach.last #end",
     "011truefalse 122falsefalse 233falsetrue "),
    ("#foreach($x in {'a': 1, 'b': 2})$x#end", "12"),
    ("#set($o = {'a': 1})#foreach($e in $o.entrySet())$e.key=$e.value;$e.getKey();$e#end", "a=1;a;a=1"),
    ("#foreach($x in $s)a#end#foreach($x in $undefined)a#end#foreach($x in 5)a#end#foreach($x in $nul)a#end|", "|"),
    ("#foreach($x in [1..5])#if($x == 3)#break#end$x#end after", "12 after"),
    ("a#break b", "a"),
    ("#foreach($x in [1..3])#if($x == 2)#stop#end$x#end after", "1"),
    ("#set($x = 9)#foreach($x in [1, 2])$x#end$x", "129"),
    ("#foreach($i in [1,2])#foreach($j in [1,2])$foreach.parent.count$foreach.count #end#end", "11 12 21 22 "),
    ("#define($d)hello $n#end$d#set($n = 6) $d#set($q = \"$d!\") $q", "hello 5 hello 6 hello 6!"),
]  # fmt: skip
METHODS = [
    ("$s.length() $s.substring(1) $s.substring(1,3) $s.indexOf('x') $s.lastIndexOf('t') $s.charAt(0)", "4 ext ex 2 3 t"),
    ("$s.toUpperCase() $s.contains('ex') $s.startsWith('te') $s.endsWith('x') $s.isEmpty()", "TEXT true true false false"),
    ("$s.replace('t','T') $s.replaceAll('[te]+','<$0>') $s.replaceFirst('t','') $s.matches('t.*t')", "TexT <te>x<t> ext true"),
    ("$s.split('e').size() $s.split('e')[1] $s.concat('s') $s.equals('text') $s.equalsIgnoreCase('TEXT')", "2 xt texts true true"),
    ("$s.compareTo('tea') $s.hashCode() $s.trim() $s.format('%s-%03d-%.2f-%%', 'a', 7, 1.5)", "23 3556653 text a-007-1.50-%"),
    ("#set($a = 'a,b,,')$a.split(',').size() $a.split(',', -1).size() $a.split(',', 2)[1]", "2 4 b,,"),
    ("#set($Integer = 0)$Integer.parseInt('42') $Integer.valueOf('7') $n.toString().length() $n.compareTo(3)", "42 7 1 1"),
    ("$f.intValue() $n.doubleValue() $n.equals(5) $t.equals(true)", "1 5.0 true true"),
    ("$l.size() $l.get(0) $l[1] $l.contains(2) $l.indexOf(3) $l.isEmpty()", "3 1 2 true 2 false"),
    ("#set($x = [])$x.add('a') $x.add(0,'b') $x $x.remove(0) $x.remove('a') $x", "true  [b, a] b true []"),
    ("$l.subList(0,2) $l.addAll([7]) $l $l.set(0,5) $l.containsAll([5,7]) $l.removeAll([7]) $l", "[1, 2] true [1,2,3,7] 1 true true [5,2,3]"),
    ("$m.keySet() $m.size() $m.containsKey('a') $m.containsValue(1) $m.get('a') $m['a'] $m.a", "[a, b] 2 true true 1 1 1"),
    ("$m.getOrDefault('z', 3) $m.put('c', 3)$m.put('c', 4) $m.remove('c') $m.isEmpty() $m.entrySet().size()", "3 3 4 false 2"),
    ("$m.b[0] $m.b.get(1) $m.b[2].k|", "1 x/y |"),
    ("$s.class $s.getClass() $m.class.name $l.getClass().getName() $s.nope() $l.size|", "     |"),
]  # fmt: skip
VALUES = [
    ("$m", '{a=1, b=[1,"x\\/y",{"k":null}]}'),
    ("$l $el $m.b", '[1,2,3] [] [1,"x\\/y",{"k":null}]'),
    ("$t $fl $f $nul| $big", "true false 1.5 | 2147483647"),
    ("#set($x = [$l, $m])$x", '[[1,2,3], {a=1, b=[1,"x\\/y",{"k":null}]}]'),
    ("#set($x = {'a': $nul})$x", "{a=null}"),
]
PASSTHROUGH = """#set($all = {"path": {"id": "1"}, "header": {"Accept": "a/b", "X": "it's"}})
{
#foreach($type in $all.keySet())
    #set($params = $all.get($type))
"$type" : {
    #foreach($name in $params.keySet())
    "$name" : "$params.get($name)"
        #if($foreach.hasNext),#end
    #end
}
    #if($foreach.hasNext),#end
#end
}"""


def values() -> dict:
    return {
        "s": "text", "n": 5, "f": 1.5, "m": {"a": 1, "b": [1, "x/y", {"k": None}]}, "l": [1, 2, 3], "e": "", "el": [],
        "t": True, "fl": False, "big": 2147483647, "nul": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("template", "written"),
    TEXT + API_GATEWAY + WHITE_SPACE + EXPRESSIONS + LOOPS + METHODS + VALUES,
)
def test_a_template_writes(template, written):
    assert Template(template).render(values()) == written


def test_the_console_s_passthrough_loop_writes_json():
    assert json.loads(Template(PASSTHROUGH).render({})) == {
        "path": {"id": "1"},
        "header": {"Accept": "a/b", "X": "it's"},
    }


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("a #end", "#end without a directive that it belongs to (line 1, column 7)"),
        ("x\n#if(true) a", "#if has no #end (line 2, column 10)"),
        ("#foreach($x of $l)#end", "#foreach needs `$variable in source` (line 1, column 10)"),
        ("#set($x)", "expected '=', found ')' (line 1, column 8)"),
        ("#set(x = 1)", "#set needs a reference to assign to (line 1, column 6)"),
        ("#set($x.a() = 1)", "#set cannot assign to a method call (line 1, column 12)"),
        ("${x", "the reference '${x' is not closed (line 1, column 1)"),
        ("$x.a(1", "expected ')', found 'the end of the template' (line 1, column 7)"),
        ("$l[a]", "expected a value, found 'a]' (line 1, column 4)"),
        ("#if", "#if needs parentheses (line 1, column 4)"),
        ("#set($x = [1,])", "a list ends in a comma (line 1, column 15)"),
        ("#[[ open", "#[[ is not closed (line 1, column 1)"),
        ("a \ud800", "the template has half of a surrogate pair (line 1, column 3)"),
        ('#include("x")', "#include is not available in mapping templates (line 1, column 1)"),
        ('#set($x = "$l[")', "in a string: expected a value, found 'the end of the template' (line 1, column 4) (line 1, column 11)"),
    ],
)  # fmt: skip
def test_what_does_not_parse_is_told_with_its_place(template, message):
    with pytest.raises(VtlSyntaxError) as refused:
        Template(template)

    assert str(refused.value) == message


@pytest.mark.parametrize(
    "template",
    ["$s.substring(9)", "$l.get(9)", "$l[-1]", "#set($i = 0)$i.parseInt('x')", "$s.matches('(')", "$s.replaceAll('t', '$9')",
     "#set($m2 = {})$m2.put([], 1)", "$s.format('%d', 'x')", "$s.format('%s')"],
)  # fmt: skip
def test_what_java_would_throw_is_an_error(template):
    with pytest.raises(VtlError):
        Template(template).render(values())


def test_one_run_does_not_see_what_another_has_set():
    template = Template("$x#set($x = 1)")

    assert [template.render({}), template.render({})] == ["", ""]
