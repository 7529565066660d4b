"""The role by which API Gateway writes logs: one for all REST and WebSocket APIs of an account in a region.

No template of the Framework has it: a custom resource sees to it, before a stage with logs is made. Here the
deployment does the same through API Gateway's and IAM's own operations, where the account has no role yet.
"""

import json
from collections.abc import Callable
from typing import Any

from dewstack.deploy.progress import pauses
from dewstack.deploy.target import Call, Target
from dewstack.errors import AwsError, UserError
from dewstack.service import Service

ROLE = "serverlessApiGatewayCloudWatchRole"
"""The Framework's own name for it."""
POLICY = "service-role/AmazonAPIGatewayPushToCloudWatchLogs"
ROLE_SECONDS = 60.0
"""How long a new role may take until API Gateway sees what it may do."""


def wants_logs(service: Service) -> bool:
    """Whether a stage of the map has logs whose role is its affair."""
    return any(_managed(_logs(service).get(kind)) for kind in ("restApi", "websocket"))


def ensure_role(call: Call, service: Service, target: Target, say: Callable[[str], None]) -> None:
    """Give the account the role that the map names, or one of its own if it has none. Raises AwsError, UserError."""
    current = call("apigateway", "GetAccount", {}).get("cloudwatchRoleArn")
    named = next(
        (role for kind in ("restApi", "websocket") if (role := _named(_logs(service).get(kind)))), ""
    )
    if current and named in ("", current):
        return
    say(f"Setting the role by which API Gateway writes logs, for all of this account in {service.region}")
    arn = named or _make_role(call)
    change = {"op": "replace", "path": "/cloudwatchRoleArn", "value": arn}

    def late() -> UserError:
        return UserError(
            f"API Gateway doesn't take {arn} for its logs",
            hint=f"give it the policy {POLICY}, and let apigateway.amazonaws.com assume it",
        )

    for _ in pauses(target, late, ROLE_SECONDS):
        try:
            call("apigateway", "UpdateAccount", {"patchOperations": [change]})
            return
        except AwsError as error:
            if error.code != "BadRequestException":
                raise


def _make_role(call: Call) -> str:
    trusted: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": {"Service": "apigateway.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [trusted]})
    try:
        made = call("iam", "CreateRole", {"RoleName": ROLE, "AssumeRolePolicyDocument": document})
    except AwsError as error:
        if error.code not in ("EntityAlreadyExists", "EntityAlreadyExistsException"):
            raise
        made = call("iam", "GetRole", {"RoleName": ROLE})
    arn = str(made["Role"]["Arn"])
    policy = f"arn:{arn.split(':')[1]}:iam::aws:policy/{POLICY}"
    call("iam", "AttachRolePolicy", {"RoleName": ROLE, "PolicyArn": policy})
    return arn


def _logs(service: Service) -> dict[str, Any]:
    logs = service.provider.settings.get("logs")
    return logs if isinstance(logs, dict) else {}


def _managed(logs: Any) -> bool:
    return bool(logs) and not (isinstance(logs, dict) and logs.get("roleManagedExternally"))


def _named(logs: Any) -> str:
    return str(logs.get("role") or "") if _managed(logs) and isinstance(logs, dict) else ""
