"""Reading the map's text: positions, short tags, anchors, and what broken YAML is told."""

from pathlib import Path
from typing import Any

import pytest

from dewstack.service.nodes import parse_yaml, plain
from dewstack.service.problems import ProblemAt


def read(text: str) -> Any:
    return plain(parse_yaml(text, "f.yml"))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("on", "on"),
        ("yes", "yes"),
        ("True", True),
        ("~", None),
        ("2012-10-17", "2012-10-17"),
        ("010", 10),
        ("0x1F", 31),
        ("0o17", 15),
        ("-3", -3),
        ("1e3", 1000),
        ("2.0", 2),
        ("1.5", 1.5),
        ("12:30", "12:30"),
        ("'5'", "5"),
        ('"null"', "null"),
        ("1.2.3", "1.2.3"),
        ("123456789012", 123456789012),
        ("-", [None]),
        ("+x", "+x"),
    ],
)
def test_scalars_mean_what_they_mean_to_the_framework(text: str, value: object) -> None:
    assert read(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("!Ref A", {"Ref": "A"}),
        ("!GetAtt A.Arn", {"Fn::GetAtt": ["A", "Arn"]}),
        ("!GetAtt A.Outputs.X", {"Fn::GetAtt": ["A", "Outputs.X"]}),
        ("!GetAtt [A, Arn]", {"Fn::GetAtt": ["A", "Arn"]}),
        ("!Sub 'x${A}'", {"Fn::Sub": "x${A}"}),
        ("!Sub ['${a}', {a: !Ref B}]", {"Fn::Sub": ["${a}", {"a": {"Ref": "B"}}]}),
        ("!Join ['-', [a, !Ref B]]", {"Fn::Join": ["-", ["a", {"Ref": "B"}]]}),
        ("!If [C, 1, !Ref 'AWS::NoValue']", {"Fn::If": ["C", 1, {"Ref": "AWS::NoValue"}]}),
        ("!Equals [!Ref A, b]", {"Fn::Equals": [{"Ref": "A"}, "b"]}),
        ("!Condition C", {"Condition": "C"}),
        ("!ImportValue x", {"Fn::ImportValue": "x"}),
        ("!GetAZs ''", {"Fn::GetAZs": ""}),
        ("!Select [0, !Split [',', a]]", {"Fn::Select": [0, {"Fn::Split": [",", "a"]}]}),
        ("!FindInMap [A, B, C]", {"Fn::FindInMap": ["A", "B", "C"]}),
        ("!Cidr [a, 1, 2]", {"Fn::Cidr": ["a", 1, 2]}),
        ("!Transform {Name: X}", {"Fn::Transform": {"Name": "X"}}),
        ("!Not [!Condition A]", {"Fn::Not": [{"Condition": "A"}]}),
        ("!Base64 x", {"Fn::Base64": "x"}),
    ],
)
def test_short_tags_become_the_long_spelling(text: str, value: object) -> None:
    assert read(text) == value


def test_anchors_and_merge_keys_work() -> None:
    text = "a: &a {x: 1, y: 2}\nb: &b {y: 3, z: 4}\nc: {<<: [*a, *b], x: 0}\nd: *a\n"
    assert read(text)["c"] == {"x": 0, "y": 2, "z": 4}
    assert read(text)["d"] == {"x": 1, "y": 2}


def test_positions_count_from_one() -> None:
    root = parse_yaml("a:\n  - b: 1\n", "f.yml")
    inner = root.mapping()["a"].value[0]  # type: ignore[index]
    assert inner.keys == {"b": ("f.yml", 2, 5)}
    assert inner.mapping()["b"].at == ("f.yml", 2, 8)


@pytest.mark.parametrize(
    ("text", "where", "message"),
    [
        ("a:\n\tb: 1", (2, 1), "broken YAML: a tab in the indentation; YAML takes spaces only"),
        ("a: b: c", (1, 5), "a text that contains ': ' needs quotes"),
        ("a: 'x\nb: 1\n", (3, 1), "a quote or a bracket isn't closed"),
        ("a:\n    b: 1\n  c: 2\n", (3, 3), "the indentation doesn't fit the lines above it"),
        ("a: {b: x${c}}", (1, 10), "a text with ${…} inside of {} or [] needs quotes"),
        ("a: @x", (1, 4), "broken YAML"),
        ("a: *x", (1, 4), "the anchor (&name) has to come before its use"),
        ("a: 1\nb: 2\na: 3", (3, 1), "the key 'a' is here twice; the first is in line 1"),
        ("a: &a [*a]", (1, 4), "an anchor that contains its own alias"),
        ("a: !Nope x", (1, 4), "unknown tag !Nope"),
        ("? [a]\n: 1", (1, 3), "a key has to be a plain text"),
        ("a: 1\n---\nb: 2", (2, 1), "broken YAML"),
        ("a: \x01", (1, 4), "a character that YAML doesn't allow"),
    ],
)
def test_broken_yaml_is_located_with_its_likely_cause(
    text: str, where: tuple[int, int], message: str
) -> None:
    with pytest.raises(ProblemAt) as caught:
        parse_yaml(text, "f.yml")
    assert caught.value.position == ("f.yml", *where)
    assert message in caught.value.message


def test_aliases_that_unfold_without_end_are_refused() -> None:
    bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
    for below, name in zip("abcdefg", "bcdefgh", strict=True):
        bomb += f"{name}: &{name} [{', '.join([f'*{below}'] * 10)}]\n"
    with pytest.raises(ProblemAt, match="unfold to more than"):
        parse_yaml(bomb, "f.yml")


@pytest.mark.parametrize("text", ["[" * 100_000, "{a: " * 5_000, "- " * 100_000])
def test_nesting_without_end_is_refused(text: str) -> None:
    with pytest.raises(ProblemAt, match="nested deeper than 100 levels"):
        parse_yaml(text, "f.yml")


def test_an_empty_text_is_null() -> None:
    assert read("# nothing\n") is None


def test_json_is_read_as_yaml_is(tmp_path: Path) -> None:
    assert read('{"a": [1, "x", null, true, 1.5e2, "\\u00e9"]}') == {"a": [1, "x", None, True, 150.0, "é"]}
