"""REST APIs made by CloudFormation, in templates such as the Serverless Framework compiles."""

import copy
import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from dewstack.cloudformation.state import State
from dewstack.config import Caller

GOLDEN = Path(__file__).parents[2] / "golden"
API = {"Ref": "Api"}
ROOT = {"Fn::GetAtt": ["Api", "RootResourceId"]}
POOL = "arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_abcdefghi"
ANSWERS = {"application/json": '{"statusCode": 200}'}


def made(kind: str, properties: dict[str, Any], **attributes: Any) -> dict[str, Any]:
    return {"Type": f"AWS::ApiGateway::{kind}", "Properties": properties, **attributes}


def mock(resource: Any = ROOT, verb: str = "GET", body: str = "hi", **properties: Any) -> dict[str, Any]:
    """A method that answers without a function."""
    integration = {
        "Type": "MOCK",
        "RequestTemplates": ANSWERS,
        "IntegrationResponses": [{"StatusCode": "200", "ResponseTemplates": {"application/json": body}}],
    }
    fixed = {"HttpMethod": verb, "ResourceId": resource, "RestApiId": API, "Integration": integration}
    return made("Method", {"MethodResponses": [{"StatusCode": "200"}], **fixed, **properties})


def service(number: int = 1, body: str = "hi", **resources: Any) -> dict[str, Any]:
    """What the Framework makes of one route: it numbers the deployment anew at every change."""
    return {
        "Resources": {
            "Api": made(
                "RestApi", {"Name": "dev-shop", "EndpointConfiguration": {"Types": ["EDGE"]}, "Policy": ""}
            ),
            "Hello": made("Resource", {"ParentId": ROOT, "PathPart": "hello", "RestApiId": API}),
            "HelloGet": mock({"Ref": "Hello"}, body=body),
            f"Deployment{number}": made(
                "Deployment", {"RestApiId": API, "StageName": "dev"}, DependsOn=["HelloGet"]
            ),
            **resources,
        },
        "Outputs": {"Id": {"Value": API}, "Root": {"Value": ROOT}, "Hello": {"Value": {"Ref": "Hello"}}},
    }


def get(aws: Any, path: str) -> tuple[int, str]:
    """What the stack's API answers at a path that begins with the stage."""
    api_id = aws.resource("Api")["PhysicalResourceId"]
    url = f"{aws.emulator.urls.aws}/_aws/execute-api/{api_id}{path}"
    try:
        with urllib.request.urlopen(url, timeout=10) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def stage(aws: Any, name: str = "dev") -> dict[str, Any]:
    place = {"restApiId": aws.resource("Api")["PhysicalResourceId"], "stageName": name}
    found: dict[str, Any] = aws.call("apigateway", "GetStage", place)
    return found


def deployments(aws: Any) -> list[str]:
    place = {"restApiId": aws.resource("Api")["PhysicalResourceId"]}
    return [each["id"] for each in aws.call("apigateway", "GetDeployments", place)["items"]]


def reasons(aws: Any, name: str = "demo") -> str:
    events = aws.cfn("DescribeStackEvents", StackName=name)["StackEvents"]
    return "\n".join(event.get("ResourceStatusReason", "") for event in events)


def test_a_route_is_served(aws: Any) -> None:
    stack = aws.create(service())
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    outputs = aws.outputs(stack)
    api = aws.call("apigateway", "GetRestApi", {"restApiId": outputs["Id"]})
    assert (api["name"], api["rootResourceId"], "policy" in api) == ("dev-shop", outputs["Root"], False)
    assert get(aws, "/dev/hello") == (200, "hi")
    assert stage(aws)["deploymentId"] == aws.resource("Deployment1")["PhysicalResourceId"]


