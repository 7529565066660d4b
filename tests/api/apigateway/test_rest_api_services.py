"""AWS integrations of REST APIs with other services than Lambda, as maps and plugins write them."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from dewstack.testing import Dew, start

pytest.importorskip("moto", reason="needs the extra aws")
pytestmark = pytest.mark.xdist_group("moto")

ARN = "arn:aws:apigateway:us-east-1"
ACCOUNT = "000000000000"
FORM = {"integration.request.header.Content-Type": "'application/x-www-form-urlencoded'"}


@pytest.fixture(scope="module")
def aws() -> Iterator[Dew]:
    """An emulator without a map."""
    with start() as dew:
        yield dew


class Api:
    """A REST API with one resource, and its client."""

    def __init__(self, aws: Dew) -> None:
        self._client = aws.client("apigateway")
        made = self._client.create_rest_api(name="proxy", binaryMediaTypes=["application/octet-stream"])
        self.api_id = made["id"]
        self._parent = made["rootResourceId"]
        self._url = f"{aws.aws_url}/_aws/execute-api/{self.api_id}/dev"

    def method(self, verb: str, part: str, integration: dict[str, Any], *responses: dict[str, Any]) -> None:
        resources = self._client.get_resources(restApiId=self.api_id)["items"]
        known = {one.get("pathPart"): one["id"] for one in resources}
        place = {"restApiId": self.api_id, "httpMethod": verb, "resourceId": known.get(part)}
        if part not in known:
            made = self._client.create_resource(restApiId=self.api_id, parentId=self._parent, pathPart=part)
            place["resourceId"] = made["id"]
        self._client.put_method(authorizationType="NONE", **place)
        given = {"type": "AWS", "integrationHttpMethod": "POST"} | integration
        self._client.put_integration(**place, **given)
        for response in responses or (
            {"statusCode": "200"},
            {"statusCode": "400", "selectionPattern": "4.."},
        ):
            headers = dict.fromkeys(response.get("responseParameters", ()), True)
            status = response["statusCode"]
            self._client.put_method_response(statusCode=status, responseParameters=headers, **place)
            self._client.put_integration_response(**place, **response)

    def deploy(self) -> "Api":
        self._client.create_deployment(restApiId=self.api_id, stageName="dev")
        return self

    def __call__(self, verb: str, path: str, **more: Any) -> httpx.Response:
        return httpx.request(verb, self._url + path, **more)


def messages(aws: Dew, url: str) -> list[str]:
    sqs = aws.client("sqs")
    return [one["Body"] for one in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]]


def test_sqs_as_the_service_proxy_plugin_asks_it(aws: Dew) -> None:
    url = aws.client("sqs").create_queue(QueueName="plugin")["QueueUrl"]
    api = Api(aws)
    uri = f"{ARN}:sqs:path//{ACCOUNT}/plugin"
    parameters = {
        "integration.request.querystring.Action": "'SendMessage'",
        "integration.request.querystring.MessageBody": "method.request.body",
    }
    by_query = {"requestParameters": parameters, "requestTemplates": {"application/json": "{statusCode:200}"}}
    api.method("POST", "query", {"uri": uri} | by_query)
    template = "Action=SendMessage&MessageBody=$util.urlEncode($input.body)"
    by_form = {"requestParameters": FORM, "requestTemplates": {"application/json": template}}
    api.method("POST", "form", {"uri": uri, "passthroughBehavior": "NEVER"} | by_form)
    api.deploy()
    for path, body in (("/query", '{"a": "1 & 2"}'), ("/form", '{"b": "ü=1"}')):
        answer = api("POST", path, content=body.encode(), headers={"content-type": "application/json"})
        assert answer.status_code == 200, answer.text
        result = answer.json()["SendMessageResponse"]
        assert result["SendMessageResult"]["MessageId"]
        assert result["SendMessageResult"]["SequenceNumber"] is None
        assert result["ResponseMetadata"]["RequestId"]
        assert messages(aws, url) == [body]


def test_sqs_by_its_action_and_in_json(aws: Dew) -> None:
    url = aws.client("sqs").create_queue(QueueName="action")["QueueUrl"]
    api = Api(aws)
    parameters = {
        "integration.request.querystring.QueueUrl": f"'{url}'",
        "integration.request.querystring.MessageBody": "method.request.querystring.text",
    }
    api.method("GET", "action", {"uri": f"{ARN}:sqs:action/SendMessage", "requestParameters": parameters})
    json_headers = {
        "integration.request.header.Content-Type": "'application/x-amz-json-1.0'",
        "integration.request.header.X-Amz-Target": "'AmazonSQS.SendMessage'",
    }
    template = f'{{"QueueUrl": "{url}", "MessageBody": "$input.path(\'$.text\')"}}'
    given = {"requestParameters": json_headers, "requestTemplates": {"application/json": template}}
    api.method("POST", "json", {"uri": f"{ARN}:sqs:path/"} | given)
    api.deploy()
    assert "SendMessageResponse" in api("GET", "/action", params={"text": "hi"}).json()
    assert messages(aws, url) == ["hi"]
    assert api("POST", "/json", json={"text": "ho"}).json()["MD5OfMessageBody"]
    assert messages(aws, url) == ["ho"]


def test_an_error_of_the_query_protocol_is_json_too(aws: Dew) -> None:
    api = Api(aws)
    parameters = {
        "integration.request.querystring.Action": "'SendMessage'",
        "integration.request.querystring.MessageBody": "'x'",
    }
    api.method("POST", "x", {"uri": f"{ARN}:sqs:path/{ACCOUNT}/nowhere", "requestParameters": parameters})
    answer = api.deploy()("POST", "/x")
    assert answer.status_code == 400
    assert "NonExistentQueue" in answer.json()["Error"]["Code"]


def test_sns_publishes_to_a_queue(aws: Dew) -> None:
    url = aws.client("sqs").create_queue(QueueName="told")["QueueUrl"]
    sns = aws.client("sns")
    topic = sns.create_topic(Name="news")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:us-east-1:{ACCOUNT}:told")
    api = Api(aws)
    template = f"Action=Publish&TopicArn=$util.urlEncode('{topic}')&Message=$util.urlEncode($input.body)"
    given = {"requestParameters": FORM, "requestTemplates": {"application/json": template}}
    api.method("POST", "sns", {"uri": f"{ARN}:sns:path//"} | given)
    answer = api.deploy()("POST", "/sns", json={"a": 1})
    assert answer.json()["PublishResponse"]["PublishResult"]["MessageId"]
    assert json.loads(json.loads(messages(aws, url)[0])["Message"]) == {"a": 1}


def test_dynamodb_puts_gets_and_queries(aws: Dew) -> None:
    aws.client("dynamodb").create_table(
        TableName="items",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    api = Api(aws)
    put = '{"TableName": "items", "Item": {"id": {"S": "$input.params(\'id\')"}, "n": {"N": "$input.path(\'$.n\')"}}}'
    get = '{"TableName": "items", "Key": {"id": {"S": "$input.params(\'id\')"}}}'
    query = (
        '{"TableName": "items", "KeyConditionExpression": "id = :v1",'
        ' "ExpressionAttributeValues": {":v1": {"S": "$input.params(\'id\')"}}}'
    )
    item = """#set($item = $input.path('$.Item')){#foreach($key in $item.keySet())#set ($value = $item.get($key))
