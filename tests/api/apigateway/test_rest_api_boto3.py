"""Operations of REST APIs over the wire: definitions, exports, tests of methods, usage, keys, names, documentation."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError

from dewstack.testing import Dew, start

INTEGRATION = {
    "type": "mock",
    "requestTemplates": {"application/json": '{"statusCode": 200}'},
    "responses": {"default": {"statusCode": "200", "responseTemplates": {"application/json": "hi"}}},
}
KEYED = {"security": [{"api_key": []}], "x-amazon-apigateway-integration": INTEGRATION}
DEFINITION = {
    "openapi": "3.0.1",
    "info": {"title": "wired", "version": "1"},
    "paths": {"/hi": {"get": {"x-amazon-apigateway-integration": INTEGRATION}}, "/keyed": {"get": KEYED}},
    "components": {
        "securitySchemes": {"api_key": {"type": "apiKey", "name": "x-api-key", "in": "header"}},
        "schemas": {"Pet": {"type": "object", "properties": {"name": {"type": "string"}}}},
    },
}


@pytest.fixture(scope="module")
def dew() -> Iterator[Dew]:
    """An emulator without a map."""
    with start() as running:
        yield running


@pytest.fixture(scope="module")
def gateway(dew: Dew) -> Any:
    return dew.client("apigateway")


@pytest.fixture(scope="module")
def api(gateway: Any) -> str:
    made = gateway.import_rest_api(body=json.dumps(DEFINITION).encode(), failOnWarnings=True)
    gateway.create_deployment(restApiId=made["id"], stageName="dev")
    return str(made["id"])


def get(dew: Dew, api: str, path: str, **headers: str) -> httpx.Response:
    return httpx.get(f"{dew.aws_url}/_aws/execute-api/{api}/dev{path}", headers=headers)


def test_a_definition_goes_in_and_comes_out(dew: Dew, gateway: Any, api: str) -> None:
    assert get(dew, api, "/hi").text == "hi"
    export = gateway.get_export(
        restApiId=api, stageName="dev", exportType="oas30", parameters={"extensions": "integrations"}
    )
    assert export["contentType"] == "application/json"
    document = json.loads(export["body"].read())
    assert document["paths"]["/hi"]["get"]["x-amazon-apigateway-integration"]["type"] == "mock"
    as_yaml = gateway.get_export(
        restApiId=api, stageName="dev", exportType="swagger", accepts="application/yaml"
    )
    assert as_yaml["body"].read().startswith(b"swagger: '2.0'")
    put = gateway.put_rest_api(
        restApiId=api, mode="merge", body=json.dumps(DEFINITION).encode(), parameters={"basepath": "ignore"}
    )
    assert put["name"] == "wired"
    with pytest.raises(ClientError, match="Invalid OpenAPI input") as refused:
        gateway.import_rest_api(body=b"nothing")
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert '"$inputRoot.name"' in gateway.get_model_template(restApiId=api, modelName="Pet")["value"]


def test_a_method_is_tried(gateway: Any, api: str) -> None:
    resources = gateway.get_resources(restApiId=api)["items"]
    hi = next(one["id"] for one in resources if one["path"] == "/hi")
    tried = gateway.test_invoke_method(restApiId=api, resourceId=hi, httpMethod="GET", headers={"A": "b"})
    assert (tried["status"], tried["body"]) == (200, "hi")
    assert tried["log"].startswith("Execution log for request ")
    assert tried["multiValueHeaders"]["Content-Type"] == ["application/json"]


def test_keys_are_imported_counted_and_stopped(dew: Dew, gateway: Any, api: str) -> None:
    slow = {"/hi/GET": {"burstLimit": 5, "rateLimit": 1.5}}
    plan = gateway.create_usage_plan(
        name="plan",
        apiStages=[{"apiId": api, "stage": "dev", "throttle": slow}],
        quota={"limit": 2, "period": "MONTH"},
    )
    assert plan["apiStages"][0]["throttle"] == slow
    file = f"name,key,description,enabled,usageplanIds\nk,k123456789012345678901,,true,{plan['id']}\n"
    [key] = gateway.import_api_keys(body=file.encode(), format="csv")["ids"]
    statuses = [get(dew, api, "/keyed", **{"x-api-key": "k123456789012345678901"}) for _ in range(3)]
    assert [one.status_code for one in statuses] == [200, 200, 429]
    assert statuses[2].json() == {"message": "Limit Exceeded"}
    today = str(datetime.now(UTC).date())
    place = {"usagePlanId": plan["id"], "startDate": today, "endDate": today}
    assert gateway.get_usage(**place)["items"] == {key: [[2, 0]]}
    more = [{"op": "replace", "path": "/remaining", "value": "1"}]
    updated = gateway.update_usage(usagePlanId=plan["id"], keyId=key, patchOperations=more)
    assert updated["items"] == {key: [[2, 1]]}


def test_a_name_of_ones_own(dew: Dew, gateway: Any, api: str) -> None:
    gateway.create_domain_name(
        domainName="own.example.com",
        regionalCertificateArn="arn:aws:acm:us-east-1:000000000000:certificate/x",
        endpointConfiguration={"types": ["REGIONAL"]},
        tags={"a": "b"},
    )
    mapping = gateway.create_base_path_mapping(
        domainName="own.example.com", basePath="v1", restApiId=api, stage="dev"
    )
    assert mapping["basePath"] == "v1"
    found = httpx.get(f"{dew.aws_url}/v1/hi", headers={"host": "own.example.com"})
    assert (found.status_code, found.text) == (200, "hi")
    arn = "arn:aws:apigateway:us-east-1::/domainnames/own.example.com"
    assert gateway.get_tags(resourceArn=arn)["tags"] == {"a": "b"}
    gateway.delete_base_path_mapping(domainName="own.example.com", basePath="v1")
    gateway.delete_domain_name(domainName="own.example.com")


def test_documentation_links_certificates_and_canaries(gateway: Any, api: str) -> None:
    part = gateway.create_documentation_part(
        restApiId=api, location={"type": "API"}, properties='{"description": "d"}'
    )
    listed = gateway.get_documentation_parts(restApiId=api, locationStatus="DOCUMENTED")["items"]
    assert [one["id"] for one in listed] == [part["id"]]
    gateway.create_documentation_version(restApiId=api, documentationVersion="1", stageName="dev")
    assert gateway.get_documentation_version(restApiId=api, documentationVersion="1")["createdDate"]
    link = gateway.create_vpc_link(name="in", targetArns=["arn:aws:elasticloadbalancing:x"])
    assert gateway.get_vpc_link(vpcLinkId=link["id"])["status"] == "AVAILABLE"
    made = gateway.generate_client_certificate(description="d")
    assert made["pemEncodedCertificate"].startswith("-----BEGIN CERTIFICATE-----")
    canary = gateway.create_deployment(
        restApiId=api, stageName="dev", canarySettings={"percentTraffic": 12.5, "useStageCache": False}
    )
    stage = gateway.get_stage(restApiId=api, stageName="dev")
    assert stage["canarySettings"]["deploymentId"] == canary["id"]
    copied = [
        {"op": "copy", "from": "/canarySettings/deploymentId", "path": "/deploymentId"},
        {"op": "remove", "path": "/canarySettings"},
    ]
    promoted = gateway.update_stage(restApiId=api, stageName="dev", patchOperations=copied)
    assert promoted["deploymentId"] == canary["id"]
    assert "canarySettings" not in promoted


def test_what_is_not_offered_is_named(gateway: Any, api: str) -> None:
    for call in (
        lambda: gateway.get_sdk_types(),
        lambda: gateway.get_sdk(restApiId=api, stageName="dev", sdkType="javascript"),
    ):
        with pytest.raises(ClientError, match="GetSdk") as refused:
            call()
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
