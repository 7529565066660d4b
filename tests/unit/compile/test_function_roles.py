"""Roles of single functions (serverless-iam-roles-per-function)."""

from collections.abc import Callable
from typing import Any

Compile = Callable[..., dict[str, Any]]
HEAD = """  runtime: python3.11
  iam:
    role:
      statements: [{ Effect: Allow, Action: 's3:*', Resource: '*' }]
"""
MAP = """
plugins: [serverless-iam-roles-per-function]
custom:
  serverless-iam-roles-per-function: { iamGlobalPermissionsBoundary: arn:aws:iam::1:policy/b }
functions:
  plain: { handler: app.handler }
  empty: { handler: app.handler, iamRoleStatements: [] }
  own:
    handler: app.handler
    iamRoleStatements: [{ Effect: Allow, Action: 'sqs:*', Resource: '*' }]
    events:
      - stream: { type: dynamodb, arn: !GetAtt Table.StreamArn }
  heir:
    handler: app.handler
    iamRoleStatementsInherit: true
    iamRoleStatementsName: by-name
    iamPermissionsBoundary: arn:aws:iam::1:policy/c
    iamRoleStatements: [{ Effect: Deny, Action: 's3:Delete*', Resource: '*' }]
"""


def role_of(template: dict[str, Any], function: str) -> str:
    resource = template["Resources"][f"{function}LambdaFunction"]
    role: str = resource["Properties"]["Role"]["Fn::GetAtt"][0]
    assert (role in resource["DependsOn"]) is (role != "IamRoleLambdaExecution")
    return role


def test_a_function_with_statements_has_a_role_of_its_own(compile_map: Compile) -> None:
    template = compile_map(MAP, head=HEAD)
    roles = {name: role_of(template, name) for name in ("Plain", "Empty", "Own", "Heir")}
    shared = "IamRoleLambdaExecution"
    assert roles == {"Plain": shared, "Empty": shared, "Own": f"Own{shared}", "Heir": f"Heir{shared}"}
    own, heir = (template["Resources"][roles[name]]["Properties"] for name in ("Own", "Heir"))
    assert own["RoleName"]["Fn::Join"][1] == ["shop", "dev", "own", {"Ref": "AWS::Region"}, "lambdaRole"]
    assert (heir["RoleName"], own["AssumeRolePolicyDocument"]) == (
        "by-name",
        heir["AssumeRolePolicyDocument"],
    )
    assert (own["PermissionsBoundary"], heir["PermissionsBoundary"]) == (
        "arn:aws:iam::1:policy/b",
        "arn:aws:iam::1:policy/c",
    )
    logs, stream, queues = own["Policies"][0]["PolicyDocument"]["Statement"]
    assert logs["Action"] == ["logs:CreateLogStream", "logs:PutLogEvents"]
    assert stream["Resource"] == [{"Fn::GetAtt": ["Table", "StreamArn"]}]
    assert queues["Action"] == "sqs:*"
    actions = [one["Action"] for one in heir["Policies"][0]["PolicyDocument"]["Statement"]]
    assert actions[1:] == [["s3:*"], "s3:Delete*"]
    mapping = next(one for name, one in template["Resources"].items() if "EventSourceMapping" in name)
    assert mapping["DependsOn"] == roles["Own"]


def test_without_the_plugin_there_is_one_role(compile_map: Compile) -> None:
    template = compile_map(MAP.replace("plugins: [serverless-iam-roles-per-function]", ""), head=HEAD)
    assert {role_of(template, name) for name in ("Plain", "Own", "Heir")} == {"IamRoleLambdaExecution"}
