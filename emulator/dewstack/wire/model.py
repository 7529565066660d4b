"""A service's model as botocore ships it: operations, shapes, protocol, read without importing botocore.

Importing botocore costs a fifth of a second; reading one `service-2.json.gz` costs ten milliseconds. Shapes
are resolved on demand, because most of a model is never looked at.
"""

import gzip
import importlib.util
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, field

from dewstack.wire.constraints import Constraint, constraints_of

Traits = dict[str, Any]

CORRECTIONS: dict[str, dict[str, Traits]] = {
    "apigatewaymanagementapi": {"Data": {"max": 2**31}},
    "cognito-idp": {"PasswordType": {"pattern": r"^[\S]+.*[\S]+$"}},
}
"""Traits of shapes, by service, which AWS itself asks for, where its published model says something else. A password
may hold spaces, but not begin or end with one: many clients know the error's text. A message that is too large has an
error of its own."""


class Member(Struct, frozen=True):
    """A member of a structure, or the element of a list or map: a shape and how it travels."""

    name: str
    shape: "Shape"
    traits: Traits
    wire_name: str
    """The name on the wire: `locationName`, or the member's own."""
    location: str | None
    """`uri`, `querystring`, `header`, `headers`, `statusCode`, or None for the body."""
    path_name: str
    """The name in AWS's messages: its first letter small."""

    def trait(self, name: str) -> Any:
        """A trait that the reference may set over the shape's own: `timestampFormat`, `flattened`, ..."""
        return self.traits.get(name, self.shape.traits.get(name))


class Shape:
    """A type of the model: `traits` are its raw members (`type`, `min`, `pattern`, `enum`, ...)."""

    def __init__(self, model: "ServiceModel", name: str, traits: Traits) -> None:
        self.model = model
        self.name = name
        self.traits = traits
        self.type: str = traits["type"]

    def _member(self, name: str, reference: Traits) -> Member:
        return Member(
            name=name,
            shape=self.model.shape(reference["shape"]),
            traits=reference,
            wire_name=reference.get("locationName", name),
            location=reference.get("location"),
            path_name=name[:1].lower() + name[1:],
        )

    @cached_property
    def members(self) -> dict[str, Member]:
        """A structure's members, by name."""
        return {name: self._member(name, ref) for name, ref in self.traits.get("members", {}).items()}

    @cached_property
    def required(self) -> tuple[str, ...]:
        """The names of a structure's required members."""
        return tuple(self.traits.get("required", ()))

    @cached_property
    def payload(self) -> Member | None:
        """The member that is the whole body of an HTTP message, if one is."""
        name = self.traits.get("payload")
        return self.members[name] if name else None

    @cached_property
    def member(self) -> Member:
        """A list's element."""
        return self._member("member", self.traits["member"])

    @cached_property
    def key(self) -> Member:
        """A map's key."""
        return self._member("key", self.traits["key"])

    @cached_property
    def value(self) -> Member:
        """A map's value."""
        return self._member("value", self.traits["value"])

    @cached_property
    def constraints(self) -> tuple[Constraint, ...]:
        """What a value must satisfy."""
        return constraints_of(self.type, self.traits)

    @property
    def sensitive(self) -> bool:
        """Whether values must not be echoed."""
        return bool(self.traits.get("sensitive"))


class Operation(Struct, frozen=True):
    """One API action. `input` and `output` are None where the action takes or gives nothing."""

    name: str
    model: "ServiceModel"
    method: str
    uri: str
    status: int
    input: Shape | None
    output: Shape | None
    result_wrapper: str | None
    unsigned: bool
    """Whether it may be called without a signature, as Cognito's sign-up is."""


class ServiceModel(Struct):
    """A service's model. `name` is boto3's name of the service."""

    name: str
    metadata: dict[str, Any]
    raw_operations: dict[str, Any]
    raw_shapes: dict[str, Any]
    _shapes: dict[str, Shape] = field(default_factory=dict)
    _operations: dict[str, Operation] = field(default_factory=dict)

    @property
    def protocol(self) -> str:
        """The one that botocore takes: `json`, `rest-json`, `query`, `rest-xml`, `ec2`, `smithy-rpc-v2-cbor`."""
        protocol: str = self.metadata["protocol"]
        return protocol

    @property
    def protocols(self) -> list[str]:
        """All that the service speaks."""
        protocols: list[str] = self.metadata.get("protocols") or [self.protocol]
        return protocols

    def shape(self, name: str) -> Shape:
        """The shape `name`. Raises KeyError when the model has none."""
        if name not in self._shapes:
            self._shapes[name] = Shape(self, name, self.raw_shapes[name])
        return self._shapes[name]

    def operation(self, name: str) -> Operation | None:
        """The operation `name`, or None."""
        if name not in self._operations and name in self.raw_operations:
            self._operations[name] = self._read_operation(name, self.raw_operations[name])
        return self._operations.get(name)

    def _read_operation(self, name: str, raw: dict[str, Any]) -> Operation:
        http, output = raw.get("http", {}), raw.get("output")
        return Operation(
            name=name,
            model=self,
            method=http.get("method", "POST"),
            uri=http.get("requestUri", "/"),
            status=http.get("responseCode", 200),
            input=self.shape(raw["input"]["shape"]) if "input" in raw else None,
            output=self.shape(output["shape"]) if output else None,
            result_wrapper=output.get("resultWrapper") if output else None,
            unsigned=raw.get("authtype") == "none" or "smithy.api#noAuth" in raw.get("auth", ()),
        )

    def error_shape(self, code: str) -> Shape | None:
        """The shape of the error `code`, by its name or by its declared code; None when it isn't modelled."""
        raw = self.raw_shapes.get(code)
        if raw and raw.get("exception"):
            return self.shape(code)
        for name, shape in self.raw_shapes.items():
            if shape.get("exception") and shape.get("error", {}).get("code") == code:
                return self.shape(name)
        return None


def load_model(service: str) -> ServiceModel | None:
    """The newest model that the installed botocore has of `service` (boto3's name); None if it has none."""
    spec = importlib.util.find_spec("botocore")
    if spec is None or spec.origin is None or not service.replace("-", "").isalnum():
        return None
    versions = sorted((Path(spec.origin).parent / "data" / service).glob("*/service-2.json*"))
    if not versions:
        return None
    content = versions[-1].read_bytes()
    if versions[-1].suffix == ".gz":
        content = gzip.decompress(content)
    raw = msgspec.json.decode(content)
    for shape, traits in CORRECTIONS.get(service, {}).items():
        raw["shapes"][shape].update(traits)
    return ServiceModel(service, raw["metadata"], raw["operations"], raw["shapes"])
