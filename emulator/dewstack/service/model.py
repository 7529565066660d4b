"""The model of a map: what serverless.yml says, with every variable resolved and every value in its place.

Names are the Serverless Framework's. A value that may be a CloudFormation intrinsic (`{"Ref": …}`) is `Any`.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from msgspec import Struct, field

from .offline import Offline
from .problems import Position, Problem
from .rest_model import HttpAuthorizer, HttpEvent, RestApi
from .users import UserSource

Intrinsic: TypeAlias = dict[str, Any]


class Cors(Struct, frozen=True):
    """`provider.httpApi.cors`. None of `allowed_methods` means: those of the routes."""

    allowed_origins: tuple[str, ...]
    allowed_headers: tuple[str, ...]
    allowed_methods: tuple[str, ...] | None = None
    allow_credentials: bool = False
    exposed_response_headers: tuple[str, ...] | None = None
    max_age: int | None = None
    """Seconds."""


class Authorizer(Struct, frozen=True):
    """An entry of `provider.httpApi.authorizers`: `type` is `jwt` or `request` (a function decides)."""

    key: str
    name: str
    type: str
    at: Position
    identity_source: tuple[Any, ...] = ()
    issuer_url: Any = None
    audience: tuple[Any, ...] = ()
    function_name: str | None = None
    """The map's own function that decides; or else `function_arn`."""
    function_arn: Any = None
    managed_externally: bool = False
    result_ttl_in_seconds: int | None = None
    enable_simple_responses: bool | None = None
    payload_version: str = "2.0"


class HttpApi(Struct, frozen=True):
    """`provider.httpApi`: the HTTP API that all `httpApi` events share."""

    id: Any = None
    """Of an API made elsewhere; this service then only adds routes."""
    name: str | None = None
    description: str | None = None
    payload: str = "2.0"
    cors: Cors | None = None
    authorizers: Mapping[str, Authorizer] = field(default_factory=dict)
    metrics: bool = False
    disable_default_endpoint: bool | None = None
    should_start_name_with_service: bool = False
    access_log_format: str | None = None


class IamRole(Struct, frozen=True):
    """`provider.iam.role`, or the older `iamRoleStatements` and `iamManagedPolicies`.

    `existing` is a role made elsewhere (an ARN, a logical id or an intrinsic) that functions use instead.
    """

    existing: Any = None
    statements: tuple[Mapping[str, Any], ...] = ()
    managed_policies: tuple[Any, ...] = ()
    name: Any = None
    path: str = "/"
    permissions_boundary: Any = None
    tags: Mapping[str, Any] = field(default_factory=dict)


class DeploymentBucket(Struct, frozen=True):
    """`provider.deploymentBucket`: where code is uploaded. Without a `name` the stack makes one."""

    name: Any = None
    tags: Mapping[str, Any] = field(default_factory=dict)
    block_public_access: bool = False
    versioning: bool = False
    skip_policy_setup: bool = False


class Provider(Struct, frozen=True):
    """`provider`: what functions have in common. `settings` is the whole section, for its rarer keys."""

    name: str
    runtime: str
    http_api: HttpApi = field(default_factory=HttpApi)
    rest_api: RestApi = field(default_factory=RestApi)
    iam_role: IamRole = field(default_factory=IamRole)
    deployment_bucket: DeploymentBucket = field(default_factory=DeploymentBucket)
    stack_name: str | None = None
    deployment_prefix: str = "serverless"
    tags: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)


class RouteAuthorizer(Struct, frozen=True):
    """How an event is secured: by an authorizer of the map (`name`), one made elsewhere (`id`), or IAM."""

    name: str | None = None
    id: Any = None
    type: str | None = None
    scopes: tuple[str, ...] | None = None


class HttpApiEvent(Struct, frozen=True):
    """An `httpApi` event. The catch-all `*` has the method `ANY` and the path `*`."""

    method: str
    path: str
    at: Position
    index: int
    """Which of the function's events it is."""
    authorizer: RouteAuthorizer | None = None

    @property
    def route_key(self) -> str:
        """`GET /items/{id}`, or `*`."""
        return "*" if self.path == "*" else f"{self.method} {self.path}"


class ScheduleEvent(Struct, frozen=True):
    """A `schedule` event with all of its rates; `settings` is the event as the map has it."""

    rates: tuple[Any, ...]
    at: Position
    enabled: bool = True
    settings: Mapping[str, Any] = field(default_factory=dict)


class WebsocketEvent(Struct, frozen=True):
    """A `websocket` event. `authorizer` has `name`, and `arn` when the function isn't of this map."""

    route: str
    at: Position
    route_response_selection_expression: str | None = None
    authorizer: Mapping[str, Any] | None = None


class OtherEvent(Struct, frozen=True):
    """An event that is understood by name only."""

    type: str
    value: Any
    at: Position


Event: TypeAlias = HttpApiEvent | HttpEvent | ScheduleEvent | WebsocketEvent | OtherEvent


