"""Layers: versions of shared code, and what a function's layer ARNs mean on this machine.

A deleted version is listed no more, but functions that name it go on using it, and its number is not given again.
"""

import asyncio
import json
import logging
import re
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from dewstack.clock import Clock
from dewstack.config import Caller
from dewstack.lambda_.errors import (
    InvalidParameterValueException,
    ResourceConflictException,
    ResourceNotFoundException,
)
from dewstack.lambda_.model import Code, Function
from dewstack.lambda_.packages import Packages
from dewstack.lambda_.paging import page
from dewstack.store import Store
from dewstack.wire import operation

logger = logging.getLogger("dewstack.lambda")

ARN = re.compile(
    r"arn:[a-z-]+:lambda:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):layer:(?P<name>[A-Za-z0-9_-]+)(?::(?P<version>\d+))?"
)
MAX_LAYERS = 5


class LayerVersion(Struct, frozen=True):
    """One version of a layer. `statements` are its policy, by id."""

    account_id: str
    region: str
    name: str
    version: int
    code: Code
    created: str
    description: str = ""
    license_info: str = ""
    runtimes: list[str] = field(default_factory=list)
    architectures: list[str] = field(default_factory=list)
    statements: dict[str, dict[str, Any]] = field(default_factory=dict)
    deleted: bool = False

    @property
    def layer_arn(self) -> str:
        """The layer's ARN, without a version."""
        return f"arn:aws:lambda:{self.region}:{self.account_id}:layer:{self.name}"

    @property
    def arn(self) -> str:
        """The version's ARN."""
        return f"{self.layer_arn}:{self.version}"

    def summary(self) -> dict[str, Any]:
        """An item of ListLayerVersions."""
        answer = {
            "LayerVersionArn": self.arn,
            "Version": self.version,
            "Description": self.description,
            "CreatedDate": self.created,
            "CompatibleRuntimes": self.runtimes,
            "CompatibleArchitectures": self.architectures,
            "LicenseInfo": self.license_info,
        }
        return {key: value for key, value in answer.items() if value not in ([], "")}

    def description_with_content(self, location: str) -> dict[str, Any]:
        """What PublishLayerVersion and GetLayerVersion answer. `location` is the URL of its content."""
        content = {"Location": location, "CodeSha256": self.code.sha256, "CodeSize": self.code.size}
        return {"Content": content, "LayerArn": self.layer_arn, "Description": "", **self.summary()}


class Layers:
    """The layers there are, and which of a function's can be had here."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.versions = store.collection("lambda.layers", LayerVersion)
        self._noticed: set[str] = set()

    def find(self, arn: str) -> LayerVersion | None:
        """The version an ARN names, a deleted one too."""
        match = ARN.fullmatch(arn)
        if match is None or match["version"] is None:
            return None
        return self.versions.get(match["account"], match["region"], match["name"], match["version"])

    def of(self, function: Function) -> list[Code]:
        """The function's layers that are here, in its order."""
        return [layer.code for arn in function.layers if (layer := self.find(arn)) is not None]

    def check(self, function: Function) -> None:
        """Refuse what Lambda refuses; say loudly, once, which layers of others a function has to do without.

        Raises InvalidParameterValueException.
        """
        if len(function.layers) > MAX_LAYERS:
            raise InvalidParameterValueException(f"Cannot reference more than {MAX_LAYERS} layers.")
        for arn in function.layers:
            match = ARN.fullmatch(arn)
            if match is None or match["version"] is None:
                raise InvalidParameterValueException(
                    f"Layer version {arn} is not the ARN of a layer's version."
                )
            if self.find(arn) is not None or arn in self._noticed:
                continue
            if match["account"] == function.account_id:
                raise InvalidParameterValueException(f"Layer version {arn} does not exist.")
            self._noticed.add(arn)
            logger.warning(
                "The layer %s belongs to another account and is not here: functions run without it", arn
            )


