"""The REST API's part of the model: `provider.apiGateway` and `http` events.

Names are the Serverless Framework's. A value that may be a CloudFormation intrinsic (`{"Ref": …}`) is `Any`.
"""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from .problems import Position


class ApiKey(Struct, frozen=True):
    """An entry of `provider.apiGateway.apiKeys`; without a `usage_plan` it belongs to the only one there is."""

    number: int
    """Its place among the keys of its plan, from 1."""
    name: str | None
    value: str | None = None
    description: str | None = None
    customer_id: str | None = None
    enabled: bool = True
    usage_plan: str | None = None


class UsagePlan(Struct, frozen=True):
    """A usage plan: `quota` has limit, offset and period, `throttle` burstLimit and rateLimit."""

    name: str | None = None
    quota: Mapping[str, Any] = field(default_factory=dict)
    throttle: Mapping[str, Any] = field(default_factory=dict)


class RestApi(Struct, frozen=True):
    """`provider.apiGateway`, `apiName` and `endpointType`: the REST API that all `http` events share."""

    id: Any = None
    """Of an API made elsewhere; this service then only adds resources and methods."""
    root_resource_id: Any = None
    resource_ids: Mapping[str, Any] = field(default_factory=dict)
    """The resources of an API made elsewhere, by their path (`/users`)."""
    name: str | None = None
    description: str | None = None
    stage: str | None = None
    """The stage's name when it isn't the service's."""
    endpoint_type: str = "EDGE"
    vpc_endpoint_ids: Any = None
    security_policy: str | None = None
    access_mode: str | None = None
    binary_media_types: tuple[str, ...] = ()
    minimum_compression_size: int | None = None
    """Bytes."""
    api_key_source_type: str | None = None
    disable_default_endpoint: bool | None = None
    should_start_name_with_service: bool = False
    resource_policy: tuple[Any, ...] = ()
    timeout_in_millis: int | None = None
    schemas: Mapping[str, Any] = field(default_factory=dict)
    """Models that events refer to by name."""
    api_keys: tuple[ApiKey, ...] = ()
    usage_plans: tuple[UsagePlan, ...] = ()
    access_logging: bool = False


class HttpAuthorizer(Struct, frozen=True):
    """How an `http` event is secured.

    `function` is a function of this map that decides; `arn` a function or user pool made elsewhere; `id` a whole
    authorizer made elsewhere. None of them: IAM.
    """

    type: str | None = None
    """`TOKEN`, `REQUEST`, `COGNITO_USER_POOLS`, `AWS_IAM`, `CUSTOM`; None when the map doesn't say."""
    name: str = ""
    function: str | None = None
    arn: Any = None
    id: Any = None
    managed_externally: bool = False
    identity_source: str | None = None
    identity_validation_expression: str | None = None
    result_ttl_in_seconds: int | None = None
    claims: tuple[str, ...] = ()
    scopes: tuple[Any, ...] = ()


class HttpCors(Struct, frozen=True):
    """`cors` of an `http` event; `origin` is None where `origins` has them."""

    origin: str | None
    methods: tuple[str, ...]
    headers: tuple[str, ...]
    origins: tuple[str, ...] = ()
    allow_credentials: bool = False
    max_age: int | None = None
    """Seconds."""
    cache_control: str | None = None


class HttpRequest(Struct, frozen=True):
    """`request` of an `http` event. `parameters` are by their name in API Gateway: `method.request.header.X`."""

    parameters: Mapping[str, Any] = field(default_factory=dict)
    schemas: Mapping[str, Any] = field(default_factory=dict)
    templates: Mapping[str, str | None] = field(default_factory=dict)
    """Mapping templates by content type; None takes a default one away."""
    pass_through: str | None = None
    content_handling: str | None = None
    uri: Any = None
    method: str | None = None


class HttpResponse(Struct, frozen=True):
    """`response` of an `http` event; `status_codes` in ascending order, each with its settings in the map."""

    headers: Mapping[str, str] = field(default_factory=dict)
    template: str | None = None
    content_handling: str | None = None
    transfer_mode: str | None = None
    status_codes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


class HttpEvent(Struct, frozen=True):
    """An `http` event: a method of the REST API. `path` begins with a slash and, but for the root, ends without."""

    method: str
    path: str
    at: Position
    index: int
    """Which of the function's events it is."""
    integration: str = "AWS_PROXY"
    """`AWS_PROXY`, `AWS`, `HTTP_PROXY`, `HTTP` or `MOCK`."""
    authorizer: HttpAuthorizer | None = None
    cors: HttpCors | None = None
    private: bool = False
    """Whether a caller needs an API key."""
    is_async: bool = False
    request: HttpRequest = field(default_factory=HttpRequest)
    response: HttpResponse = field(default_factory=HttpResponse)
    connection_type: str | None = None
    connection_id: Any = None
    operation_id: str | None = None
    timeout_in_millis: int | None = None

    @property
    def route_key(self) -> str:
        """`GET /items/{id}`."""
        return f"{self.method} {self.path}"