#foreach($type in $value.keySet())"$key":"$value.get($type)"#if($foreach.hasNext()),#end#end
#if($foreach.hasNext()),#end#end}"""
    shown = {"statusCode": "200", "responseTemplates": {"application/json": item}}
    wrong = {"statusCode": "400", "selectionPattern": "4.."}
    for verb, action, template, responses in (
        ("PUT", "PutItem", put, ()),
        ("GET", "GetItem", get, (shown, wrong)),
        ("POST", "Query", query, ()),
    ):
        given = {"uri": f"{ARN}:dynamodb:action/{action}", "requestTemplates": {"application/json": template}}
        api.method(verb, "{id}", given, *responses)
    api.deploy()
    assert api("PUT", "/a", json={"n": 5}).json() == {}
    assert api("GET", "/a").json() == {"id": "a", "n": "5"}
    assert api("POST", "/a", json={}).json()["Items"] == [{"id": {"S": "a"}, "n": {"N": "5"}}]
    assert api("PUT", "/a", json={"n": "x"}).status_code == 400


def test_s3_takes_and_gives_objects(aws: Dew) -> None:
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="shelf")
    api = Api(aws)
    path = {
        "integration.request.path.bucket": "'shelf'",
        "integration.request.path.object": "method.request.path.key",
    }
    put = path | {"integration.request.header.Content-Type": "method.request.header.Content-Type"}
    kind = {"method.response.header.Content-Type": "integration.response.header.Content-Type"}
    good = {"statusCode": "200", "selectionPattern": "2..", "responseParameters": kind}
    bad = {"statusCode": "404", "selectionPattern": "4.."}
    uri = f"{ARN}:s3:path/{{bucket}}/{{object}}"
    api.method("PUT", "{key}", {"uri": uri, "integrationHttpMethod": "PUT", "requestParameters": put}, good)
    get = {"uri": uri, "integrationHttpMethod": "GET", "requestParameters": path}
    api.method("GET", "{key}", get, good, bad)
    hosted = {
        "uri": f"{ARN}:shelf.s3:path/{{object}}",
        "integrationHttpMethod": "GET",
        "requestParameters": {"integration.request.path.object": "method.request.path.key"},
    }
    api.method("POST", "{key}", hosted, good, bad)
    api.deploy()
    content = b"\x89PNG\x00"
    kept = api("PUT", "/a.png", content=content, headers={"content-type": "image/png"})
    assert kept.status_code == 200, kept.text
    assert s3.get_object(Bucket="shelf", Key="a.png")["Body"].read() == content
    for verb in ("GET", "POST"):
        answer = api(verb, "/a.png")
        assert (answer.content, answer.headers["content-type"]) == (content, "image/png")
    missing = api("GET", "/b.png")
    assert missing.status_code == 404
    assert b"NoSuchKey" in missing.content


