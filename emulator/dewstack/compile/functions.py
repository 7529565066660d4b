"""Functions: the resource itself, its published version, its aliases and its URL."""

import base64
import hashlib
import json
from functools import lru_cache
from typing import Any

from dewstack.service import FunctionSpec

from . import naming
from .draft import ROLE, Alias, Draft, alias_of, get_att, ref, tag_list
from .function_url import compile_function_url
from .images import image_properties, image_sha256, is_image
from .invoke_config import compile_invoke_config
from .layers import layer_configurations

_RUNTIME_UPDATES = {"auto": None, "onFunctionUpdate": "FunctionUpdate", "manual": "Manual"}


def compile_functions(draft: Draft) -> None:
    """All functions of the map, each with what belongs to it."""
    for function in draft.service.functions.values():
        resource = _compile_function(draft, function)
        alias = alias_of(function)
        if function.version_function or alias:
            version = _compile_version(draft, function, resource["Properties"])
            if alias:
                _compile_alias(draft, function, version, alias)
        logging = _logging_config(draft, function)
        if logging:
            resource["Properties"]["LoggingConfig"] = logging
        compile_function_url(draft, function)
        compile_invoke_config(draft, function)


def _compile_function(draft: Draft, function: FunctionSpec) -> dict[str, Any]:
    role, role_dependency = _role(function)
    depends_on = [] if function.disable_logs else [naming.log_group(function.key)]
    wanted = function.settings.get("dependsOn") or []
    depends_on += [wanted] if isinstance(wanted, str) else wanted
    depends_on += role_dependency
    properties = {
        **_code(draft, function),
        "FunctionName": function.name,
        "MemorySize": function.memory_size,
        "Timeout": function.timeout,
        **_optional_properties(draft, function),
        "Environment": {"Variables": dict(function.environment)}
        if _has_environment(draft, function)
        else None,
        "Role": role,
        "VpcConfig": _vpc_config(draft, function),
        "FileSystemConfigs": _file_systems(draft, function),
        "ReservedConcurrentExecutions": function.settings.get("reservedConcurrency"),
        "Layers": list(function.layers) or None,
        "DurableConfig": _durable_config(function),
    }
    logical_id = naming.lambda_function(function.key)
    condition = function.condition
    return draft.add(
        logical_id, "AWS::Lambda::Function", properties, depends_on=depends_on, condition=condition
    )


def _code(draft: Draft, function: FunctionSpec) -> dict[str, Any]:
    if is_image(function):
        return image_properties(draft, function)
    artifact = draft.artifacts[function.key]
    return {
        "Code": {"S3Bucket": artifact.s3_bucket, "S3Key": artifact.s3_key},
        "RuntimeManagementConfig": _runtime_management(draft, function),
        "Handler": function.handler,
        "Runtime": function.runtime,
    }


def _durable_config(function: FunctionSpec) -> dict[str, Any] | None:
    own = function.settings.get("durableConfig")
    if not own:
        return None
    config = {
        "ExecutionTimeout": own.get("executionTimeout"),
        "RetentionPeriodInDays": own.get("retentionPeriodInDays"),
    }
    return {name: value for name, value in config.items() if value is not None}


def _runtime_management(draft: Draft, function: FunctionSpec) -> dict[str, Any] | None:
    merged: dict[str, Any] = {"mode": "auto"}
    for value in (
        draft.service.provider.settings.get("runtimeManagement"),
        function.settings.get("runtimeManagement"),
    ):
        merged |= {"mode": value} if isinstance(value, str) else value if isinstance(value, dict) else {}
    update_on = _RUNTIME_UPDATES.get(merged["mode"])
    if update_on is None:
        return None
    config = {"UpdateRuntimeOn": update_on}
    return {**config, "RuntimeVersionArn": merged.get("arn")} if update_on == "Manual" else config


def _role(function: FunctionSpec) -> tuple[Any, list[str]]:
    """The role's ARN, and the resource of the map that has to be there before."""
    role = function.role
    if not role or role == ROLE:
        return get_att(ROLE, "Arn"), []
    if isinstance(role, str):
        return (role, []) if role.startswith("arn:") else (get_att(role, "Arn"), [role])
    if isinstance(role, dict) and "Fn::GetAtt" in role:
        return role, [role["Fn::GetAtt"][0]]
    return role, []


def _optional_properties(draft: Draft, function: FunctionSpec) -> dict[str, Any]:
    own, common = function.settings, draft.service.provider.settings
    architecture = own.get("architecture") or common.get("architecture")
    storage = own.get("ephemeralStorageSize")
    return {
        "Architectures": [architecture] if architecture else None,
        "Description": function.description,
        "SnapStart": {"ApplyOn": "PublishedVersions"} if own.get("snapStart") else None,
        "Tags": tag_list(function.tags),
        "EphemeralStorage": {"Size": storage} if storage else None,
        "RecursiveLoop": own.get("recursiveLoop"),
        "DeadLetterConfig": _dead_letters(draft, own.get("onError")),
        "KmsKeyArn": _kms_key(draft, own.get("kmsKeyArn") or common.get("kmsKeyArn")),
        "TracingConfig": _tracing(draft, own.get("tracing") or (common.get("tracing") or {}).get("lambda")),
    }


def _dead_letters(draft: Draft, arn: Any) -> dict[str, Any] | None:
    if isinstance(arn, str):
        draft.allow({"Effect": "Allow", "Action": ["sns:Publish"], "Resource": [arn]})
    return {"TargetArn": arn} if arn else None


