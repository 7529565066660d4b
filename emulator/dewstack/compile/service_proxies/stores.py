"""Routes that lead to DynamoDB and S3, with the plugin's own templates, to the letter."""

from collections.abc import Mapping
from typing import Any

from dewstack.compile.service_proxies.drafting import (
    ARN,
    FORM,
    JSON,
    PLACES,
    STATUSES,
    Http,
    both,
    integration,
    named,
    own_templates,
    response,
    responses,
)

PATTERNS = {200: r"2\d{2}", 400: r"4\d{2}", 500: r"5\d{2}"}
S3_METHODS = {"DeleteObject": "DELETE", "GetObject": "GET", "PutObject": "PUT"}
S3_REQUESTS: Mapping[str, Mapping[str, str]] = {
    "DeleteObject": {},
    "GetObject": {"integration.request.header.Range": "method.request.header.Range"},
    "PutObject": {
        "integration.request.header.x-amz-acl": "'authenticated-read'",
        "integration.request.header.Content-Type": "method.request.header.Content-Type",
    },
}
S3_RESPONSES: Mapping[str, tuple[str, ...]] = {
    "DeleteObject": ("Content-Type", "Date"),
    "GetObject": (
        "content-type",
        "Content-Type",
        "accept-ranges",
        "Accept-Ranges",
        "content-range",
        "Content-Range",
    ),
    "PutObject": ("Content-Type", "Content-Length"),
}
ITEM = (
    "#set($item = $input.path('$.Item')){#foreach($key in $item.keySet())"
    "#set ($value = $item.get($key))#foreach( $type in $value.keySet())"
    '"$key":"$value.get($type)"#if($foreach.hasNext()),#end#end#if($foreach.hasNext()),#end#end}'
)
BODY = """
      #set ($body = $util.parseJson($input.body))
      #foreach( $key in $body.keySet())
        #set ($item = $body.get($key))
        #foreach( $type in $item.keySet())
          "$key":{"$type" : "$item.get($type)"}
        #if($foreach.hasNext()),#end
        #end
      #if($foreach.hasNext()),#end
      #end
    }
    """


def dynamodb(http: Http) -> dict[str, Any]:
    """PutItem, GetItem or DeleteItem of one key."""
    action = http["action"]
    item = {JSON: ITEM, FORM: ITEM} if action == "GetItem" else {}
    by_default = [
        response(status, PATTERNS[status], item if status == 200 else {}) for status in (200, 400, 500)
    ]
    # The second content type is the plugin's own spelling.
    own = responses(http, JSON, "application/x-www-form-urlendcoded")
    return integration(
        "dynamodb",
        http,
        [f"{ARN}dynamodb:action/${{action}}", {"action": action}],
        own or by_default,
        PassthroughBehavior="NEVER",
        RequestParameters=dict(http.get("requestParameters") or {}),
        RequestTemplates=both(_item_template(http, action), http),
    )


def _item_template(http: Http, action: str) -> dict[str, Any]:
    values: dict[str, Any] = {"TableName": http["tableName"]}
    keys = []
    for name, prefix in (("hashKey", "Hash"), ("rangeKey", "Range")):
        key = http.get(name)
        if key:
            place = "pathParam" if key.get("pathParam") else "queryStringParam"
            keys.append(
                f'"${{{prefix}Key}}": {{"${{{prefix}AttributeType}}": "${{{prefix}AttributeValue}}"}}'
            )
            values |= {
                f"{prefix}Key": key[place],
                f"{prefix}AttributeType": key["attributeType"],
                f"{prefix}AttributeValue": PLACES[place] + key[place],
            }
    condition = ""
    if http.get("condition") and action != "GetItem":
        condition = ',"ConditionExpression": "${ConditionExpression}"'
        values["ConditionExpression"] = http["condition"]
    if action == "PutItem":
        members = "".join(f"{key}," for key in keys)
        text = f'{{"TableName": "${{TableName}}","Item": {{{members}{BODY}{condition}}}'
    else:
        text = f'{{"TableName": "${{TableName}}","Key":{{{",".join(keys)}}}{condition}}}'
    return {"Fn::Sub": [text, values]}


def s3(http: Http) -> dict[str, Any]:
    """GetObject, PutObject or DeleteObject."""
    action = http["action"]
    parameters: dict[str, Any] = {
        **S3_REQUESTS[action],
        "integration.request.path.bucket": {"Fn::Sub": ["'${bucket}'", {"bucket": http["bucket"]}]},
    }
    if "key" in http:
        parameters["integration.request.path.object"] = _object(http["key"])
    told = {
        f"method.response.header.{name}": f"integration.response.header.{name}"
        for name in S3_RESPONSES[action]
    }
    by_name = {
        name: {JSON: own} if (own := named(http, "response", name)) else {} for name in STATUSES.values()
    }
    answers = [
        response(400, PATTERNS[400], by_name["clientError"]),
        response(500, PATTERNS[500], by_name["serverError"]),
        response(200, r"2(?!06)\d{2}", by_name["success"], **told),
        response(206, "206", by_name["success"], **told),
    ]
    templates = own_templates(http)
    made = integration(
        "s3",
        http,
        [f"{ARN}s3:path/{{bucket}}/{http.get('pathOverride', '{object}')}", {}],
        answers,
        PassthroughBehavior="NEVER" if templates else "WHEN_NO_MATCH",
        RequestParameters=parameters | dict(http.get("requestParameters") or {}),
    )
    made["IntegrationHttpMethod"] = S3_METHODS[action]
    return made | ({"RequestTemplates": templates} if templates else {})


def _object(key: Any) -> str:
    if isinstance(key, Mapping) and key.get("pathParam"):
        return f"method.request.path.{key['pathParam']}"
    if isinstance(key, Mapping) and key.get("queryStringParam"):
        return f"method.request.querystring.{key['queryStringParam']}"
    return f"'{key}'"
