import os


def hello(event, context):
    return {"statusCode": 200, "body": f"first, with {os.environ['TABLE']}"}
