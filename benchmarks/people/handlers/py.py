"""The Python handlers that are measured."""

import json
import os
import time


def hello(event, context):
    """The least a handler does."""
    return {
        "statusCode": 200,
        "headers": {"content-type": "application/json"},
        "body": json.dumps({"hello": "py"}),
    }


def sleep(event, context):
    """Takes a second, and says which process it ran in."""
    time.sleep(1)
    return {"statusCode": 200, "body": json.dumps({"pid": os.getpid()})}
