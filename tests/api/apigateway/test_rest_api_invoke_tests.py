"""TestInvokeMethod, TestInvokeAuthorizer and GetModelTemplate."""

import json
import re
from typing import Any

import pytest

from dewstack.apigateway.errors import NotFoundException
from tests.api.apigateway.http_api_client import Result
from tests.api.apigateway.rest_api_client import AUTHORIZER_URI, URI, RestGateway


def tried(rest: RestGateway, operation: str, **params: Any) -> dict[str, Any]:
    """The answer of an operation that waits for a function."""
    given = {"restApiId": rest.api_id} | params
    work = rest.api.operations["apigateway"][operation](rest.config.caller, given)
    answer: dict[str, Any] = rest.runner.run(work)
    return answer


def test_a_method_is_tried_before_it_is_deployed(rest: RestGateway) -> None:
    rest.create_rest()
    place = rest.method("GET /pets/{id}", authorizationType="AWS_IAM", apiKeyRequired=True)
    answer = tried(
        rest,
        "TestInvokeMethod",
        pathWithQueryString="/pets/7?color=red&color=blue",
        headers={"X-One": "1"},
        multiValueHeaders={"X-Two": ["a", "b"]},
        stageVariables={"a": "b"},
        body="hello",
        **place,
    )
    assert (answer["status"], answer["headers"]["content-type"]) == (200, "application/json")
    event = json.loads(answer["body"])
    assert event["pathParameters"] == {"id": "7"}
    assert event["multiValueQueryStringParameters"] == {"color": ["red", "blue"]}
    assert (event["headers"]["X-One"], event["multiValueHeaders"]["X-Two"]) == ("1", ["a", "b"])
    assert (event["stageVariables"], event["body"]) == ({"a": "b"}, "hello")
    assert event["requestContext"]["stage"] == "test-invoke-stage"
    assert event["requestContext"]["identity"]["sourceIp"] == "test-invoke-source-ip"
    assert answer["latency"] >= 0
    lines = answer["log"].splitlines()
    request_id = event["requestContext"]["requestId"]
    assert lines[0] == f"Execution log for request {request_id}"
    stamp = r"\w{3} \w{3} \d\d \d\d:\d\d:\d\d UTC \d{4} : "
    for said in (
        f"Starting execution for request: {request_id}",
        r"HTTP Method: GET, Resource Path: /pets/\{id\}",
        r"Method request path: \{id=7\}",
        r"Method request query string: \{color=blue\}",
        "Method request body before transformations: hello",
        "Endpoint request body after transformations: {.*",
        "Sending request to lambda:path/.*",
        r"Received response. Status: 200, Integration latency: \d+ ms",
        "Endpoint response body before transformations: {.*",
        "Method response body after transformations: {.*",
        "Successfully completed execution",
        "Method completed with status: 200",
    ):
        assert any(re.fullmatch(stamp + said, line) for line in lines), said


def test_templates_validators_and_failures_show(rest: RestGateway) -> None:
    rest.create_rest()
    validator = rest.call("CreateRequestValidator", name="v", validateRequestParameters=True)["id"]
    required = {"method.request.querystring.q": True}
    checked = rest.method("GET /checked", requestValidatorId=validator, requestParameters=required)
    refused = tried(rest, "TestInvokeMethod", **checked)
    assert refused["status"] == 400
    assert json.loads(refused["body"])["message"] == "Missing required request parameters: [q]"
    custom = {
        "type": "AWS",
        "integrationHttpMethod": "POST",
        "uri": URI,
        "requestTemplates": {"application/json": '{"made": $input.json("$.x")}'},
    }
    place = rest.mapped("POST /mapped", custom)
    rest.function = lambda event: event
    mapped = tried(rest, "TestInvokeMethod", body='{"x": 1}', **place)
    assert (mapped["status"], mapped["body"]) == (200, '{"made": 1}')
    assert 'body after transformations: {"made": 1}' in mapped["log"]
    rest.function = lambda event: Result(b"{}", "Unhandled")
    broken = tried(rest, "TestInvokeMethod", pathWithQueryString="/checked?q=1", **checked)
    assert broken["status"] == 502
    assert "Execution failed" in broken["log"]


