"""Functions that do what they shouldn't."""

import os
import sys
import time


def slow(event, context):
    time.sleep(30)


def fail(event, context):
    raise ValueError("no")


def leave(event, context):
    sys.exit(3)


def kill(event, context):
    os._exit(3)


def large(event, context):
    return {"statusCode": 200, "body": "x" * 7_000_000}


def handler(event, context):
    return globals()[event["body"]](event, context)