def _kms_key(draft: Draft, arn: Any) -> Any:
    if isinstance(arn, str):
        draft.allow({"Effect": "Allow", "Action": ["kms:Decrypt"], "Resource": [arn]}, once=True)
    return arn


def _tracing(draft: Draft, tracing: Any) -> dict[str, Any] | None:
    if not tracing:
        return None
    actions = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]
    draft.allow({"Effect": "Allow", "Action": actions, "Resource": ["*"]}, once=True)
    return {"Mode": "Active" if tracing is True else tracing}


def _has_environment(draft: Draft, function: FunctionSpec) -> bool:
    common = draft.service.provider.settings.get("environment")
    return common is not None or function.settings.get("environment") is not None


def _vpc_config(draft: Draft, function: FunctionSpec) -> dict[str, Any] | None:
    own, common = function.settings.get("vpc", {}), draft.service.provider.settings.get("vpc") or {}
    if not isinstance(own, dict):  # `vpc: ~` and `vpc: false` take a function out of the provider's
        return None
    merged = {**common, **{key: value for key, value in own.items() if value}}
    if not merged.get("securityGroupIds") or not merged.get("subnetIds"):
        return None
    config = {
        "Ipv6AllowedForDualStack": merged.get("ipv6AllowedForDualStack"),
        "SecurityGroupIds": merged["securityGroupIds"],
        "SubnetIds": merged["subnetIds"],
    }
    return {name: value for name, value in config.items() if value is not None}


def _file_systems(draft: Draft, function: FunctionSpec) -> list[dict[str, Any]] | None:
    config = function.settings.get("fileSystemConfig")
    if not config:
        return None
    actions = ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"]
    draft.allow({"Effect": "Allow", "Action": actions, "Resource": [config["arn"]]})
    return [{"Arn": config["arn"], "LocalMountPath": config["localMountPath"]}]


def _compile_version(draft: Draft, function: FunctionSpec, properties: dict[str, Any]) -> str:
    image = is_image(function)
    code_sha256 = image_sha256(draft, function) if image else draft.artifacts[function.key].code_sha256
    keep = function.version_function or function.settings.get("durableConfig")
    logical_id = naming.lambda_version(function.key, _version_digest(draft, function, properties))
    draft.add(
        logical_id,
        "AWS::Lambda::Version",
        {
            "FunctionName": ref(naming.lambda_function(function.key)),
            "CodeSha256": code_sha256,
            "Description": function.description,
        },
        condition=function.condition,
        DeletionPolicy="Retain" if keep else None,
    )
    draft.outputs[f"{naming.lambda_function(function.key)}QualifiedArn"] = {
        "Description": "Current Lambda function version",
        "Value": ref(logical_id),
        **({"Condition": function.condition} if function.condition else {}),
    }
    return logical_id


def _version_digest(draft: Draft, function: FunctionSpec, properties: dict[str, Any]) -> str:
    """The Framework's own digest of code and configuration: same code, same map, same logical ID."""
    layers = layer_configurations(draft, function)
    artifact = draft.artifacts.get(function.key)
    hashes = [artifact.code_sha256] if artifact else []
    hashes += sorted(draft.layer_artifacts[layer.key].code_sha256 for layer in layers)
    left_out = {"ReservedConcurrentExecutions", "Tags"} | ({"Code"} if artifact else set())
    configuration = {name: value for name, value in properties.items() if name not in left_out}
    if "Environment" in configuration:  # Variables without a value count, though the template has none.
        common = draft.service.provider.settings.get("environment") or {}
        own = function.settings.get("environment") or {}
        configuration["Environment"] = {
            "Variables": dict.fromkeys({**common, **own}) | dict(function.environment)
        }
    configuration["layerConfigurations"] = [layer.without_key() for layer in layers]
    text = json.dumps(_sorted(configuration), separators=(",", ":"), ensure_ascii=False)
    digest = hashlib.sha256("".join([*hashes, text]).encode()).digest()
    return base64.b64encode(digest).decode()


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value, key=_collation)}
    if isinstance(value, list):
        return [_sorted(item) for item in value]
    return value


@lru_cache(maxsize=4096)
def _collation(text: str) -> tuple[list[tuple[int, str]], str]:
    """JavaScript's localeCompare for the keys of templates: punctuation, digits, letters; `a` before `A`."""
    return [
        (2 if char.isalpha() else 1 if char.isdigit() else 0, char.lower()) for char in text
    ], text.swapcase()


def _compile_alias(draft: Draft, function: FunctionSpec, version: str, alias: Alias) -> None:
    provisioned = function.settings.get("provisionedConcurrency")
    concurrency = {"ProvisionedConcurrentExecutions": provisioned} if provisioned else None
    draft.add(
        alias.logical_id,
        "AWS::Lambda::Alias",
        {
            "FunctionName": ref(naming.lambda_function(function.key)),
            "FunctionVersion": get_att(version, "Version"),
            "Name": alias.name,
            "ProvisionedConcurrencyConfig": concurrency,
        },
        depends_on=naming.lambda_function(function.key),
        condition=function.condition,
    )


def _logging_config(draft: Draft, function: FunctionSpec) -> dict[str, Any] | None:
    common = (draft.service.provider.settings.get("logs") or {}).get("lambda")
    logs = function.settings.get("logs") or common or {}
    names = {
        "ApplicationLogLevel": "applicationLogLevel",
        "LogFormat": "logFormat",
        "LogGroup": "logGroup",
        "SystemLogLevel": "systemLogLevel",
    }
    return {name: logs[key] for name, key in names.items() if logs.get(key)} or None
