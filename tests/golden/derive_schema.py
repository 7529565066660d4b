"""Derives `dewstack/service/schema.json` from the configuration schema of the Serverless Framework (osls).

    python tests/golden/derive_schema.py FULL_SCHEMA.json emulator/dewstack/service/schema.json

The full schema spells every definition out wherever it is used (0.8 MB); the derived one is a table of
distinct nodes that refer to each other by index, the root last.
"""

import json
import sys
from pathlib import Path
from typing import Any

SOURCE = "osls 4.3.1, its configuration schema (MIT License, Serverless, Inc. and contributors)"
DROPPED = {"definitions", "description", "format", "dependencies", "additionalItems", "uniqueItems", "title"}


def derive(schema: dict[str, Any]) -> dict[str, Any]:
    """The table of distinct nodes; children are indexes into it."""
    index: dict[str, int] = {}
    nodes: list[dict[str, Any]] = []

    def store(node: dict[str, Any]) -> int:
        compact = {key: convert(key, value) for key, value in node.items() if key not in DROPPED}
        text = json.dumps(compact, sort_keys=True)
        if text not in index:
            index[text] = len(nodes)
            nodes.append(compact)
        return index[text]

    def convert(key: str, value: Any) -> Any:
        if key in ("properties", "patternProperties"):
            kept = {name: store(child) for name, child in value.items() if name != "__schemaWorkaround__"}
            return kept
        if key in ("anyOf", "oneOf", "allOf"):
            return [
                store(branch) for branch in value if "__schemaWorkaround__" not in branch.get("required", [])
            ]
        if key == "items" and isinstance(value, list):
            return [store(item) for item in value]
        if key in ("items", "not", "propertyNames", "additionalProperties") and isinstance(value, dict):
            return store(value)
        return value

    root = store(schema)
    assert root == len(nodes) - 1
    return {"source": SOURCE, "nodes": nodes}


if __name__ == "__main__":
    table = derive(json.loads(Path(sys.argv[1]).read_text()))
    Path(sys.argv[2]).write_text(json.dumps(table, separators=(",", ":")) + "\n")
