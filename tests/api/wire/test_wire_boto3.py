"""Real boto3 clients understand the answers, and handlers get boto3's own shapes."""

import io
import json
import logging
import zipfile
from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError

from dewstack.errors import AwsError


class ResourceNotFoundException(AwsError):
    code = "ResourceNotFoundException"
    status = 404


class NotFoundException(AwsError):
    code = "NotFoundException"
    status = 404


class TooManyRequestsException(AwsError):
    code = "TooManyRequestsException"
    status = 429


class UserNotFoundException(AwsError):
    code = "UserNotFoundException"
    status = 400


class AlreadyExistsException(AwsError):
    code = "AlreadyExistsException"
    status = 400


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("index.py", "def handler(event, context): return 1")
    return buffer.getvalue()


def test_json_carries_nested_values_and_times(served):
    created = datetime(2026, 1, 2, 3, 4, 5, 678000, UTC)
    served.answer("cognito-idp", "AdminCreateUser", {"User": {"Username": "ann", "UserCreateDate": created}})
    answer = served.client("cognito-idp").admin_create_user(
        UserPoolId="eu-central-1_abcdefghi",
        Username="ann",
        UserAttributes=[{"Name": "email", "Value": "ann@example.com"}],
        ClientMetadata={"a": "b"},
    )
    assert answer["User"]["Username"] == "ann"
    assert answer["User"]["UserCreateDate"] == created
    assert served.params == {
        "UserPoolId": "eu-central-1_abcdefghi",
        "Username": "ann",
        "UserAttributes": [{"Name": "email", "Value": "ann@example.com"}],
        "ClientMetadata": {"a": "b"},
    }


def test_epoch_seconds_are_times_as_well(served):
    served.answer("cognito-idp", "AdminGetUser", {"Username": "ann", "UserCreateDate": 1767323045.5})
    answer = served.client("cognito-idp").admin_get_user(UserPoolId="eu-central-1_abcdefghi", Username="ann")
    assert answer["UserCreateDate"] == datetime(2026, 1, 2, 3, 4, 5, 500000, UTC)


def test_the_caller_is_read_off_the_credential_scope(served):
    served.answer("sts", "GetCallerIdentity", {"Account": "123456789012"})
    served.client("sts", key="123456789012", region="us-west-2").get_caller_identity()
    served.client("sts", key="AKIAIOSFODNN7EXAMPLE").get_caller_identity()
    callers = [caller for _, caller, _ in served.calls]
    assert [(caller.account_id, caller.region) for caller in callers] == [
        ("123456789012", "us-west-2"),
        ("000000000000", "eu-central-1"),
    ]


def test_unsigned_operations_need_no_credentials(served):
    served.answer("cognito-idp", "SignUp", {"UserConfirmed": False, "UserSub": "1"})
    answer = served.client("cognito-idp", signed=False).sign_up(
        ClientId="abc", Username="ann", Password="secret"
    )
    assert answer["UserSub"] == "1"


def test_a_signed_operation_without_signature_is_refused(served):
    served.answer("cognito-idp", "ListUsers", {"Users": []})
    with pytest.raises(ClientError) as failure:
        served.client("cognito-idp", signed=False).list_users(UserPoolId="eu-central-1_abcdefghi")
    assert failure.value.response["Error"] == {
        "Code": "MissingAuthenticationTokenException",
        "Message": "Missing Authentication Token",
    }
    assert not served.calls


def test_json_errors_arrive_as_boto3s_exceptions(served):
    served.answer("cognito-idp", "SignUp", UserNotFoundException("Nobody ☕ here"))
    client = served.client("cognito-idp")
    with pytest.raises(client.exceptions.UserNotFoundException) as failure:
        client.sign_up(ClientId="abc", Username="ann", Password="secret")
    assert failure.value.response["Error"]["Message"] == "Nobody ☕ here"
    assert failure.value.response["ResponseMetadata"]["RequestId"]
    assert failure.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_invoke_streams_the_payload_as_it_is(served):
    output = {
        "StatusCode": 200,
        "Payload": b'{"a": 1}',
        "FunctionError": "Unhandled",
        "ExecutedVersion": "$LATEST",
    }
    served.answer("lambda", "Invoke", output)
    answer = served.client("lambda").invoke(
        FunctionName="arn:aws:lambda:eu-central-1:000000000000:function:my-function",
        InvocationType="RequestResponse",
        Qualifier="live",
        Payload=b'{"key": "\xe2\x98\x95"}',
    )
    assert answer["Payload"].read() == b'{"a": 1}'
    assert (answer["StatusCode"], answer["FunctionError"], answer["ExecutedVersion"]) == (
        200,
        "Unhandled",
        "$LATEST",
    )
    assert served.params == {
        "FunctionName": "arn:aws:lambda:eu-central-1:000000000000:function:my-function",
        "InvocationType": "RequestResponse",
        "Qualifier": "live",
        "Payload": b'{"key": "\xe2\x98\x95"}',
    }


