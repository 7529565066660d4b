"""cfn-lint finds nothing to say about what is compiled from a map that uses most of what there is."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dewstack.compile import without_redundant_dependencies

HEAD = """\
  runtime: python3.12
  region: eu-west-1
  stackName: shop-stack
  logRetentionInDays: 14
  architecture: arm64
  tracing: {lambda: true}
  tags: {team: core}
  deploymentBucket: {blockPublicAccess: true, versioning: true}
  environment: {TABLE: !Ref Table, POOL: !Ref Pool, STAGE: '${sls:stage}'}
  logs: {httpApi: true, restApi: {roleManagedExternally: true}}
  endpointType: REGIONAL
  apiGateway:
    binaryMediaTypes: [image/png]
    apiKeys: [{free: [one]}]
    usagePlan: [{free: {quota: {limit: 100, period: DAY}, throttle: {burstLimit: 2, rateLimit: 1}}}]
    request: {schemas: {item: {schema: {type: object}}}}
  iam:
    role:
      managedPolicies: ['arn:aws:iam::aws:policy/AWSXrayReadOnlyAccess']
      statements:
        - {Effect: Allow, Action: 'dynamodb:GetItem', Resource: !GetAtt Table.Arn}
  httpApi:
    cors: true
    metrics: true
    authorizers:
      users:
        type: jwt
        identitySource: $request.header.Authorization
        issuerUrl: !Sub 'https://cognito-idp.${AWS::Region}.amazonaws.com/${Pool}'
        audience: [!Ref Client]
      own: {type: request, functionName: guard, identitySource: $request.header.X, resultTtlInSeconds: 60}
"""
MAP = """\
functions:
  guard: {handler: app.handler}
  items:
    handler: app.handler
    description: Lists items
    timeout: 10
    memorySize: 256
    layers: [!Ref CommonLambdaLayer]
    url: {cors: true}
    events:
      - httpApi: GET /items
      - httpApi: {method: POST, path: '/items/{id}', authorizer: {name: users, scopes: [items]}}
      - httpApi: {method: '*', path: '/any/{proxy+}', authorizer: own}
      - httpApi: '*'
      - http: GET /items
      - http:
          method: POST
          path: /items/{id}
          cors: {origins: ['https://a.example', 'https://b.example']}
          authorizer: {name: people, type: COGNITO_USER_POOLS, arn: !GetAtt Pool.Arn, scopes: [items]}
      - http:
          method: ANY
          path: /any/{proxy+}
          cors: true
          authorizer: {name: guard, type: request, resultTtlInSeconds: 0}
      - http: {method: PUT, path: /items, private: true, request: {schemas: {application/json: item}}}
      - http: {method: GET, path: /plain, integration: lambda, async: true, authorizer: aws_iam}
      - http: {method: GET, path: /web, integration: http-proxy, request: {uri: 'https://a.example'}}
      - http:
          method: GET
          path: /mock
          integration: mock
          request: {template: {application/json: '{"statusCode": 200}'}}
          response: {template: ok}
      - schedule: {rate: [rate(1 hour)], input: {a: 1}}
      - schedule: {rate: [cron(0 12 * * ? *)], method: scheduler}
  socket:
    handler: app.handler
    provisionedConcurrency: 1
    events:
      - websocket: $connect
      - websocket: {route: chat}
layers: {common: {path: layer, compatibleRuntimes: [python3.12]}}
resources:
  Resources:
    Pool: {Type: AWS::Cognito::UserPool, Properties: {UserPoolName: !Sub '${AWS::StackName}-users'}}
    Client: {Type: AWS::Cognito::UserPoolClient, Properties: {UserPoolId: !Ref Pool}}
    Table:
      Type: AWS::DynamoDB::Table
      DeletionPolicy: Delete
      UpdateReplacePolicy: Delete
      Properties:
        BillingMode: PAY_PER_REQUEST
        AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
        KeySchema: [{AttributeName: id, KeyType: HASH}]
  Outputs:
    PoolId: {Value: !Ref Pool}
"""


def lint(template: dict[str, Any], path: Path) -> str:
    path.write_text(json.dumps(template, indent=2))
    command = [
        str(Path(sys.executable).with_name("cfn-lint")),
        "--regions",
        "eu-west-1",
        "--template",
        str(path),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 4) and not done.stderr
    return done.stdout


def test_a_representative_template_is_clean(
    compile_map: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    template = compile_map(MAP, head=HEAD)
    assert lint(without_redundant_dependencies(template), tmp_path / "lean.json") == ""


def test_the_frameworks_form_only_says_some_dependencies_twice(
    compile_map: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    findings = lint(compile_map(MAP, head=HEAD), tmp_path / "full.json").splitlines()
    codes = {line.split()[0] for line in findings if line and not line.startswith("/")}
    assert codes == {"W3005"}
