"""What a REST API is made of, named and spelled as `apigateway` does: values, and nothing that acts.

Times are seconds since the epoch. Fields that AWS leaves out of its answers when they were never set are None.
"""

from msgspec import Struct, field


class EndpointConfiguration(Struct, frozen=True):
    """`types` is EDGE, REGIONAL or PRIVATE."""

    types: list[str] = field(default_factory=lambda: ["EDGE"])
    vpc_endpoint_ids: list[str] | None = None
    ip_address_type: str = "ipv4"


class RestApi(Struct, frozen=True):
    """One REST API. `minimum_compression_size` in bytes."""

    id: str
    account_id: str
    region: str
    name: str
    root_resource_id: str
    created_date: float
    api_key_source: str = "HEADER"
    binary_media_types: list[str] | None = None
    description: str | None = None
    disable_execute_api_endpoint: bool = False
    endpoint_configuration: EndpointConfiguration = EndpointConfiguration()
    minimum_compression_size: int | None = None
    policy: str | None = None
    version: str | None = None
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str, str]:
        """Account, region and id."""
        return self.account_id, self.region, self.id


class IntegrationResponse(Struct, frozen=True):
    """What becomes of an integration's answer; `status_code` is its key, `selection_pattern` tells when it holds."""

    status_code: str
    selection_pattern: str | None = None
    response_parameters: dict[str, str] | None = None
    response_templates: dict[str, str | None] | None = None
    content_handling: str | None = None


class TlsConfig(Struct, frozen=True):
    """How far an integration trusts its backend's certificate."""

    insecure_skip_verification: bool = False


class Integration(Struct, frozen=True):
    """What stands behind a method: `type` is AWS_PROXY, AWS, MOCK, HTTP_PROXY or HTTP."""

    type: str
    http_method: str | None = None
    uri: str | None = None
    connection_type: str | None = None
    connection_id: str | None = None
    credentials: str | None = None
    request_parameters: dict[str, str] | None = None
    request_templates: dict[str, str] | None = None
    passthrough_behavior: str = "WHEN_NO_MATCH"
    content_handling: str | None = None
    timeout_in_millis: int = 29_000
    cache_namespace: str | None = None
    cache_key_parameters: list[str] = field(default_factory=list)
    integration_responses: dict[str, IntegrationResponse] | None = None
    tls_config: TlsConfig | None = None
    response_transfer_mode: str | None = None


class MethodResponse(Struct, frozen=True):
    """A status that a method may answer with, and the headers it declares."""

    status_code: str
    response_parameters: dict[str, bool] | None = None
    response_models: dict[str, str] | None = None


class Method(Struct, frozen=True):
    """One method of a resource. `authorization_type` is NONE, AWS_IAM, CUSTOM or COGNITO_USER_POOLS."""

    http_method: str
    authorization_type: str
    authorizer_id: str | None = None
    authorization_scopes: list[str] | None = None
    api_key_required: bool = False
    operation_name: str | None = None
    request_parameters: dict[str, bool] | None = None
    request_models: dict[str, str] | None = None
    request_validator_id: str | None = None
    method_responses: dict[str, MethodResponse] | None = None
    method_integration: Integration | None = None


class Resource(Struct, frozen=True):
    """One segment of a path with its methods. The root has neither a parent nor a `path_part`."""

    id: str
    path: str
    parent_id: str | None = None
    path_part: str | None = None
    resource_methods: dict[str, Method] = field(default_factory=dict)


class Authorizer(Struct, frozen=True):
    """Who may pass a method: `type` is TOKEN, REQUEST or COGNITO_USER_POOLS."""

    id: str
    name: str
    type: str
    provider_arns: list[str] | None = None
    auth_type: str | None = None
    authorizer_uri: str | None = None
    authorizer_credentials: str | None = None
    identity_source: str | None = None
    identity_validation_expression: str | None = None
    authorizer_result_ttl_in_seconds: int | None = None


