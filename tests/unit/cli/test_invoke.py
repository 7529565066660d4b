"""`dew invoke`: events made of a route and a request, and a call without a running emulator."""

import json
from pathlib import Path
from typing import Any

import pytest

from dewstack.cli.sample import Sample
from dewstack.errors import UserError

from .conftest import Dew

REGION = "eu-west-1"


def route(key: str, api: str = "http", **more: Any) -> dict[str, Any]:
    method, _, path = key.partition(" ")
    return {
        "api": api,
        "method": method,
        "path": path,
        "function": "f",
        "authorizer": None,
        "scopes": [],
        **more,
    }


ROUTES = [
    route("GET /items/{id}"),
    route("POST /items", authorizer="pool", scopes=["items/write"]),
    route("ANY /files/{path+}", payload="1.0"),
    route("PUT /dev/items/{id}", "rest", authorizer="pool"),
    {**route("GET /other"), "function": "g"},
]


def event(**sample: Any) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(Sample(**sample).event("f", ROUTES, REGION))
    return made


def test_a_path_finds_its_route_and_fills_the_event() -> None:
    made = event(path="/items/a%20b?x=1&x=2", headers=("X-A: 1", "user-agent: mine", "Cookie: a=1; b=2"))
    assert (made["version"], made["routeKey"], made["rawPath"]) == ("2.0", "GET /items/{id}", "/items/a b")
    assert made["pathParameters"] == {"id": "a b"}
    assert made["queryStringParameters"] == {"x": "1,2"}
    assert made["cookies"] == ["a=1", "b=2"]
    assert made["headers"]["x-a"] == "1"
    assert made["headers"]["user-agent"] == made["requestContext"]["http"]["userAgent"] == "mine"
    assert made["requestContext"]["domainName"].endswith(f".execute-api.{REGION}.amazonaws.com")


def test_a_route_without_a_path_names_its_parameters_after_themselves() -> None:
    made = event(route="GET /items/{id}")
    assert (made["rawPath"], made["pathParameters"]) == ("/items/id", {"id": "id"})


def test_a_body_is_json_where_it_parses_and_text_elsewhere() -> None:
    made = event(route="POST /items", body='{"a": 1}')
    assert (made["body"], made["headers"]["content-type"]) == ('{"a": 1}', "application/json")
    assert event(route="POST /items", body="a=1")["headers"]["content-type"] == "text/plain"


def test_a_guarded_route_has_claims_like_those_of_a_user_pool() -> None:
    authorizer = event(route="POST /items", claims={"sub": "ada", "cognito:groups": ["a", "b"]})[
        "requestContext"
    ]["authorizer"]["jwt"]
    assert authorizer["scopes"] == ["items/write"]
    assert authorizer["claims"]["sub"] == authorizer["claims"]["username"] == "ada"
    assert authorizer["claims"]["cognito:groups"] == "[a b]"
    assert int(authorizer["claims"]["exp"]) > int(authorizer["claims"]["iat"])


def test_an_open_route_has_claims_only_when_they_are_given() -> None:
    assert "authorizer" not in event(path="/items/1")["requestContext"]
    assert "authorizer" in event(path="/items/1", claims={"sub": "ada"})["requestContext"]


@pytest.mark.parametrize(
    "sample",
    [{"route": "PUT /dev/items/{id}", "path": "/dev/items/5"}, {"path": "/items/5", "method": "put"}],
)
def test_a_rest_api_has_its_own_format_and_its_stage_may_be_left_out(sample: dict[str, str]) -> None:
    made = event(**sample, claims={"cognito:groups": ["a", "b"]})
    assert "version" not in made
    assert (made["resource"], made["path"], made["httpMethod"]) == ("/items/{id}", "/items/5", "PUT")
    assert made["requestContext"]["path"] == "/dev/items/5"
    assert made["requestContext"]["authorizer"]["claims"]["cognito:groups"] == "a,b"
    assert made["pathParameters"] == {"id": "5"}


def test_a_function_of_format_1_gets_format_1_and_any_method_is_a_get() -> None:
    made = event(path="/files/a/b")
    assert (made["version"], made["httpMethod"]) == ("1.0", "GET")
    assert made["pathParameters"] == {"path": "a/b"}
    assert event(route="DELETE /files/{path+}", method="DELETE")["httpMethod"] == "DELETE"


@pytest.mark.parametrize(
    ("sample", "said", "hint"),
    [
        ({"route": "GET /itens/{id}"}, "did you mean 'GET /items/{id}'?", "Its routes: 'GET /items/{id}'"),
        ({"path": "/nowhere"}, "No route of this function leads from '/nowhere'.", "'POST /items'"),
        ({"path": "/other"}, "No route of this function", "'PUT /dev/items/{id}'"),
        ({"path": "/items/1", "headers": ("no colon",)}, "--header 'no colon'", ""),
    ],
)
def test_what_fits_no_route_is_refused_with_those_that_there_are(
    sample: dict[str, Any], said: str, hint: str
) -> None:
    with pytest.raises(UserError) as caught:
        event(**sample)
    assert said in str(caught.value)
    assert hint in (caught.value.hint or "")


def test_a_function_without_routes_takes_no_request() -> None:
    with pytest.raises(UserError, match="has no route"):
        Sample(path="/").event("h", ROUTES, REGION)


def test_a_call_without_an_emulator_gets_one_for_itself(dew: Dew, project: Path) -> None:
    (project / "hello.py").write_text(
        "def handler(event, context):\n"
        "    if context.client_context: return context.client_context.custom\n"
        "    return [event.get('rawPath'), event.get('pathParameters'), event.get('body')]\n"
    )
    ran = dew("invoke", "hello", "--path", "/hello/ada", "--data", "x")
    assert (ran.code, json.loads(ran.output)) == (0, ["/hello/ada", {"name": "ada"}, "x"])
    assert "No emulator runs here" in ran.errors
    ran = dew("invoke", "hello", "--context", '{"custom": {"a": 1}}')
    assert (ran.code, json.loads(ran.output)) == (0, {"a": 1})
    assert not (project / ".dew").exists()


def test_what_lambda_refuses_is_told_as_with_an_emulator(dew: Dew, project: Path) -> None:
    map_file = project / "serverless.yml"
    reserved = "    handler: hello.handler\n    reservedConcurrency: 0\n"
    map_file.write_text(map_file.read_text().replace("    handler: hello.handler\n", reserved))
    ran = dew("invoke", "hello")
    assert ran.code == 1
    assert "TooManyRequestsException: Rate Exceeded." in ran.errors


def test_a_dry_run_prints_the_event(dew: Dew, project: Path) -> None:
    ran = dew("invoke", "hello", "--route", "POST /hello/{name}", "--dry-run")
    assert json.loads(ran.output)["routeKey"] == "POST /hello/{name}"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("helo", "There is no function 'helo', did you mean 'hello'?"),
        ("hello --event {", "The event is not JSON"),
        ("hello --event {} --path /hello", "--event is the whole event"),
        ("hello --method GET", "give its --path or --route as well"),
        ("hello --path /hello --claims [1]", "--claims takes a JSON object"),
        ("hello --event @/nowhere/at/all", "Cannot read"),
    ],
)
def test_mistakes_are_told(dew: Dew, project: Path, arguments: str, said: str) -> None:
    ran = dew("invoke", *arguments.split())
    assert ran.code == 1
    assert said in ran.errors
