"""From an operation to what must be allowed, by the tables of the "Service Authorization Reference"."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct, field

from dewstack.arn import Arn
from dewstack.config import Caller
from dewstack.http import Request
from dewstack.iam.actions import s3
from dewstack.iam.actions.names import action_name, prefix_of
from dewstack.iam.actions.resources import RESOURCES, Place
from dewstack.iam.actions.several import SEVERAL

FREE = frozenset(
    {
        ("sts", "AssumeRole"),  # weighed with the role's trust policy, where it is done
        ("sts", "GetCallerIdentity"),
        ("sts", "GetSessionToken"),
        ("sts", "AssumeRoleWithWebIdentity"),
        ("sts", "AssumeRoleWithSAML"),
        ("sts", "GetAccessKeyInfo"),
    }
)
"""What needs no permission."""


EVERYTHING: Mapping[str, tuple[str, str]] = {
    "dynamodb": ("dynamodb", "table/*"),
    "logs": ("logs", "log-group::log-stream:"),
    "sns": ("sns", "*"),
    "sqs": ("sqs", "*"),
    "ssm": ("ssm", "*"),
}
"""Services that say so in another way than by `*`."""


class Ask(Struct, frozen=True):
    """One thing that must be allowed: an action on the ARN of a resource, or on `*` where none can be told. `keys` are
    condition keys of the service's own, in lower case."""

    action: str
    resource: str
    keys: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)


class Asked(Struct, frozen=True):
    """A call: who made it, to which service and operation, with which params. `arn_of` finds the ARN of what is
    called by its name, where only its service knows it."""

    service: str
    operation: str
    params: Mapping[str, Any]
    caller: Caller
    request: Request
    signing_name: str = ""
    arn_of: Callable[[str, str, Caller], str | None] = lambda service, name, caller: None


def asked(call: Asked) -> list[Ask]:
    """All that must be allowed for `call`."""
    if (call.service, call.operation) in FREE:
        return []
    if call.service == "s3":
        return [Ask(action, resource, keys) for action, resource, keys in s3.asked(call.request)]
    place = Place(call.caller.region, call.caller.account_id, call.service, call.arn_of)
    several = SEVERAL.get((call.service, call.operation))
    if several is not None:
        return [Ask(action, resource) for action, resource in several(place, call.params)]
    action = f"{prefix_of(call.service, call.signing_name)}:{action_name(call.service, call.operation, call.request)}"
    by_request = BY_REQUEST.get(call.service)
    if by_request is not None:
        return [Ask(action, by_request(place, call.request))]
    find = RESOURCES.get(call.service)
    found = find(place, call.operation, call.params) if find else _by_arn(call)
    return [Ask(action, resource, _keys(call)) for resource in found or [_everything(place)]]


def _connection(place: Place, request: Request) -> str:
    """The connection of a WebSocket API that a backend speaks to: `api/stage/METHOD/@connections/id`."""
    path = request.sent_path or request.raw_path
    by_host = _API_HOST.match((request.header("host") or "").lower())
    found = _CONNECTION.fullmatch(f"/{by_host[1]}{path}" if by_host else path)
    if found is None:
        return "*"
    return place.arn(
        "execute-api", f"{found['api']}/{found['stage']}/{request.method}/@connections/{found['id']}"
    )


def _managed(place: Place, request: Request) -> str:
    """What API Gateway's control plane is asked about: paths, in no account."""
    return f"arn:aws:apigateway:{place.region}::{request.raw_path}"


_API_HOST = re.compile(r"([a-z0-9]+)\.execute-api\.")
_CONNECTION = re.compile(
    r"(?:/_aws)?(?:/execute-api)?/(?P<api>[a-z0-9]+)/(?P<stage>[^/]+)/@connections/(?P<id>[^/]+)"
)
BY_REQUEST: Mapping[str, Callable[[Place, Request], str]] = {
    "apigateway": _managed,
    "apigatewaymanagementapi": _connection,
    "apigatewayv2": _managed,
}
"""Services whose resources are in the path of a request."""


def _everything(place: Place) -> str:
    """What a call is on that names no resource, such as a list of all tables."""
    service, resource = EVERYTHING.get(place.service, ("", ""))
    return place.arn(service, resource) if service else "*"


def _by_arn(call: Asked) -> list[str]:
    """The ARNs among the params that are of the service itself: of a service that no table knows."""
    found = []
    for name, value in call.params.items():
        if name.lower().endswith("arn") and isinstance(value, str) and value.startswith("arn:"):
            try:
                if Arn.parse(value).service == prefix_of(call.service, call.signing_name):
                    found.append(value)
            except ValueError:
                continue
    return found


def _keys(call: Asked) -> dict[str, str | tuple[str, ...]]:
    """Condition keys that the commonest policies ask about."""
    params = call.params
    if call.service == "dynamodb":
        key = params.get("Key")
        item = key if isinstance(key, Mapping) else params.get("Item")
        if isinstance(item, Mapping):
            texts = (next(iter(value.values()), "") for value in item.values() if isinstance(value, Mapping))
            return {"dynamodb:leadingkeys": tuple(str(text) for text in texts)[:1]}
    if call.service in ("ses", "sesv2"):
        sender = params.get("Source") or params.get("FromEmailAddress")
        return {"ses:fromaddress": sender} if isinstance(sender, str) else {}
    if call.service == "sns" and isinstance(params.get("Protocol"), str):
        return {"sns:protocol": params["Protocol"]}
    return {}