def test_an_event_invocation_answers_202(served):
    served.answer("lambda", "Invoke", {"StatusCode": 202})
    answer = served.client("lambda").invoke(FunctionName="f", InvocationType="Event")
    assert answer["StatusCode"] == answer["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert answer["Payload"].read() == b""


def test_rest_json_blobs_lists_and_statuses(served):
    served.answer(
        "lambda", "CreateFunction", {"FunctionName": "f", "Architectures": ["x86_64"], "Timeout": 3}
    )
    answer = served.client("lambda").create_function(
        FunctionName="f",
        Runtime="python3.12",
        Role="arn:aws:iam::000000000000:role/r",
        Handler="index.handler",
        Code={"ZipFile": zipped()},
        Environment={"Variables": {"MODE": "1"}},
    )
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert answer["Architectures"] == ["x86_64"]
    assert served.params["Code"]["ZipFile"] == zipped()
    assert served.params["Environment"] == {"Variables": {"MODE": "1"}}


def test_large_bodies_are_read_as_well(served):
    served.answer("lambda", "UpdateFunctionCode", {"FunctionName": "f"})
    code = bytes(range(256)) * 4096
    served.client("lambda").update_function_code(FunctionName="f", ZipFile=code)
    assert served.params["ZipFile"] == code


def test_rest_json_query_members_are_typed(served):
    served.answer("lambda", "ListFunctions", {"Functions": [{"FunctionName": "f"}]})
    served.client("lambda").list_functions(MaxItems=7, FunctionVersion="ALL")
    assert served.params == {"MaxItems": 7, "FunctionVersion": "ALL"}


def test_lambda_errors_are_spelled_as_the_model_has_them(served):
    served.answer("lambda", "GetFunction", ResourceNotFoundException("Function not found: f", Type="User"))
    client = served.client("lambda")
    with pytest.raises(client.exceptions.ResourceNotFoundException) as failure:
        client.get_function(FunctionName="f")
    assert failure.value.response["Error"] == {
        "Code": "ResourceNotFoundException",
        "Message": "Function not found: f",
    }
    assert failure.value.response["Type"] == "User"


def test_error_members_may_travel_as_headers(served):
    error = TooManyRequestsException(
        "Rate Exceeded.", Reason="ReservedFunctionConcurrentInvocationLimitExceeded"
    )
    error.fields["retryAfterSeconds"] = "1"
    served.answer("lambda", "Invoke", error)
    client = served.client("lambda")
    with pytest.raises(client.exceptions.TooManyRequestsException) as failure:
        client.invoke(FunctionName="f")
    assert failure.value.response["retryAfterSeconds"] == "1"
    assert failure.value.response["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"


def test_apigatewayv2_times_are_iso8601(served):
    created = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    served.answer("apigatewayv2", "CreateApi", {"ApiId": "abc", "CreatedDate": created, "Name": "n"})
    answer = served.client("apigatewayv2").create_api(
        Name="n", ProtocolType="HTTP", CorsConfiguration={"AllowOrigins": ["*"], "MaxAge": 5}
    )
    assert answer["CreatedDate"] == created
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert served.params == {
        "Name": "n",
        "ProtocolType": "HTTP",
        "CorsConfiguration": {"AllowOrigins": ["*"], "MaxAge": 5},
    }


def test_apigatewayv2_labels_and_errors(served):
    served.answer("apigatewayv2", "GetRoute", NotFoundException("Invalid Route identifier specified"))
    client = served.client("apigatewayv2")
    with pytest.raises(client.exceptions.NotFoundException) as failure:
        client.get_route(ApiId="abc", RouteId="d/e f")
    assert failure.value.response["Error"]["Message"] == "Invalid Route identifier specified"
    assert served.params == {"ApiId": "abc", "RouteId": "d/e f"}


def test_one_signing_name_serves_both_api_gateways(served):
    served.answer("apigateway", "GetRestApi", {"id": "v1"})
    served.answer("apigatewayv2", "GetApi", {"ApiId": "v2"})
    assert served.client("apigateway").get_rest_api(restApiId="x")["id"] == "v1"
    assert served.client("apigatewayv2").get_api(ApiId="x")["ApiId"] == "v2"


def test_a_deletion_answers_204_without_body(served):
    served.answer("apigatewayv2", "DeleteApi", {})
    assert served.client("apigatewayv2").delete_api(ApiId="x")["ResponseMetadata"]["HTTPStatusCode"] == 204


def test_query_lists_structures_and_xml(served):
    created = datetime(2026, 1, 2, 3, 4, 5, 120000, UTC)
    stack = {
        "StackName": "s",
        "CreationTime": created,
        "StackStatus": "CREATE_COMPLETE",
        "DisableRollback": False,
        "Outputs": [{"OutputKey": "k", "OutputValue": 'a < b & "c" \r\n\x00'}],
        "Tags": [],
    }
    served.answer("cloudformation", "DescribeStacks", {"Stacks": [stack]})
    served.answer("cloudformation", "CreateStack", {"StackId": "arn:aws:cloudformation:x"})
    served.answer("cloudformation", "DeleteStack", {})
    client = served.client("cloudformation")
    client.create_stack(
        StackName="s",
        TemplateBody="{}",
        Parameters=[
            {"ParameterKey": f"P{i}", "ParameterValue": str(i), "UsePreviousValue": True} for i in range(12)
        ],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
        Tags=[],
    )
    assert served.params["Parameters"][10] == {
        "ParameterKey": "P10",
        "ParameterValue": "10",
        "UsePreviousValue": True,
    }
    assert served.params["Capabilities"] == ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"]
    assert served.params["Tags"] == []
    answer = client.describe_stacks(StackName="s")["Stacks"][0]
    assert answer["CreationTime"] == created
    assert answer["DisableRollback"] is False
    assert answer["Tags"] == []
    assert answer["Outputs"][0]["OutputValue"] == 'a < b & "c" \r\n\ufffd'
    assert client.delete_stack(StackName="s")["ResponseMetadata"]["RequestId"]


def test_query_maps_travel(served):
    output = {"SummaryMap": {"Users": 1, "Groups": 2}}
    served.answer("iam", "GetAccountSummary", output)
    assert served.client("iam").get_account_summary()["SummaryMap"] == output["SummaryMap"]


def test_query_errors_arrive_as_boto3s_exceptions(served):
    served.answer("cloudformation", "CreateStack", AlreadyExistsException("Stack [s] already exists"))
    client = served.client("cloudformation")
    with pytest.raises(client.exceptions.AlreadyExistsException) as failure:
        client.create_stack(StackName="s", TemplateBody="{}")
    assert failure.value.response["Error"] == {
        "Type": "Sender",
        "Code": "AlreadyExistsException",
        "Message": "Stack [s] already exists",
    }
    assert failure.value.response["ResponseMetadata"]["RequestId"]


@pytest.mark.parametrize(
    ("service", "method", "params", "message"),
    [
        (
            "dynamodb",
            "list_tables",
            {},
            "API action ListTables of service dynamodb is not emulated by dewstack",
        ),
        ("lambda", "list_layers", {}, "API action ListLayers of service lambda is not emulated by dewstack"),
        ("s3", "list_buckets", {}, "API action GET / of service s3 is not emulated by dewstack"),
        (
            "route53",
            "list_hosted_zones",
            {},
            "API action GET /2013-04-01/hostedzone of service route53 is not emulated by dewstack",
        ),
        ("ec2", "describe_vpcs", {}, "API action DescribeVpcs of service ec2 is not emulated by dewstack"),
        (
            "cloudwatch",
            "list_metrics",
            {},
            "API action ListMetrics of service cloudwatch is not emulated by dewstack",
        ),
        ("sns", "list_topics", {}, "API action ListTopics of service sns is not emulated by dewstack"),
        (
            "logs",
            "list_anomalies",
            {},
            "API action ListAnomalies of service logs is not emulated by dewstack",
        ),
    ],
)
def test_what_is_not_emulated_says_its_name(served, service, method, params, message):
    served.answer("lambda", "ListFunctions", {})
    with pytest.raises(ClientError) as failure:
        getattr(served.client(service), method)(**params)
    assert failure.value.response["Error"]["Message"] == message
    assert failure.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


def test_an_unexpected_failure_is_logged_and_not_told(served, caplog):
    served.answer("lambda", "ListFunctions", RuntimeError("the secret detail"))
    with caplog.at_level(logging.ERROR, "dewstack"), pytest.raises(ClientError) as failure:
        served.client("lambda").list_functions()
    assert failure.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    assert "secret" not in json.dumps(failure.value.response)
    assert "the secret detail" in caplog.text
