"""What has a name and a value: parameters of Systems Manager, secrets of Secrets Manager."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from dewstack.config import Caller
from dewstack.errors import AwsError
from dewstack.others.kept.model import Call, Touched

EVERYTHING = "all"
"""Their only container."""
SUFFIX = re.compile(r"-[A-Za-z0-9]{6}$")
"""What the ARN of a secret has after its name."""


class Parameters:
    """SSM's parameters, each with its latest value."""

    writes = frozenset({"PutParameter", "DeleteParameter", "DeleteParameters"})
    regional = True

    def touched(self, operation: str, params: Mapping[str, Any], call: Call) -> Iterator[Touched]:
        """Parameters by their names."""
        for name in params.get("Names") or [params["Name"]]:
            yield Touched(EVERYTHING, name)

    def definition(self, call: Call, container: str) -> dict[str, Any] | None:
        """There is nothing to make."""
        return {}

    def keys(self, call: Call, container: str) -> Iterator[str]:
        """Nobody asks: each operation names its parameters."""
        return iter(())

    def entry(self, call: Call, container: str, key: str) -> dict[str, Any] | None:
        """The parameters of PutParameter that make it."""
        try:
            found = call("GetParameter", Name=key, WithDecryption=True)["Parameter"]
        except AwsError:
            return None
        return {name: found[name] for name in ("Name", "Type", "Value", "DataType") if name in found}

    def restore(
        self, call: Call, container: str, definition: dict[str, Any], entries: Iterable[dict[str, Any]]
    ) -> None:
        """Those that are not as they were."""
        for entry in entries:
            if self.entry(call, container, entry["Name"]) != entry:
                call("PutParameter", Overwrite=True, **entry)


class Secrets:
    """Secrets, each with its current value. `adopt` gives one, by its name, the ARN that it had."""

    writes = frozenset(
        {
            *("CreateSecret", "PutSecretValue", "UpdateSecret", "DeleteSecret", "RestoreSecret"),
            *("RotateSecret", "UpdateSecretVersionStage"),
        }
    )
    regional = True

    def __init__(self, adopt: Callable[[Caller, str, str], None]) -> None:
        self._adopt = adopt

    def touched(self, operation: str, params: Mapping[str, Any], call: Call) -> Iterator[Touched]:
        """Secrets by their names."""
        identifier = str(params.get("SecretId") or params["Name"])
        if identifier.startswith("arn:"):
            identifier = SUFFIX.sub("", identifier.partition(":secret:")[2])
        yield Touched(EVERYTHING, identifier)

    def definition(self, call: Call, container: str) -> dict[str, Any] | None:
        """There is nothing to make."""
        return {}

    def keys(self, call: Call, container: str) -> Iterator[str]:
        """Nobody asks: each operation names its secret."""
        return iter(())

    def entry(self, call: Call, container: str, key: str) -> dict[str, Any] | None:
        """Its name, its ARN, its value."""
        try:
            found = call("GetSecretValue", SecretId=key)
        except AwsError:
            return None
        return {
            name: found[name] for name in ("Name", "ARN", "SecretString", "SecretBinary") if name in found
        }

    def restore(
        self, call: Call, container: str, definition: dict[str, Any], entries: Iterable[dict[str, Any]]
    ) -> None:
        """Those that are not as they were."""
        for entry in entries:
            name, arn = entry.pop("Name"), entry.pop("ARN")
            try:
                call("PutSecretValue", SecretId=name, **entry)
            except AwsError:
                call("CreateSecret", Name=name, **entry)
            self._adopt(call.caller, name, arn)
