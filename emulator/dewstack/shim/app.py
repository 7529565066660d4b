"""The map as a Flask application: every route a rule, every function a view.

What Flask does here, AWS does elsewhere: the URL map is API Gateway, `flask.request` becomes the event, what the
handler returns becomes the response. A handler knows nothing of either, and that is the point.
"""

import os
from collections.abc import Collection, Mapping
from typing import cast

import flask

from dewstack.apigateway.jwks import KeySets
from dewstack.background import LoopThread
from dewstack.clock import Clock
from dewstack.shim.embedded import Found, find_endpoint
from dewstack.shim.endpoint import EndpointClock, EndpointKeys
from dewstack.shim.events import Request
from dewstack.shim.functions import Functions
from dewstack.shim.gateway import Gateway
from dewstack.shim.responses import Response
from dewstack.shim.rest_api import RestApi
from dewstack.shim.routing import EncodedPath, RouteRule, make_map
from dewstack.shim.stack import Stack, function_name


def create_app(
    directory: str | os.PathLike[str] | None = None,
    *,
    stage: str | None = None,
    region: str | None = None,
    params: Mapping[str, str] | None = None,
    endpoint_url: str | None = None,
    invoke: Collection[str] = (),
    clock: Clock | None = None,
) -> flask.Flask:
    """The service whose map is in `directory` (by default this one, or the nearest above) as a Flask application.

    `stage`, `region` and `params` are the map's, as with `dew up`. Its stack, with the user pool, is at
    `endpoint_url`: by default that of a `dew up` that runs for the project, or else that of an emulator which starts
    in this process and keeps its state where `dew up` does. `invoke` names functions that are to have a process of
    their own. `clock` tells the time that tokens are judged by; by default it is the endpoint's. Raises UserError
    when the map cannot be served.

        flask --app 'dewstack.shim:create_app()' run
        gunicorn 'dewstack.shim:create_app()'
        create_app().test_client().get("/auth/profile")
    """
    found = find_endpoint(directory, {"stage": stage, "region": region}, params, endpoint_url)
    names = {function_name(found.service, name) for name in invoke}
    debugged: list[flask.Flask] = []
    functions = Functions(
        found.service.directory.resolve(),
        found.url,
        found.service.region,
        invoked=names,
        patient=lambda: bool(debugged) and debugged[0].debug,
    )
    debugged.append(make_app(found, functions, clock))
    return debugged[0]


def make_app(found: Found, functions: Functions, clock: Clock | None = None) -> flask.Flask:
    """The service that was found as a Flask application, `functions` behind its views."""
    stack = Stack(found.service, found.url)
    app = flask.Flask(found.service.name, static_folder=None)
    app.config["AWS_ENDPOINT_URL"] = found.url
    app.request_class, app.response_class = Request, Response
    keys = EndpointKeys(found.url)
    gateway = Gateway(
        functions,
        KeySets(keys),
        clock or EndpointClock(found.url),
        stack.account_id,
        keys.issuer,
        LoopThread(),
    )
    app.extensions["dewstack"] = gateway
    apis = list(stack.apis(gateway))
    rules = [rule for api in apis for rule in api.rules()]
    bases = [api.base for api in apis if isinstance(api, RestApi)]
    app.wsgi_app = EncodedPath(app.wsgi_app, bases)  # type: ignore[method-assign]
    app.url_map = make_map(rules)
    app.view_functions = dict.fromkeys((rule.endpoint for rule in rules), view)
    return app


def view(**parameters: str) -> Response:
    """Every view: the route that the URL map has found does the rest, with `flask.request` as Flask has it."""
    route = cast(RouteRule, flask.request.url_rule).route
    return cast(Response, route.api.view(route, flask.request))
