"""A template in the making, and the few forms that most of its resources share."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct, field

from dewstack.service import FunctionSpec, Service

from . import naming

ROLE = "IamRoleLambdaExecution"
BUCKET = "ServerlessDeploymentBucket"


_ALIASES = (
    ("durableConfig", "durable", "DurableLambdaAlias"),
    ("provisionedConcurrency", "provisioned", "ProvConcLambdaAlias"),
    ("snapStart", "snapstart", "SnapStartLambdaAlias"),
)
"""What makes an alias of a function, the alias's name, and how its logical ID ends; the first counts."""


class Artifact(Struct, frozen=True):
    """Where the code of a function (or a layer) is, and its SHA-256 in base64."""

    s3_bucket: Any
    s3_key: str
    code_sha256: str


class Target(Struct, frozen=True):
    """What an invocation addresses: a function, or an alias of it (`depends_on` is the alias)."""

    arn: Any
    depends_on: str | None = None


class Alias(Struct, frozen=True):
    """An alias of a function's current version."""

    name: str
    logical_id: str


class Draft(Struct):
    """The template being made. Compilers add to it in the Framework's order; it is finished by `finish`."""

    service: Service
    template: dict[str, Any]
    artifacts: Mapping[str, Artifact] = field(default_factory=dict)
    layer_artifacts: Mapping[str, Artifact] = field(default_factory=dict)

    @property
    def resources(self) -> dict[str, Any]:
        """The resources by logical ID."""
        found: dict[str, Any] = self.template["Resources"]
        return found

    @property
    def outputs(self) -> dict[str, Any]:
        """The outputs by name."""
        found: dict[str, Any] = self.template["Outputs"]
        return found

    def add(
        self,
        logical_id: str,
        resource_type: str,
        properties: Mapping[str, Any],
        *,
        depends_on: str | Sequence[str] | None = None,
        condition: str | None = None,
        **attributes: Any,
    ) -> dict[str, Any]:
        """Add a resource. Properties and attributes that are None are left out."""
        resource: dict[str, Any] = {"Type": resource_type}
        resource |= {name: value for name, value in attributes.items() if value is not None}
        resource["Properties"] = {name: value for name, value in properties.items() if value is not None}
        if depends_on:
            resource["DependsOn"] = depends_on if isinstance(depends_on, str) else list(depends_on)
        if condition:
            resource["Condition"] = condition
        self.resources[logical_id] = resource
        return resource

    def allow(self, statement: Mapping[str, Any], *, once: bool = False) -> None:
        """Add a statement to the functions' own role, when the stack makes one."""
        if ROLE not in self.resources:
            return
        statements = self.resources[ROLE]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
        if not once or statement not in statements:
            statements.append(dict(statement))


def target_of(function: FunctionSpec) -> Target:
    """The function itself, or its alias where the map asks for one."""
    arn = get_att(naming.lambda_function(function.key), "Arn")
    alias = alias_of(function)
    return Target(join(":", arn, alias.name), alias.logical_id) if alias else Target(arn)


def alias_of(function: FunctionSpec) -> Alias | None:
    """The alias that a function has for what the map asks of it."""
    for setting, name, suffix in _ALIASES:
        if function.settings.get(setting):
            return Alias(name, f"{naming.resource_name(function.key)}{suffix}")
    return None


def ref(logical_id: str) -> dict[str, Any]:
    """`{"Ref": …}`."""
    return {"Ref": logical_id}


def get_att(logical_id: str, attribute: str) -> dict[str, Any]:
    """`{"Fn::GetAtt": […]}`."""
    return {"Fn::GetAtt": [logical_id, attribute]}


def join(separator: str, *parts: Any) -> dict[str, Any]:
    """`{"Fn::Join": […]}`."""
    return {"Fn::Join": [separator, list(parts)]}


def invocation_uri(function_arn: Any) -> dict[str, Any]:
    """The URI by which API Gateway invokes a function."""
    prefix = ":lambda:path/2015-03-31/functions/"
    parts = ("arn:", ref("AWS::Partition"), ":apigateway:", ref("AWS::Region"), prefix, function_arn)
    return join("", *parts, "/invocations")


def execute_api_arn(api_id: Any) -> dict[str, Any]:
    """The ARN of everything that an API can be called with."""
    region, account = ref("AWS::Region"), ref("AWS::AccountId")
    return join("", "arn:", ref("AWS::Partition"), ":execute-api:", region, ":", account, ":", api_id, "/*")


def tag_list(tags: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """Tags as `Key` and `Value`; None when there are none."""
    return [{"Key": key, "Value": value} for key, value in tags.items()] or None
