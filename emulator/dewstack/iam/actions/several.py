"""Operations that need several permissions: one for each table, item or event they hold."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from dewstack.iam.actions.resources import Params, Place, parameters, table_arn, texts

Pairs = list[tuple[str, str]]
TRANSACTED = {
    "ConditionCheck": "ConditionCheckItem",
    "Delete": "DeleteItem",
    "Get": "GetItem",
    "Put": "PutItem",
    "Update": "UpdateItem",
}
_STATEMENT = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE)\b", re.IGNORECASE)
_TABLE = re.compile(r"\b(?:FROM|INTO|UPDATE)\s+\"?([\w.-]+)\"?(?:\.\"?([\w.-]+)\"?)?", re.IGNORECASE)


def _batch(action: str) -> Callable[[Place, Params], Pairs]:
    def find(place: Place, params: Params) -> Pairs:
        return [(action, table_arn(place, name)) for name in _mapping(params.get("RequestItems"))]

    return find


def _transaction(place: Place, params: Params) -> Pairs:
    found = [
        (f"dynamodb:{TRANSACTED[kind]}", table_arn(place, part["TableName"]))
        for item in params.get("TransactItems") or ()
        for kind, part in _mapping(item).items()
        if kind in TRANSACTED and isinstance(part, Mapping) and "TableName" in part
    ]
    return list(dict.fromkeys(found))


def _statements(place: Place, params: Params) -> Pairs:
    """PartiQL: what a statement does, to which table or index."""
    given = [*texts(params, "Statement")]
    for one in (*(params.get("Statements") or ()), *(params.get("TransactStatements") or ())):
        given.extend(texts(_mapping(one), "Statement"))
    found = []
    for text in given:
        verb, table = _STATEMENT.match(text), _TABLE.search(text)
        action = f"dynamodb:PartiQL{verb[1].capitalize()}" if verb else "dynamodb:PartiQLSelect"
        arn = table_arn(place, table[1]) if table else "*"
        found.append((action, f"{arn}/index/{table[2]}" if table and table[2] else arn))
    return list(dict.fromkeys(found))


def _events(place: Place, params: Params) -> Pairs:
    entries = params.get("Entries") or [{}]
    buses = [str(_mapping(entry).get("EventBusName") or "default") for entry in entries]
    arns = (
        bus if bus.startswith("arn:") else place.arn("events", f"event-bus/{bus}")
        for bus in dict.fromkeys(buses)
    )
    return [("events:PutEvents", arn) for arn in arns]


def _mail(place: Place, params: Params) -> Pairs:
    content = _mapping(params.get("Content"))
    action = "ses:SendRawEmail" if "Raw" in content else "ses:SendEmail"
    action = "ses:SendTemplatedEmail" if "Template" in content else action
    sender = next(iter(texts(params, "FromEmailAddress")), "*").rpartition("<")[2].rstrip(">")
    return [(action, place.arn("ses", f"identity/{sender}"))]


def _by_path(place: Place, params: Params) -> Pairs:
    return [("ssm:GetParametersByPath", one) for one in parameters(place, "GetParametersByPath", params)]


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


SEVERAL: Mapping[tuple[str, str], Callable[[Place, Params], Pairs]] = {
    ("dynamodb", "BatchExecuteStatement"): _statements,
    ("dynamodb", "BatchGetItem"): _batch("dynamodb:BatchGetItem"),
    ("dynamodb", "BatchWriteItem"): _batch("dynamodb:BatchWriteItem"),
    ("dynamodb", "ExecuteStatement"): _statements,
    ("dynamodb", "ExecuteTransaction"): _statements,
    ("dynamodb", "TransactGetItems"): _transaction,
    ("dynamodb", "TransactWriteItems"): _transaction,
    ("events", "PutEvents"): _events,
    ("sesv2", "SendEmail"): _mail,
    ("ssm", "GetParametersByPath"): _by_path,
}
