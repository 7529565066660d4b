"""The role in whose name API Gateway writes logs: one for all APIs of an account in a region.

The Framework has a custom resource do it: a function of its own that makes the role and names it to API Gateway. Here
the deployment does the same by the services' own operations, before the stack that needs it. Unlike the Framework, it
leaves a role that the account has already, unless the map names another.
"""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from dewstack.deploy.target import Call
from dewstack.errors import AwsError
from dewstack.service import Service

ROLE_NAME = "serverlessApiGatewayCloudWatchRole"
ATTEMPTS, PAUSE_SECONDS = 10, 5.0
"""A role that was just made isn't known everywhere at once."""


def set_up_log_role(call: Call, service: Service, pause: Callable[[float], None] = time.sleep) -> None:
    """See that API Gateway may write the logs that the map asks for. Raises AwsError."""
    logs = _mapping(service.provider.settings.get("logs"))
    own = _mapping(logs.get("restApi"))
    wanted = any(_writes(logs.get(kind)) for kind in ("restApi", "websocket"))
    if not wanted or own.get("roleManagedExternally"):
        return
    known, given = call("apigateway", "GetAccount", {}).get("cloudwatchRoleArn"), own.get("role")
    if known == given if given else known:
        return
    role_arn = given or _make_role(call)
    for attempt in range(1, ATTEMPTS + 1):
        try:
            replaced = {"op": "replace", "path": "/cloudwatchRoleArn", "value": role_arn}
            call("apigateway", "UpdateAccount", {"patchOperations": [replaced]})
            return
        except AwsError as error:
            if attempt == ATTEMPTS or error.code != "BadRequestException":
                raise
            pause(PAUSE_SECONDS)


def _writes(logs: Any) -> bool:
    """Whether a kind of API writes a log of any kind."""
    own = _mapping(logs)
    return bool(logs) and not (own.get("accessLogging") is False and own.get("executionLogging") is False)


def _make_role(call: Call) -> str:
    """The ARN of the Framework's role, which is made unless it is there."""
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "apigateway.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    try:
        call("iam", "CreateRole", {"RoleName": ROLE_NAME, "AssumeRolePolicyDocument": document})
    except AwsError as error:
        if not error.code.startswith("EntityAlreadyExists"):
            raise
    arn = str(call("iam", "GetRole", {"RoleName": ROLE_NAME})["Role"]["Arn"])
    policy = f"arn:{arn.split(':')[1]}:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"
    call("iam", "AttachRolePolicy", {"RoleName": ROLE_NAME, "PolicyArn": policy})
    return arn


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
