"""The places variables come from, one method each: the map, the environment, options, files, parameters."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from .nodes import Node, parse_yaml
from .problems import Position, ProblemAt
from .variable_syntax import Source
from .variables import NotFound, Resolver

DEFAULT_STAGE = "dev"
DEFAULT_REGION = "us-east-1"
_YAML = {".yml", ".yaml", ".json", ".tfstate"}
_CODE = {".js", ".cjs", ".mjs", ".ts"}
_REMOTE = {
    "cf": "the output of another CloudFormation stack",
    "s3": "an object in S3",
    "ssm": "a parameter of Systems Manager",
}


class MapSources:
    """The variable sources of one map."""

    def __init__(
        self,
        root: Node,
        directory: Path,
        options: Mapping[str, str],
        environ: Mapping[str, str],
        params: Mapping[str, str],
    ) -> None:
        self.root = root
        self.directory = directory
        self.options = options
        self.environ = environ
        self.params = params
        self.resolver: Resolver
        self._files: dict[Path, Node | None] = {}
        self._kinds: dict[str, Callable[[list[Any], str | None, Position], Node | None]] = {
            "self": self._self,
            "env": self._env,
            "opt": self._opt,
            "file": self._file,
            "param": self._param,
            "sls": self._sls,
            "strToBool": self._str_to_bool,
            "aws": self._aws,
        }

    def look_up(self, source: Source, params: list[Any], address: str | None, at: Position) -> Node | None:
        """See `Sources`."""
        kind = self._kinds.get(source.type)
        if kind:
            return kind(params, address, at)
        if source.type in _REMOTE:
            what = _REMOTE[source.type]
            message = f"${{{source.type}:{address or ''}}} reads {what}, which isn't looked up offline"
            raise NotFound(at, message, remark=True)
        known = ", ".join([*self._kinds, *_REMOTE])
        raise ProblemAt(at, f"'{source.type}' is no variable source; known are {known}")

    def files(self) -> tuple[Path, ...]:
        """The files that `file()` was asked for, those that aren't there as well."""
        return tuple(self._files)

    def stage(self) -> str:
        """`--stage`, or `provider.stage`, or `dev`."""
        return self.options.get("stage") or self._provider("stage") or DEFAULT_STAGE

    def region(self) -> str:
        """`--region`, or `provider.region`, or `us-east-1`."""
        return self.options.get("region") or self._provider("region") or DEFAULT_REGION

    def _provider(self, key: str) -> str | None:
        found = self.resolver.follow(self.root, ["provider", key])
        value = self.resolver.resolve_text(found).value if found else None
        return str(value) if value is not None and not isinstance(value, dict | list) else None

    def _self(self, params: list[Any], address: str | None, at: Position) -> Node | None:
        keys = address.split(".") if address else []
        found = self.resolver.follow(self.root, keys)
        if found is None and keys == ["provider", "stage"]:
            return Node(self.options.get("stage") or DEFAULT_STAGE, at)
        if found is None and keys == ["provider", "region"]:
            return Node(self.options.get("region") or DEFAULT_REGION, at)
        if found is None:
            raise NotFound(at, f"${{self:{address}}} is nowhere in the map")
        return found

    def _env(self, params: list[Any], address: str | None, at: Position) -> Node | None:
        name = _needed("env", address, at)
        if name not in self.environ:
            raise NotFound(
                at, f"the environment variable {name} isn't set; a fallback is ${{env:{name}, 'value'}}"
            )
        return Node(self.environ[name], at)

    def _opt(self, params: list[Any], address: str | None, at: Position) -> Node | None:
        name = _needed("opt", address, at)
        if name not in self.options:
            raise NotFound(at, f"the option --{name} isn't given; a fallback is ${{opt:{name}, 'value'}}")
        return Node(self.options[name], at)

    def _param(self, params: list[Any], address: str | None, at: Position) -> Node | None:
        name = _needed("param", address, at)
        if name in self.params:
            return Node(self.params[name], at)
        for section in (self.stage(), "default"):
            found = self.resolver.follow(self.root, ["params", section, name])
            if found is not None and found.value is not None:
                return found
        raise NotFound(
            at, f"the parameter {name} is neither under 'params:' nor given as --param {name}=value"
        )

    def _sls(self, params: list[Any], address: str | None, at: Position) -> Node | None:
        name = _needed("sls", address, at)
        if name == "stage":
            return Node(self.stage(), at)
        if name == "instanceId":
            return Node(_instance_id(self.directory), at)
        raise ProblemAt(at, f"${{sls:{name}}} doesn't exist; ${{sls:stage}} and ${{sls:instanceId}} do")

    def _aws(self, params: list[Any], address: str | None, at: Position) -> Node | None:
        if address == "region":
            return Node(self.region(), at)
        message = f"${{aws:{address or ''}}} is asked of an AWS account, and offline there is none"
        raise NotFound(at, message, remark=True)

    def _str_to_bool(self, params: list[Any], address: str | None, at: Position) -> Node | None:
        if not params or params[0] is None:
            raise ProblemAt(at, "strToBool() takes one value")
        text = str(params[0]).strip().lower()
        if text not in ("true", "false", "1", "0"):
            raise ProblemAt(at, f"strToBool() takes true, false, 1 or 0, not '{params[0]}'")
        return Node(text in ("true", "1"), at)

    def _file(self, params: list[Any], address: str | None, at: Position) -> Node | None:
        if not params or not isinstance(params[0], str) or not params[0]:
            raise ProblemAt(at, "file() takes a path")
        path = Path(self.directory, params[0]).resolve()
        if path not in self._files:
            self._files[path] = self._read(path, params[0], at)
        content = self._files[path]
        if content is None:
            raise NotFound(at, f"there is no file {params[0]}")
        if not address:
            return content
        found = self.resolver.follow(content, address.split("."))
        if found is None:
            raise NotFound(at, f"{params[0]} has no key '{address}'")
        return found

    def _read(self, path: Path, name: str, at: Position) -> Node | None:
        if path.suffix in _CODE:
            raise ProblemAt(
                at, f"{name} is code, which a map can't run here; write its result as YAML or JSON"
            )
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise ProblemAt(at, f"{name} can't be read: {error}") from None
        return parse_yaml(text, name) if path.suffix in _YAML else Node(text, Position(name, 1, 1))


def _needed(kind: str, address: str | None, at: Position) -> str:
    if not address:
        raise ProblemAt(at, f"${{{kind}:}} needs a name after the colon")
    return address


def _instance_id(directory: Path) -> str:
    """Something that stays the same for a directory; the Framework makes up a new one at each run."""
    import hashlib

    return hashlib.sha256(str(directory.resolve()).encode()).hexdigest()[:16]


__all__ = ["DEFAULT_REGION", "DEFAULT_STAGE", "MapSources"]
