"""Function URLs: `url: true`, or with CORS rules, IAM authorization and response streaming."""

from typing import Any

from dewstack.service import FunctionSpec

from . import naming
from .draft import Draft, get_att, target_of

DEFAULT_CORS = {
    "allowedHeaders": [
        "Content-Type",
        "X-Amz-Date",
        "Authorization",
        "X-Api-Key",
        "X-Amz-Security-Token",
        "X-Amzn-Trace-Id",
    ],
    "allowedMethods": ["*"],
    "allowedOrigins": ["*"],
}
_CORS_NAMES = {
    "AllowCredentials": "allowCredentials",
    "AllowHeaders": "allowedHeaders",
    "AllowMethods": "allowedMethods",
    "AllowOrigins": "allowedOrigins",
    "ExposeHeaders": "exposedResponseHeaders",
    "MaxAge": "maxAge",
}


def compile_function_url(draft: Draft, function: FunctionSpec) -> None:
    """The URL of a function that asks for one, its output, and the permissions that make it public."""
    url = function.settings.get("url")
    if not url:
        return
    settings = url if isinstance(url, dict) else {}
    public = settings.get("authorizer") != "aws_iam"
    target, name = target_of(function), naming.resource_name(function.key)
    streaming = settings.get("invokeMode") == "RESPONSE_STREAM"
    draft.add(
        f"{name}LambdaFunctionUrl",
        "AWS::Lambda::Url",
        {
            "AuthType": "NONE" if public else "AWS_IAM",
            "TargetFunctionArn": target.arn,
            "Cors": _cors(settings.get("cors")),
            "InvokeMode": "RESPONSE_STREAM" if streaming else None,
        },
        depends_on=target.depends_on,
        condition=function.condition,
    )
    draft.outputs[f"{name}LambdaFunctionUrl"] = {
        "Description": "Lambda Function URL",
        "Value": get_att(f"{name}LambdaFunctionUrl", "FunctionUrl"),
        **({"Condition": function.condition} if function.condition else {}),
    }
    if public:
        by_url = {"Action": "lambda:InvokeFunctionUrl", "Principal": "*", "FunctionUrlAuthType": "NONE"}
        by_call = {"Action": "lambda:InvokeFunction", "Principal": "*", "InvokedViaFunctionUrl": True}
        for suffix, properties in (("FnUrl", by_url), ("Fn", by_call)):
            draft.add(
                f"{name}LambdaPermission{suffix}",
                "AWS::Lambda::Permission",
                {"FunctionName": target.arn, **properties},
                depends_on=target.depends_on,
                condition=function.condition,
            )


def _cors(value: Any) -> dict[str, Any] | None:
    """The CORS rules; a key that the map sets to null loses its default."""
    if not value:
        return None
    own = value if isinstance(value, dict) else {}
    merged = {**DEFAULT_CORS, **own}
    found = {name: merged[key] for name, key in _CORS_NAMES.items() if merged.get(key) not in (None, False)}
    return {
        name: list(dict.fromkeys(item)) if isinstance(item, list) else item for name, item in found.items()
    }
