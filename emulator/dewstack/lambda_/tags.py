"""Lambda's API: tags, of functions and of what else has an ARN of Lambda's."""

from collections.abc import Callable
from typing import Any, TypeAlias

from msgspec.structs import replace

from dewstack.config import Caller
from dewstack.lambda_.functions import FunctionStore
from dewstack.wire import operation

Tags: TypeAlias = dict[str, str]
Retag = Callable[[Caller, str, Callable[[Tags], Tags]], Tags]
"""Changes the tags of what has this ARN, and gives what they are then. Raises AwsError where there is no such thing."""


class TagOperations:
    """TagResource, UntagResource and ListTags. `owners` keep the tags, by the kind of resource that an ARN names."""

    def __init__(self, functions: FunctionStore) -> None:
        self._functions = functions
        self.owners: dict[str, Retag] = {}

    @operation("TagResource")
    def tag_resource(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Add tags to what has the ARN `Resource`."""
        self._retag(caller, params, lambda tags: {**tags, **params["Tags"]})
        return {}

    @operation("UntagResource")
    def untag_resource(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Remove tags by key."""
        self._retag(
            caller, params, lambda tags: {k: v for k, v in tags.items() if k not in params["TagKeys"]}
        )
        return {}

    @operation("ListTags")
    def list_tags(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """The tags of what has the ARN `Resource`."""
        return {"Tags": self._retag(caller, params, lambda tags: tags)}

    def _retag(self, caller: Caller, params: dict[str, Any], change: Callable[[Tags], Tags]) -> Tags:
        arn = params["Resource"]
        kind = arn.split(":")[5] if arn.count(":") >= 6 else "function"
        return self.owners.get(kind, self._of_function)(caller, arn, change)

    def _of_function(self, caller: Caller, arn: str, change: Callable[[Tags], Tags]) -> Tags:
        reference = self._functions.reference({"FunctionName": arn}, caller)
        self._functions.get(reference)
        with self._functions.store.transaction():
            settings = self._functions.get_settings(reference)
            tags = change(settings.tags)
            self._functions.put_settings(replace(settings, tags=tags), reference)
        return tags
