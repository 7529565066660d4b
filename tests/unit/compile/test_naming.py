"""Logical IDs are the Framework's."""

import pytest

from dewstack.compile import naming


@pytest.mark.parametrize(
    ("route_key", "logical_id"),
    [
        ("*", "HttpApiRouteDefault"),
        ("GET /", "HttpApiRouteGet"),
        ("GET /auth/forgot-password", "HttpApiRouteGetAuthForgotDashpassword"),
        ("ANY /any/{proxy+}", "HttpApiRouteAnyAnyProxyVar"),
        ("POST /users/{userId}/a_b.c", "HttpApiRoutePostUsersUseridVarAbc"),
    ],
)
def test_routes(route_key: str, logical_id: str) -> None:
    assert naming.http_api_route(route_key) == logical_id


@pytest.mark.parametrize(
    ("key", "logical_id"),
    [
        ("hello", "HelloLambdaFunction"),
        ("my-fn", "MyDashfnLambdaFunction"),
        ("a_b", "AUnderscorebLambdaFunction"),
    ],
)
def test_functions(key: str, logical_id: str) -> None:
    assert naming.lambda_function(key) == logical_id


def test_websocket_routes() -> None:
    assert naming.websocket_route("$connect") == "SconnectWebsocketsRoute"
    assert naming.websocket_route("chat/a-b_c.d") == "chatSlashaDashbUnderscorecPerioddWebsocketsRoute"
