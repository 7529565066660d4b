"""Routes that lead to Kinesis, SQS, SNS and EventBridge, with the plugin's own templates, to the letter."""

from collections.abc import Mapping
from typing import Any

from dewstack.compile.service_proxies.drafting import (
    ARN,
    FORM,
    JSON,
    Http,
    both,
    integration,
    own_templates,
    parameter,
    plain,
    responses,
    simple,
)

FORM_TYPE = {"integration.request.header.Content-Type": f"'{FORM}'"}
RECORDS = """[
  #foreach($elem in $input.path('$.records'))
      {
        "Data": "$util.base64Encode($elem.data)",
        "PartitionKey": "$elem.partition-key"
      }#if($foreach.hasNext),#end
  #end
]"""


def kinesis(http: Http) -> dict[str, Any]:
    """PutRecord or PutRecords."""
    action = http.get("action") or "PutRecord"
    if action == "PutRecords":
        text = '{"StreamName":"${StreamName}","Records":${Records}}'
        values = {"StreamName": http["streamName"], "Records": RECORDS}
    else:
        text = '{"StreamName":"${StreamName}","Data":"${Data}","PartitionKey":"${PartitionKey}"}'
        key = parameter(http.get("partitionKey"), "$context.requestId")
        data = "$util.base64Encode($input.body)"
        values = {"StreamName": http["streamName"], "Data": data, "PartitionKey": key}
    return integration(
        "kinesis",
        http,
        f"{ARN}kinesis:action/{action}",
        simple(http, JSON),
        PassthroughBehavior="NEVER",
        RequestTemplates=both({"Fn::Sub": [text, values]}, http),
    )


def sqs(http: Http) -> dict[str, Any]:
    """SendMessage, by parameters of the query or, with a template of the map's own, by a form."""
    uri = [f"{ARN}sqs:path//${{AWS::AccountId}}/${{queueName}}", {"queueName": http["queueName"]}]
    given, templates = http.get("requestParameters") or {}, own_templates(http)
    answers = responses(http, JSON) or plain()
    if not templates:
        parameters = {
            "integration.request.querystring.Action": "'SendMessage'",
            "integration.request.querystring.MessageBody": "method.request.body",
            **given,
        }
        by_query = {JSON: "{statusCode:200}"}
        return integration("sqs", http, uri, answers, RequestParameters=parameters, RequestTemplates=by_query)
    kept = {
        name: value
        for name, value in given.items()
        if not name.strip().startswith("integration.request.querystring.")
    }
    default = {JSON: "Action=SendMessage&MessageBody=$util.urlEncode($input.body)"}
    return integration(
        "sqs",
        http,
        uri,
        answers,
        PassthroughBehavior="NEVER",
        RequestParameters=FORM_TYPE | kept,
        RequestTemplates=default | templates,
    )


def sns(http: Http) -> dict[str, Any]:
    """Publish."""
    topic = "arn:${AWS::Partition}:sns:${AWS::Region}:${AWS::AccountId}:${topicName}"
    parts = [
        "Action=Publish&Message=$util.urlEncode($input.body)&TopicArn=$util.urlEncode('",
        {"Fn::Sub": [topic, {"topicName": http["topicName"]}]},
        "')",
    ]
    request = http.get("request") or {}
    more = {"ContentHandling": request["contentHandling"]} if "contentHandling" in request else {}
    return integration(
        "sns",
        http,
        f"{ARN}sns:path//",
        responses(http, JSON) or plain(),
        PassthroughBehavior=request.get("passThrough", "NEVER"),
        RequestParameters=dict(FORM_TYPE),
        RequestTemplates=both({"Fn::Join": ["", parts]}, http),
        **more,
    )


def eventbridge(http: Http) -> dict[str, Any]:
    """PutEvents, one at a time."""
    text = (
        '{"Entries":[{"Detail": "${Detail}","DetailType": "${DetailType}","EventBusName": "${EventBusName}",'
        '"Source": "${Source}"}]}'
    )
    detail = http.get("detail")
    part = detail.get("bodyParam") if isinstance(detail, Mapping) else None
    told = f"$util.parseJson($input.body).{part}" if part else "$input.body"
    values = {
        "EventBusName": http["eventBusName"],
        "Detail": f"$util.escapeJavaScript({told})",
        "DetailType": parameter(http.get("detailType"), "$context.requestId"),
        "Source": parameter(http.get("source"), ""),
    }
    parameters = {
        "integration.request.header.X-Amz-Target": "'AWSEvents.PutEvents'",
        "integration.request.header.Content-Type": "'application/x-amz-json-1.1'",
    }
    return integration(
        "eventbridge",
        http,
        f"{ARN}events:action/PutEvents",
        plain(),
        PassthroughBehavior="NEVER",
        RequestParameters=parameters,
        RequestTemplates=both({"Fn::Sub": [text, values]}, http),
    )
