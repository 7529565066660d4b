"""Answers with what the body says, as JSON; a body that begins with `=` is an expression in Python."""

import base64
import json


def handler(event, context):
    body = event["body"]
    if event["isBase64Encoded"]:
        body = base64.b64decode(body).decode()
    return {"=set": {1, 2}, "=nan": float("nan"), "=none": None}[body] if body[0] == "=" else json.loads(body)
