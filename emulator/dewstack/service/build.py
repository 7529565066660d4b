"""Makes the model of a resolved map, and finds the mistakes a schema can't: names that lead nowhere, routes
that are there twice, handlers without a file.

Values have passed the schema or are already reported; what doesn't fit is left out here without another word.
"""

from collections.abc import Mapping
from typing import Any

from . import events
from .event_rules import check_events
from .function_rules import check_functions
from .handlers import check_handler
from .http_api import build_http_api
from .model import DeploymentBucket, Event, FunctionSpec, IamRole, Provider
from .plugins import is_made, plugin_names
from .reading import Reading, mapping, present, sequence, text
from .rest_api import build_rest_api
from .routes import check_routes
from .schema import event_types

DEFAULT_RUNTIME = "nodejs24.x"
DEFAULT_MEMORY_SIZE = 1024
DEFAULT_TIMEOUT = 6
LONGEST_FUNCTION_NAME = 64


class Builder:
    """Builds the parts of one map; what is wrong goes to the report, at its place."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.settings = reading.settings

    def provider(self) -> Provider:
        """The `provider` section."""
        section = mapping(self.settings.get("provider"))
        return Provider(
            name=text(section.get("name")) or "aws",
            runtime=text(section.get("runtime")) or DEFAULT_RUNTIME,
            http_api=build_http_api(self.reading, section),
            rest_api=build_rest_api(self.reading, section),
            iam_role=_iam_role(section),
            deployment_bucket=_deployment_bucket(section.get("deploymentBucket")),
            stack_name=text(section.get("stackName")),
            deployment_prefix=text(section.get("deploymentPrefix")) or "serverless",
            tags=present(section.get("tags")),
            settings=section,
        )

    def functions(self, provider: Provider, service: str, stage: str) -> dict[str, FunctionSpec]:
        """The `functions` section."""
        built = {}
        for key, entry in mapping(self.settings.get("functions")).items():
            if entry is None:
                continue
            if not isinstance(entry, dict):
                self.reading.problem(("functions", key), "expected a mapping with a 'handler'")
                continue
            built[key] = self._function(key, entry, provider, f"{service}-{stage}-{key}")
        check_routes(self.reading, built, provider)
        check_functions(self.reading, built, provider.settings)
        check_events(self.reading, mapping(self.settings.get("functions")), provider.settings)
        return built

    def _function(
        self, key: str, entry: Mapping[str, Any], provider: Provider, default_name: str
    ) -> FunctionSpec:
        common = provider.settings
        name = text(entry.get("name")) or default_name
        if len(name) > LONGEST_FUNCTION_NAME:
            self.reading.problem(
                ("functions", key), f"its name in AWS, {name}, is longer than {LONGEST_FUNCTION_NAME}"
            )
        spec = FunctionSpec(
            key=key,
            name=name,
            at=self.reading.at("functions", key),
            handler=text(entry.get("handler")),
            runtime=text(entry.get("runtime")) or provider.runtime,
            memory_size=self._number(key, "memorySize", entry, common, DEFAULT_MEMORY_SIZE),
            timeout=self._number(key, "timeout", entry, common, DEFAULT_TIMEOUT),
            environment=present({**mapping(common.get("environment")), **mapping(entry.get("environment"))}),
            layers=_filled(entry.get("layers") or common.get("layers")),
            role=entry.get("role") or provider.iam_role.existing,
            description=text(entry.get("description")),
            tags={**provider.tags, **present(entry.get("tags"))},
            events=self._events(key, entry),
            version_function=_first(entry.get("versionFunction"), common.get("versionFunctions"), True)
            is True,
            disable_logs=entry.get("disableLogs") is True,
            log_retention_in_days=entry.get("logRetentionInDays") or common.get("logRetentionInDays"),
            condition=text(entry.get("condition")),
            http_api_payload=text(mapping(entry.get("httpApi")).get("payload")) or provider.http_api.payload,
            settings=entry,
        )
        self._check_code(spec)
        return spec

    def _number(
        self, key: str, name: str, entry: Mapping[str, Any], common: Mapping[str, Any], default: int
    ) -> int:
        value = entry.get(name) or common.get(name) or default
        if isinstance(value, int):
            return value
        self.reading.problem(("functions", key, name), f"expected a whole number, not '{value}'")
        return default

    def _events(self, key: str, entry: Mapping[str, Any]) -> tuple[Event, ...]:
        built = []
        for index, entry_event in enumerate(sequence(entry.get("events"))):
            if isinstance(entry_event, str) and entry_event in event_types():
                entry_event = {entry_event: {}}
            for kind, value in mapping(entry_event).items():
                path = ("functions", key, "events", index, kind)
                event = events.build_event(self.reading, kind, value, path)
                if event is not None:
                    built.append(event)
        return tuple(built)

    def _check_code(self, spec: FunctionSpec) -> None:
        path = ("functions", spec.key)
        if spec.settings.get("image"):
            if spec.handler:
                self.reading.problem(path, "has both 'handler' and 'image'; one of them is needed, not both")
            return
        if not spec.handler:
            if spec.settings.get("handler") is None:
                self.reading.problem(path, "missing key 'handler' (or 'image')")
            return
        packaged = mapping(spec.settings.get("package")).get("artifact") or mapping(
            self.settings.get("package")
        ).get("artifact")
        if spec.runtime.startswith("python") and not packaged and "module" not in spec.settings:
            problem = check_handler(self.reading.directory, spec.handler)
            if problem:
                made = is_made(plugin_names(self.settings), spec.handler)
                severity = "warning" if made else problem.severity
                self.reading.problem((*path, "handler"), problem.message, severity)


def _iam_role(section: Mapping[str, Any]) -> IamRole:
    role = mapping(section.get("iam")).get("role")
    elsewhere = isinstance(role, str) or any("::" in key for key in mapping(role))
    own = {} if elsewhere else mapping(role)
    return IamRole(
        existing=role if elsewhere else section.get("role"),
        statements=_filled(own.get("statements") or section.get("iamRoleStatements")),
        managed_policies=_filled(own.get("managedPolicies") or section.get("iamManagedPolicies")),
        name=own.get("name"),
        path=text(own.get("path")) or "/",
        permissions_boundary=own.get("permissionsBoundary")
        or own.get("permissionBoundary")
        or section.get("rolePermissionsBoundary"),
        tags=present(own.get("tags")),
    )


def _deployment_bucket(value: Any) -> DeploymentBucket:
    if isinstance(value, str):
        return DeploymentBucket(name=value)
    own = mapping(value)
    return DeploymentBucket(
        name=own.get("name"),
        tags=present(own.get("tags")),
        block_public_access=own.get("blockPublicAccess") is True,
        versioning=own.get("versioning") is True,
        skip_policy_setup=own.get("skipPolicySetup") is True,
    )


def _filled(value: Any) -> tuple[Any, ...]:
    """The items of a list that aren't null: what is left of a conditional item."""
    return tuple(item for item in sequence(value) if item is not None)


def _first(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)
