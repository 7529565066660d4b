"""Which resource a call is on, by service: the ARN out of its params, empty where it is on none in particular."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from dewstack.config import Caller

Params = Mapping[str, Any]


class Place(Struct, frozen=True):
    """Where the resources of a call are."""

    region: str
    account_id: str
    service: str
    arn_of: Callable[[str, str, Caller], str | None]

    def arn(self, service: str, resource: str) -> str:
        """The ARN of a resource here."""
        return f"arn:aws:{service}:{self.region}:{self.account_id}:{resource}"

    def known(self, service: str, name: str) -> str | None:
        """The ARN that the service itself knows `name` by."""
        return self.arn_of(service, name, Caller(self.account_id, self.region))


Find = Callable[[Place, str, Params], list[str]]


def texts(params: Params, *names: str) -> list[str]:
    """The texts, or lists of them, that params have under these names."""
    found: list[str] = []
    for name in names:
        value = params.get(name)
        if isinstance(value, str) and value:
            found.append(value)
        elif isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
            found.extend(one for one in value if isinstance(one, str))
    return found


def by(service: str, kind: str, *names: str) -> Find:
    """Resources that one of the params `names`, by their name or their ARN; `kind` is what stands before the name."""

    def find(place: Place, operation: str, params: Params) -> list[str]:
        given = texts(params, *names)
        return [one if one.startswith("arn:") else place.arn(service, f"{kind}{one}") for one in given]

    return find


def tables(place: Place, operation: str, params: Params) -> list[str]:
    """DynamoDB's tables, indexes and streams."""
    streams = texts(params, "StreamArn")
    if streams or place.service == "dynamodbstreams":
        return streams or [f"{table_arn(place, one)}/stream/*" for one in texts(params, "TableName")]
    found = [table_arn(place, one) for one in texts(params, "TableName", "ResourceArn", "TableArn")]
    index = params.get("IndexName")
    return (
        [f"{one}/index/{index}" for one in found]
        if isinstance(index, str) and operation in QUERIES
        else found
    )


QUERIES = frozenset({"Query", "Scan"})


def table_arn(place: Place, name: str) -> str:
    """A table's ARN by its name or ARN."""
    return name if name.startswith("arn:") else place.arn("dynamodb", f"table/{name}")


def queues(place: Place, operation: str, params: Params) -> list[str]:
    """SQS: the queue of a URL is named by its last segment, its account by the one before."""
    found = []
    for url in texts(params, "QueueUrl"):
        account, _, name = url.rstrip("/").rpartition("/")
        owner = account.rpartition("/")[2]
        owner = owner if len(owner) == 12 and owner.isdecimal() else place.account_id
        found.append(f"arn:aws:sqs:{place.region}:{owner}:{name}")
    return found or [place.arn("sqs", name) for name in texts(params, "QueueName")]


def parameters(place: Place, operation: str, params: Params) -> list[str]:
    """SSM's parameters."""
    names = texts(params, "Name", "Names", "Path") if "Parameter" in operation else []
    return [
        one if one.startswith("arn:") else place.arn("ssm", f"parameter/{one.lstrip('/')}") for one in names
    ]


def secrets(place: Place, operation: str, params: Params) -> list[str]:
    """Secrets: their ARNs end in six characters that only the service knows."""
    found = []
    for one in texts(params, "SecretId", "Name", "SecretIdList"):
        whole = one if one.startswith("arn:") else place.known("secretsmanager", one)
        found.append(whole or place.arn("secretsmanager", f"secret:{one}-AbCdEf"))
    return found


def keys(place: Place, operation: str, params: Params) -> list[str]:
    """KMS keys: an alias stands for the key it leads to."""
    found = []
    for one in texts(params, "KeyId"):
        name = one.rpartition(":")[2] if ":alias/" in one else one
        if name.startswith("alias/"):
            found.append(place.known("kms", name) or place.arn("kms", name))
        else:
            found.append(one if one.startswith("arn:") else place.arn("kms", f"key/{one}"))
    return found


