"""What is not compared, since it differs between any two deployments: each rule by its name.

What a rule finds is replaced by its name in braces, so that its presence is still compared.
"""

import base64
import json
import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from typing import Any, TypeAlias

from msgspec import Struct

from .places import Place

Fields: TypeAlias = dict[str, Any]
"""An answer by the names of its fields."""


class Rule(Struct, frozen=True):
    """What is replaced: values of these headers, values at these keys of JSON (in lower case), parts of texts."""

    name: str
    says: str
    headers: frozenset[str] = frozenset()
    keys: frozenset[str] = frozenset()
    pattern: re.Pattern[str] | None = None


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_DAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT"
_ISO = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?"
_LOGGED = r"\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}"
LEFT_OUT = Rule(
    "connection",
    "`Connection`, `Keep-Alive`, `Transfer-Encoding`, and `Content-Length` where something in the body was replaced:"
    " left out",
    headers=_names("connection keep-alive transfer-encoding"),
)
RULES = (
    LEFT_OUT,
    Rule(
        "resource",
        "the physical id of a resource of the stack: it becomes the logical one, without the hash at a version's end",
    ),
    Rule("host", "the host of an API, of the endpoint, and the address that they are reached by"),
    Rule("origin", "the page's origin, where targets were deployed for different ones"),
    Rule("account", "the account's number"),
    Rule("token", "a JSON Web Token is opened: its header and its claims are compared, not its signature"),
    Rule(
        "opaque",
        "ids and secrets made at random: refresh tokens, sessions, `jti`, `kid`, `at_hash` and the like",
        keys=_names("refreshtoken refresh_token session jti origin_jti event_id kid at_hash proof"),
    ),
    Rule(
        "request-id",
        "the ids of a request: `apigw-requestid`, `x-amzn-requestid`, `x-amz-apigw-id`, `x-amzn-trace-id`, and"
        " `requestId` in a body",
        headers=_names("apigw-requestid x-amzn-requestid x-amz-apigw-id x-amzn-trace-id x-amz-request-id x-amz-cf-id"),
        keys=_names("requestid request_id awsrequestid extendedrequestid x-amzn-trace-id"),
        pattern=re.compile(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24}[^\s\"]*"),
    ),
    Rule(
        "date",
        "times: the header `Date`, dates as HTTP, ISO 8601 and access logs write them, `iat`, `exp`, `auth_time`",
        headers=_names("date last-modified"),
        keys=_names("iat exp nbf auth_time timeepoch requesttimeepoch usercreatedate userlastmodifieddate"),
        pattern=re.compile(f"{_DAY}|{_ISO}|{_LOGGED}"),
    ),
    Rule(
        "uuid",
        "a UUID, `sub` for instance",
        pattern=re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"),
    ),
)  # fmt: skip
_BY_HEADER = {header: rule for rule in RULES[1:] for header in rule.headers}
_BY_KEY = {key: rule for rule in RULES for key in rule.keys}
_JWT = re.compile(r"(eyJ[\w-]+)\.(eyJ[\w-]+)\.[\w-]+")
_JWE = re.compile(r"eyJ[\w-]+(?:\.[\w-]*){4}")
_HASH = re.compile(r"(?<=LambdaVersion)[0-9A-Za-z]{10,}$|(?<=ApiGatewayDeployment)[0-9A-Za-z]{10,}$")
"""A version is called after the hash of its code, a deployment after an instance's id."""
_SHORTEST_ID = 8
"""A physical id with fewer characters is a name that the map gave: `dev`."""


class Normaliser:
    """Applies the rules to what one target answered."""

    def __init__(self, place: Place) -> None:
        self._texts = [
            (physical, f"{{{_HASH.sub('', logical)}}}")
            for physical, logical in sorted(place.resources.items(), key=lambda each: -len(each[0]))
            if len(physical) >= _SHORTEST_ID
        ]
        self._texts += [(place.origin, "{origin}")] if place.origin else []
        self._texts += [(host, "{host}") for host in place.hosts]
        self._texts += [(place.account, "{account}")] if place.account else []
        self._patterns = [(rule.pattern, f"{{{rule.name}}}") for rule in RULES if rule.pattern]

    def headers(self, headers: Iterable[tuple[str, str]], *, with_length: bool) -> dict[str, str]:
        """Headers by their names in lower case, repeated ones joined by a comma."""
        kept: dict[str, str] = {}
        for name, value in headers:
            name = name.lower()
            if name in LEFT_OUT.headers or (name == "content-length" and not with_length):
                continue
            rule = _BY_HEADER.get(name)
            value = f"{{{rule.name}}}" if rule else self.text(value)
            kept[name] = f"{kept[name]}, {value}" if name in kept else value
        return kept

    def value(self, value: Any) -> Any:
        """A JSON document."""
        if isinstance(value, dict):
            return {self.text(key): self._member(key, each) for key, each in value.items()}
        if isinstance(value, list):
            return [self.value(each) for each in value]
        if isinstance(value, datetime):
            return "{date}"
        if isinstance(value, str):
            opened = _opened(value)
            return self.value(opened) if opened else self.text(value)
        return value

    def _member(self, key: str, value: Any) -> Any:
        rule = _BY_KEY.get(key.lower())
        return self.value(value) if rule is None or value is None else f"{{{rule.name}}}"

    def text(self, text: str) -> str:
        """A text, with what the rules find in it replaced."""
        for found, name in self._texts:
            text = text.replace(found, name)
        for pattern, name in self._patterns:
            text = pattern.sub(name, text)
        return text


def _opened(text: str) -> dict[str, Any] | None:
    """What a token says; None for what isn't one."""
    if _JWE.fullmatch(text):
        return {"header": _decoded(text.partition(".")[0]), "encrypted": True}
    found = _JWT.fullmatch(text)
    return {"header": _decoded(found[1]), "claims": _decoded(found[2])} if found else None


def _decoded(part: str) -> Any:
    with suppress(ValueError):
        return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return "unreadable"