def test_any_stands_for_all_verbs(rest: RestGateway) -> None:
    rest.create_rest()
    place = rest.method("ANY /{proxy+}")
    for verb, seen in (("PATCH", "PATCH"), ("ANY", "GET")):
        answer = tried(rest, "TestInvokeMethod", **(place | {"httpMethod": verb}))
        assert json.loads(answer["body"])["httpMethod"] == seen
    with pytest.raises(NotFoundException):
        tried(rest, "TestInvokeMethod", resourceId="nowhere", httpMethod="GET")
    other = rest.method("GET /only")
    with pytest.raises(NotFoundException, match="Invalid Method identifier"):
        tried(rest, "TestInvokeMethod", **(other | {"httpMethod": "PUT"}))


def authorizer(rest: RestGateway, **params: Any) -> str:
    given = {"name": "guard", "type": "TOKEN", "authorizerUri": AUTHORIZER_URI} | params
    made: str = rest.call("CreateAuthorizer", **given)["id"]
    return made


def test_an_authorizer_is_tried(rest: RestGateway) -> None:
    rest.create_rest()
    statement = {"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    events = []

    def function(event: dict[str, Any]) -> Any:
        events.append(event)
        return {"principalId": "me", "policyDocument": policy, "context": {"a": 1}}

    rest.function = function
    place = {"authorizerId": authorizer(rest)}
    answer = tried(rest, "TestInvokeAuthorizer", headers={"Authorization": "good"}, **place)
    assert (answer["clientStatus"], answer["principalId"]) == (0, "me")
    assert json.loads(answer["policy"]) == policy
    assert answer["authorization"] == {"a": ["1"]}
    assert events[0]["authorizationToken"] == "good"
    assert events[0]["methodArn"].endswith("/ESTestInvoke-stage/GET/")
    assert "Endpoint response body before transformations" in answer["log"]
    assert tried(rest, "TestInvokeAuthorizer", **place)["clientStatus"] == 401
    rest.function = lambda event: Result(b'{"errorMessage": "Unauthorized"}', "Unhandled")
    assert tried(rest, "TestInvokeAuthorizer", headers={"Authorization": "x"}, **place)["clientStatus"] == 401
    rest.function = lambda event: "nonsense"
    assert tried(rest, "TestInvokeAuthorizer", headers={"Authorization": "x"}, **place)["clientStatus"] == 500
    with pytest.raises(NotFoundException):
        tried(rest, "TestInvokeAuthorizer", authorizerId="nowhere")


def test_a_pool_without_a_good_token(rest: RestGateway) -> None:
    rest.create_rest()
    arn = "arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_abcdefghi"
    place = {"authorizerId": authorizer(rest, type="COGNITO_USER_POOLS", providerARNs=[arn])}
    answer = tried(rest, "TestInvokeAuthorizer", headers={"Authorization": "bad"}, **place)
    assert answer["clientStatus"] == 401


def test_a_template_out_of_a_model(rest: RestGateway) -> None:
    rest.create_rest()
    pet = {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "age": {"type": "integer"},
            "tags": {"type": "array", "items": {"type": "string"}},
        },
    }
    schema = json.dumps(pet)
    rest.call("CreateModel", name="Pet", contentType="application/json", schema=schema)
    template = rest.call("GetModelTemplate", modelName="Pet")["value"]
    given = {"type": "AWS", "integrationHttpMethod": "POST", "uri": URI}
    place = rest.mapped("POST /made", given | {"requestTemplates": {"application/json": template}})
    rest.function = lambda event: event
    body = '{"name": "Rex", "age": 3, "tags": ["a", "b"], "more": 1}'
    made = tried(rest, "TestInvokeMethod", body=body, **place)
    assert json.loads(made["body"]) == {"name": "Rex", "age": 3, "tags": ["a", "b"]}
    with pytest.raises(NotFoundException):
        rest.call("GetModelTemplate", modelName="Nowhere")
