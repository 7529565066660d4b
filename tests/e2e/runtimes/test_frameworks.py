"""Frameworks that people put into handlers: Powertools for AWS Lambda, Mangum (ASGI), apig-wsgi (WSGI)."""

import importlib.util
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from dewstack.testing import Dew, start

LIBRARIES = [
    *("aws_lambda_powertools", "mangum", "starlette", "anyio", "idna", "typing_extensions", "jmespath"),
    *("apig_wsgi", "flask", "werkzeug", "jinja2", "markupsafe", "itsdangerous", "click", "blinker"),
]
"""What the package brings along."""
VERSION = f"{sys.version_info[0]}.{sys.version_info[1]}"

MAP = f"""
service: frameworks
provider:
  name: aws
  runtime: python{VERSION}
  environment:
    POWERTOOLS_SERVICE_NAME: orders
    POWERTOOLS_METRICS_NAMESPACE: Shop
    POWERTOOLS_TRACE_DISABLED: "true"
functions:
  powertools:
    handler: powertools.handler
    events:
      - httpApi: ANY /orders/{{proxy+}}
      - http: any /orders/{{proxy+}}
  asgi:
    handler: asgi.handler
    events:
      - httpApi: ANY /asgi/{{proxy+}}
      - http: any /asgi/{{proxy+}}
  wsgi:
    handler: wsgi.handler
    events:
      - httpApi: ANY /wsgi/{{proxy+}}
      - http: any /wsgi/{{proxy+}}
"""

POWERTOOLS = """
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, APIGatewayRestResolver
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities import parameters

logger, metrics = Logger(), Metrics()
apps = {"2.0": APIGatewayHttpResolver(), None: APIGatewayRestResolver()}

for app in apps.values():
    @app.get("/orders/<number>")
    def order(number: str, app=app):
        if number == "missing":
            raise NotFoundError("no such order")
        logger.info("an order", extra={"order": number})
        metrics.add_metric(name="Seen", unit=MetricUnit.Count, value=1)
        return {"number": number, "tag": app.current_event.get_query_string_value("tag", default_value="none")}

    @app.get("/orders/settings/<name>")
    def setting(name: str):
        return {"value": parameters.get_parameter(f"/shop/{name}")}

@logger.inject_lambda_context(log_event=False)
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event, context):
    return apps[event.get("version")].resolve(event, context)
"""

ASGI = """
from mangum import Mangum
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

async def echo(request):
    return JSONResponse(
        {"path": request.url.path, "query": dict(request.query_params), "body": (await request.body()).decode()},
        status_code=201,
        headers={"x-framework": "starlette"},
    )

async def image(request):
    return Response(bytes(range(256)), media_type="image/png")

app = Starlette(routes=[Route("/asgi/echo", echo, methods=["POST"]), Route("/asgi/image", image)])
handler = Mangum(app, lifespan="off", api_gateway_base_path="/dev")
"""

WSGI = """
from apig_wsgi import make_lambda_handler
from flask import Flask, jsonify, request

app = Flask(__name__)

@app.post("/wsgi/echo")
def echo():
    answer = jsonify(query=request.args, body=request.get_data(as_text=True), host=request.host)
    answer.set_cookie("a", "1")
    answer.set_cookie("b", "2")
    return answer, 201

@app.get("/wsgi/image")
def image():
    return bytes(range(256)), 200, {"Content-Type": "image/png"}

handler = make_lambda_handler(app.wsgi_app, binary_support=True)
"""


def place_of(library: str) -> Path:
    """Where a package or module of this interpreter lies."""
    spec = importlib.util.find_spec(library)
    assert spec is not None and spec.origin is not None
    origin = Path(spec.origin)
    return origin.parent if origin.name == "__init__.py" else origin


@pytest.fixture(scope="module")
def dew(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dew]:
    """The three functions, behind both kinds of API."""
    directory = tmp_path_factory.mktemp("frameworks")
    for name, text in (("powertools", POWERTOOLS), ("asgi", ASGI), ("wsgi", WSGI)):
        (directory / f"{name}.py").write_text(text)
    (directory / "serverless.yml").write_text(MAP)
    for library in map(place_of, LIBRARIES):
        (directory / library.name).symlink_to(library)
    with start(directory) as running:
        running.client("ssm").put_parameter(Name="/shop/currency", Value="EUR", Type="String")
        yield running


@pytest.mark.parametrize("base", ["", "/dev"])
def test_powertools_routes_logs_measures_and_reads_parameters(dew: Dew, base: str) -> None:
    url = f"{dew.url}{base}/orders"
    assert httpx.get(f"{url}/7", params={"tag": "new"}).json() == {"number": "7", "tag": "new"}
    missing = httpx.get(f"{url}/missing")
    assert (missing.status_code, missing.json()) == (404, {"statusCode": 404, "message": "no such order"})
    assert httpx.get(f"{url}/settings/currency").json() == {"value": "EUR"}


def test_what_powertools_logs_is_found_by_its_fields(dew: Dew) -> None:
    httpx.get(f"{dew.url}/orders/42")
    found = dew.client("logs").filter_log_events(
        logGroupName="/aws/lambda/frameworks-dev-powertools",
        filterPattern='{ $.service = "orders" && $.order = 42 }',
    )["events"]
    line = json.loads(found[-1]["message"])
    assert (line["message"], line["level"], line["function_name"]) == (
        "an order",
        "INFO",
        "frameworks-dev-powertools",
    )


def test_what_powertools_measures_is_a_metric(dew: Dew) -> None:
    httpx.get(f"{dew.url}/orders/43")
    listed = dew.client("cloudwatch").list_metrics(Namespace="Shop")["Metrics"]
    service = {"Name": "service", "Value": "orders"}
    function = {"Name": "function_name", "Value": "frameworks-dev-powertools"}
    assert {"Namespace": "Shop", "MetricName": "Seen", "Dimensions": [service]} in listed
    assert {"Namespace": "Shop", "MetricName": "ColdStart", "Dimensions": [function, service]} in listed


@pytest.mark.parametrize("base", ["", "/dev"])
@pytest.mark.parametrize("kind", ["asgi", "wsgi"])
def test_web_frameworks_answer_through_their_adapters(dew: Dew, base: str, kind: str) -> None:
    answer = httpx.post(f"{dew.url}{base}/{kind}/echo", params={"q": "a b"}, content="Grüße")
    assert answer.status_code == 201
    assert answer.json()["query"] == {"q": "a b"}
    assert answer.json()["body"] == "Grüße"
    if kind == "wsgi":
        assert dict(answer.cookies) == {"a": "1", "b": "2"}
    else:
        assert answer.headers["x-framework"] == "starlette"


@pytest.mark.parametrize("kind", ["asgi", "wsgi"])
def test_bytes_pass_an_http_api_as_they_are(dew: Dew, kind: str) -> None:
    assert httpx.get(f"{dew.url}/{kind}/image").content == bytes(range(256))