def test_a_change_is_served_by_the_next_deployment(aws: Any) -> None:
    aws.create(service())
    assert aws.update(service(2, "bye"))["StackStatus"] == "UPDATE_COMPLETE"
    assert get(aws, "/dev/hello") == (200, "bye")
    assert deployments(aws) == [aws.resource("Deployment2")["PhysicalResourceId"]]
    aws.update(service(3, "again", More=mock({"Ref": "Hello"}, "POST")))
    assert get(aws, "/dev/hello") == (200, "again")
    assert len(deployments(aws)) == 1


def test_without_a_new_deployment_a_change_is_not_served(aws: Any) -> None:
    aws.create(service())
    assert aws.update(service(1, "bye"))["StackStatus"] == "UPDATE_COMPLETE"
    assert get(aws, "/dev/hello") == (200, "hi")


def test_a_failed_update_serves_what_was_served_before(aws: Any) -> None:
    aws.create(service())
    before = stage(aws)["deploymentId"]
    aws.call("logs", "CreateLogGroup", {"logGroupName": "taken"})
    taken = {
        "Type": "AWS::Logs::LogGroup",
        "Properties": {"LogGroupName": "taken"},
        "DependsOn": "Deployment2",
    }
    assert aws.update(service(2, "bye", Taken=taken))["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert stage(aws)["deploymentId"] == before
    assert deployments(aws) == [before]
    assert get(aws, "/dev/hello") == (200, "hi")
    assert aws.update(service(3, "bye"))["StackStatus"] == "UPDATE_COMPLETE"
    assert get(aws, "/dev/hello") == (200, "bye")


def test_a_stack_that_goes_leaves_nothing(aws: Any) -> None:
    aws.create(service())
    assert aws.delete()["StackStatus"] == "DELETE_COMPLETE"
    assert aws.call("apigateway", "GetRestApis", {})["items"] == []


def test_of_a_retained_api_the_rest_is_removed(aws: Any) -> None:
    template = service()
    template["Resources"]["Api"]["DeletionPolicy"] = "Retain"
    aws.create(template)
    assert aws.delete()["StackStatus"] == "DELETE_COMPLETE"
    [api] = aws.call("apigateway", "GetRestApis", {})["items"]
    left = aws.call("apigateway", "GetResources", {"restApiId": api["id"]})["items"]
    assert [each["path"] for each in left] == ["/"]
    assert aws.call("apigateway", "GetStages", {"restApiId": api["id"]})["item"] == []


PARTS: dict[str, dict[str, Any]] = {
    "Pool": made(
        "Authorizer",
        {
            "Name": "pool",
            "RestApiId": API,
            "Type": "COGNITO_USER_POOLS",
            "ProviderARNs": [POOL],
            "AuthorizerResultTtlInSeconds": "60",
        },
    ),
    "Unauthorized": made(
        "GatewayResponse",
        {
            "RestApiId": API,
            "ResponseType": "UNAUTHORIZED",
            "ResponseParameters": {"gatewayresponse.header.Access-Control-Allow-Origin": "'*'"},
        },
    ),
    "Validator": made("RequestValidator", {"RestApiId": API, "ValidateRequestBody": True}),
    "Pet": made("Model", {"RestApiId": API, "Schema": {"type": "object"}}),
    "HelloPost": mock(
        {"Ref": "Hello"},
        "POST",
        AuthorizationType="COGNITO_USER_POOLS",
        AuthorizerId={"Ref": "Pool"},
        RequestModels={"application/json": {"Ref": "Pet"}},
        RequestValidatorId={"Ref": "Validator"},
    ),
    "Key": made("ApiKey", {"Enabled": "true", "Value": "v" * 20}),
    "Plan": made(
        "UsagePlan",
        {
            "ApiStages": [{"ApiId": API, "Stage": "dev"}],
            "Quota": {"Limit": 5, "Period": "DAY"},
            "Throttle": {"BurstLimit": 5, "RateLimit": 2.5},
            "UsagePlanName": "p",
        },
        DependsOn="Deployment1",
    ),
    "PlanKey": made(
        "UsagePlanKey", {"KeyId": {"Ref": "Key"}, "KeyType": "API_KEY", "UsagePlanId": {"Ref": "Plan"}}
    ),
    "Account": made("Account", {"CloudWatchRoleArn": "arn:aws:iam::000000000000:role/logs"}),
}
ATTRIBUTES = {
    "Api": "RestApiId",
    "Hello": "ResourceId",
    "Deployment1": "DeploymentId",
    "Pool": "AuthorizerId",
    "Validator": "RequestValidatorId",
    "Key": "APIKeyId",
    "Plan": "Id",
    "PlanKey": "Id",
    "Unauthorized": "Id",
    "Account": "Id",
}


def everything(**changes: dict[str, Any]) -> dict[str, Any]:
    """A template with every type, and with some properties set otherwise."""
    template = service()
    template["Resources"] |= copy.deepcopy(PARTS)
    for name, properties in changes.items():
        template["Resources"][name]["Properties"] |= properties
    return template


def test_every_part_can_be_referred_to(aws: Any) -> None:
    template = everything()
    for name, attribute in ATTRIBUTES.items():
        template["Outputs"][f"{name}Ref"] = {"Value": {"Ref": name}}
        template["Outputs"][f"{name}Att"] = {"Value": {"Fn::GetAtt": [name, attribute]}}
    stack = aws.create(template)
    assert stack["StackStatus"] == "CREATE_COMPLETE", reasons(aws)
    outputs = aws.outputs(stack)
    for name in ATTRIBUTES:
        assert outputs[f"{name}Ref"] == outputs[f"{name}Att"] != ""
    api = {"restApiId": outputs["Id"]}
    [authorizer] = aws.call("apigateway", "GetAuthorizers", api)["items"]
    assert (authorizer["id"], authorizer["authorizerResultTtlInSeconds"]) == (outputs["PoolRef"], 60)
    method = aws.call("apigateway", "GetMethod", api | {"resourceId": outputs["Hello"], "httpMethod": "POST"})
    assert method["authorizerId"] == authorizer["id"]
    assert method["requestValidatorId"] == outputs["ValidatorRef"]
    assert method["requestModels"]["application/json"] == aws.resource("Pet")["PhysicalResourceId"]
    assert method["methodIntegration"]["integrationResponses"]["200"]["statusCode"] == "200"
    plan = aws.call("apigateway", "GetUsagePlan", {"usagePlanId": outputs["PlanRef"]})
    assert plan["apiStages"] == [{"apiId": outputs["Id"], "stage": "dev"}]
    assert plan["throttle"] == {"burstLimit": 5, "rateLimit": 2.5}
    assert aws.delete()["StackStatus"] == "DELETE_COMPLETE"
    assert aws.call("apigateway", "GetApiKeys", {})["items"] == []
    assert aws.call("apigateway", "GetUsagePlans", {})["items"] == []


def test_parts_are_changed_in_place(aws: Any) -> None:
    aws.create(everything())
    before = {name: aws.resource(name)["PhysicalResourceId"] for name in ("Api", *PARTS)}
    stack = aws.update(
        everything(
            Api={
                "Name": "renamed",
                "BinaryMediaTypes": ["image/png"],
                "EndpointConfiguration": {"Types": ["REGIONAL"]},
                "Tags": [{"Key": "a", "Value": "b"}],
                "Policy": {"Version": "2012-10-17", "Statement": []},
            },
            Pool={"AuthorizerResultTtlInSeconds": 0, "IdentitySource": "method.request.header.X"},
            Unauthorized={"StatusCode": "418"},
            Validator={"ValidateRequestParameters": True},
            Pet={"Schema": '{"type": "array"}', "Description": "d"},
            HelloPost={"ApiKeyRequired": True},
            Key={"Enabled": False, "Description": "d"},
            Plan={"Quota": {"Limit": 7, "Period": "WEEK"}, "Throttle": {"RateLimit": 1}},
        )
    )
    assert stack["StackStatus"] == "UPDATE_COMPLETE", reasons(aws)
    assert {name: aws.resource(name)["PhysicalResourceId"] for name in ("Api", *PARTS)} == before
    place = {"restApiId": before["Api"]}
    api = aws.call("apigateway", "GetRestApi", place)
    assert (api["name"], api["binaryMediaTypes"], api["tags"]) == ("renamed", ["image/png"], {"a": "b"})
    assert api["endpointConfiguration"]["types"] == ["REGIONAL"]
    assert json.loads(api["policy"])["Statement"] == []
    [authorizer] = aws.call("apigateway", "GetAuthorizers", place)["items"]
    assert authorizer["identitySource"] == "method.request.header.X"
    response = aws.call("apigateway", "GetGatewayResponse", place | {"responseType": "UNAUTHORIZED"})
    assert response["statusCode"] == "418"
    assert aws.call("apigateway", "GetApiKey", {"apiKey": before["Key"]})["enabled"] is False
    plan = aws.call("apigateway", "GetUsagePlan", {"usagePlanId": before["Plan"]})
    assert (plan["quota"], plan["throttle"]["rateLimit"]) == ({"limit": 7, "period": "WEEK"}, 1)
    assert aws.update(everything())["StackStatus"] == "UPDATE_COMPLETE"
    api = aws.call("apigateway", "GetRestApi", place)
    assert "binaryMediaTypes" not in api
    assert (api["endpointConfiguration"]["types"], "policy" in api) == (["EDGE"], False)


def test_what_a_killed_deployment_left_is_made_anew(aws: Any) -> None:
    aws.create(everything())
    state = State(aws.emulator.store)
    stack = state.require(Caller(), "demo")
    resources = state.resources(stack)
    begun = [
        replace(resources[name], status="CREATE_IN_PROGRESS", physical_id="", attributes={})
        for name in ("Deployment1", "Hello", "HelloGet", "HelloPost", "Pet", "Pool", "Unauthorized")
    ]
    state.write(replace(stack, status="UPDATE_FAILED"), begun)
    assert aws.update(everything())["StackStatus"] == "UPDATE_COMPLETE", reasons(aws)
    api = {"restApiId": aws.resource("Api")["PhysicalResourceId"]}
    found = aws.call("apigateway", "GetResources", api | {"embed": ["methods"]})["items"]
    assert [(each["path"], sorted(each.get("resourceMethods", ()))) for each in found] == [
        ("/", []),
        ("/hello", ["GET", "POST"]),
    ]
    [authorizer] = aws.call("apigateway", "GetAuthorizers", api)["items"]
    assert authorizer["id"] == aws.resource("Pool")["PhysicalResourceId"]
    assert get(aws, "/dev/hello") == (200, "hi")


def test_what_cannot_be_changed_is_replaced(aws: Any) -> None:
    aws.create(everything())
    before = {name: aws.resource(name)["PhysicalResourceId"] for name in ("Hello", "Key", "Api")}
    changed = everything(Hello={"PathPart": "bye"}, Key={"Value": "w" * 20})
    changed["Resources"]["Deployment2"] = changed["Resources"].pop("Deployment1")
    changed["Resources"]["Plan"]["DependsOn"] = "Deployment2"
    assert aws.update(changed)["StackStatus"] == "UPDATE_COMPLETE", reasons(aws)
    after = {name: aws.resource(name)["PhysicalResourceId"] for name in before}
    assert after["Api"] == before["Api"]
    assert after["Hello"] != before["Hello"]
    [key] = aws.call("apigateway", "GetApiKeys", {"includeValues": True})["items"]
    assert (key["id"], key["value"]) == (after["Key"], "w" * 20)
    assert get(aws, "/dev/bye") == (200, "hi")


def test_what_is_removed_is_served_until_the_deployment_after_next(aws: Any) -> None:
    """As on AWS: CloudFormation deletes only after the new deployment was made, with the old method in it."""
    aws.create(service(1, Other=mock(verb="GET", body="root")))
    aws.update(service(2))
    assert get(aws, "/dev/") == (200, "root")
    aws.update(service(3))
    assert get(aws, "/dev/")[0] == 403


def with_stage(number: int = 1, **properties: Any) -> dict[str, Any]:
    """A deployment without a stage, and a stage that names it."""
    template = service(number)
    deployment = f"Deployment{number}"
    del template["Resources"][deployment]["Properties"]["StageName"]
    named = {"RestApiId": API, "StageName": "dev", "DeploymentId": {"Ref": deployment}}
    template["Resources"]["Stage"] = made("Stage", named | properties)
    return template


def test_a_stage_of_its_own(aws: Any) -> None:
    settings = [
        {"ResourcePath": "/*", "HttpMethod": "*", "ThrottlingRateLimit": 5, "LoggingLevel": "INFO"},
        {"ResourcePath": "/~1hello", "HttpMethod": "GET", "MetricsEnabled": True},
    ]
    aws.create(with_stage(Variables={"A": "1"}, MethodSettings=settings, Tags=[{"Key": "a", "Value": "b"}]))
    first = stage(aws)
    assert (first["variables"], first["tags"]) == ({"A": "1"}, {"a": "b"})
    assert first["methodSettings"]["*/*"]["throttlingRateLimit"] == 5
    assert first["methodSettings"]["hello/GET"]["metricsEnabled"] is True
    stack = aws.update(with_stage(2, Variables={"B": "2"}, MethodSettings=settings[:1], TracingEnabled=True))
    assert stack["StackStatus"] == "UPDATE_COMPLETE", reasons(aws)
    second = stage(aws)
    assert (
        second["deploymentId"] == aws.resource("Deployment2")["PhysicalResourceId"] != first["deploymentId"]
    )
    assert (second["variables"], second["tracingEnabled"]) == ({"B": "2"}, True)
    assert list(second["methodSettings"]) == ["*/*"]
    assert get(aws, "/dev/hello") == (200, "hi")
    assert aws.delete()["StackStatus"] == "DELETE_COMPLETE"


def test_a_deployment_describes_its_stage(aws: Any) -> None:
    template = service()
    described = {"Variables": {"A": "1"}, "LoggingLevel": "ERROR", "Description": "d", "TracingEnabled": True}
    template["Resources"]["Deployment1"]["Properties"]["StageDescription"] = described
    aws.create(template)
    found = stage(aws)
    assert (found["variables"], found["description"], found["tracingEnabled"]) == ({"A": "1"}, "d", True)
    assert found["methodSettings"]["*/*"]["loggingLevel"] == "ERROR"
    template["Resources"]["Deployment1"]["Properties"]["StageDescription"] = {"Variables": {"A": "2"}}
    assert aws.update(template)["StackStatus"] == "UPDATE_COMPLETE"
    assert stage(aws)["variables"] == {"A": "2"}
    assert stage(aws)["methodSettings"] == {}


@pytest.mark.parametrize(
    ("properties", "reason"),
    [
        ({"Body": {"openapi": "1.0"}}, "Invalid OpenAPI input."),
        ({"CloneFrom": "abc"}, "Invalid API identifier specified"),
        ({"Name": ""}, "property Name of Api is required"),
        ({"Nmae": "x"}, "extraneous key [Nmae] is not permitted"),
    ],
)
def test_an_api_that_cannot_be_made_says_why(aws: Any, properties: dict[str, Any], reason: str) -> None:
    template = service()
    template["Resources"]["Api"]["Properties"] |= properties
    assert aws.create(template)["StackStatus"] == "ROLLBACK_COMPLETE"
    assert reason in reasons(aws)


def test_a_canary_of_a_template(aws: Any) -> None:
    aws.create(service())
    canary = {"PercentTraffic": 100, "StageVariableOverrides": {"a": "b"}}
    properties = {"RestApiId": API, "StageName": "dev", "DeploymentCanarySettings": canary}
    template = service(1, Canary=made("Deployment", properties, DependsOn=["Deployment1"]))
    assert aws.update(template)["StackStatus"] == "UPDATE_COMPLETE"
    first = aws.resource("Deployment1")["PhysicalResourceId"]
    found = stage(aws)
    assert (found["deploymentId"], found["canarySettings"]["percentTraffic"]) == (first, 100.0)
    assert found["canarySettings"]["stageVariableOverrides"] == {"a": "b"}
    assert aws.update(service())["StackStatus"] == "UPDATE_COMPLETE"
    assert "canarySettings" not in stage(aws)
    place = {"RestApiId": API, "StageName": "own", "DeploymentId": {"Ref": "Deployment1"}}
    setting = {"DeploymentId": {"Ref": "Deployment1"}, "PercentTraffic": 5.5, "UseStageCache": True}
    own = made("Stage", place | {"CanarySetting": setting})
    assert aws.update(service(1, Own=own))["StackStatus"] == "UPDATE_COMPLETE"
    expected = {"deploymentId": first, "percentTraffic": 5.5, "useStageCache": True}
    assert stage(aws, "own")["canarySettings"] == expected


def test_a_usage_plan_with_limits_of_methods(aws: Any) -> None:
    def planned(**limits: Any) -> dict[str, Any]:
        stage = {"ApiId": API, "Stage": "dev", "Throttle": limits}
        return service(1, Plan=made("UsagePlan", {"ApiStages": [stage]}, DependsOn=["Deployment1"]))

    def limits() -> Any:
        plan = {"usagePlanId": aws.resource("Plan")["PhysicalResourceId"]}
        return aws.call("apigateway", "GetUsagePlan", plan)["apiStages"][0].get("throttle")

    aws.create(planned(**{"/hello/GET": {"BurstLimit": 2, "RateLimit": 1.5}}))
    assert limits() == {"/hello/GET": {"burstLimit": 2, "rateLimit": 1.5}}
    aws.update(planned(**{"/hello/GET": {"RateLimit": 2}, "/hello/PUT": {"BurstLimit": 1}}))
    assert limits() == {"/hello/GET": {"rateLimit": 2.0}, "/hello/PUT": {"burstLimit": 1}}
    aws.update(planned())
    assert limits() is None


def defined(text: str, path: str = "/told") -> dict[str, Any]:
    """An OpenAPI definition with one route."""
    integration = {
        "type": "mock",
        "requestTemplates": ANSWERS,
        "responses": {"default": {"statusCode": "200", "responseTemplates": {"application/json": text}}},
    }
    operation = {"responses": {"200": {}}, "x-amazon-apigateway-integration": integration}
    return {"openapi": "3.0.1", "info": {"title": "told"}, "paths": {path: {"get": operation}}}


def of_definition(number: int, **properties: Any) -> dict[str, Any]:
    deployment = made("Deployment", {"RestApiId": API, "StageName": "dev"})
    return {"Resources": {"Api": made("RestApi", properties), f"Deployment{number}": deployment}}


def test_an_api_out_of_a_definition(aws: Any) -> None:
    given: dict[str, Any] = {
        "Description": "from a template",
        "EndpointConfiguration": {"Types": ["REGIONAL"]},
        "Tags": [{"Key": "a", "Value": "b"}],
    }
    assert aws.create(of_definition(1, Body=defined("one"), **given))["StackStatus"] == "CREATE_COMPLETE"
    assert get(aws, "/dev/told") == (200, "one")
    api = aws.call("apigateway", "GetRestApi", {"restApiId": aws.resource("Api")["PhysicalResourceId"]})
    assert (api["name"], api["description"], api["tags"]) == ("told", "from a template", {"a": "b"})
    assert api["endpointConfiguration"]["types"] == ["REGIONAL"]
    changed = of_definition(2, Body=defined("two", "/other"), Name="named", **given)
    assert aws.update(changed)["StackStatus"] == "UPDATE_COMPLETE"
    assert get(aws, "/dev/other") == (200, "two")
    assert get(aws, "/dev/told")[0] == 403
    api = aws.call("apigateway", "GetRestApi", {"restApiId": aws.resource("Api")["PhysicalResourceId"]})
    assert (api["name"], api["description"]) == ("named", "from a template")
    merged = of_definition(3, Body=json.dumps(defined("three")), Mode="merge", **given)
    assert aws.update(merged)["StackStatus"] == "UPDATE_COMPLETE"
    assert (get(aws, "/dev/told"), get(aws, "/dev/other")) == ((200, "three"), (200, "two"))


def note(aws: Any, logical_id: str) -> str:
    """What CloudFormation says of a resource that it made."""
    event = next(
        event
        for event in aws.cfn("DescribeStackEvents", StackName="demo")["StackEvents"]
        if (event["LogicalResourceId"], event["ResourceStatus"]) == (logical_id, "CREATE_COMPLETE")
    )
    return str(event.get("ResourceStatusReason", ""))


def named(**properties: Any) -> dict[str, Any]:
    """An API at a name of its own."""
    domain = {"DomainName": "api.example.com", "RegionalCertificateArn": "arn:aws:acm:x"}
    domain["EndpointConfiguration"] = {"Types": ["REGIONAL"]}
    mapping = {"DomainName": {"Ref": "Domain"}, "RestApiId": API, "Stage": "dev", **properties}
    template = service(
        1,
        Domain=made("DomainName", domain),
        Mapping=made("BasePathMapping", mapping, DependsOn=["Deployment1"]),
    )
    template["Outputs"]["Target"] = {"Value": {"Fn::GetAtt": ["Domain", "RegionalDomainName"]}}
    return template


def at_domain(aws: Any, path: str) -> tuple[int, str]:
    url = f"{aws.emulator.urls.aws}{path}"
    request = urllib.request.Request(url, headers={"Host": "api.example.com"})
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_an_api_at_a_name_of_its_own(aws: Any) -> None:
    assert aws.create(named())["StackStatus"] == "CREATE_COMPLETE"
    assert at_domain(aws, "/hello") == (200, "hi")
    assert aws.update(named(BasePath="v1"))["StackStatus"] == "UPDATE_COMPLETE"
    assert at_domain(aws, "/v1/hello") == (200, "hi")
    assert at_domain(aws, "/hello")[0] == 403
    assert aws.update(service())["StackStatus"] == "UPDATE_COMPLETE"
    assert aws.call("apigateway", "GetDomainNames", {})["items"] == []


def test_a_mapping_at_a_name_from_elsewhere_is_only_recorded(aws: Any) -> None:
    mapping = {"DomainName": "elsewhere.example.com", "RestApiId": API, "Stage": "dev"}
    template = service(1, Mapping=made("BasePathMapping", mapping, DependsOn=["Deployment1"]))
    assert aws.create(template)["StackStatus"] == "CREATE_COMPLETE"
    assert note(aws, "Mapping").startswith("Recorded only: there is no domain name elsewhere")
    assert aws.update(service())["StackStatus"] == "UPDATE_COMPLETE"


def test_documentation_links_and_certificates(aws: Any) -> None:
    location = {"Type": "METHOD", "Path": "/hello", "Method": "GET"}
    part = {"Location": location, "Properties": {"summary": "says hi"}, "RestApiId": API}
    template = service(
        1,
        Part=made("DocumentationPart", part),
        Version=made("DocumentationVersion", {"DocumentationVersion": "1", "RestApiId": API}),
        Link=made("VpcLink", {"Name": "in", "TargetArns": ["arn:aws:x"]}),
        Certificate=made("ClientCertificate", {"Description": "mine", "Tags": [{"Key": "a", "Value": "b"}]}),
    )
    assert aws.create(template)["StackStatus"] == "CREATE_COMPLETE"
    place = {"restApiId": aws.resource("Api")["PhysicalResourceId"]}
    [found] = aws.call("apigateway", "GetDocumentationParts", place)["items"]
    assert json.loads(found["properties"]) == {"summary": "says hi"}
    assert note(aws, "Link").startswith("Kept only:")
    [certificate] = aws.call("apigateway", "GetClientCertificates", {})["items"]
    assert (certificate["description"], certificate["tags"]) == ("mine", {"a": "b"})
    template["Resources"]["Part"]["Properties"]["Properties"] = '{"summary": "greets"}'
    template["Resources"]["Certificate"]["Properties"] = {"Description": "yours"}
    assert aws.update(template)["StackStatus"] == "UPDATE_COMPLETE"
    [found] = aws.call("apigateway", "GetDocumentationParts", place)["items"]
    assert json.loads(found["properties"]) == {"summary": "greets"}
    assert aws.update(service())["StackStatus"] == "UPDATE_COMPLETE"
    for operation in ("GetVpcLinks", "GetClientCertificates"):
        assert aws.call("apigateway", operation, {})["items"] == []


URI = "arn:aws:apigateway:us-east-1:"
MACHINE = {"Type": "AWS", "IntegrationHttpMethod": "POST", "Uri": f"{URI}states:action/StartExecution"}
STREAM = {"Type": "AWS_PROXY", "IntegrationHttpMethod": "POST", "Uri": f"{URI}firehose:action/PutRecord"}
INSIDE = {"Type": "HTTP", "IntegrationHttpMethod": "GET", "Uri": "http://inside.example"}


@pytest.mark.parametrize(
    ("properties", "note"),
    [
        ({"Integration": MACHINE}, "runs no state machines: requests get 500"),
        ({"Integration": STREAM}, "with Lambda functions alone: requests get 500"),
        (
            {"Integration": INSIDE | {"ConnectionType": "VPC_LINK", "ConnectionId": "abc"}},
            "reaches into no VPC: requests get 500",
        ),
    ],
)
def test_what_a_method_cannot_do_is_said(aws: Any, properties: dict[str, Any], note: str) -> None:
    template = service()
    template["Resources"]["HelloGet"]["Properties"] |= properties
    assert aws.create(template)["StackStatus"] == "CREATE_COMPLETE"
    assert note in reasons(aws)


UNAVAILABLE = {
    "restsvc": (
        "ApiGatewayMethodGuardedIdGet",  # names an authorizer of another stack
        "ApiGatewayMethodGuardedId3Get",
        "AuthLambdaPermissionApiGateway",  # is for a function of another account
    ),
}


@pytest.mark.parametrize("name", ["benchsvc", "restsvc"])
def test_what_the_framework_compiles_can_be_deployed(aws: Any, tmp_path: Path, name: str) -> None:
    template = json.loads((GOLDEN / name / "template.json").read_text())
    resources = template["Resources"]
    for gone in UNAVAILABLE.get(name, ()):
        del resources[gone]
    for resource in resources.values():
        if resource["Type"] == "AWS::Lambda::Function":
            resource["Properties"]["Code"] = {"S3Bucket": "hot-reload", "S3Key": str(tmp_path)}
        needed = resource.get("DependsOn", [])
        if isinstance(needed, list):
            resource["DependsOn"] = [each for each in needed if each in resources]
    assert aws.create(template)["StackStatus"] == "CREATE_COMPLETE", reasons(aws)
    assert aws.delete()["StackStatus"] == "DELETE_COMPLETE", reasons(aws)
