"""The Velocity Template Language of mapping templates."""

import contextlib
import time
from typing import Any

import pytest

from dewstack.apigateway.rest_api.velocity import JsonList, Missing, Object, Template, TemplateError, nodes


def render(source: str, **names: Any) -> str:
    return Template(source).render(names)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("plain 100% #fff $ $5 $$", "plain 100% #fff $ $5 $$"),
        ("$a ${a}b $!a $!{a}", "1 1b 1 1"),
        ("$none ${none} $!none|$!{none.x}|", "$none ${none} ||"),
        ("$m.a.b ${m.a.b}c $m.none $m['a']['b'] $m.get('a').b", "2 2c $m.none 2 2"),
        ("$l[0] $l.get(1) $l[9] $l[-1]", "x y $l[9] y"),
        ("$a. $a, $a; ${a", "1. 1, 1; ${a"),
        (r"\$a \#set \x", r"$a #set \x"),
        ("a## comment\nb#* more\n *#c#[[$a #if]]#", "abc$a #if"),
        ("#set($x = \"$a:${a}\")$x #set($y = '$a')$y", "1:1 $a"),
        ('#set($x = "say ""hi""")$x #set($y = \'it\'\'s\')$y', 'say "hi" it\'s'),
        ("#set($m.c = 3)$m.c#set($l[0] = 'z')$l[0]#set($m.a.b = 4)$m.a.b", "3z4"),
        ("#set( $x = 1 + 2 * 3 - 4 / 2 )$x #set($x = -7 % 4)$x #set($x = (1 + 2) * 3)$x", "5 1 9"),
        ("#set($x = 'a' + 1)$x", "a1"),
        ("#set($x = 1 / 0)$x", "$x"),
        ("#if($a == 1)yes#end#if($a == '1')too#end#if($a != 1)no#end", "yestoo"),
        ("#if($none)no#elseif($a > 1)no#elseif($a >= 1 && $a < 2)yes#{else}no#end", "yes"),
        ("#if(!$none && ($a eq 2 || not false))yes#else no#end", "yes"),
        ("#if('')a#end#if([])b#end#if({})c#end#if(null)d#end#if(0)e#end", "e"),
        ("#foreach($i in [1..3])$i#if($foreach.hasNext),#end#end", "1,2,3"),
        ("#foreach($i in [3..1])$i$foreach.index$foreach.count$velocityCount;#end", "3011;2122;1233;"),
        ("#foreach($i in {'a': 1, 'b': 2})$i#end#foreach($i in $none)x#end#foreach($i in 'text')x#end", "12"),
        ("#foreach($k in $m.keySet())$k#end#foreach($e in $m.entrySet())$e.key=$e.value;#end", "aa={b=2};"),
        ("#foreach($i in [1..9])#if($i == 3)#break#end$i#end$!i", "12"),
        (
            "#foreach($i in [1, 2])#foreach($j in [1, 2])$i$j$foreach.parent.index #end#end",
            "110 120 211 221 ",
        ),
        ("a#stop b", "a"),
        ("#define($d)[$x]#end#set($x = 1)$d#set($x = 2)$d", "[1][2]"),
        (
            "#set($e = [1, 'a', [true, null]])$e #set($e = {'a': {'b': 1}})$e",
            "[1, a, [true, null]] {a={b=1}}",
        ),
        ("#set($x = 1)\n  #if($x)\n  y\n  #end\nz", "    y\n  z"),
        ("$json $map", '[{"a":[1,null]}] {b=[{"a":[1,null]}]}'),
        ("[$missing][$missing.a.b][$missing.keySet()][$missing.x('y')]#if($missing)x#end", "[][][][]"),
    ],
)
def test_templates(source: str, expected: str) -> None:
    marked = JsonList([{"a": JsonList([1, None])}])
    names = {"a": 1, "m": {"a": {"b": 2}}, "l": ["x", "y"], "json": marked, "map": {"b": marked}}
    assert render(source, **names, missing=Missing()) == expected


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("replaceAll('b+', '<$0>')", "a<bb>c,d"),
        (r"replaceAll('(b)', '\$1')", "a$1$1c,d"),
        ("replaceFirst('b', '')", "abc,d"),
        ("replace('b', '.')", "a..c,d"),
        ("split(',').size()", "2"),
        ("split(',')[1]", "d"),
        ("split('x').get(0)", "abbc,d"),
        ("matches('a.*')", "true"),
        ("matches('a')", "false"),
        ("substring(1)", "bbc,d"),
        ("substring(1, 3)", "bb"),
        ("length()", "6"),
        ("toUpperCase()", "ABBC,D"),
        ("contains('bb')", "true"),
        ("startsWith('ab').toString()", "true"),
        ("indexOf(',')", "4"),
        ("concat('!')", "abbc,d!"),
        ("equalsIgnoreCase('ABBC,D')", "true"),
        ("isEmpty()", "false"),
        ("charAt(0)", "a"),
        ("unknown()", "$s.unknown()"),
    ],
)
def test_methods_of_text(call: str, expected: str) -> None:
    assert render(f"$s.{call}", s="abbc,d") == expected