def functions(place: Place, operation: str, params: Params) -> list[str]:
    """Lambda's functions, their versions and aliases; layers."""
    layers = [
        place.arn("lambda", f"layer:{one}") if not one.startswith("arn:") else one
        for one in texts(params, "LayerName", "Arn")
    ]
    found = []
    for one in texts(params, "FunctionName"):
        whole = _function(place, one)
        qualifier = params.get("Qualifier")
        plain = whole.count(":") == 6
        found.append(f"{whole}:{qualifier}" if qualifier and plain else whole)
    return found or layers


def _function(place: Place, name: str) -> str:
    if name.startswith("arn:"):
        return name
    account, marker, rest = name.partition(":function:")
    if marker:
        return f"arn:aws:lambda:{place.region}:{account}:function:{rest}"
    return place.arn("lambda", f"function:{name}")


def log_groups(place: Place, operation: str, params: Params) -> list[str]:
    """Log groups; whatever is done in one is done to its streams."""
    found = []
    for one in texts(params, "logGroupName", "logGroupIdentifier", "logGroupIdentifiers", "logGroupNames"):
        name = one.partition(":log-group:")[2].removesuffix(":*") if one.startswith("arn:") else one
        stream = params.get("logStreamName") or ""
        found.append(place.arn("logs", f"log-group:{name}:log-stream:{stream}"))
    return found


def pools(place: Place, operation: str, params: Params) -> list[str]:
    """Cognito's user pools."""
    return [place.arn("cognito-idp", f"userpool/{one}") for one in texts(params, "UserPoolId")]


def senders(place: Place, operation: str, params: Params) -> list[str]:
    """SES: the identity that a message comes from, an address or its domain."""
    found = texts(params, "Source", "FromEmailAddress", "Identity", "EmailIdentity")
    addresses = (one.rpartition("<")[2].rstrip(">") for one in found)
    return [place.arn("ses", f"identity/{one}") for one in addresses]


def topics(place: Place, operation: str, params: Params) -> list[str]:
    """SNS: topics, and the topic of a subscription."""
    found = texts(params, "TopicArn", "TargetArn", "ResourceArn", "PlatformApplicationArn")
    subscriptions = texts(params, "SubscriptionArn")
    return (
        found
        or [one.rpartition(":")[0] for one in subscriptions]
        or by("sns", "", "Name")(place, operation, params)
    )


def roles(place: Place, operation: str, params: Params) -> list[str]:
    """IAM's own resources, which are in no region."""
    kinds = (("RoleName", "role"), ("UserName", "user"), ("GroupName", "group"))
    named = [(kind, one) for name, kind in kinds for one in texts(params, name)]
    return [f"arn:aws:iam::{place.account_id}:{kind}/{one}" for kind, one in named] or texts(
        params, "PolicyArn"
    )


def _rules(place: Place, operation: str, params: Params) -> list[str]:
    bus = next(iter(texts(params, "EventBusName")), "default").rpartition("/")[2]
    within = "" if bus == "default" else f"{bus}/"
    return [place.arn("events", f"rule/{within}{one}") for one in texts(params, "Name", "Rule")]


RESOURCES: Mapping[str, Find] = {
    "cognito-idp": pools,
    "dynamodb": tables,
    "dynamodbstreams": tables,
    "ecr": by("ecr", "repository/", "repositoryName"),
    "events": _rules,
    "firehose": by("firehose", "deliverystream/", "DeliveryStreamName"),
    "iam": roles,
    "kinesis": by("kinesis", "stream/", "StreamARN", "StreamName"),
    "kms": keys,
    "lambda": functions,
    "logs": log_groups,
    "scheduler": by("scheduler", "schedule/default/", "Name"),
    "secretsmanager": secrets,
    "ses": senders,
    "sesv2": senders,
    "sns": topics,
    "sqs": queues,
    "ssm": parameters,
    "stepfunctions": by("states", "stateMachine:", "stateMachineArn", "executionArn", "name"),
    "sts": by("iam", "role/", "RoleArn"),
}
