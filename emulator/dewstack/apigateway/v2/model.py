"""What an HTTP API or a WebSocket API is made of, named and spelled as `apigatewayv2` does: values, and nothing that
acts.

Fields that AWS leaves out of its answers when they were never set are None here.
"""

from msgspec import Struct, field


class Cors(Struct, frozen=True):
    """An API's CORS configuration. `max_age` in seconds."""

    allow_credentials: bool | None = None
    allow_headers: list[str] | None = None
    allow_methods: list[str] | None = None
    allow_origins: list[str] | None = None
    expose_headers: list[str] | None = None
    max_age: int | None = None


class Api(Struct, frozen=True):
    """One API. `created_date` in seconds since the epoch."""

    api_id: str
    account_id: str
    region: str
    name: str
    protocol_type: str
    created_date: float
    route_selection_expression: str = "$request.method $request.path"
    api_key_selection_expression: str = "$request.header.x-api-key"
    cors_configuration: Cors | None = None
    description: str | None = None
    disable_execute_api_endpoint: bool = False
    disable_schema_validation: bool | None = None
    ip_address_type: str = "ipv4"
    version: str | None = None
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str, str]:
        """Account, region and id."""
        return self.account_id, self.region, self.api_id


class RouteSettings(Struct, frozen=True):
    """How a stage treats a route. Rates in requests a second."""

    data_trace_enabled: bool | None = None
    detailed_metrics_enabled: bool | None = None
    logging_level: str | None = None
    throttling_burst_limit: int | None = None
    throttling_rate_limit: float | None = None


class AccessLogSettings(Struct, frozen=True):
    """Where a stage's access log goes."""

    destination_arn: str | None = None
    format: str | None = None


class Stage(Struct, frozen=True):
    """A name under which a deployment, or with `auto_deploy` the present state of the API, is served."""

    stage_name: str
    created_date: float
    last_updated_date: float
    auto_deploy: bool = False
    deployment_id: str | None = None
    description: str | None = None
    stage_variables: dict[str, str] = field(default_factory=dict)
    default_route_settings: RouteSettings = RouteSettings()
    route_settings: dict[str, RouteSettings] = field(default_factory=dict)
    access_log_settings: AccessLogSettings | None = None
    client_certificate_id: str | None = None
    last_deployment_status_message: str | None = None
    tags: dict[str, str] = field(default_factory=dict)


class Route(Struct, frozen=True):
    """One `METHOD /path` of an HTTP API, one kind of messages of a WebSocket API, and where it leads: `target` is
    `integrations/<id>`."""

    route_id: str
    route_key: str
    api_key_required: bool = False
    authorization_type: str = "NONE"
    authorization_scopes: list[str] | None = None
    authorizer_id: str | None = None
    operation_name: str | None = None
    target: str | None = None
    model_selection_expression: str | None = None
    request_models: dict[str, str] | None = None
    request_parameters: dict[str, dict[str, bool]] | None = None
    route_response_selection_expression: str | None = None


class Integration(Struct, frozen=True):
    """What stands behind a route."""

    integration_id: str
    integration_type: str
    connection_type: str = "INTERNET"
    credentials_arn: str | None = None
    description: str | None = None
    integration_method: str | None = None
    integration_uri: str | None = None
    payload_format_version: str | None = None
    timeout_in_millis: int = 30_000
    connection_id: str | None = None
    content_handling_strategy: str | None = None
    integration_response_selection_expression: str | None = None
    integration_subtype: str | None = None
    passthrough_behavior: str | None = None
    request_parameters: dict[str, str] | None = None
    request_templates: dict[str, str] | None = None
    response_parameters: dict[str, dict[str, str]] | None = None
    template_selection_expression: str | None = None


class IntegrationResponse(Struct, frozen=True):
    """What becomes of an integration's answer whose key is `integration_response_key` (`/200/`, `$default`)."""

    integration_response_id: str
    integration_response_key: str
    content_handling_strategy: str | None = None
    response_parameters: dict[str, str] | None = None
    response_templates: dict[str, str] | None = None
    template_selection_expression: str | None = None
    owner_id: str = ""
    """The integration's id."""


class RouteResponse(Struct, frozen=True):
    """That a route of a WebSocket API answers its messages; `route_response_key` is `$default`."""

    route_response_id: str
    route_response_key: str
    model_selection_expression: str | None = None
    response_models: dict[str, str] | None = None
    response_parameters: dict[str, dict[str, bool]] | None = None
    owner_id: str = ""
    """The route's id."""


class JwtConfiguration(Struct, frozen=True):
    """Whose tokens an authorizer accepts, and for whom they must be meant."""

    audience: list[str] | None = None
    issuer: str | None = None


class Authorizer(Struct, frozen=True):
    """Who may pass a route: `authorizer_type` is JWT or REQUEST."""

    authorizer_id: str
    name: str
    authorizer_type: str
    identity_source: list[str] = field(default_factory=list)
    jwt_configuration: JwtConfiguration | None = None
    authorizer_credentials_arn: str | None = None
    authorizer_payload_format_version: str | None = None
    authorizer_result_ttl_in_seconds: int | None = None
    authorizer_uri: str | None = None
    identity_validation_expression: str | None = None
    enable_simple_responses: bool | None = None


class Model(Struct, frozen=True):
    """What a body may be: `schema` is a JSON schema (draft 4)."""

    model_id: str
    name: str
    schema: str
    content_type: str | None = None
    description: str | None = None


class Snapshot(Struct, frozen=True):
    """Everything of an API that a deployment freezes."""

    routes: list[Route]
    integrations: list[Integration]
    authorizers: list[Authorizer]
    cors_configuration: Cors | None = None
    integration_responses: list[IntegrationResponse] = field(default_factory=list)
    route_responses: list[RouteResponse] = field(default_factory=list)
    route_selection_expression: str = ""
    models: list[Model] = field(default_factory=list)


class Deployment(Struct, frozen=True):
    """A snapshot that a stage without `auto_deploy` serves. Automatic ones hold none: their stage is live."""

    deployment_id: str
    created_date: float
    auto_deployed: bool = False
    deployment_status: str = "DEPLOYED"
    description: str | None = None
    snapshot: Snapshot | None = None
