"""Every mistake of a map is found at once, at its place, with its likely meaning."""

from collections.abc import Callable
from pathlib import Path

import pytest

from dewstack.errors import UserError
from dewstack.service import MapError, Service, find_map, load

Loader = Callable[..., Service]
Problems = Callable[..., list[str]]


def test_all_mistakes_are_reported_together_in_the_order_of_the_map(problems_of: Problems) -> None:
    text = """\
    functions:
      login:
        handler: handlers/login.handlr
        memorysize: 128
        timeout: abc
        events:
          - httpApi: GETT /login
          - htpApi: GET /login
          - httpApi: {method: GET, path: /me, authorizer: {name: usrs}}
      big: {handler: handlers/login.handler, timeout: 901, memorySize: 64}
    """
    assert problems_of(text) == [
        "serverless.yml:7:14: functions.login.handler: handlers/login.py has no function 'handlr'; it has: handler",
        "serverless.yml:8:5: functions.login.memorysize: unknown key, did you mean 'memorySize'?",
        "serverless.yml:9:14: functions.login.timeout: expected a whole number, not 'abc'",
        "serverless.yml:11:18: functions.login.events[0].httpApi: 'GETT /login' isn't a route: write 'METHOD /path' "
        "with one of ANY, GET, POST, PUT, PATCH, OPTIONS, HEAD, DELETE, or '*'",
        "serverless.yml:12:9: functions.login.events[1].htpApi: unknown event type, did you mean 'httpApi'?",
        "serverless.yml:13:9: functions.login.events[2].httpApi.authorizer: there is no authorizer 'usrs' "
        "under provider.httpApi.authorizers",
        "serverless.yml:14:51: functions.big.timeout: must be at most 900, not 901",
        "serverless.yml:14:68: functions.big.memorySize: must be at least 128, not 64",
    ]


@pytest.mark.parametrize(
    ("function", "message"),
    [
        ("{}", "functions.f: missing key 'handler' (or 'image')"),
        ("5", "functions.f: expected a mapping, not 5"),
        ("{handler: login}", "functions.f.handler: 'login' isn't a handler: write 'path/to/module.function'"),
        (
            "{handler: handlers/logn.handler}",
            "functions.f.handler: there is no file handlers/logn.py for the handler 'handlers/logn.handler', "
            "did you mean 'login'?",
        ),
        ("{handler: handlers/login.handler, image: x}", "functions.f: has both 'handler' and 'image'"),
        ("{handler: handlers/login.handler, timeout: 0}", "functions.f.timeout: must be at least 1, not 0"),
        ("{handler: handlers/login.handler, layers: [1]}", "functions.f.layers[0]: "),
        ("{handler: handlers/login.handler, environment: {A: [1]}}", "functions.f.environment.A: expected"),
        ("{handler: handlers/login.handler, environment: {A-B: x}}", "'A-B' is no valid name here"),
        ("{handler: handlers/login.handler, runtime: pyton3.12}", "did you mean 'python3.12'?"),
        ("{handler: handlers/login.handler, name: " + "n" * 65 + "}", "is longer than 64"),
        (
            "{handler: handlers/login.handler, events: x}",
            "functions.f.events[0]: expected ",
        ),
    ],
)
def test_a_wrong_function_is_located(problems_of: Problems, function: str, message: str) -> None:
    problem = problems_of(f"functions:\n  f: {function}\n")[0]
    assert problem.startswith("serverless.yml:6:")
    assert message in problem


