"""Who may call a function, said by Lambda's own operations: for callers that no template of the map makes."""

from typing import Any

from dewstack.compile import alias_of
from dewstack.deploy.target import Call
from dewstack.errors import AwsError
from dewstack.service import FunctionSpec


def called_arn(call: Call, function: FunctionSpec) -> str:
    """What calls a function: itself, or its alias where the map asks for one. Raises AwsError."""
    arn = call("lambda", "GetFunction", {"FunctionName": function.name})["Configuration"]["FunctionArn"]
    alias = alias_of(function)
    return f"{arn}:{alias.name}" if alias else str(arn)


def permit(call: Call, arn: str, statement_id: str, principal: str, **source: Any) -> None:
    """Let a service call the function; nothing happens where it may already. Raises AwsError."""
    permission = {
        "FunctionName": arn,
        "StatementId": statement_id,
        "Action": "lambda:InvokeFunction",
        "Principal": principal,
        **source,
    }
    try:
        call("lambda", "AddPermission", permission)
    except AwsError as error:
        if error.code != "ResourceConflictException":
            raise
