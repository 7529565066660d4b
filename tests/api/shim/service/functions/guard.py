"""A REST API's Lambda authorizer: `open` gets in, `shut` doesn't, `out` is a stranger, `broken` is no answer."""


def handler(event, context):
    word = event.get("authorizationToken") or event["headers"]["Authorization"]
    if word == "out":
        raise Exception("Unauthorized")
    effect = {"open": "Allow", "shut": "Deny"}.get(word)
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": event["methodArn"]}
    policy = {"Version": "2012-10-17", "Statement": [statement] if effect else []}
    return {
        "principalId": None if word == "broken" else "me",
        "policyDocument": policy,
        "context": {"n": 7, "yes": True},
    }
