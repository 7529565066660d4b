"""Where functions, versions, aliases and policies are kept, and how a name, ARN or qualifier finds one."""

import random
import re
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct, field

from dewstack.arn import function_arn
from dewstack.config import Caller
from dewstack.lambda_.asynchronous.model import EventInvokeConfig
from dewstack.lambda_.errors import InvalidParameterValueException, ResourceNotFoundException
from dewstack.lambda_.model import LATEST, Found, Function
from dewstack.lambda_.urls.model import FunctionUrl
from dewstack.store import Store

NAME = re.compile(
    r"(?:arn:(?P<partition>[a-z-]+):lambda:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):function:|"
    r"(?:(?P<short_account>\d{12}):)?function:)?(?P<name>[A-Za-z0-9_-]+)(?::(?P<qualifier>\$LATEST|[A-Za-z0-9_-]+))?"
)


class Alias(Struct, frozen=True):
    """A name for a version. `routing` maps further versions to their weight."""

    name: str
    function_version: str
    description: str = ""
    routing: dict[str, float] = field(default_factory=dict)
    revision_id: str = ""


class Settings(Struct, frozen=True):
    """What belongs to a function as a whole: its policy's statements, tags, reserved concurrency, last version.

    `provisioned` has for a version or alias `executions` and when that was `modified`; `runtime_management` has for a
    version what the API's RuntimeManagementConfig has.
    """

    statements: dict[str, dict[str, Any]] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    reserved_concurrency: int | None = None
    last_version: int = 0
    provisioned: dict[str, dict[str, Any]] = field(default_factory=dict)
    recursive_loop: str = "Terminate"
    code_signing_config: str = ""
    runtime_management: dict[str, dict[str, str]] = field(default_factory=dict)


class Reference(Struct, frozen=True):
    """A function as a request names it: account, region, name and, when given, a qualifier."""

    account_id: str
    region: str
    name: str
    qualifier: str = ""

    @property
    def arn(self) -> str:
        """The ARN, with the qualifier if there is one."""
        return function_arn(self.region, self.account_id, self.name, self.qualifier)


class FunctionStore:
    """Lambda's state."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.versions = store.collection("lambda.versions", Function)
        self.aliases = store.collection("lambda.aliases", Alias)
        self.settings = store.collection("lambda.settings", Settings)
        self.event_invoke_configs = store.collection("lambda.event_invoke_configs", EventInvokeConfig)
        self.urls = store.collection("lambda.urls", FunctionUrl)
        self.watchers: list[Callable[[], None]] = []
        """Told that a policy or a URL has changed, in the thread that changed it."""
        self.edition = object()
        """Another one whenever a policy or a URL has changed."""

    def policies_changed(self) -> None:
        """Take note that a policy or a URL is not what it was. Call it after the transaction."""
        self.edition = object()
        for tell in self.watchers:
            tell()

    def urls_of(self, reference: Reference) -> list[FunctionUrl]:
        """The URLs of a function and its aliases."""
        wanted = (reference.account_id, reference.region, reference.name)
        return [url for url in self.urls.scan() if (url.account_id, url.region, url.name) == wanted]

    def reference(self, params: Mapping[str, Any], caller: Caller) -> Reference:
        """The function that `FunctionName` (a name, a partial or whole ARN) and `Qualifier` name."""
        text = params["FunctionName"]
        match = NAME.fullmatch(text)
        if match is None:
            raise InvalidParameterValueException(f"Invalid function name or ARN: {text}")
        qualifier = params.get("Qualifier") or match["qualifier"] or ""
        if params.get("Qualifier") and match["qualifier"] and params["Qualifier"] != match["qualifier"]:
            raise InvalidParameterValueException(
                "The derived qualifier from the function name does not match the specified qualifier."
            )
        account = match["account"] or match["short_account"] or caller.account_id
        return Reference(account, match["region"] or caller.region, match["name"], qualifier)

    def get(self, reference: Reference) -> Function:
        """The version that a reference means; $LATEST without a qualifier. Raises ResourceNotFoundException."""
        return self._version(reference, lambda alias: alias.function_version)

    def _version(self, reference: Reference, choose: Callable[[Alias], str]) -> Function:
        where = (reference.account_id, reference.region, reference.name)
        version = reference.qualifier or LATEST
        function = self.versions.get(*where, version)
        if function is None:
            alias = self.aliases.get(*where, version)
            function = self.versions.get(*where, choose(alias)) if alias else None
        if function is None:
            raise ResourceNotFoundException(f"Function not found: {reference.arn}")
        return function

    def find(self, arn: str) -> Found:
        """The version that serves an ARN now; what the data plane asks, so an unqualified ARN is named with $LATEST.

        An alias of several versions has each of them serve its share. Raises ResourceNotFoundException.
        """
        reference = self.reference({"FunctionName": arn}, Caller())
        if not reference.qualifier:
            reference = Reference(reference.account_id, reference.region, reference.name, LATEST)
        split = False

        def choose(alias: Alias) -> str:
            nonlocal split
            split = bool(alias.routing)
            share = random.random()
            for version, weight in alias.routing.items():
                share -= weight
                if share < 0:
                    return version
            return alias.function_version

        function = self._version(reference, choose)
        return Found(function, split)

    def exists(self, reference: Reference) -> bool:
        """Whether there is the function, or the version or alias of it that is named."""
        where = (reference.account_id, reference.region, reference.name)
        version = reference.qualifier or LATEST
        return any(kept.get(*where, version) is not None for kept in (self.versions, self.aliases))

    def aliases_of(self, function: Function) -> list[str]:
        """The names of the aliases that point at a version."""
        aliases = self.aliases.scan(function.account_id, function.region, function.name)
        return [each.name for each in aliases if function.version in (each.function_version, *each.routing)]

    def put(self, function: Function) -> None:
        """Keep a version."""
        self.versions.put(function, function.account_id, function.region, function.name, function.version)

    def get_settings(self, reference: Reference) -> Settings:
        """A function's settings."""
        return self.settings.get(reference.account_id, reference.region, reference.name) or Settings()

    def put_settings(self, settings: Settings, reference: Reference) -> None:
        """Keep a function's settings."""
        self.settings.put(settings, reference.account_id, reference.region, reference.name)

    def delete(self, reference: Reference) -> None:
        """Forget a version, or without a qualifier the function and all that belongs to it."""
        where = (reference.account_id, reference.region, reference.name)
        if reference.qualifier:
            self.versions.delete(*where, reference.qualifier)
            self.event_invoke_configs.delete(*where, reference.qualifier)
            return
        for url in self.urls_of(reference):
            self.urls.delete(url.url_id)
        for collection in (self.versions, self.aliases, self.settings, self.event_invoke_configs):
            collection.clear(*where)
        self.policies_changed()
