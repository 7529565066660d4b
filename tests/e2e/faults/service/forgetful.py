"""A function that would delete its own code, which is read-only."""

import os


def handler(event, context):
    try:
        os.unlink(__file__)
    except OSError:
        return {"statusCode": 200, "body": "fine"}
    return {"statusCode": 200, "body": "gone"}
