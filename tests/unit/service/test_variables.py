"""Variables: where they look, how they fall back, nest and fail."""

from collections.abc import Callable
from typing import Any

import pytest

from dewstack.service import Service

Loader = Callable[..., Service]
Problems = Callable[..., list[str]]


def custom(load_map: Loader, text: str, **settings: Any) -> Any:
    """The `custom` section, whose keys `text` has."""
    return load_map("custom:\n" + "".join(f"  {line}\n" for line in text.splitlines()), **settings).custom


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("${self:custom.deep.list.1.x}", 7),
        ("${self:service}", "shop"),
        ("${self:provider.stage}", "dev"),
        ("${sls:stage}-${self:service}", "dev-shop"),
        ("${self:custom.deep}", {"list": [1, {"x": 7}]}),
        ("${self:custom.by.${sls:stage}.size}", 3),
        ("${self:custom.by.${opt:stage, 'dev'}.size}", 3),
        ("${ self:custom.deep.list.0 }", 1),
        ("${opt:nope, self:custom.nope, 'last'}", "last"),
        ('${opt:nope, "last, with comma"}', "last, with comma"),
        ("${opt:nope, 5}", 5),
        ("${opt:nope, 2.5}", 2.5),
        ("${opt:nope, true}", True),
        ("${opt:nope, ''}", ""),
        ("${opt:zone}", "z1"),
        ("${env:HOME_URL}", "http://x"),
        ("${env:NOPE, env:HOME_URL}", "http://x"),
        ("${env:INDIRECT}", "shop!"),
        ("${aws:region}", "us-east-1"),
        ("${strToBool(${env:FLAG})}", True),
        ("${strToBool(false)}", False),
        ("arn:${AWS::Region}:${Table.Arn}:${!Keep}", "arn:${AWS::Region}:${Table.Arn}:${!Keep}"),
        ("${AWS::Region}/${self:service}", "${AWS::Region}/shop"),
        ("\\${self:service}", "${self:service}"),
        ("$notAVariable {x} ${", "$notAVariable {x} ${"),
        ("a${self:custom.deep.list.0}b${self:service}c", "a1bshopc"),
    ],
)
def test_a_variable_becomes_its_value(load_map: Loader, written: str, expected: object) -> None:
    text = f"v: '{written.replace(chr(39), chr(39) * 2)}'\ndeep: {{list: [1, {{x: 7}}]}}\nby: {{dev: {{size: 3}}}}"
    environ = {"HOME_URL": "http://x", "FLAG": "TRUE", "INDIRECT": "${self:service}!"}
    assert custom(load_map, text, options={"zone": "z1"}, environ=environ)["v"] == expected


def test_null_is_a_fallback_for_the_whole_value(load_map: Loader) -> None:
    assert custom(load_map, "v: ${opt:nope, null}")["v"] is None


def test_the_stage_option_wins_over_the_map(load_map: Loader) -> None:
    service = load_map("custom: {v: '${sls:stage}'}\n", options={"stage": "prod", "region": "eu-west-1"})
    assert (service.stage, service.region, service.custom["v"]) == ("prod", "eu-west-1", "prod")
    assert service.stack_name == "shop-prod"


def test_a_variable_that_only_a_file_has_says_how_to_read_it(problems_of: Problems) -> None:
    (problem,) = problems_of("custom: {v: '${env:TOKEN}'}\n", files={".env": "TOKEN=t"})
    assert problem.endswith(
        "the environment variable TOKEN isn't set; .env has it, and useDotenv: true reads that file"
    )


def test_params_come_from_the_stage_then_the_default_then_the_command(load_map: Loader) -> None:
    text = """\
    params:
      default: {a: 1, b: 2, c: '${self:service}'}
      dev: {b: 3}
    custom: {v: ['${param:a}', '${param:b}', '${param:c}', '${param:d}']}
    """
    assert load_map(text, params={"d": "4"}).custom["v"] == [1, 3, "shop", "4"]
    assert load_map(text, params={"a": "9", "d": "4"}).custom["v"][0] == "9"


def test_files_are_read_as_what_they_are_and_see_the_map(load_map: Loader) -> None:
    files = {
        "parts/a.yml": "x: {y: '${self:service}'}\nref: !GetAtt Table.Arn\n",
        "parts/b.json": '{"n": [1, 2]}',
        "note.txt": "hello",
    }
    text = "a: ${file(parts/a.yml)}\ny: ${file(./parts/a.yml):x.y}\nn: ${file(parts/b.json):n.1}\nt: ${file(note.txt)}"
    found = custom(
        load_map, text + "\nf: ${file(none.yml), 'dflt'}\ng: ${file(parts/${sls:stage}.yml), 0}", files=files
    )
    assert found["a"] == {"x": {"y": "shop"}, "ref": {"Fn::GetAtt": ["Table", "Arn"]}}
    assert (found["y"], found["n"], found["t"], found["f"], found["g"]) == ("shop", 2, "hello", "dflt", 0)


