"""`http` events and `provider.apiGateway`: what is accepted, what is told, what is refused."""

from collections.abc import Callable

import pytest

from dewstack.service import HttpEvent, Service

Loader = Callable[..., Service]
Problems = Callable[..., list[str]]
FUNCTION = "functions:\n  f:\n    handler: handlers/login.handler\n    events:\n      - http: "


def event_of(service: Service) -> HttpEvent:
    """The first event of the function `f`."""
    event = service.functions["f"].events[0]
    assert isinstance(event, HttpEvent)
    return event


@pytest.mark.parametrize(
    ("event", "route"),
    [
        ("GET /", "GET /"),
        ("get /items/", "GET /items"),
        ("{method: post, path: items/{id}/{proxy+}}", "POST /items/{id}/{proxy+}"),
        ("{method: any, path: /}", "ANY /"),
    ],
)
def test_every_spelling_of_a_route_is_understood(load_map: Loader, event: str, route: str) -> None:
    spelled = (
        event
        if event[0] != "{"
        else event.replace("path: items/{id}/{proxy+}", "path: 'items/{id}/{proxy+}'")
    )
    assert event_of(load_map(FUNCTION + spelled + "\n")).route_key == route


@pytest.mark.parametrize(
    ("event", "integration"),
    [
        ("{method: GET, path: /}", "AWS_PROXY"),
        ("{method: GET, path: /, integration: lambda-proxy}", "AWS_PROXY"),
        ("{method: GET, path: /, integration: lambda}", "AWS"),
        ("{method: GET, path: /, async: true}", "AWS"),
        ("{method: GET, path: /, integration: http-proxy, request: {uri: 'http://a'}}", "HTTP_PROXY"),
        ("{method: GET, path: /, integration: Mock}", "MOCK"),
    ],
)
def test_every_spelling_of_an_integration_is_understood(
    load_map: Loader, event: str, integration: str
) -> None:
    assert event_of(load_map(FUNCTION + event + "\n")).integration == integration


def test_a_function_without_a_proxy_has_the_frameworks_status_codes(load_map: Loader) -> None:
    event = event_of(load_map(FUNCTION + "{method: GET, path: /, integration: lambda}\n"))
    assert list(event.response.status_codes) == [
        "200",
        "400",
        "401",
        "403",
        "404",
        "422",
        "500",
        "502",
        "504",
    ]
    assert event.request.pass_through == "NEVER"


def test_status_codes_of_ones_own_get_a_200_and_an_order(load_map: Loader) -> None:
    codes = "{integration: lambda, method: GET, path: /, response: {statusCodes: {'404': {pattern: a}}}}"
    event = event_of(load_map(FUNCTION + codes + "\n"))
    assert list(event.response.status_codes) == ["200", "404"]


@pytest.mark.parametrize(
    ("event", "message"),
    [
        ("FETCH /x", "functions.f.events[0].http: 'FETCH /x' isn't a route"),
        ("'*'", "functions.f.events[0].http: '*' isn't a route"),
        ("{method: '*', path: /x}", "a REST API knows no '*': 'ANY' is every method, '/{proxy+}' every path"),
        ("{method: GET}", "functions.f.events[0].http: missing key 'path'"),
        (
            "{method: GET, path: '/{a+}/b'}",
            "'/{a+}/b': '{name+}' takes the rest of a path, so it has to be last",
        ),
        ("{method: GET, path: /, integration: http}", "missing key 'request.uri', where HTTP goes to"),
        (
            "{method: GET, path: /, integration: http, connectionType: vpc-link, request: {uri: 'http://a'}}",
            "missing key 'connectionId', the VPC link",
        ),
        (
            "{method: GET, path: /, authorizer: g}",
            "http.authorizer: there is no function 'g'",
        ),
        (
            "{method: GET, path: /, authorizer: {type: token}}",
            "missing key 'name' (a function of this map) or 'arn'",
        ),
        (
            "{method: GET, path: /, authorizer: {type: COGNITO_USER_POOLS, arn: !GetAtt P.Arn}}",
            "http.authorizer: missing key 'name' (its ARN isn't a text)",
        ),
        (
            "{method: GET, path: /, authorizer: {name: u, claims: [a], "
            "arn: 'arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_a'}}",
            "authorizer.claims: a function sees all claims itself",
        ),
        (
            "{method: GET, path: /, integration: lambda, response: {transferMode: STREAM}}",
            "http.response.transferMode: is for proxy integrations only",
        ),
    ],
)
def test_a_wrong_event_is_located(problems_of: Problems, event: str, message: str) -> None:
    problems = problems_of(FUNCTION + event + "\n")
    assert problems[0].startswith("serverless.yml:9:")
    assert message in problems[0]


def test_a_route_that_is_there_twice_is_located(problems_of: Problems) -> None:
    text = FUNCTION + "GET /a\n      - http: {method: get, path: a/}\n      - httpApi: GET /a\n"
    assert problems_of(text) == [
        "serverless.yml:10:9: functions.f.events[1].http: the route 'GET /a' is there twice, "
        "first at serverless.yml:9"
    ]


