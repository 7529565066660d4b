"""AWS's own managed policies, out of the list of them that moto ships. moto itself is not loaded for it."""

import importlib.util
import logging
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Raw

log = logging.getLogger("dewstack.iam")

OWNER = ":iam::aws:policy/"
MODULE = "aws_managed_policies"


class _Entry(msgspec.Struct):
    document: Any = msgspec.field(name="Document")


class ManagedPolicies:
    """Documents by ARN. Not for the loop: the list has five megabytes."""

    def __init__(self) -> None:
        self._entries: dict[str, Raw] | None = None
        self._said: set[str] = set()

    def document(self, arn: str) -> Any:
        """The document of an AWS managed policy, or None, said once, where it isn't known."""
        if self._entries is None:
            self._entries = _entries()
        found = self._entries.get(arn.rpartition("/")[2])
        if found is None and arn not in self._said:
            self._said.add(arn)
            why = (
                "AWS has no such policy"
                if self._entries
                else "AWS's policies come with moto (the extra 'aws')"
            )
            log.warning("%s can't be read: %s. It allows nothing here", arn, why)
        return None if found is None else msgspec.json.decode(found, type=_Entry).document


def _entries() -> dict[str, Raw]:
    moto = importlib.util.find_spec("moto")
    if moto is None or not moto.submodule_search_locations:
        return {}
    file = Path(moto.submodule_search_locations[0]) / "iam" / f"{MODULE}.py"
    spec = importlib.util.spec_from_file_location(MODULE, file)
    if spec is None or spec.loader is None or not file.is_file():
        return {}
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return msgspec.json.decode(module.aws_managed_policies_data, type=dict[str, Raw])
