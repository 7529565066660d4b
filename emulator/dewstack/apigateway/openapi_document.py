"""An OpenAPI definition, read: what both versions spell differently comes out alike."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

from dewstack.apigateway.errors import BadRequestException

PREFIX = "x-amazon-apigateway-"
VERBS = ("get", "put", "post", "delete", "options", "head", "patch")
ANY_METHOD = f"{PREFIX}any-method"
JSON = "application/json"
NAME = re.compile(r"[^A-Za-z0-9]")
SERVER_VARIABLE = re.compile(r"\{(\w+)\}")
INVALID = "Invalid OpenAPI input."
NODES = 1_000_000
"""Values that a definition in YAML may have, aliases followed."""

Node = Mapping[str, Any]


def decode(body: bytes | str) -> Any:
    """JSON or YAML with text as keys. Raises BadRequestException for neither."""
    raw = body.encode() if isinstance(body, str) else body
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _Plain().of(yaml.load(raw, loader))
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError):
        raise BadRequestException(INVALID) from None


class _Plain:
    """YAML as JSON would have it: keys are text. What aliases would blow up beyond all measure is refused."""

    def __init__(self) -> None:
        self._left = NODES

    def of(self, value: Any) -> Any:
        """A value. Raises BadRequestException."""
        self._left -= 1
        if self._left < 0:
            raise BadRequestException(INVALID)
        if isinstance(value, dict):
            return {_key(key): self.of(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.of(item) for item in value]
        return value


def _key(key: Any) -> str:
    return str(key).lower() if isinstance(key, bool) else str(key)


def mapping(value: Any) -> dict[str, Any]:
    """`value` if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def items(value: Any) -> list[Any]:
    """`value` if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


class Document:
    """A definition. What is wrong with it and can be left out is among `warnings`. Raises BadRequestException."""

    def __init__(self, body: bytes | str) -> None:
        raw = decode(body)
        if not isinstance(raw, dict) or not isinstance(raw.get("paths", {}), dict):
            raise BadRequestException(INVALID)
        version = str(raw.get("swagger") or raw.get("openapi") or "")
        if not version.startswith(("2", "3")):
            raise BadRequestException(INVALID)
        self.raw = raw
        self.swagger = "swagger" in raw
        self.warnings: list[str] = []
        components = raw if self.swagger else mapping(raw.get("components"))
        self.schemas = mapping(components.get("definitions" if self.swagger else "schemas"))
        self.schemes = mapping(components.get("securityDefinitions" if self.swagger else "securitySchemes"))
        info = mapping(raw.get("info"))
        self.title = info.get("title")
        self.description: str | None = info.get("description")
        self.version = None if info.get("version") is None else str(info["version"])

    def extension(self, name: str) -> Any:
        """The extension `x-amazon-apigateway-<name>` of the whole API."""
        found = self.raw.get(PREFIX + name)
        if found is None and not self.swagger and name == "endpoint-configuration":
            servers = (mapping(server) for server in items(self.raw.get("servers")))
            found = next((one[PREFIX + name] for one in servers if PREFIX + name in one), None)
        return found

    @property
    def base_path(self) -> str:
        """`/v1` where the definition says so, else an empty text."""
        if self.swagger:
            return str(self.raw.get("basePath") or "").strip("/")
        server = mapping(next(iter(items(self.raw.get("servers"))), None))
        variables = mapping(server.get("variables"))
        url = SERVER_VARIABLE.sub(
            lambda match: str(mapping(variables.get(match[1])).get("default", "")),
            str(server.get("url") or ""),
        )
        return urlsplit(url).path.strip("/")

    def resolve(self, node: Any) -> dict[str, Any]:
        """The object that `node` is or refers to in this document; an empty one where it leads nowhere."""
        for _ in range(20):
            reference = mapping(node).get("$ref")
            if not isinstance(reference, str):
                return mapping(node)
            node = self._at(reference)
        return {}

    def _at(self, reference: str) -> Any:
        found: Any = self.raw
        for key in reference.removeprefix("#").split("/")[1:]:
            found = mapping(found).get(key.replace("~1", "/").replace("~0", "~"))
        if found is None:
            self.warnings.append(f"Parse issue: attribute {reference} is missing")
        return found

    def operations(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Each operation with its path and its verb; parameters of a path are those of its operations."""
        for path, given in mapping(self.raw.get("paths")).items():
            item = self.resolve(given)
            if not path.startswith("/"):
                if not path.startswith("x-"):
                    self.warnings.append(f"Parse issue: attribute paths. Resource {path} should start with /")
                continue
            shared = items(item.get("parameters"))
            for key in (*VERBS, ANY_METHOD):
                if isinstance(item.get(key), dict):
                    operation = dict(item[key])
                    operation["parameters"] = [*shared, *items(operation.get("parameters"))]
                    yield path, "ANY" if key == ANY_METHOD else key.upper(), operation

    def paths(self) -> list[str]:
        """All paths, also those without an operation."""
        return [path for path in mapping(self.raw.get("paths")) if path.startswith("/")]


def model_name(reference: str) -> str:
    """The model that `#/definitions/Some-Model` means: names of models are letters and digits."""
    return NAME.sub("", reference.rpartition("/")[2].replace("~1", "/"))