class LayerOperations:
    """Publish, list and delete the versions of layers, and say who else may use them."""

    def __init__(self, layers: Layers, packages: Packages, clock: Clock) -> None:
        self._layers = layers
        self._packages = packages
        self._clock = clock

    @operation("PublishLayerVersion")
    async def publish_layer_version(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Keep content under the layer's next number."""
        code = await self._packages.resolve(params["Content"], caller, "PublishLayerVersion")
        name = _name(params["LayerName"])

        def keep() -> LayerVersion:
            with self._layers.store.transaction():
                numbers = [each.version for each in self._versions(caller, name)]
                layer = LayerVersion(
                    caller.account_id,
                    caller.region,
                    name,
                    max(numbers, default=0) + 1,
                    code,
                    self._clock.now().strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000",
                    params.get("Description") or "",
                    params.get("LicenseInfo") or "",
                    params.get("CompatibleRuntimes") or [],
                    params.get("CompatibleArchitectures") or [],
                )
                self._put(layer)
                return layer

        return self._described(await asyncio.to_thread(keep))

    def _described(self, layer: LayerVersion) -> dict[str, Any]:
        return layer.description_with_content(self._packages.location(layer.code))

    @operation("GetLayerVersion")
    def get_layer_version(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """One version of a layer."""
        return self._described(self._get(caller, params))

    @operation("GetLayerVersionByArn")
    def get_layer_version_by_arn(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """One version of a layer, by its ARN."""
        layer = self._layers.find(params["Arn"])
        if layer is None or layer.deleted:
            raise ResourceNotFoundException("The resource you requested does not exist.")
        return self._described(layer)

    @operation("ListLayerVersions")
    def list_layer_versions(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """The versions of a layer, newest first."""
        versions = self._versions(caller, _name(params["LayerName"]))
        listed = sorted((each for each in versions if not each.deleted), key=lambda each: -each.version)
        return page([each.summary() for each in listed if _suits(each, params)], params, "LayerVersions")

    @operation("ListLayers")
    def list_layers(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """The layers, each with its newest version."""
        newest: dict[str, LayerVersion] = {}
        for each in self._layers.versions.scan(caller.account_id, caller.region):
            known = newest.get(each.name)
            if not each.deleted and _suits(each, params) and (known is None or known.version < each.version):
                newest[each.name] = each
        items = [
            {"LayerName": name, "LayerArn": each.layer_arn, "LatestMatchingVersion": each.summary()}
            for name, each in sorted(newest.items())
        ]
        return page(items, params, "Layers")

    @operation("DeleteLayerVersion")
    def delete_layer_version(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """List a version no more; it is no error if there is none."""
        with self._layers.store.transaction():
            layer = self._find(caller, params)
            if layer is not None:
                self._put(replace(layer, deleted=True))
        return {}

    @operation("AddLayerVersionPermission")
    def add_layer_version_permission(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Let another account use a version."""
        with self._layers.store.transaction():
            layer = self._get(caller, params)
            principal = params["Principal"]
            statement = {
                "Sid": params["StatementId"],
                "Effect": "Allow",
                "Principal": principal if principal == "*" else {"AWS": f"arn:aws:iam::{principal}:root"},
                "Action": params["Action"],
                "Resource": layer.arn,
            }
            if statement["Sid"] in layer.statements:
                raise ResourceConflictException(
                    f"The statement id ({statement['Sid']}) provided already exists."
                    " Please provide a new statement id, or remove the existing statement."
                )
            self._put(replace(layer, statements={**layer.statements, statement["Sid"]: statement}))
        return {"Statement": json.dumps(statement, separators=(",", ":"))}

    @operation("RemoveLayerVersionPermission")
    def remove_layer_version_permission(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Take a statement out of a version's policy."""
        with self._layers.store.transaction():
            layer = self._get(caller, params)
            if params["StatementId"] not in layer.statements:
                raise ResourceNotFoundException(
                    f"Statement {params['StatementId']} is not found in resource policy."
                )
            kept = {sid: each for sid, each in layer.statements.items() if sid != params["StatementId"]}
            self._put(replace(layer, statements=kept))
        return {}

    @operation("GetLayerVersionPolicy")
    def get_layer_version_policy(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """A version's policy as JSON text."""
        layer = self._get(caller, params)
        if not layer.statements:
            raise ResourceNotFoundException("No policy is associated with the given resource.")
        policy = {"Version": "2012-10-17", "Id": "default", "Statement": list(layer.statements.values())}
        return {"Policy": json.dumps(policy, separators=(",", ":"))}

    def _versions(self, caller: Caller, name: str) -> list[LayerVersion]:
        return self._layers.versions.scan(caller.account_id, caller.region, name)

    def _find(self, caller: Caller, params: dict[str, Any]) -> LayerVersion | None:
        name, number = _name(params["LayerName"]), str(params["VersionNumber"])
        layer = self._layers.versions.get(caller.account_id, caller.region, name, number)
        return layer if layer is not None and not layer.deleted else None

    def _get(self, caller: Caller, params: dict[str, Any]) -> LayerVersion:
        layer = self._find(caller, params)
        if layer is None:
            raise ResourceNotFoundException("The resource you requested does not exist.")
        return layer

    def _put(self, layer: LayerVersion) -> None:
        self._layers.versions.put(layer, layer.account_id, layer.region, layer.name, str(layer.version))


def _name(text: str) -> str:
    """A layer's name, given as such or as its ARN."""
    match = ARN.fullmatch(text)
    return match["name"] if match else text


def _suits(layer: LayerVersion, params: dict[str, Any]) -> bool:
    """Whether it says to be for the runtime and architecture that a list is asked for."""
    wanted = (
        (params.get("CompatibleRuntime"), layer.runtimes),
        (params.get("CompatibleArchitecture"), layer.architectures),
    )
    return all(not value or value in has for value, has in wanted)
