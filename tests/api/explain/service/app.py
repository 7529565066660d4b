"""Handlers, most of which fail on purpose."""

import os
import time


def ok(event, context):
    return {"statusCode": 200, "body": "ok"}


def gate(event, context):
    return {"isAuthorized": False}


def deny(event, context):
    statement = {"Action": "execute-api:Invoke", "Effect": "Deny", "Resource": event["methodArn"]}
    return {"principalId": "x", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}


def refuse(event, context):
    arn = event["methodArn"] + "/elsewhere"
    statement = {"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": arn}
    return {"principalId": "x", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}


def fail(event, context):
    raise ValueError("on purpose")


def strange(event, context):
    return {"statusCode": 200, "body": {"not": "a string"}}


def slow(event, context):
    time.sleep(30 if event.get("forever") else 0.3)
    return {"statusCode": 200}


def odd(event, context):
    return {1, 2}


def dies(event, context):
    os._exit(7)


def ends(event, context):
    os._exit(0)


def huge(event, context):
    return "x" * 6_300_000
