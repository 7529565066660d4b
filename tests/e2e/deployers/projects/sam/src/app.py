import os

import boto3


def hello(event, context):
    boto3.resource("dynamodb").Table(os.environ["TABLE"]).put_item(Item={"id": os.environ["GREETING"]})
    return {"statusCode": 200, "body": os.environ["GREETING"]}
