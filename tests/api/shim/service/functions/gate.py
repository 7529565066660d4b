"""A Lambda authorizer: lets `Authorization: open` in, and fails on `Authorization: broken`."""


def handler(event, context):
    word = event["headers"]["authorization"]
    if word == "broken":
        raise ValueError("broken")
    return {
        "isAuthorized": word == "open",
        "context": {"door": event["queryStringParameters"]["door"], "n": 7},
    }
