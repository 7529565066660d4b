"""The precedence of routes: literal, parameter, greedy; the method before ANY; `$default` last."""

import pytest

from dewstack.apigateway.routes import Router, well_formed

PETS = ["GET /pets/dog/1", "GET /pets/dog/{id}", "GET /pets/{proxy+}", "ANY /{proxy+}", "$default"]


def router(*keys: str) -> Router[str]:
    return Router((key, key) for key in keys)


@pytest.mark.parametrize(
    ("method", "path", "key"),
    [
        ("GET", "/pets/dog/1", "GET /pets/dog/1"),
        ("GET", "/pets/dog/2", "GET /pets/dog/{id}"),
        ("GET", "/pets/cat/1", "GET /pets/{proxy+}"),
        ("POST", "/test/5", "ANY /{proxy+}"),
        ("POST", "/pets/dog/1", "ANY /{proxy+}"),
        ("GET", "/", "$default"),
        ("GET", "/pets/", "ANY /{proxy+}"),
        ("GET", "/pets/dog/", "GET /pets/{proxy+}"),
        ("GET", "/p%65ts/dog/1", "GET /pets/dog/1"),
        ("GET", "//pets/dog/1", "GET /pets/dog/1"),
        ("GET", "", "$default"),
    ],
)
def test_the_documented_precedence(method: str, path: str, key: str) -> None:
    assert router(*PETS).match(method, path)[0] == key
    assert router(*reversed(PETS)).match(method, path)[0] == key


def test_a_method_comes_before_any() -> None:
    routes = router("ANY /a", "GET /a", "ANY /{x}", "POST /{x}")
    assert routes.match("GET", "/a")[0] == "GET /a"
    assert routes.match("PUT", "/a")[0] == "ANY /a"
    assert routes.match("POST", "/a")[0] == "ANY /a"
    assert routes.match("POST", "/b")[0] == "POST /{x}"
    assert routes.match("GET", "/b")[0] == "ANY /{x}"


def test_only_routes_with_the_method_count() -> None:
    routes = router("POST /test", "ANY /test/any", "OPTIONS /{proxy+}")
    assert routes.match("OPTIONS", "/test")[0] == "OPTIONS /{proxy+}"
    assert routes.match("OPTIONS", "/test/any")[0] == "ANY /test/any"
    assert routes.match("GET", "/test") == (None, None)


def test_it_goes_back_where_a_better_beginning_leads_nowhere() -> None:
    routes = router("GET /a/{x}/end", "GET /{y}/b/{z}", "GET /a/{rest+}")
    assert routes.match("GET", "/a/b/end") == ("GET /a/{x}/end", {"x": "b"})
    assert routes.match("GET", "/a/b/c") == ("GET /a/{rest+}", {"rest": "b/c"})
    assert routes.match("GET", "/q/b/c") == ("GET /{y}/b/{z}", {"y": "q", "z": "c"})


@pytest.mark.parametrize(
    ("path", "parameters"),
    [
        ("/u/5", {"id": "5"}),
        ("/u/5/", {"id": "5"}),
        ("/u/a%2Fb", {"id": "a/b"}),
        ("/u/%E2%98%95", {"id": "☕"}),
        ("/u/%ff", {"id": "\ufffd"}),
        ("/u/%", {"id": "%"}),
        ("/u/a+b", {"id": "a+b"}),
        ("/f/a//b/", {"rest": "a//b"}),
        ("/f/a%2Fb/c%20d", {"rest": "a/b/c d"}),
    ],
)
def test_parameters_are_decoded_and_lose_a_trailing_slash(path: str, parameters: dict[str, str]) -> None:
    assert router("GET /u/{id}", "GET /f/{rest+}").match("GET", path)[1] == parameters


@pytest.mark.parametrize("path", ["/u", "/u/", "/u//", "/u/1/2", "/f/", "/f//"])
def test_a_parameter_is_never_empty(path: str) -> None:
    assert router("GET /u/{id}", "GET /f/{rest+}").match("GET", path) == (None, None)


def test_a_trailing_slash_counts_only_where_a_route_has_it() -> None:
    routes = router("GET /a", "GET /b/", "GET /c", "GET /c/")
    assert routes.match("GET", "/a/")[0] == "GET /a"
    assert routes.match("GET", "/b")[0] is None
    assert routes.match("GET", "/b/")[0] == "GET /b/"
    assert routes.match("GET", "/c/")[0] == "GET /c/"
    assert routes.match("GET", "/c")[0] == "GET /c"


def test_routes_of_one_shape_may_name_their_parameters_differently() -> None:
    routes = router("GET /u/{id}", "PUT /u/{name}")
    assert routes.match("GET", "/u/1")[1] == {"id": "1"}
    assert routes.match("PUT", "/u/1")[1] == {"name": "1"}


def test_a_thousand_segments_end_quickly() -> None:
    routes = router("GET /{a}/{b}/{c}", "GET /x/{rest+}")
    assert routes.match("GET", "/x" * 5_000)[1] == {"rest": "x/" * 4_998 + "x"}
    assert routes.match("GET", "/" * 10_000) == (None, None)


@pytest.mark.parametrize(
    "key", ["$default", "GET /", "ANY /{proxy+}", "OPTIONS /a/{id}/b", "DELETE /a.b-c_d~e/", "GET /{a}/{b+}"]
)
def test_well_formed_route_keys(key: str) -> None:
    assert well_formed(key)


@pytest.mark.parametrize(
    "key",
    ["", "GET", "GET x", "get /x", "GET  /x", "TRACE /x", "$connect", "/x", "GET /{a+}/b", "GET /a{b}", "GET /{}",
     "GET /{a}/{a}", "GET /a b", "GET /{a"],
)  # fmt: skip
def test_malformed_route_keys(key: str) -> None:
    assert not well_formed(key)