class FunctionSpec(Struct, frozen=True):
    """An entry of `functions`. `settings` is the whole entry, for its rarer keys."""

    key: str
    """Its name in the map."""
    name: str
    """Its name in AWS."""
    at: Position
    handler: str | None
    runtime: str
    memory_size: int
    """MB."""
    timeout: int
    """Seconds."""
    environment: Mapping[str, Any] = field(default_factory=dict)
    """The provider's variables and its own."""
    layers: tuple[Any, ...] = ()
    role: Any = None
    description: str | None = None
    tags: Mapping[str, Any] = field(default_factory=dict)
    """The provider's tags and its own."""
    events: tuple[Event, ...] = ()
    version_function: bool = True
    disable_logs: bool = False
    log_retention_in_days: int | None = None
    condition: str | None = None
    http_api_payload: str = "2.0"
    settings: Mapping[str, Any] = field(default_factory=dict)


class Route(Struct, frozen=True):
    """A line of `dew routes`: how a function is called, who may call it, and where the map says so."""

    api: str
    """`http` or `rest`, the kind of API Gateway; `url` for a function URL, whose path is its address."""
    method: str
    path: str
    """As it is called: a REST API's begins with its stage."""
    function: str
    authorizer: str | None
    scopes: tuple[str, ...]
    at: Position


class Service(Struct, frozen=True):
    """A whole map. `files` are all that it was read from, or would be if they were there."""

    name: str
    directory: Path
    file: str
    files: tuple[Path, ...]
    stage: str
    region: str
    provider: Provider
    functions: Mapping[str, FunctionSpec]
    layers: Mapping[str, Mapping[str, Any]]
    resources: Mapping[str, Any]
    package: Mapping[str, Any]
    plugins: tuple[str, ...]
    custom: Mapping[str, Any]
    warnings: tuple[Problem, ...] = ()
    offline: Offline = field(default_factory=Offline)
    """Where serverless-offline would serve it."""
    instance_id: str = ""
    """`${sls:instanceId}`: the Framework ends the logical ID of a REST deployment with it."""
    bundler: str | None = None
    """`esbuild` when the map's JavaScript is to be bundled, by a plugin of any kind or version 4's `build`."""
    users: tuple[UserSource, ...] = ()
    """Who is made in the user pools where the map is served: `custom.dew.users`. AWS never sees them."""
    build: Mapping[str, Any] = field(default_factory=dict)
    """Version 4's `build`, with its options for esbuild."""

    @property
    def stack_name(self) -> str:
        """The CloudFormation stack's name: `provider.stackName`, or service and stage."""
        return self.provider.stack_name or f"{self.name}-{self.stage}"

    @property
    def routes(self) -> tuple[Route, ...]:
        """The routes of both kinds of API Gateway in the order of the map."""
        stage = self.provider.rest_api.stage or self.stage
        return tuple(
            _http_api_route(function.key, event)
            if isinstance(event, HttpApiEvent)
            else _rest_route(function.key, event, stage)
            for function in self.functions.values()
            for event in function.events
            if isinstance(event, HttpApiEvent | HttpEvent)
        )

    def url_routes(self, address: Callable[[FunctionSpec], str]) -> tuple[Route, ...]:
        """The functions with a URL, in the order of the map; `address` gives it."""
        return tuple(
            Route(
                "url",
                "ANY",
                address(function),
                function.key,
                _url_guard(function.settings["url"]),
                (),
                function.at,
            )
            for function in self.functions.values()
            if function.settings.get("url")
        )


def _url_guard(url: Any) -> str | None:
    return "aws_iam" if isinstance(url, dict) and url.get("authorizer") == "aws_iam" else None


def _http_api_route(function: str, event: HttpApiEvent) -> Route:
    guard = event.authorizer
    scopes = (guard.scopes or ()) if guard else ()
    path = "$default" if event.path == "*" else event.path
    label = None if guard is None else "aws_iam" if guard.type == "aws_iam" else guard.name or _said(guard.id)
    return Route("http", event.method, path, function, label, scopes, event.at)


def _rest_route(function: str, event: HttpEvent, stage: str) -> Route:
    labels = [] if event.authorizer is None else [_rest_label(event.authorizer)]
    labels += ["API key"] if event.private else []
    scopes = tuple(_said(scope) for scope in event.authorizer.scopes) if event.authorizer else ()
    path = f"/{stage}{event.path.removesuffix('/')}"
    return Route("rest", event.method, path, function, " + ".join(labels) or None, scopes, event.at)


def _rest_label(authorizer: HttpAuthorizer) -> str:
    if authorizer.type == "AWS_IAM" and not authorizer.id:
        return "aws_iam"
    return authorizer.name or _said(authorizer.id)


def _said(value: Any) -> str:
    """A value as a person would say it: an intrinsic by what it refers to."""
    return str(next(iter(value.values()))) if isinstance(value, dict) and value else str(value)