def test_kinesis_events_and_parameters(aws: Dew) -> None:
    kinesis = aws.client("kinesis")
    kinesis.create_stream(StreamName="river", ShardCount=1)
    aws.client("ssm").put_parameter(Name="/greeting", Value="hello", Type="String")
    api = Api(aws)
    record = '{"StreamName": "river", "PartitionKey": "$context.requestId", "Data": "$util.base64Encode($input.body)"}'
    json11 = {"integration.request.header.Content-Type": "'application/x-amz-json-1.1'"}
    event = '{"Entries": [{"Source": "shop", "DetailType": "sold", "Detail": "$util.escapeJavaScript($input.body)"}]}'
    target = json11 | {"integration.request.header.X-Amz-Target": "'AWSEvents.PutEvents'"}
    for part, uri, parameters, template in (
        ("kinesis", f"{ARN}:kinesis:action/PutRecord", {}, record),
        ("events", f"{ARN}:events:action/PutEvents", target, event),
        (
            "ssm",
            f"{ARN}:ssm:action/GetParameter",
            {"integration.request.querystring.Name": "'/greeting'"},
            "",
        ),
    ):
        given = {
            "uri": uri,
            "requestParameters": parameters,
            "requestTemplates": {"application/json": template},
        }
        api.method("POST", part, given)
    api.deploy()
    assert api("POST", "/kinesis", json={"a": 1}).json()["SequenceNumber"]
    assert api("POST", "/events", json={"a": "its"}).json()["FailedEntryCount"] == 0
    assert api("POST", "/ssm", json={}).json()["Parameter"]["Value"] == "hello"


def test_what_would_do_nothing_is_refused(aws: Dew) -> None:
    api = Api(aws)
    for part, service in (("states", "states:action/StartExecution"), ("odd", "nonsense:action/Do")):
        api.method("POST", part, {"uri": f"{ARN}:{service}"})
    api.deploy()
    for path in ("/states", "/odd"):
        answer = api("POST", path, json={})
        assert (answer.status_code, answer.json()) == (500, {"message": "Internal server error"})
