"""Lambda's API: code-signing configurations. They are kept and told; no signature is checked here."""

import secrets
from collections.abc import Callable
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from dewstack.clock import Clock
from dewstack.config import Caller
from dewstack.lambda_.errors import (
    CodeSigningConfigNotFoundException,
    ResourceConflictException,
    ResourceNotFoundException,
)
from dewstack.lambda_.functions import FunctionStore
from dewstack.lambda_.paging import page
from dewstack.lambda_.tags import Tags
from dewstack.wire import operation

POLICIES = {"UntrustedArtifactOnDeployment": "Warn"}


class CodeSigningConfig(Struct, frozen=True):
    """Who may sign code (ARNs of signing profiles' versions), and what is to happen to other code."""

    arn: str
    publishers: list[str]
    modified: str
    description: str = ""
    policies: dict[str, str] = field(default_factory=lambda: dict(POLICIES))
    tags: dict[str, str] = field(default_factory=dict)

    def described(self) -> dict[str, Any]:
        """As the API answers it."""
        return {
            "CodeSigningConfigId": self.arn.rpartition(":")[2],
            "CodeSigningConfigArn": self.arn,
            "Description": self.description,
            "AllowedPublishers": {"SigningProfileVersionArns": self.publishers},
            "CodeSigningPolicies": self.policies,
            "LastModified": self.modified,
        }


class CodeSigningOperations:
    """Create, read, change, delete and attach code-signing configurations."""

    def __init__(self, functions: FunctionStore, clock: Clock) -> None:
        self._functions = functions
        self._configs = functions.store.collection("lambda.code_signing_configs", CodeSigningConfig)
        self._clock = clock

    def _now(self) -> str:
        return self._clock.now().strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"

    def _get(self, caller: Caller, arn: str) -> CodeSigningConfig:
        config = self._configs.get(caller.account_id, caller.region, arn)
        if config is None:
            raise ResourceNotFoundException(f"The Lambda code signing configuration {arn} can not be found.")
        return config

    def retag(self, caller: Caller, arn: str, change: Callable[[Tags], Tags]) -> Tags:
        """Change the tags of a configuration."""
        with self._functions.store.transaction():
            config = self._get(caller, arn)
            config = replace(config, tags=change(config.tags))
            self._configs.put(config, caller.account_id, caller.region, config.arn)
        return config.tags

    @operation("CreateCodeSigningConfig")
    def create(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Keep a new configuration."""
        identity = f"csc-{secrets.token_hex(9)[:17]}"
        config = CodeSigningConfig(
            f"arn:aws:lambda:{caller.region}:{caller.account_id}:code-signing-config:{identity}",
            params["AllowedPublishers"]["SigningProfileVersionArns"],
            self._now(),
            params.get("Description") or "",
            {**POLICIES, **(params.get("CodeSigningPolicies") or {})},
            params.get("Tags") or {},
        )
        self._configs.put(config, caller.account_id, caller.region, config.arn)
        return {"CodeSigningConfig": config.described()}

    @operation("UpdateCodeSigningConfig")
    def update(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Change what is given."""
        with self._functions.store.transaction():
            config = self._get(caller, params["CodeSigningConfigArn"])
            publishers = (params.get("AllowedPublishers") or {}).get("SigningProfileVersionArns")
            given = params.get("Description")
            config = replace(
                config,
                publishers=publishers or config.publishers,
                description=config.description if given is None else given,
                policies={**config.policies, **(params.get("CodeSigningPolicies") or {})},
                modified=self._now(),
            )
            self._configs.put(config, caller.account_id, caller.region, config.arn)
        return {"CodeSigningConfig": config.described()}

    @operation("GetCodeSigningConfig")
    def get(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """One configuration."""
        return {"CodeSigningConfig": self._get(caller, params["CodeSigningConfigArn"]).described()}

    @operation("ListCodeSigningConfigs")
    def list_all(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Those of the account and region."""
        kept = self._configs.scan(caller.account_id, caller.region)
        return page([each.described() for each in kept], params, "CodeSigningConfigs")

    @operation("DeleteCodeSigningConfig")
    def delete(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Delete a configuration that no function has."""
        with self._functions.store.transaction():
            config = self._get(caller, params["CodeSigningConfigArn"])
            if self._users(caller, config.arn):
                raise ResourceConflictException(
                    f"Cannot delete code signing config {config.arn}: functions use it."
                )
            self._configs.delete(caller.account_id, caller.region, config.arn)
        return {}

    def _users(self, caller: Caller, arn: str) -> list[str]:
        kept = self._functions.settings.items(caller.account_id, caller.region)
        names = [where[-1] for where, settings in kept if settings.code_signing_config == arn]
        return [f"arn:aws:lambda:{caller.region}:{caller.account_id}:function:{name}" for name in names]

    @operation("ListFunctionsByCodeSigningConfig")
    def list_functions(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """The ARNs of the functions that have a configuration."""
        config = self._get(caller, params["CodeSigningConfigArn"])
        return page(self._users(caller, config.arn), params, "FunctionArns")

    @operation("PutFunctionCodeSigningConfig")
    def attach(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Let a function have a configuration."""
        arn = params["CodeSigningConfigArn"]
        if self._configs.get(caller.account_id, caller.region, arn) is None:
            raise CodeSigningConfigNotFoundException(
                "The code signing configuration cannot be found. Check that the provided configuration is not"
                f" deleted: {arn}."
            )
        return {"CodeSigningConfigArn": arn, "FunctionName": self._set(caller, params, arn)}

    @operation("DeleteFunctionCodeSigningConfig")
    def detach(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Let a function have none."""
        self._set(caller, params, "")
        return {}

    def _set(self, caller: Caller, params: dict[str, Any], arn: str) -> str:
        reference = self._functions.reference(params, caller)
        with self._functions.store.transaction():
            self._functions.get(reference)
            settings = self._functions.get_settings(reference)
            self._functions.put_settings(replace(settings, code_signing_config=arn), reference)
        return reference.name

    @operation("GetFunctionCodeSigningConfig")
    def of_function(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """The configuration that a function has, if it has one."""
        reference = self._functions.reference(params, caller)
        self._functions.get(reference)
        arn = self._functions.get_settings(reference).code_signing_config
        return {"CodeSigningConfigArn": arn, "FunctionName": reference.name} if arn else {}