def test_a_resource_has_one_variable_below_it(problems_of: Problems) -> None:
    text = FUNCTION + "GET /a/{id}\n      - http: GET /a/{name}/b\n      - http: GET /b/{name}\n"
    assert problems_of(text) == [
        "serverless.yml:10:9: functions.f.events[1].http: '{name}' is called '{id}' elsewhere: "
        "a resource has one variable below it"
    ]


def test_a_requests_schemas_are_understood_in_their_older_spelling(load_map: Loader) -> None:
    event = "{method: POST, path: /, request: {schema: {application/json: {type: object}}}}"
    service = load_map(FUNCTION + event + "\n")
    assert event_of(service).request.schemas == {"application/json": {"type": "object"}}
    assert [problem.key for problem in service.warnings] == ["functions.f.events[0].http.request.schema"]


def test_the_binary_plugins_types_count(load_map: Loader) -> None:
    plugin = "plugins: [serverless-apigw-binary]\ncustom: {apigwBinary: {types: ['image/png', 'a/b']}}\n"
    provider = "  apiGateway: {binaryMediaTypes: [a/b]}\n"
    service = load_map(provider + FUNCTION + "GET /\n" + plugin)
    assert service.provider.rest_api.binary_media_types == ("a/b", "image/png")
    assert not service.warnings


def test_what_a_proxy_ignores_is_told(load_map: Loader) -> None:
    event = "{method: GET, path: /, request: {template: {a/b: c}}, response: {headers: {A: b}}}"
    service = load_map(FUNCTION + event + "\n")
    assert [problem.message for problem in service.warnings] == [
        "a proxy integration takes no 'template': left out",
        "a proxy integration takes no 'headers': left out",
    ]
    assert event_of(service).request.templates == {}


def test_a_function_slower_than_its_gateway_is_told(load_map: Loader) -> None:
    slow = FUNCTION.replace("    events", "    timeout: 60\n    events")
    message = "a REST API waits 29 seconds, so 60 are never reached"
    assert [problem.message for problem in load_map(slow + "GET /\n").warnings] == [message]
    assert not load_map(slow + "{method: GET, path: /, async: true}\n").warnings
    assert not load_map(slow + "{method: GET, path: /, timeoutInMillis: 60000}\n").warnings


def test_routes_tell_both_kinds_of_gateway(load_map: Loader) -> None:
    events = """\
GET /
      - http: {method: GET, path: /a, private: true}
      - http: {method: GET, path: /b, authorizer: {name: u, type: COGNITO_USER_POOLS, arn: !GetAtt P.Arn, scopes: [x]}}
      - http: {method: GET, path: /c, authorizer: aws_iam}
      - httpApi: GET /a
"""
    routes = load_map(FUNCTION + events).routes
    assert [(each.api, each.method, each.path, each.authorizer, each.scopes) for each in routes] == [
        ("rest", "GET", "/dev", None, ()),
        ("rest", "GET", "/dev/a", "API key", ()),
        ("rest", "GET", "/dev/b", "u", ("x",)),
        ("rest", "GET", "/dev/c", "aws_iam", ()),
        ("http", "GET", "/a", None, ()),
    ]


@pytest.mark.parametrize(
    ("provider", "message"),
    [
        ("  apiGateway: {restApiId: a}\n", "provider.apiGateway: missing key 'restApiRootResourceId'"),
        (
            "  apiGateway: {restApiId: a, restApiRootResourceId: b}\n  tracing: {apiGateway: true}\n",
            "provider.tracing.apiGateway: can't be set up for an API that is made elsewhere",
        ),
        ("  vpcEndpointIds: [a]\n", "provider.vpcEndpointIds: are for private APIs"),
        (
            "  apiGateway: {apiKeys: [{gold: [a]}], usagePlan: [{free: {quota: {limit: 1, period: DAY}}}]}\n",
            "provider.apiGateway.apiKeys[0]: there is no usage plan 'gold' for these keys",
        ),
    ],
)
def test_a_wrong_api_is_located(problems_of: Problems, provider: str, message: str) -> None:
    problems = problems_of(provider + FUNCTION + "GET /\n")
    assert [problem for problem in problems if message in problem]


def test_the_parents_of_known_resources_have_to_be_known(problems_of: Problems) -> None:
    provider = (
        "  apiGateway:\n    restApiId: a\n    restApiRootResourceId: b\n    restApiResources: {/users/{id}: c}\n"
    ).replace("/users/{id}", "'/users/{id}'")
    message = "the ID of '/users' is missing under provider.apiGateway.restApiResources"
    assert message in problems_of(provider + FUNCTION + "GET /users/all\n")[0]


def test_access_logs_that_nobody_writes_are_told(load_map: Loader, problems_of: Problems) -> None:
    text = "  logs: {restApi: true}\n" + FUNCTION + "GET /\n"
    message = "a REST API writes no access logs here"
    assert [problem.message for problem in load_map(text).warnings] == [message]
    assert message in problems_of(text, strict=True)[0]
