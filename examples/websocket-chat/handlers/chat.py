"""A chat room: who is connected is in a table, and what one says reaches everybody."""

import json
import os

import boto3

OK = {"statusCode": 200}


def table():
    return boto3.resource("dynamodb").Table(os.environ["TABLE"])


def connect(event, context):
    """Nobody comes in without a name: ws://…/dev?name=ann"""
    name = (event.get("queryStringParameters") or {}).get("name")
    if not name:
        return {"statusCode": 400}
    table().put_item(Item={"id": event["requestContext"]["connectionId"], "name": name})
    return OK


def disconnect(event, context):
    table().delete_item(Key={"id": event["requestContext"]["connectionId"]})
    return OK


def say(event, context):
    """{"action": "say", "text": "hello"}"""
    context = event["requestContext"]
    # What is written for AWS, and works here unchanged: AWS's own name leads to the emulator inside functions.
    clients = boto3.client(
        "apigatewaymanagementapi", endpoint_url=f"https://{context['domainName']}/{context['stage']}"
    )
    people = {item["id"]: item["name"] for item in table().scan()["Items"]}
    said = {"from": people.get(context["connectionId"]), "text": json.loads(event["body"])["text"]}
    for connection_id in people:
        try:
            clients.post_to_connection(ConnectionId=connection_id, Data=json.dumps(said))
        except clients.exceptions.GoneException:
            table().delete_item(Key={"id": connection_id})
    return OK


def usage(event, context):
    """What is no message to the room is answered, since the route has a response."""
    return {"statusCode": 200, "body": '{"usage": {"action": "say", "text": "…"}}'}
