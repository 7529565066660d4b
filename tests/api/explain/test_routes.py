"""The story of a route: what it says is what is deployed, and its event is the gateway's own."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from dewstack.testing import Dew, start
from tests.api.explain.provocations import World, bearer

pytestmark = pytest.mark.xdist_group("explain-routes")
MAP = Path(__file__).with_name("service").joinpath("serverless.yml").read_text().splitlines()


@pytest.fixture(scope="module")
def world(faulty: Path) -> Iterator[World]:
    with start(faulty) as dew, httpx.Client(timeout=30) as http:
        yield World(dew, http)


def asked(dew: Dew, **query: str) -> httpx.Response:
    return httpx.get(f"{dew.aws_url}/_dew/explain", params=query, timeout=30)


def told(world: World, **query: str) -> Any:
    answer = asked(world.dew, **query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def story(world: World, route: str) -> Any:
    (only,) = told(world, route=route)["routes"]
    return only


def shape(value: Any) -> Any:
    """A document's members and types, without its values."""
    if isinstance(value, dict):
        return {name: shape(item) for name, item in value.items()}
    return [shape(item) for item in value[:1]] if isinstance(value, list) else type(value).__name__


def recorded(world: World) -> Any:
    """The event of the newest request."""
    (row,) = world.http.get(f"{world.dew.aws_url}/_dew/invocations?limit=1").json()["invocations"]
    return world.http.get(f"{world.dew.aws_url}/_dew/invocation?id={row['id']}").json()["event"]


@pytest.mark.parametrize(
    ("route", "api", "line", "kind"),
    [
        ("http GET /ok/{id}", "http", "httpApi: GET /ok/{id}", "none"),
        ("rest /ok/{id}", "rest", 'path: "/ok/{id}"', "none"),
        ("GET /jwt", "http", "path: /jwt", "jwt"),
        ("GET /scoped", "http", "path: /scoped", "jwt"),
        ("GET /gated", "http", "path: /gated", "lambda"),
        ("GET /signed", "http", "path: /signed", "iam"),
        ("GET /dev/people", "rest", "path: /people", "cognito"),
        ("GET /denied", "rest", "path: /denied", "lambda"),
        ("GET /key", "rest", "path: /key", "none"),
        ("ws $connect", "websocket", "$connect", "none"),
        ("shout", "websocket", "shout", "none"),
        ("url ok", "url", "ok:", "none"),
    ],
)
def test_a_route_is_told_with_its_place_and_its_authorizer(
    world: World, route: str, api: str, line: str, kind: str
) -> None:
    found = story(world, route)
    assert (found["api"], found["facts"]["access"]["kind"]) == (api, kind)
    file, number, _ = found["defined_at"].split(":")
    assert file == "serverless.yml" and line in "\n".join(MAP[int(number) - 1 : int(number) + 2])
    assert found["function"]["handler_at"] == "app.py:7"
    assert [step["name"] for step in found["steps"]][:2] == ["DNS and TLS", "Routing"]
    assert found["flask"] and found["facts"]["event"]


@pytest.mark.parametrize("path", ["/ok/7?name=value", "/dev/ok/7?name=value"])
def test_the_example_is_the_event_of_a_request(world: World, path: str) -> None:
    found = told(world, route=f"GET {path}")["routes"][0]
    example = found["facts"]["event"]
    assert world.ask("GET", path, headers={"User-Agent": "dew-explain"}).status_code == 200
    event = recorded(world)
    for each in (example, event):
        for name in ("headers", "multiValueHeaders"):
            each.pop(name, None)
    assert shape(example) == shape(event)
    names = ("pathParameters", "queryStringParameters", "routeKey", "rawPath", "resource", "path", "body")
    assert {name: example.get(name) for name in names} == {name: event.get(name) for name in names}


def test_the_claims_of_the_example_look_like_those_of_a_token(world: World) -> None:
    tokens = world.sign_in()
    world.said("GET", "/jwt", 200, headers=bearer(tokens["AccessToken"]))
    real = recorded(world)["requestContext"]["authorizer"]
    found = story(world, "GET /jwt")["facts"]
    example = found["event"]["requestContext"]["authorizer"]
    assert shape(real) | {"jwt": None} == shape(example) | {"jwt": None}
    assert set(example["jwt"]["claims"]) <= set(real["jwt"]["claims"])
    assert example["jwt"]["claims"]["iss"] == real["jwt"]["claims"]["iss"] == found["access"]["issuer"]
    assert found["access"]["audience"] == [world.client]


def test_settings_of_the_stage_are_the_routes_own(world: World) -> None:
    def limit(route: str, step: str) -> str:
        return str(next(one["limit"] for one in story(world, route)["steps"] if one["name"] == step))

    assert "10,000 requests a second" in limit("GET /limited", "Throttling")
    limits = {"ThrottlingBurstLimit": 5, "ThrottlingRateLimit": 2.0}
    world.dew.client("apigatewayv2").update_stage(
        ApiId=world.http_api(), StageName="$default", RouteSettings={"GET /limited": limits}
    )
    assert "2 requests a second, bursts of 5" in limit("GET /limited", "Throttling")
    assert "waits 0.05 s" in limit("rest GET /slow", "Integration")
    assert "function timeout 1 s" in limit("rest GET /slow", "Lambda environment")