def test_every_file_of_the_map_is_known(load_map: Loader) -> None:
    service = load_map("custom: {a: '${file(a.yml)}', b: '${file(none.yml), 1}'}\n", files={"a.yml": "x: 1"})
    assert [path.name for path in service.files] == ["serverless.yml", "a.yml", "none.yml"]


def test_dotenv_files_fill_in_what_the_environment_lacks(load_map: Loader) -> None:
    files = {".env": "A=1\nB=\"two words\"\nexport C='x' # why\n", ".env.dev": "A=2\n"}
    text = "useDotenv: true\ncustom: {v: ['${env:A}', '${env:B}', '${env:C}']}\n"
    service = load_map(text, files=files, environ={"C": "real"})
    assert service.custom["v"] == ["2", "two words", "real"]
    assert ".env.dev" in [path.name for path in service.files]


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("${self:custom.nope}", "${self:custom.nope} is nowhere in the map"),
        ("${env:NOPE}", "the environment variable NOPE isn't set; a fallback is ${env:NOPE, 'value'}"),
        (
            "${opt:nope}",
            "the option --nope isn't given; dew takes it as --param nope=value, "
            "and a fallback is ${opt:nope, 'value'}",
        ),
        ("${param:nope}", "the parameter nope is neither under 'params:' nor given as --param nope=value"),
        ("${file(none.yml)}", "there is no file none.yml"),
        ("${file(code.js)}", "there is no file code.js"),
        ("${sls:nope}", "${sls:nope} doesn't exist; ${sls:stage} and ${sls:instanceId} do"),
        ("${strToBool(perhaps)}", "strToBool() takes true, false, 1 or 0, not 'perhaps'"),
        (
            "${aws:nope}",
            "${aws:nope} is a fact about an AWS account, which only an emulator that runs can be "
            "asked for; give its value in the map, as custom.dew.variables: {'aws:nope': value}",
        ),
        ("x${self:provider}", "${self:provider} is a mapping, which can't be a part of a text"),
        ("${self:custom.v", "broken variable: '${self:custom.v' ends before its '}'"),
        ("${opt:a, word}", "broken variable: the fallback 'word' needs quotes"),
        ("${self:custom.v}", "a variable that needs itself: ${self:custom.v} → ${self:custom.v}"),
    ],
)
def test_a_variable_without_a_value_is_located(problems_of: Problems, written: str, message: str) -> None:
    quoted = written.replace("'", "''")
    assert problems_of(f"custom:\n  v: '{quoted}'\n") == [f"serverless.yml:6:6: custom.v: {message}"]


def test_a_cycle_is_named_all_the_way_around(problems_of: Problems) -> None:
    first = problems_of("custom:\n  a: ${self:custom.b}\n  b: x${self:custom.a}\n")[0]
    assert first.endswith("needs itself: ${self:custom.b} → x${self:custom.a} → ${self:custom.b}")


def test_variables_nested_without_end_are_refused(problems_of: Problems) -> None:
    problem = problems_of(f"custom:\n  v: '{'${self:custom.' * 5000}x{'}' * 5000}'\n")[0]
    assert problem == "serverless.yml:6:6: custom.v: broken variable: variables nested deeper than 20 levels"


def test_a_chain_without_end_is_refused(problems_of: Problems) -> None:
    chain = "".join(f"  a{index}: '${{self:custom.a{index + 1}}}'\n" for index in range(2000))
    assert problems_of(f"custom:\n{chain}  a2000: 1\n")[0].endswith("a chain of more than 50 variables")


def test_an_unknown_source_is_an_error_that_lists_the_known(problems_of: Problems) -> None:
    problem = problems_of("custom:\n  v: ${vault:x}\n")[0]
    assert "custom.v: 'vault' is no variable source; known are self, env, opt, file" in problem


def test_a_fallback_for_what_needs_an_account_is_used_with_a_warning(load_map: Loader) -> None:
    service = load_map("custom:\n  v: ${cf:other.Out, 'local'}\n")
    assert service.custom["v"] == "local"
    assert [str(warning) for warning in service.warnings] == [
        "serverless.yml:6:6: custom.v: ${cf:other.Out} is the output of another CloudFormation stack, "
        "which only an emulator that runs can be asked for; the fallback is used"
    ]
