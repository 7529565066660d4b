"""Where a request arrived: what all requests to a stage, or to a method of it, have in common."""

from collections.abc import Mapping

from msgspec import Struct, field

from dewstack.apigateway.rest_api.model import RestApi, Stage
from dewstack.arn import Arn

ADDED: Mapping[str, str] = {
    "X-Amzn-Trace-Id": "",
    "X-Forwarded-For": "",
    "X-Forwarded-Port": "443",
    "X-Forwarded-Proto": "https",
}
"""Headers that the gateway adds to every request."""
ADDED_AT_THE_EDGE: Mapping[str, str] = {
    "CloudFront-Forwarded-Proto": "https",
    "CloudFront-Is-Desktop-Viewer": "true",
    "CloudFront-Is-Mobile-Viewer": "false",
    "CloudFront-Is-SmartTV-Viewer": "false",
    "CloudFront-Is-Tablet-Viewer": "false",
    "CloudFront-Viewer-ASN": "64496",
    "CloudFront-Viewer-Country": "US",
    "Via": "1.1 dewstack.cloudfront.net (CloudFront)",
    "X-Amz-Cf-Id": "local-emulator-no-CloudFront-in-front-of-this-request-AA==",
}
"""What CloudFront adds in front of an edge-optimized API. No CloudFront is here: the values are the same for all
requests; the AS number is one reserved for documentation."""


class StagePoint(Struct, frozen=True):
    """A stage of an API. `added_lines` are headers that requests get, `added_names` their names by lower-case form."""

    api_id: str
    account_id: str
    name: str
    deployment_id: str
    arn: str
    variables: Mapping[str, str]
    added_names: Mapping[str, str] = field(default_factory=dict)
    added_lines: Mapping[str, list[str]] = field(default_factory=dict)
    canary: bool | None = None
    """Whether this is what a canary's requests see; None at a stage without a canary."""
    edge: bool = False

    @classmethod
    def of(cls, api: RestApi, stage: Stage, canary: bool | None = None) -> "StagePoint":
        """The point that `stage` of `api` is."""
        edge = "EDGE" in api.endpoint_configuration.types
        added = {**ADDED, **ADDED_AT_THE_EDGE} if edge else ADDED
        return cls(
            api_id=api.id,
            account_id=api.account_id,
            name=stage.stage_name,
            deployment_id=stage.deployment_id,
            arn=str(Arn("execute-api", api.region, api.account_id, f"{api.id}/{stage.stage_name}")),
            variables=stage.variables,
            added_names={name.lower(): name for name in added},
            added_lines={name: [value] for name, value in added.items()},
            canary=canary,
            edge=edge,
        )


class MethodPoint(Struct, frozen=True):
    """A method of a resource."""

    resource_id: str
    resource_path: str
    http_method: str = "ANY"
