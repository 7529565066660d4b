"""Bucket policies as moto weighs them, without the statements that it cannot weigh.

moto knows no conditions: to it a statement that denies plain HTTP, which every deployment bucket has, denies
everything.
"""

import json
from typing import Any

_MARK = "weighed_by_dewstack"


def replace_permissions(bucket: Any) -> None:
    """Let moto's `FakeBucket` pass over the statements of its policy that have a condition."""
    if getattr(bucket, _MARK, False):
        return
    setattr(bucket, _MARK, True)
    weigh = bucket.get_permission

    def get_permission(self: Any, action: str, resource: str) -> Any:
        kept = self.policy
        unconditional = _unconditional(kept)
        if unconditional == kept:
            return weigh(self, action, resource)
        bare = type("Bucket", (), {"policy": unconditional})
        return weigh(bare, action, resource)

    bucket.get_permission = get_permission


def _unconditional(policy: bytes | None) -> bytes | None:
    """The policy without its conditional statements; None when nothing is left."""
    if not policy or b'"Condition"' not in policy:
        return policy
    document = json.loads(policy)
    statements = document.get("Statement")
    listed = statements if isinstance(statements, list) else [statements]
    kept = [each for each in listed if isinstance(each, dict) and not each.get("Condition")]
    return json.dumps({**document, "Statement": kept}).encode() if kept else None
