"""The tables of DynamoDB, and their items."""

import base64
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from itertools import islice
from typing import Any

from dewstack.config import Caller
from dewstack.errors import AwsError
from dewstack.others.kept.model import ALL, Call, Touched

AT_ONCE = 25
"""Items in one BatchWriteItem."""
DEFINED_BY = ("AttributeDefinitions", "KeySchema")
THROUGHPUT = ("ReadCapacityUnits", "WriteCapacityUnits")
INDEXES = ("GlobalSecondaryIndexes", "LocalSecondaryIndexes")

Quietly = Callable[[Caller, str], AbstractContextManager[None]]
"""Within it, nothing that is written to a table of that account and region gets into its stream."""


class Tables:
    """DynamoDB. `quietly` keeps the stream of a table from telling of items that are only put back."""

    writes = frozenset(
        {
            *("CreateTable", "UpdateTable", "DeleteTable", "UpdateTimeToLive", "RestoreTableFromBackup"),
            *("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"),
            *("ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction"),
        }
    )
    regional = True

    def __init__(self, quietly: Quietly) -> None:
        self._quietly = quietly
        self._names: dict[tuple[str, str, str], tuple[str, ...]] = {}
        """The names of each table's key, as long as it is there."""

    def touched(self, operation: str, params: Mapping[str, Any], call: Call) -> Iterator[Touched]:
        """Items by their keys; after PartiQL, every item of every table."""
        if operation in ("CreateTable", "DeleteTable"):
            self._names.clear()
        if "Statement" in operation or operation == "ExecuteTransaction":
            yield from (Touched(name, ALL) for name in call("ListTables")["TableNames"])
        elif operation == "BatchWriteItem":
            for name, requests in params["RequestItems"].items():
                for request in requests:
                    yield self._item(call, name, *request.values())
        elif operation == "TransactWriteItems":
            for action in params["TransactItems"]:
                (written,) = action.values()
                yield self._item(call, written["TableName"], written)
        elif operation == "RestoreTableFromBackup":
            yield Touched(params["TargetTableName"], ALL)
        elif operation.endswith("Item"):
            yield self._item(call, params["TableName"], params)
        else:
            yield Touched(_name(params["TableName"]))

    def definition(self, call: Call, container: str) -> dict[str, Any] | None:
        """The parameters of CreateTable that make it."""
        try:
            table = call("DescribeTable", TableName=container)["Table"]
        except AwsError:
            return None
        made: dict[str, Any] = {name: table[name] for name in DEFINED_BY}
        on_demand = (table.get("BillingModeSummary") or {}).get("BillingMode") == "PAY_PER_REQUEST"
        if on_demand:
            made["BillingMode"] = "PAY_PER_REQUEST"
        else:
            made["ProvisionedThroughput"] = _throughput(table)
        for kind in INDEXES:
            if table.get(kind):
                made[kind] = [_index(index, kind, on_demand=on_demand) for index in table[kind]]
        if (table.get("StreamSpecification") or {}).get("StreamEnabled"):
            made["StreamSpecification"] = table["StreamSpecification"]
        return made

    def keys(self, call: Call, container: str) -> Iterator[str]:
        """Of a scan."""
        names = self._key_names(call, container)
        following: dict[str, Any] = {}
        while True:
            page = call("Scan", TableName=container, ConsistentRead=True, **following)
            yield from (_key(names, item) for item in page["Items"])
            if "LastEvaluatedKey" not in page:
                return
            following = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def entry(self, call: Call, container: str, key: str) -> dict[str, Any] | None:
        """An item."""
        found: dict[str, Any] | None = call(
            "GetItem", TableName=container, Key=_parsed(key), ConsistentRead=True
        ).get("Item")
        return found

    def restore(
        self, call: Call, container: str, definition: dict[str, Any], entries: Iterable[dict[str, Any]]
    ) -> None:
        """The table, and its items without a word in its stream."""
        if self.definition(call, container) is None:
            call("CreateTable", TableName=container, **definition)
        rest = iter(entries)
        with self._quietly(call.caller, container):
            while batch := list(islice(rest, AT_ONCE)):
                requests = [{"PutRequest": {"Item": item}} for item in batch]
                call("BatchWriteItem", RequestItems={container: requests})

    def _item(self, call: Call, table: str, written: Mapping[str, Any]) -> Touched:
        """The item that a request with an `Item` or a `Key` writes."""
        name = _name(table)
        return Touched(name, _key(self._key_names(call, name), written.get("Key") or written["Item"]))

    def _key_names(self, call: Call, table: str) -> tuple[str, ...]:
        known = (call.caller.account_id, call.caller.region, table)
        if known not in self._names:
            described = call("DescribeTable", TableName=table)["Table"]["KeySchema"]
            self._names[known] = tuple(each["AttributeName"] for each in described)
        return self._names[known]


def _name(table: str) -> str:
    """The name of a table that is named by its ARN."""
    return table.rpartition("/")[2]


def _key(names: Iterable[str], item: Mapping[str, Any]) -> str:
    """An item's key as text; binary values, from wherever they come, as base64."""
    values = {name: {kind: _text(value) for kind, value in item[name].items()} for name in names}
    return json.dumps(values, sort_keys=True)


def _text(value: str | bytes) -> str:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def _parsed(key: str) -> dict[str, Any]:
    return {
        name: {kind: base64.b64decode(value) if kind == "B" else value for kind, value in typed.items()}
        for name, typed in json.loads(key).items()
    }


def _throughput(table: Mapping[str, Any]) -> dict[str, int]:
    units = table.get("ProvisionedThroughput") or {}
    return {name: units.get(name) or 1 for name in THROUGHPUT}


def _index(index: Mapping[str, Any], kind: str, *, on_demand: bool) -> dict[str, Any]:
    made = {name: index[name] for name in ("IndexName", "KeySchema", "Projection")}
    if kind == INDEXES[0] and not on_demand:
        made["ProvisionedThroughput"] = _throughput(index)
    return made
