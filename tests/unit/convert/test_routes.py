"""Rules of Flask as routes of API Gateway."""

from pathlib import Path

import pytest

from dewstack.convert.model import Rule
from dewstack.convert.routes import api_path, functions_by_endpoint, unlike_flask
from dewstack.errors import UserError
from tests.unit.convert.applications import application, rule


@pytest.mark.parametrize(
    ("written", "greedy", "path"),
    [
        ("/", (), "/"),
        ("/about", (), "/about"),
        ("/about/", (), "/about/"),
        ("/<int:id>/update", (), "/{id}/update"),
        ("/posts/<uuid:key>", (), "/posts/{key}"),
        ("/static/<path:filename>", ("filename",), "/static/{filename+}"),
        ("/files/<path:name>/raw", ("name",), "/files/{name+}"),
        ("/<name>.json", (), "/{name}"),
        ("/user-<id>/x", (), "/{id}/x"),
        ("/<any(a, 'b/c'):kind>/x", (), "/{kind}/x"),
    ],
)
def test_a_rule_is_a_path_of_whole_segments(written: str, greedy: tuple[str, ...], path: str) -> None:
    assert api_path(rule(written, greedy=greedy)) == path


def functions(tmp_path: Path, *rules: Rule, rest: bool = False) -> dict[str, list[str]]:
    found = functions_by_endpoint(application(tmp_path, rules=rules), rest=rest)
    return {each.key: [f"{route.method} {route.path}" for route in each.routes] for each in found}


def test_functions_are_named_after_endpoints(tmp_path: Path) -> None:
    assert functions(
        tmp_path,
        rule("/", "index"),
        rule("/new", "blog.create_post", "GET", "POST"),
        rule("/new-post", "blog.createPost"),
        rule("/2", "2nd"),
    ) == {
        "index": ["GET /"],
        "blogCreatePost": ["GET /new", "POST /new"],
        "blogCreatePost2": ["GET /new-post"],
        "view2nd": ["GET /2"],
    }


def test_a_branch_keeps_its_slash_where_it_counts(tmp_path: Path) -> None:
    rules = (rule("/about/"), rule("/loose", "loose", strict_slashes=False), rule("/strict", "strict"))
    assert functions(tmp_path, *rules) == {
        "view": ["GET /about/"],
        "loose": ["GET /loose"],
        "strict": ["GET /strict"],
    }
    assert functions(tmp_path, *rules, rest=True)["view"] == ["GET /about"]
    told = unlike_flask(application(tmp_path, rules=rules), rest=False)
    assert told["/about/ without its slash"] == '404 {"message":"Not Found"}; Flask: a redirect'


def test_every_method_is_any_and_options_of_one_s_own_is_said(tmp_path: Path) -> None:
    every = ("GET", "POST", "PUT", "PATCH", "DELETE")
    assert functions(
        tmp_path, rule("/a", "a", *every), rule("/b", "b", "GET", "OPTIONS", automatic_options=False)
    ) == {"a": ["ANY /a"], "b": ["GET /b", "OPTIONS /b"]}


def test_rules_that_are_one_route_to_the_gateway_lead_to_the_first(tmp_path: Path) -> None:
    assert functions(tmp_path, rule("/x/<int:id>", "byId"), rule("/x/<id>", "byName", "GET", "POST")) == {
        "byId": ["GET /x/{id}"],
        "byName": ["POST /x/{id}"],
    }


def test_what_no_request_of_http_reaches_has_no_function(tmp_path: Path) -> None:
    rules = (rule("/a", "a", websocket=True), rule("/b", "b", build_only=True))
    assert functions(tmp_path, *rules, rule("/static/<path:filename>", "static", greedy=("filename",))) == {}


def test_a_rest_api_has_one_name_for_a_variable_below_each_resource(tmp_path: Path) -> None:
    found = functions(tmp_path, rule("/x/<id>", "a"), rule("/x/<name>/y", "b"), rest=True)
    assert found == {"a": ["GET /x/{id}"], "b": ["GET /x/{id}/y"]}


def test_a_rest_api_can_t_have_a_variable_beside_a_greedy_one(tmp_path: Path) -> None:
    rules = (rule("/x/<id>", "a"), rule("/x/<path:rest>", "b", greedy=("rest",)))
    with pytest.raises(UserError, match=r"both \{id\} and \{rest\+\} below /x"):
        functions(tmp_path, *rules, rest=True)
    assert functions(tmp_path, *rules) == {"a": ["GET /x/{id}"], "b": ["GET /x/{rest+}"]}


def test_more_routes_than_an_api_has_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="301 routes are more than the 300"):
        functions(tmp_path, *(rule(f"/{number}", f"v{number}") for number in range(301)))


def test_pages_for_unknown_paths_are_named_where_the_application_has_some(tmp_path: Path) -> None:
    assert len(unlike_flask(application(tmp_path), rest=False)) == 2
    told = unlike_flask(application(tmp_path, error_codes=(404, 500)), rest=True)
    assert any("own page for 404" in what for what in told)
    assert any("Missing Authentication Token" in how for how in told.values())
