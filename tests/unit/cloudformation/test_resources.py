"""Resource types take CloudFormation's spelling of values and refuse what they do not know."""

from typing import Any

import pytest

from dewstack.cloudformation.errors import ResourceFailure
from dewstack.cloudformation.model import Resource, Stack
from dewstack.cloudformation.resources import Context, resource_types
from dewstack.cloudformation.resources.functions import _code
from dewstack.cloudformation.responses import Responses
from dewstack.config import Config

GLOBAL_TABLE = {
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "GlobalSecondaryIndexes": [
        {"IndexName": "i", "KeySchema": [], "Projection": {}, "WriteOnDemandThroughputSettings": {}}
    ],
    "Replicas": [{"Region": "us-east-1", "TableClass": "STANDARD", "Tags": [{"Key": "a", "Value": "1"}]}],
}
TYPES = resource_types(Responses(Config()))


async def _no_call(service: str, operation: str, params: dict[str, Any], caller: Any) -> dict[str, Any]:
    raise AssertionError(f"{service}.{operation} was called")


def context(stack: str = "demo", logical_id: str = "Login") -> Context:
    return Context(_no_call, Stack("arn", stack, "123456789012", "eu-west-1", "", "", 0.0), logical_id)


def test_numbers_and_booleans_may_be_text() -> None:
    accepted = TYPES["AWS::ApiGatewayV2::Api"].accept(
        "Api", {"Name": 1, "CorsConfiguration": {"MaxAge": "60", "AllowCredentials": "true"}}
    )
    assert accepted == {"Name": "1", "CorsConfiguration": {"MaxAge": 60, "AllowCredentials": True}}


def test_environment_variables_are_text() -> None:
    accepted = TYPES["AWS::Lambda::Function"].accept(
        "Login",
        {"Code": {}, "Role": "r", "Environment": {"Variables": {"PORT": 8080, "DEBUG": True}}},
    )
    assert accepted["Environment"] == {"Variables": {"PORT": "8080", "DEBUG": "true"}}


@pytest.mark.parametrize(
    ("kind", "properties", "message"),
    [
        (
            "AWS::Logs::LogGroup",
            {"Nome": "x"},
            "Properties validation failed for resource R with message:\n#: extraneous key [Nome] is not permitted",
        ),
        (
            "AWS::ApiGatewayV2::Route",
            {"RouteKey": "GET /"},
            "Properties validation failed for resource R with message:\n#: required key [ApiId] not found",
        ),
        (
            "AWS::Logs::LogGroup",
            {"RetentionInDays": "x"},
            "#/RetentionInDays: expected type: Integer, found: String",
        ),
        (
            "AWS::Lambda::Function",
            {"Code": {"ImageUri": "x"}, "Role": "r", "CapacityProviderConfig": {}},
            "property CapacityProviderConfig of R is not emulated by dewstack",
        ),
        (
            "AWS::ApiGatewayV2::Api",
            {"Body": {}},
            "property Name of R is required where there is no Body",
        ),
    ],
)
def test_what_cannot_be_made_is_refused(kind: str, properties: dict[str, Any], message: str) -> None:
    with pytest.raises(ResourceFailure) as caught:
        TYPES[kind].accept("R", properties)
    assert caught.value.reason == message


@pytest.mark.parametrize("stack", ["demo", "s" * 128])
def test_a_generated_name_fits(stack: str) -> None:
    name = context(stack, "L" * 80).generated_name(64)
    assert len(name) <= 64
    assert name.startswith(stack[:4])
    assert name[-12:].isalnum()


def test_inline_source_becomes_an_index_module() -> None:
    import io
    import zipfile

    code = _code({"Runtime": "nodejs20.x", "Code": {"ZipFile": "exports.x = 1"}})
    with zipfile.ZipFile(io.BytesIO(code["ZipFile"])) as archive:
        assert archive.read("index.js") == b"exports.x = 1"


async def _create(kind: str, properties: dict[str, Any]) -> Any:
    provider = TYPES[kind]
    return await provider.create(context(), provider.accept("Login", properties))


def test_what_is_only_recorded_has_arns_and_says_what_it_does_not_do() -> None:
    import asyncio

    role = asyncio.run(
        _create("AWS::IAM::Role", {"AssumeRolePolicyDocument": {}, "RoleName": "r", "Path": "/p/"})
    )
    assert role.physical_id == "r"
    assert role.attributes["Arn"] == "arn:aws:iam::123456789012:role/p/r"
    consumer = asyncio.run(
        _create("AWS::Kinesis::StreamConsumer", {"StreamARN": "arn:s", "ConsumerName": "c"})
    )
    assert "Recorded only" in consumer.note


def test_a_change_of_every_property_of_a_permission_needs_a_new_one() -> None:
    permission = TYPES["AWS::Lambda::Permission"]
    assert permission.replacement == frozenset(permission.properties)


def test_a_resource_that_was_never_made_does_not_exist() -> None:
    assert not Resource("A", "AWS::IAM::Role", "CREATE_FAILED", 0.0).exists


def test_a_global_table_is_the_table_of_its_region() -> None:
    accept = TYPES["AWS::DynamoDB::GlobalTable"].accept
    table = accept(
        "Table", {**GLOBAL_TABLE, "BillingMode": "PAY_PER_REQUEST", "Tags": [{"Key": "b", "Value": "2"}]}
    )
    assert [each["Key"] for each in table["Tags"]] == ["a", "b"]
    assert table["TableClass"] == "STANDARD"
    assert set(table["GlobalSecondaryIndexes"][0]) == {"IndexName", "KeySchema", "Projection"}
    assert "ProvisionedThroughput" not in table and "Replicas" not in table
    capacity = {"WriteCapacityAutoScalingSettings": {"MinCapacity": "3"}}
    provisioned = accept("Table", {**GLOBAL_TABLE, "WriteProvisionedThroughputSettings": capacity})
    assert provisioned["ProvisionedThroughput"] == {"ReadCapacityUnits": 5, "WriteCapacityUnits": 3}
    assert provisioned["GlobalSecondaryIndexes"][0]["ProvisionedThroughput"]["WriteCapacityUnits"] == 5
    with pytest.raises(ResourceFailure, match="required key \\[Replicas\\] not found"):
        accept("Table", {"KeySchema": [], "AttributeDefinitions": []})