@pytest.mark.parametrize(
    ("event", "message"),
    [
        ("httpApi: GET items", "'GET items' isn't a route"),
        ("httpApi: {method: FOO, path: /x}", "httpApi.method: 'FOO' isn't a method: ANY, GET, POST"),
        ("httpApi: {method: GET, path: x}", "httpApi.path: 'x' isn't a path"),
        ("httpApi: {method: GET}", "httpApi: missing key 'path'"),
        ("httpApi: {path: /x}", "httpApi: missing key 'method'"),
        ("httpApi: {method: GET, path: '*'}", "httpApi.method: the path '*' takes every method"),
        (
            "httpApi: {method: GET, path: /x, authorizer: user}",
            "no authorizer 'user' under provider.httpApi.authorizers",
        ),
        (
            "httpApi: {method: GET, path: /x, authorizer: {id: x}}",
            "an authorizer's 'id' is for an API made elsewhere",
        ),
        ("httpApi: {method: GET, path: /x, authorizer: {type: aws_iam, scopes: [a]}}", "takes no other keys"),
        ("httpApi: {method: GET, path: /x, authorizer: {type: jwt}}", "missing key 'name'"),
        ("schedule: every day", "doesn't have the form"),
        (
            "schedule: {rate: [rate(1 day), rate(1 hour)], name: x}",
            "with more than one rate can't have a name",
        ),
        ("websocket: {route: x, authorizer: nobody}", "there is no function 'nobody'"),
    ],
)
def test_a_wrong_event_is_located(problems_of: Problems, event: str, message: str) -> None:
    found = problems_of(
        f"functions:\n  f:\n    handler: handlers/login.handler\n    events:\n    - {event}\n"
    )
    assert any(message in problem and problem.startswith("serverless.yml:9:") for problem in found), found


def test_a_route_that_is_there_twice_names_the_first(problems_of: Problems) -> None:
    text = """\
    functions:
      a: {handler: handlers/login.handler, events: [{httpApi: GET /x}]}
      b:
        handler: handlers/login.handler
        events: [{httpApi: {method: get, path: /x}}]
    """
    assert problems_of(text) == [
        "serverless.yml:9:15: functions.b.events[0].httpApi: the route 'GET /x' is there twice, "
        "first at serverless.yml:6"
    ]


@pytest.mark.parametrize(
    ("http_api", "message"),
    [
        (
            "{authorizers: {a: {type: jwtt}}}",
            "authorizers.a.type: 'jwtt' isn't one of jwt, request, did you mean 'jwt'?",
        ),
        (
            "{authorizers: {a: {type: jwt, issuerUrl: x}}}",
            "authorizers.a: missing keys 'identitySource' and 'audience'",
        ),
        (
            "{authorizers: {a: {type: request}}}",
            "missing key 'functionName' (a function of this map) or 'functionArn'",
        ),
        ("{authorizers: {a: {type: request, functionName: x}}}", "functionName: there is no function 'x'"),
        ("{id: x, cors: true}", "httpApi.cors: can't be set up for an API that is made elsewhere"),
        ("{cors: 5}", "httpApi.cors: expected true or false or a mapping, not 5"),
        ("{payload: '3.0'}", "httpApi.payload: '3.0' isn't a payload format: '1.0' or '2.0'"),
    ],
)
def test_a_wrong_http_api_is_located(problems_of: Problems, http_api: str, message: str) -> None:
    found = problems_of(
        "", head=f"service: shop\nprovider:\n  name: aws\n  stage: dev\n  httpApi: {http_api}\n"
    )
    assert any(message in problem and problem.startswith("serverless.yml:5:") for problem in found), found


def test_a_mistake_in_an_included_file_names_that_file(problems_of: Problems) -> None:
    files = {"parts/f.yml": "f:\n  handler: handlers/login.handler\n  timeot: 3\n  memorySize: 1\n"}
    assert problems_of("functions: ${file(parts/f.yml)}\n", files=files) == [
        "parts/f.yml:3:3: functions.f.timeot: unknown key, did you mean 'timeout'?",
        "parts/f.yml:4:15: functions.f.memorySize: must be at least 128, not 1",
    ]


def test_broken_yaml_in_an_included_file_names_that_file(problems_of: Problems) -> None:
    problem = problems_of("resources: ${file(r.yml)}\n", files={"r.yml": "a:\n\tb: 1\n"})[0]
    assert problem.startswith("r.yml:2:1: resources: broken YAML: a tab")


def test_the_resources_are_checked(problems_of: Problems) -> None:
    found = problems_of("resources:\n  Resources:\n    Table: {Typ: X}\n    a-b: {Type: X}\n")
    assert "serverless.yml:7:5: resources.Resources.Table: missing key 'Type'" in found
    assert (
        "serverless.yml:8:5: resources.Resources.a-b: 'a-b' is no valid name here: ^[a-zA-Z0-9]{1,255}$"
        in found
    )


