"""Port 3000: the HTTP API at `/`, the REST API at `/{stage}/`, or where serverless-offline would have it."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from dewstack.errors import UserError
from dewstack.testing import start

HANDLER = """
import json
def echo(event, context):
    path = event.get("rawPath") or event["path"]
    told = {"kind": "http" if "rawPath" in event else "rest", "path": path}
    told["whole"] = event["requestContext"].get("path")
    return {"statusCode": 200, "body": json.dumps(told)}
"""
REST = "{http: {path: 'rest/{id}', method: get}}"
HTTP = "{httpApi: 'GET /web/{id}'}"


def running(directory: Path, *events: str, offline: str = "", stage: str = "dev") -> Any:
    custom = (
        f"custom: {{serverless-offline: {{{offline}}}}}\nplugins: [serverless-offline]\n" if offline else ""
    )
    (directory / "app.py").write_text(HANDLER)
    (directory / "serverless.yml").write_text(
        f"service: port\nprovider: {{name: aws, runtime: python3.11, stage: {stage}}}\n{custom}"
        f"functions:\n  echo:\n    handler: app.echo\n    events: [{', '.join(events)}]\n"
    )
    return start(directory)


def told(dew: Any, path: str) -> Any:
    response = httpx.get(dew.url + path)
    return response.json() if response.status_code == 200 else response.status_code


def test_both_kinds_of_api_are_served_side_by_side(tmp_path: Path) -> None:
    with running(tmp_path, REST, HTTP) as dew:
        rest = {"kind": "rest", "path": "/rest/1", "whole": "/dev/rest/1"}
        assert told(dew, "/dev/rest/1") == told(dew, "//dev/rest/1") == rest
        assert told(dew, "/web/1") == {"kind": "http", "path": "/web/1", "whole": None}
        assert [told(dew, path) for path in ("/rest/1", "/dev/web/1", "/developer", "/dev", "/")] == [
            404,
            403,
            404,
            403,
            404,
        ]
        config = httpx.get(f"{dew.frontend_url}/config.json").json()
        assert (config["apiUrl"], config["restApiUrl"]) == (dew.url, f"{dew.url}/dev")
        [api] = dew.call("apigateway", "GetRestApis")["items"]
        for path in (f"/restapis/{api['id']}/dev/_user_request_", f"/_aws/execute-api/{api['id']}/dev"):
            assert httpx.get(f"{dew.aws_url}{path}/rest/1").json() == rest
        by_host = {"Host": f"{api['id']}.execute-api.localhost:4566"}
        assert httpx.get(f"{dew.aws_url}/dev/rest/1", headers=by_host).json() == rest


def test_a_catch_all_of_the_http_api_leaves_the_stage_to_the_rest_api(tmp_path: Path) -> None:
    with running(tmp_path, REST, "{httpApi: '*'}", stage="live") as dew:
        assert told(dew, "/live/rest/1")["kind"] == "rest"
        assert told(dew, "/other/rest/1")["kind"] == "http"


def test_a_rest_api_alone_says_where_it_is(tmp_path: Path) -> None:
    with running(tmp_path, REST) as dew:
        response = httpx.get(f"{dew.url}/rest/1")
        assert (response.status_code, response.json()) == (
            404,
            {"message": "GET /rest/1: nothing is here. The API is at /dev/"},
        )
        config = httpx.get(f"{dew.frontend_url}/config.json").json()
        assert config["apiUrl"] == config["restApiUrl"] == f"{dew.url}/dev"


@pytest.mark.parametrize(
    ("offline", "base"),
    [
        ("noPrependStageInUrl: true", ""),
        ("noPrependStageInUrl: true, prefix: api", "/api"),
        ("prefix: api", "/api/dev"),
    ],
)
def test_serverless_offline_s_settings_are_followed(tmp_path: Path, offline: str, base: str) -> None:
    with running(tmp_path, REST, offline=offline) as dew:
        assert told(dew, f"{base}/rest/1") == {"kind": "rest", "path": "/rest/1", "whole": "/dev/rest/1"}
        assert httpx.get(f"{dew.frontend_url}/config.json").json()["restApiUrl"] == dew.url + base


def test_beside_an_http_api_the_stage_stays_in_the_url(tmp_path: Path) -> None:
    with running(tmp_path, REST, HTTP, offline="noPrependStageInUrl: true") as dew:
        assert told(dew, "/dev/rest/1")["kind"] == "rest"
        assert told(dew, "/web/1")["kind"] == "http"


@pytest.mark.parametrize("route", ["/dev", "/dev/{id}", "/dev/rest/more"])
def test_a_route_that_the_stage_would_hide_is_refused(tmp_path: Path, route: str) -> None:
    match = f"serverless.yml:6.*GET {route}.*/dev/ on the same port"
    with (
        pytest.raises(UserError, match=match) as raised,
        running(tmp_path, REST, f"{{httpApi: 'GET {route}'}}"),
    ):
        pass
    assert "--stage" in raised.value.hint


def test_without_any_api_the_port_says_so(tmp_path: Path) -> None:
    with running(tmp_path, "{schedule: rate(1 day)}") as dew:
        response = httpx.get(f"{dew.url}/")
        assert (response.status_code, response.json()) == (
            404,
            {"message": "The map has neither an HTTP API nor a REST API."},
        )
