"""A function that deletes its own code."""

import os


def handler(event, context):
    if os.path.exists(__file__):
        os.unlink(__file__)
    return {"statusCode": 200, "body": "fine"}