def test_unknown_keys_warn(load_map: Loader) -> None:
    service = load_map("provder: x\n")
    assert [str(warning) for warning in service.warnings] == [
        "serverless.yml:5:1: provder: unknown key, did you mean 'provider'?"
    ]
    assert service.warnings[0].severity == "warning"


def test_unknown_keys_are_errors_when_strict_or_the_map_says_so(problems_of: Problems) -> None:
    expected = ["serverless.yml:5:1: provder: unknown key, did you mean 'provider'?"]
    assert problems_of("provder: x\n", strict=True) == expected
    assert problems_of("provder: x\nconfigValidationMode: error\n") == expected


def test_the_map_can_turn_validation_down(load_map: Loader) -> None:
    wrong = "package: 5\nprovder: x\n"
    assert len(load_map(f"configValidationMode: warn\n{wrong}").warnings) == 2
    assert load_map(f"configValidationMode: off\n{wrong}").warnings == ()


def test_what_can_not_be_done_without_is_an_error_in_any_mode(problems_of: Problems) -> None:
    text = "configValidationMode: off\nfunctions: {f: {handler: handlers/login.handler, timeout: abc}}\n"
    assert problems_of(text) == [
        "serverless.yml:6:59: functions.f.timeout: expected a whole number, not 'abc'"
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "serverless.yml:1:1: the map is empty"),
        ("- a\n", "serverless.yml:1:1: the map has to be a mapping of keys"),
        ("service: shop\n", "serverless.yml:1:1: missing key 'provider'"),
        ("provider: aws\n", "serverless.yml:1:1: missing key 'service'"),
        ("service: s p\nprovider: aws\n", "serverless.yml:1:10: service: 's p' can't be a service's name"),
        (
            "service: shop\nprovider: {name: aws, stage: a_b}\n",
            "provider.stage: 'a_b' can't be a stage's name",
        ),
        ("service: shop\nservice: shop\n", "serverless.yml:2:1: the key 'service' is here twice"),
    ],
)
def test_a_map_that_is_none_is_told_what_it_lacks(problems_of: Problems, text: str, message: str) -> None:
    assert message in problems_of(text, head="")[0]


def test_a_key_whose_variable_has_no_value_is_not_missing_too(problems_of: Problems) -> None:
    assert problems_of("service: ${env:NAME}\nprovider: aws\n", head="") == [
        "serverless.yml:1:10: service: the environment variable NAME isn't set; a fallback is ${env:NAME, 'value'}"
    ]


def test_settings_beside_their_event_are_told_where_they_belong(problems_of: Problems) -> None:
    text = """\
    functions:
      f:
        handler: handlers/login.handler
        events:
          - http:
            path: /
            method: get
    """
    assert problems_of(text) == [
        "serverless.yml:9:9: functions.f.events[0]: 'http' is empty; indent what belongs to it (path, method) below it"
    ]


def test_a_stage_option_that_is_no_name_is_refused(load_map: Loader) -> None:
    with pytest.raises(UserError, match="--stage: 'a_b' can't be a stage's name"):
        load_map("", options={"stage": "a_b"})


def test_no_map_says_so_and_where_one_is(tmp_path: Path) -> None:
    inner = tmp_path / "handlers"
    inner.mkdir()
    with pytest.raises(UserError, match=r"no serverless\.yml in"):
        find_map(inner)
    (tmp_path / "serverless.yml").write_text("service: shop\n")
    with pytest.raises(UserError) as caught:
        load(inner, options={}, environ={})
    assert str(tmp_path) in caught.value.hint


def test_a_map_that_is_not_text_says_where(tmp_path: Path) -> None:
    (tmp_path / "serverless.yml").write_bytes(b"service: \xff\n")
    with pytest.raises(UserError, match="isn't UTF-8 text: byte 9 is 0xff"):
        load(tmp_path, options={}, environ={})


def test_the_error_carries_its_problems(load_map: Loader) -> None:
    with pytest.raises(MapError) as caught:
        load_map("layers: 5\n")
    problem = caught.value.problems[0]
    assert (problem.file, problem.line, problem.column, problem.key) == ("serverless.yml", 5, 9, "layers")
    assert problem.severity == "error"
    assert caught.value.message == str(problem)