def test_lists_and_maps_can_be_changed() -> None:
    source = (
        "#set($l = [])#set($x = $l.add(1))#set($x = $l.add(2))$l.size()$l.contains(2)$l.isEmpty()"
        "#set($m = {})#set($x = $m.put('a', 1))$m.containsKey('a')$m.size()$m.remove('a')$m.isEmpty()"
    )
    assert render(source) == "2truefalsetrue11true"


@pytest.mark.parametrize(
    "source",
    [
        "#if($a)",
        "#end",
        "#else",
        "#set($a = )",
        "#set(a = 1)",
        "#set($a 1)",
        "#foreach($a of $b)#end",
        "#set($a = 'open)",
        "#if(true)#else#else#end",
        "#macro(x)#end",
        "#parse('file')",
        "$a.b(",
        "$a[",
        "#set($a = [1, 2)",
        "#set($a = {'b' 1})",
        "#set($a = " + "(" * 200 + "1" + ")" * 200 + ")",
        "#if(true)" * 200 + "#end" * 200,
    ],
)
def test_what_is_no_template_is_refused(source: str) -> None:
    with pytest.raises(TemplateError):
        Template(source)


@pytest.mark.parametrize(
    "source",
    [
        "#foreach($i in [1..1001])#end",
        "#set($s = 'xxxxxxxx')#foreach($i in [1..40])#set($s = $s + $s)#end",
        "#set($s = 'xxxxxxxx')#foreach($i in [1..40])#set($s = \"$s$s\")#end",
        "#set($s = 'xxxxxxxx')#foreach($i in [1..40])#set($s = $s.replace('x', 'xx'))#end",
        "#set($s = 'xxxxxxxx')#foreach($i in [1..40])#set($s = $s.concat($s))#end",
        "#foreach($i in [1..1000])#foreach($j in [1..1000])#end#set($x = 1)#end",
        "#set($l = [1])#foreach($i in [1..40])#set($x = $l.addAll($l))#end",
        "#define($d)$d#end$d",
        "#set($l = [])#set($x = $l.add($l))$l",
        "#set($x = $text.matches($text))",
        "#set($x = $text.substring('a'))",
        "#set($x = $text.charAt(99))",
        "#if('a' < 1)#end",
        "#set($x = $text.matches('('))",
    ],
)
def test_what_goes_too_far_is_stopped(source: str) -> None:
    with pytest.raises(TemplateError):
        render(source, text="(a+)+")


def test_nothing_of_python_can_be_reached() -> None:
    source = (
        "$o.__class__ $o.value $s.__class__ $s.format('x') $o.secret() $o['value'] $m.__class__ $s.__len__()"
    )
    thing = Object({"told": lambda: "told"}, {"seen": 1})
    assert render(source, o=thing, s="x", m={}) == source
    assert render("$o.told() $o.seen", o=thing) == "told 1"


@pytest.mark.parametrize("piece", ["$", "#", "${", "$a[", "$!", "\\", "#if", '"', "##", "$a.b", "#{", "#*"])
def test_long_sources_are_read_in_time(piece: str) -> None:
    started = time.process_time()
    with contextlib.suppress(TemplateError):
        render(piece * 20_000, a=1)
    assert time.process_time() - started < 2


def test_numbers_do_not_grow_without_end() -> None:
    assert render("#set($n = 3)#foreach($i in [1..40])#set($n = $n * $n)#end$!n") == ""


def test_a_rendering_ends_in_time_however_large_its_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nodes, "SECONDS", 0.05)
    source = "#foreach($i in [1..1000])#foreach($j in [1..90])#set($x = $s.toUpperCase())#end#end"
    with pytest.raises(TemplateError, match="longer"):
        render(source, s="x" * 1_000_000)
