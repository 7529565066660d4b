"""Finds the place of a key path in the tree of nodes, so that a mistake in plain values can be shown."""

from .nodes import Node
from .problems import KeyPath, Position


def locate(root: Node, path: KeyPath, *, about_key: bool = False) -> Position:
    """Where `path` stands: at the value if that is a scalar, else (or when the key is at fault) at its key.

    A path that leads nowhere is shown at the deepest part of it that exists.
    """
    node, key_at = root, root.at
    for part in path:
        if isinstance(node.value, dict) and part in node.value:
            key_at = (node.keys or {}).get(str(part), node.at)
            node = node.value[str(part)]
        elif isinstance(node.value, list) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            key_at = node.at
        elif isinstance(part, int):
            continue
        else:
            return key_at
    return key_at if about_key or isinstance(node.value, dict | list) else node.at


def merged(nodes: list[Node], at: Position) -> Node:
    """Several mappings as one, the later ones over the earlier, mappings inside of them merged as well."""
    result = Node({}, at, {})
    for node in nodes:
        result = _merge(result, node)
    return result


def _merge(below: Node, above: Node) -> Node:
    if not isinstance(below.value, dict) or not isinstance(above.value, dict):
        return above
    members, keys = dict(below.value), dict(below.keys or {})
    for key, child in above.value.items():
        members[key] = _merge(members[key], child) if key in members else child
        keys[key] = (above.keys or {}).get(key, above.at)
    return Node(members, below.at, keys)
