"""A function's configuration, from the API's shape and back, and what Lambda refuses in it."""

from typing import Any

from msgspec.structs import replace

from dewstack.lambda_.errors import InvalidParameterValueException
from dewstack.lambda_.model import LATEST, Function

RESERVED_KEYS = frozenset(
    [
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_DEFAULT_REGION",
        "AWS_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_LAMBDA_RUNTIME_API",
        "LAMBDA_TASK_ROOT",
        "LAMBDA_RUNTIME_DIR",
    ]
)
MAX_ENVIRONMENT_BYTES = 4096
LOG_LEVELS = ("ApplicationLogLevel", "SystemLogLevel")
KEPT = (
    "VpcConfig",
    "DeadLetterConfig",
    "TracingConfig",
    "KMSKeyArn",
    "FileSystemConfigs",
    "SnapStart",
    "ImageConfig",
)
"""Settings that are kept and told, and change nothing here."""


def configuration(function: Function) -> dict[str, Any]:
    """A FunctionConfiguration, as the API answers it."""
    answer = {
        "FunctionName": function.name,
        "FunctionArn": function.arn if function.version == LATEST else function.qualified_arn,
        "Runtime": function.runtime,
        "Role": function.role,
        "Handler": function.handler,
        "CodeSize": function.code.size,
        "Description": function.description,
        "Timeout": function.timeout,
        "MemorySize": function.memory_size,
        "LastModified": function.last_modified,
        "CodeSha256": function.code.sha256,
        "Version": function.version,
        "TracingConfig": {"Mode": "PassThrough"},
        "RevisionId": function.revision_id,
        "Layers": [{"Arn": arn, "CodeSize": 0} for arn in function.layers],
        "State": "Active",
        "LastUpdateStatus": "Successful",
        "PackageType": "Image" if function.code.image else "Zip",
        "Architectures": function.architectures,
        "EphemeralStorage": {"Size": function.ephemeral_storage},
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        **function.extras,
        "LoggingConfig": {
            **(function.extras.get("LoggingConfig") or {"LogFormat": "Text"}),
            "LogGroup": function.log_group_name,
        },
    }
    if function.environment:
        answer["Environment"] = {"Variables": function.environment}
    if not function.layers:
        del answer["Layers"]
    if function.code.image:
        del answer["Runtime"], answer["Handler"]
    return answer


def configured(function: Function, params: dict[str, Any]) -> Function:
    """The function with what `params` give of its configuration. Raises InvalidParameterValueException."""
    changes: dict[str, Any] = {}
    for key, name in (
        ("Handler", "handler"),
        ("Runtime", "runtime"),
        ("Role", "role"),
        ("Timeout", "timeout"),
        ("MemorySize", "memory_size"),
        ("Description", "description"),
        ("Layers", "layers"),
        ("Architectures", "architectures"),
    ):
        if params.get(key) is not None:
            changes[name] = params[key]
    if "Environment" in params:
        changes["environment"] = _environment(params["Environment"].get("Variables") or {})
    if params.get("EphemeralStorage"):
        changes["ephemeral_storage"] = params["EphemeralStorage"]["Size"]
    changes["extras"] = {
        **function.extras,
        **{key: params[key] for key in KEPT if params.get(key) is not None},
    }
    if params.get("LoggingConfig"):
        changes["log_group"], changes["extras"]["LoggingConfig"] = _logging(function, params["LoggingConfig"])
    return replace(function, **changes)


def _logging(function: Function, given: dict[str, Any]) -> tuple[str, dict[str, str]]:
    """The log group, and format and levels; what isn't given stays. Raises InvalidParameterValueException."""
    before = function.extras.get("LoggingConfig") or {}
    config = {"LogFormat": given.get("LogFormat") or before.get("LogFormat", "Text")}
    levels = {key: given[key] for key in LOG_LEVELS if given.get(key)}
    if config["LogFormat"] == "JSON":
        config |= {key: levels.get(key) or before.get(key, "INFO") for key in LOG_LEVELS}
    elif levels:
        raise InvalidParameterValueException(
            f"To set {' and '.join(levels)}, the log format has to be JSON: text logs are not filtered by level."
        )
    return given.get("LogGroup") or function.log_group, config


def _environment(variables: dict[str, str]) -> dict[str, str]:
    reserved = sorted(RESERVED_KEYS & variables.keys())
    if reserved:
        raise InvalidParameterValueException(
            "Lambda was unable to configure your environment variables because the environment variables you have"
            " provided contains reserved keys that are currently not supported for modification. Reserved keys used"
            f" in this request: {', '.join(reserved)}"
        )
    size = sum(len(f"{key}={value}".encode()) for key, value in variables.items())
    if size > MAX_ENVIRONMENT_BYTES:
        raise InvalidParameterValueException(
            "Lambda was unable to configure your environment variables because the environment variables you have"
            " provided exceeded the 4KB limit."
        )
    return variables
