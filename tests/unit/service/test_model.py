"""What a map's model says: defaults, inheritance, spellings, routes."""

from collections.abc import Callable

from dewstack.service import HttpApiEvent, OtherEvent, RouteAuthorizer, ScheduleEvent, Service

Loader = Callable[..., Service]

FULL = """\
  memorySize: 256
  timeout: 10
  environment: {A: 1, B: yes, C: !Ref Table}
  tags: {team: core}
  httpApi:
    cors: true
    authorizers:
      users:
        type: jwt
        identitySource: $request.header.Authorization
        issuerUrl: !Sub 'https://cognito-idp.${AWS::Region}.amazonaws.com/${Pool}'
        audience: [!Ref Client]
functions:
  login:
    handler: handlers/login.handler
    timeout: '20'
    environment: {B: ~, D: true}
    events:
      - httpApi: post /login
      - httpApi: {method: '*', path: '/any/{proxy+}', authorizer: users}
      - httpApi: '*'
      - httpApi: {method: GET, path: /me, authorizer: {name: users, scopes: [openid]}}
  plain: {handler: handlers/login.handler}
"""


def test_functions_inherit_from_the_provider(load_map: Loader) -> None:
    functions = load_map(FULL).functions
    login, plain = functions["login"], functions["plain"]
    assert (login.name, login.memory_size, login.timeout) == ("shop-dev-login", 256, 20)
    assert (plain.memory_size, plain.timeout, plain.runtime) == (256, 10, "python3.11")
    assert login.environment == {"A": "1", "C": {"Ref": "Table"}, "D": "true"}
    assert plain.environment == {"A": "1", "B": "yes", "C": {"Ref": "Table"}}
    assert plain.tags == {"team": "core"}


def test_a_function_has_the_frameworks_defaults(load_map: Loader) -> None:
    function = load_map("functions: {f: {handler: handlers/login.handler}}\n").functions["f"]
    assert (function.memory_size, function.timeout, function.version_function) == (1024, 6, True)


def test_events_have_one_spelling(load_map: Loader) -> None:
    events = load_map(FULL).functions["login"].events
    assert [event.route_key for event in events if isinstance(event, HttpApiEvent)] == [
        "POST /login",
        "ANY /any/{proxy+}",
        "*",
        "GET /me",
    ]
    last = events[3]
    assert isinstance(last, HttpApiEvent)
    assert last.authorizer == RouteAuthorizer(name="users", scopes=("openid",))


def test_the_routes_say_what_guards_them_and_where_they_stand(load_map: Loader) -> None:
    routes = load_map(FULL).routes
    assert [
        (route.method, route.path, route.function, route.authorizer, route.scopes) for route in routes
    ] == [
        ("POST", "/login", "login", None, ()),
        ("ANY", "/any/{proxy+}", "login", "users", ()),
        ("ANY", "$default", "login", None, ()),
        ("GET", "/me", "login", "users", ("openid",)),
    ]
    assert str(routes[0].at) == "serverless.yml:23:9"


def test_the_authorizer_keeps_its_intrinsics(load_map: Loader) -> None:
    authorizer = load_map(FULL).provider.http_api.authorizers["users"]
    assert authorizer.issuer_url == {"Fn::Sub": "https://cognito-idp.${AWS::Region}.amazonaws.com/${Pool}"}
    assert authorizer.audience == ({"Ref": "Client"},)
    assert authorizer.identity_source == ("$request.header.Authorization",)


def test_functions_and_resources_may_be_lists(load_map: Loader) -> None:
    text = """\
    functions:
      - f: {handler: handlers/login.handler}
      - ${file(more.yml)}
    resources:
      - Resources: {A: {Type: X, Properties: {P: 1}}}
      - Resources: {B: {Type: Y}, A: {Type: X, Properties: {Q: 2}}}
    """
    service = load_map(text, files={"more.yml": "g: {handler: handlers/login.handler}\n"})
    assert list(service.functions) == ["f", "g"]
    assert service.resources["Resources"] == {
        "A": {"Type": "X", "Properties": {"P": 1, "Q": 2}},
        "B": {"Type": "Y"},
    }


def test_a_provider_may_be_a_name(load_map: Loader) -> None:
    service = load_map("service: shop\nprovider: aws\nfunctions: {n: {handler: a.b}}\n", head="")
    assert service.functions["n"].runtime == "nodejs24.x"


def test_a_json_map_is_a_map(load_map: Loader) -> None:
    text = '{"service": "shop", "provider": {"name": "aws"}, "custom": {"x": [1, true, null]}}'
    assert load_map(text, head="").custom == {"x": [1, True, None]}


def test_events_that_do_not_fire_here_are_named(load_map: Loader) -> None:
    text = """\
    functions:
      f:
        handler: handlers/login.handler
        events:
          - alexaSkill: amzn1.ask.skill.xx-xx-xx-xx
          - schedule: rate(1 hour)
    """
    service = load_map(text)
    skill, schedule = service.functions["f"].events
    assert isinstance(skill, OtherEvent)
    assert isinstance(schedule, ScheduleEvent)
    assert [str(warning) for warning in service.warnings] == [
        "serverless.yml:9:9: functions.f.events[0].alexaSkill: the event 'alexaSkill' of function 'f' isn't "
        "emulated yet; it will not fire",
    ]


def test_an_old_runtime_only_warns(load_map: Loader) -> None:
    service = load_map("functions: {f: {handler: index.handler, runtime: nodejs16.x}}\n")
    assert [warning.key for warning in service.warnings] == ["functions.f.runtime"]


def test_a_function_slower_than_its_api_warns(load_map: Loader) -> None:
    text = "functions: {f: {handler: handlers/login.handler, timeout: 60, events: [{httpApi: GET /}]}}\n"
    assert [warning.message for warning in load_map(text).warnings] == [
        "an HTTP API waits 30 seconds, so 60 are never reached"
    ]