def test_a_function_has_all_its_routes_and_a_path_those_that_it_reaches(world: World) -> None:
    assert {one["api"] for one in told(world, route="ok")["routes"]} == {"http", "rest", "websocket", "url"}
    assert len(told(world, route="faults-dev-ok")["routes"]) == len(told(world, route="ok")["routes"])
    assert [one["api"] for one in told(world, route="GET /ok/7")["routes"]] == ["http", "rest"]
    assert [one["api"] for one in told(world, route="GET /dev/ok/7")["routes"]] == ["rest"]
    assert [one["route"] for one in told(world, route="/ok")["routes"]] == ["POST /ok", "POST /ok"]


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ({"route": "GET /okk"}, 404, "The nearest: POST /ok"),
        ({"route": "GET /"}, 404, "There is no route 'GET /'"),
        ({"error": "q"}, 404, "not among the errors"),
        ({}, 400, "expected one of"),
        ({"route": "GET /ok", "error": "x"}, 400, "expected one of"),
        ({"id": "999999"}, 400, "is recorded"),
        ({"id": "x"}, 400, "a number"),
    ],
)
def test_what_is_not_there_is_said(world: World, query: dict[str, str], status: int, said: str) -> None:
    answer = asked(world.dew, **query)
    assert (answer.status_code, said in answer.json()["error"]["message"]) == (status, True), answer.text


def test_an_error_is_told_with_the_request_that_met_it(world: World) -> None:
    world.said("GET", "/nowhere-at-all", 404)
    found = told(world, error="Not Found")
    assert found["candidates"][0]["id"] == "not-found"
    assert found["recorded"]["path"] == "/nowhere-at-all"


def unsigned(claims: dict[str, Any]) -> str:
    """A token that nobody signed."""
    from base64 import urlsafe_b64encode

    parts = [{"alg": "RS256", "kid": "x"}, claims]
    return ".".join(
        [*(urlsafe_b64encode(json.dumps(one).encode()).rstrip(b"=").decode() for one in parts), "x"]
    )


@pytest.mark.parametrize(
    ("request_", "error", "found"),
    [
        (("GET", "/jwt", {}), "http-unauthorized", "has no authorization header"),
        (("GET", "/jwt", bearer("session")), "invalid-token", "is no JWT"),
        (
            ("GET", "/jwt", bearer(unsigned({"iss": "https://elsewhere.example", "aud": "other"}))),
            "invalid-token",
            "`aud` 'other' isn't in the authorizer's audience ['",
        ),
        (
            ("GET", "/jwt", bearer(unsigned({"iss": "https://elsewhere.example", "exp": 1}))),
            "invalid-token",
            "`iss` is https://elsewhere.example",
        ),
        (("GET", "/jwt", bearer(unsigned({"exp": 1}))), "invalid-token", "The token expired"),
        (("GET", "/nowhere", {}), "not-found", "No route of the map takes GET /nowhere"),
        (("GET", "/dev/nowhere", {}), "missing-authentication-token", "No route of the map takes GET"),
        (("GET", "/dev/slow", {}), "endpoint-request-timed-out", "The gateway waited 0.05 s"),
        (("GET", "/fail", {}), "unhandled-exception", "The handler app.fail is at app.py:26"),
    ],
)
def test_the_last_failure_is_explained(
    world: World, request_: tuple[str, str, dict[str, str]], error: str, found: str
) -> None:
    method, path, headers = request_
    answer = world.ask(method, path, headers=headers)
    assert answer.status_code >= 400
    last = told(world, last="1")
    assert (last["summary"]["path"], last["summary"]["status"]) == (path, answer.status_code)
    assert error in [entry["id"] for entry in last["candidates"]]
    assert any(found in sentence for sentence in last["found"]), last["found"]


def test_a_token_without_the_scope_is_told_so(world: World) -> None:
    world.said("GET", "/scoped", 403, headers=bearer(world.sign_in()["AccessToken"]))
    last = told(world, last="1")
    assert last["route"]["route"] == "GET /scoped"
    finds = [cause["find"] for cause in last["candidates"][0]["causes"]]
    assert "dew explain 'http GET /scoped'" in finds  # as one types it for this request
    assert [entry["id"] for entry in last["candidates"]] == ["forbidden"]
    assert last["found"] == [
        "The token's `scope` ['aws.cognito.signin.user.admin'] has none of the route's scopes ['shop/admin']."
    ]


def test_the_wrong_kind_of_token_is_told_so(world: World) -> None:
    world.said("GET", "/dev/people", 401, headers=bearer(world.sign_in()["AccessToken"]))
    assert "It is the access token, and this method takes the id token." in told(world, last="1")["found"]