class GatewayResponse(Struct, frozen=True):
    """How the API itself answers in one of the cases that AWS names; `response_type` is DEFAULT_4XX and the like."""

    response_type: str
    status_code: str | None = None
    response_parameters: dict[str, str] = field(default_factory=dict)
    response_templates: dict[str, str] = field(default_factory=dict)


class RequestValidator(Struct, frozen=True):
    """What of a request is checked before it goes on."""

    id: str
    name: str | None = None
    validate_request_body: bool = False
    validate_request_parameters: bool = False


class Model(Struct, frozen=True):
    """A JSON schema that bodies may be checked against."""

    id: str
    name: str
    content_type: str
    description: str | None = None
    schema: str | None = None


class Snapshot(Struct, frozen=True):
    """Everything of an API that a deployment freezes."""

    resources: list[Resource]
    authorizers: list[Authorizer]
    gateway_responses: list[GatewayResponse]
    request_validators: list[RequestValidator]
    models: list[Model]
    binary_media_types: list[str]


class Deployment(Struct, frozen=True):
    """A snapshot that stages serve."""

    id: str
    created_date: float
    snapshot: Snapshot
    description: str | None = None


class MethodSetting(Struct, frozen=True):
    """How a stage treats a method, or all (`*/*`). Rates in requests a second."""

    metrics_enabled: bool = False
    logging_level: str | None = None
    data_trace_enabled: bool = False
    throttling_burst_limit: int | None = None
    throttling_rate_limit: float | None = None
    caching_enabled: bool = False
    cache_ttl_in_seconds: int | None = None
    cache_data_encrypted: bool = False


class AccessLogSettings(Struct, frozen=True):
    """Where a stage's access log goes."""

    destination_arn: str | None = None
    format: str | None = None


class CanarySettings(Struct, frozen=True):
    """A second deployment at a stage, for a share of its requests (`percent_traffic`, 0 to 100)."""

    percent_traffic: float = 0.0
    deployment_id: str | None = None
    stage_variable_overrides: dict[str, str] | None = None
    use_stage_cache: bool = False


class Stage(Struct, frozen=True):
    """A name under which a deployment is served."""

    stage_name: str
    deployment_id: str
    created_date: float
    last_updated_date: float
    description: str | None = None
    client_certificate_id: str | None = None
    cache_cluster_enabled: bool = False
    cache_cluster_size: str | None = None
    method_settings: dict[str, MethodSetting] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    documentation_version: str | None = None
    access_log_settings: AccessLogSettings | None = None
    canary_settings: CanarySettings | None = None
    tracing_enabled: bool = False
    web_acl_arn: str | None = None
    tags: dict[str, str] = field(default_factory=dict)


class ApiKey(Struct, frozen=True):
    """A key that callers of methods with `api_key_required` send."""

    id: str
    account_id: str
    region: str
    value: str
    name: str
    created_date: float
    last_updated_date: float
    enabled: bool = True
    description: str | None = None
    customer_id: str | None = None
    stage_keys: list[str] = field(default_factory=list)
    """`<api id>/<stage>`."""
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str, str]:
        """Account, region and id."""
        return self.account_id, self.region, self.id


class UsagePlan(Struct, frozen=True):
    """Which keys may call which stages, and how much. `api_stages` are `<api id>:<stage>`."""

    id: str
    account_id: str
    region: str
    name: str
    api_stages: list[str] = field(default_factory=list)
    key_ids: list[str] = field(default_factory=list)
    description: str | None = None
    quota: dict[str, str | int] | None = None
    """`limit` and `offset` in requests, `period` is DAY, WEEK or MONTH."""
    throttle: dict[str, float] | None = None
    """`burstLimit` in requests, `rateLimit` in requests a second."""
    stage_throttles: dict[str, dict[str, dict[str, float]]] = field(default_factory=dict)
    """Limits of methods (`/pets/{id}/GET`) by stage."""
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str, str]:
        """Account, region and id."""
        return self.account_id, self.region, self.id


class Account(Struct, frozen=True):
    """What an account has set for all its REST APIs of a region."""

    account_id: str
    region: str
    cloudwatch_role_arn: str | None = None
