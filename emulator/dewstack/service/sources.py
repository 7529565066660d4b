"""The places variables come from, one method each: the map, the environment, options, files, parameters, git, and
what the map itself gives for all that can't be looked up (`custom.dew.variables`)."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from .dotenv import read_dotenv
from .nodes import Node, node_of, parse_yaml, plain
from .problems import Position, ProblemAt, did_you_mean
from .remote import WHAT, Elsewhere, RemoteSources
from .variable_syntax import Source
from .variables import NotFound, Resolver

DEFAULT_STAGE = "dev"
DEFAULT_REGION = "us-east-1"
GIVEN = ("custom", "dew", "variables")
CODE_SUFFIXES = frozenset({".js", ".cjs", ".mjs", ".ts", ".cts", ".mts"})
_YAML = {".yml", ".yaml", ".json", ".tfstate"}


class MapSources:
    """The variable sources of one map. `elsewhere` is asked for what only AWS knows."""

    def __init__(
        self,
        root: Node,
        directory: Path,
        options: Mapping[str, str],
        environ: Mapping[str, str],
        params: Mapping[str, str],
        elsewhere: Elsewhere | None = None,
    ) -> None:
        self.root = root
        self.directory = directory
        self.options = options
        self.environ = environ
        self.params = params
        self.elsewhere = elsewhere or Elsewhere()
        self.remote = RemoteSources(self.elsewhere, self.region)
        self.resolver: Resolver
        self._files: dict[Path, Node | None] = {}
        self._results: dict[tuple[Path, str], Node] = {}
        self._kinds: dict[str, Callable[[list[Any], str | None, Position], Node | None]] = {
            "self": self._self,
            "env": self._env,
            "opt": self._opt,
            "file": self._file,
            "param": self._param,
            "sls": self._sls,
            "strToBool": self._str_to_bool,
            "git": self._git,
        }

    def look_up(self, source: Source, params: list[Any], address: str | None, at: Position) -> Node | None:
        """See `Sources`."""
        kind = self._kinds.get(source.type)
        if kind:
            return kind(params, address, at)
        if source.type == "aws" and address == "region":
            return Node(self.region(), at)
        asked_of, _, region = source.type.partition(".")  # `cf.eu-west-1:…`, the way of version 1
        return self._elsewhere(asked_of, [region, *params] if region else params, address or "", at)

    def _elsewhere(self, kind: str, params: list[Any], address: str, at: Position) -> Node:
        """What the emulator has, or what the map gives instead."""
        spelling = f"{kind}({', '.join(map(str, params))}):{address}" if params else f"{kind}:{address}"
        if not address:
            raise ProblemAt(at, f"${{{spelling}}} needs a name after the colon")
        if kind not in WHAT and not self._given(spelling):
            known = [*self._kinds, *WHAT]
            message = f"'{kind}' is no variable source; known are {', '.join(known)}"
            if meant := did_you_mean(kind, known):
                raise ProblemAt(at, message + meant)
            raise NotFound(at, message, advice=_to_give(spelling), remark=True)
        reason = f"isn't in {self.elsewhere.name}"
        if kind in WHAT:
            try:
                found = self.remote.look_up(kind, params, address, at)
            except NotFound as problem:
                found, reason = None, problem.message
            if found is not None:
                return found
        message = f"${{{spelling}}} is {WHAT[kind]}, which {reason}" if kind in WHAT else ""
        if kind in WHAT and not self.elsewhere.stand_ins:
            advice = f"make it there, or give a fallback: ${{{spelling}, 'value'}}"
            raise NotFound(at, message, advice=advice, remark=True)
        given = self._given(spelling)
        if given is not None:
            return given
        raise NotFound(at, message, advice=_to_give(spelling), remark=True)

    def _given(self, spelling: str) -> Node | None:
        section = self.resolver.follow(self.root, list(GIVEN))
        wanted = _bare(spelling)
        for key, node in self.resolver.resolve_text(section).mapping().items() if section else ():
            if _bare(key) == wanted:
                return node
        return None

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
        if keys in (["service"], ["service", "name"]):
            return self._service_name()
        found = self.resolver.follow(self.root, keys)
        if found is None and keys == ["provider", "stage"]:
            return Node(self.options.get("stage") or DEFAULT_STAGE, at)
        if found is None and keys == ["provider", "region"]:
            return Node(self.options.get("region") or DEFAULT_REGION, at)
        if found is None:
            raise NotFound(at, f"${{self:{address}}} is nowhere in the map")
        return found

    def _service_name(self) -> Node | None:
        """`service: shop` and the older `service: {name: shop}` are the same to a variable."""
        service = self.resolver.follow(self.root, ["service"])
        if service is not None and "name" in self.resolver.resolve_text(service).mapping():
            return self.resolver.follow(self.root, ["service", "name"])
        return service

    def _env(self, params: list[Any], address: str | None, at: Position) -> Node | None:
        name = _needed("env", address, at)
        if name not in self.environ:
            in_file = name in read_dotenv((self.directory / ".env",))
            advice = ".env has it, and useDotenv: true reads that file" if in_file else ""
            advice = advice or f"a fallback is ${{env:{name}, 'value'}}"
            raise NotFound(at, f"the environment variable {name} isn't set", advice=advice)
        return Node(self.environ[name], at)

    def _opt(self, params: list[Any], address: str | None, at: Position) -> Node | None:
        if not address:
            return node_of(dict(self.options), at)
        if address in self.options:
            return Node(self.options[address], at)
        if address in self.params:
            return Node(self.params[address], at)
        message, advice = f"the option --{address} isn't given", f"dew takes it as --param {address}=value"
        default = self._default_option(address)
        advice += f", and a fallback is ${{opt:{address}, 'value'}}"
        raise NotFound(at, message, advice=advice, default=default)

    def _default_option(self, name: str) -> str | None:
        """What `--stage` and `--region` would be: those of the map, unless they are made of the option itself."""
        known = {"stage": (self.stage, DEFAULT_STAGE), "region": (self.region, DEFAULT_REGION)}.get(name)
        if known is None:
            return None
        try:
            return known[0]()
        except ProblemAt:
            return known[1]

    def _param(self, params: list[Any], address: str | None, at: Position) -> Node | None:
        name = _needed("param", address, at)
        if name in self.params:
            return Node(self.params[name], at)
        for section in (self.stage(), "default"):
            for path in (["stages", section, "params", name], ["params", section, name]):
                found = self.resolver.follow(self.root, path)
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
            return Node(instance_id(self.directory), at)
        raise ProblemAt(at, f"${{sls:{name}}} doesn't exist; ${{sls:stage}} and ${{sls:instanceId}} do")

    def _str_to_bool(self, params: list[Any], address: str | None, at: Position) -> Node | None:
        if not params or params[0] is None:
            raise ProblemAt(at, "strToBool() takes one value")
        text = str(params[0]).strip().lower()
        if text not in ("true", "false", "1", "0"):
            raise ProblemAt(at, f"strToBool() takes true, false, 1 or 0, not '{params[0]}'")
        return Node(text in ("true", "1"), at)

    def _git(self, params: list[Any], address: str | None, at: Position) -> Node | None:
        from .git import QUESTIONS, ask_git  # Few maps ask it.

        name = _needed("git", address, at)
        if given := self._given(f"git:{name}"):
            return given
        if name not in QUESTIONS:
            raise ProblemAt(at, f"${{git:{name}}} doesn't exist; ${{git:}} knows {', '.join(QUESTIONS)}")
        said = ask_git(self.directory, name)
        if said is None:
            raise NotFound(
                at, f"git says nothing about '{name}' here", advice=_to_give(f"git:{name}"), remark=True
            )
        return Node(said, at)

    def _file(self, params: list[Any], address: str | None, at: Position) -> Node | None:
        if not params or not isinstance(params[0], str) or not params[0]:
            raise ProblemAt(at, "file() takes a path")
        path = Path(self.directory, Path(params[0]).expanduser()).resolve()
        if path.suffix in CODE_SUFFIXES and path.is_file():
            return self._result(path, params[0], address or "", at)
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
        try:
            text = path.read_text(encoding="utf-8-sig")
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise ProblemAt(at, f"{name} can't be read: {error}") from None
        return parse_yaml(text, name) if path.suffix in _YAML else Node(text, Position(name, 1, 1))

    def _result(self, path: Path, name: str, address: str, at: Position) -> Node:
        """What a program of the map gives; each address is asked for once."""
        from .code_file import run_code_file  # Few maps have one.

        self._files.setdefault(path, None)
        if (path, address) not in self._results:
            keys = address.split(".") if address else []
            try:
                project = self.directory.resolve()
                ran = run_code_file(path, keys, project, self.options, self.environ, self._answer)
            except ProblemAt as problem:
                raise ProblemAt(at, f"{name} {problem.message}") from None
            self._results[path, address] = node_of(ran.value, Position(name, 1, 1))
            for file in ran.files:
                self._files.setdefault(file, None)
        found = self._results[path, address]
        if found.value is None:
            raise NotFound(
                at, f"{name} gives nothing for '{address}'" if address else f"{name} gives nothing"
            )
        return found

    def _answer(self, question: dict[str, Any]) -> dict[str, Any]:
        """What a program of the map asks about the map."""
        nowhere = Position(str(question.get("variable", "")), 1, 1)
        path = [str(key) for key in question.get("property", ())]
        asked = Node("${%s}" % (question.get("variable") or f"self:{'.'.join(path)}"), nowhere)
        try:
            found = self.resolver.resolve_text(asked)
        except ProblemAt as problem:
            return {"value": None} if path else {"error": problem.message}
        return {"value": plain(self.resolver.resolve(found, ()))}


def _to_give(spelling: str) -> str:
    return f"give its value in the map, as custom.dew.variables: {{'{spelling}': value}}"


def _bare(spelling: str) -> str:
    """A variable's text without what may be around it: `${ssm:/a}` and `ssm:/a` are the same."""
    return re.sub(r"\s|^\$\{|\}$|~(true|false|split)\b", "", spelling.strip())


def _needed(kind: str, address: str | None, at: Position) -> str:
    if not address:
        raise ProblemAt(at, f"${{{kind}:}} needs a name after the colon")
    return address


def instance_id(directory: Path) -> str:
    """`${sls:instanceId}`: the same for a directory each time, where the Framework makes up a new one."""
    import hashlib

    return hashlib.sha256(str(directory.resolve()).encode()).hexdigest()[:16]


__all__ = ["DEFAULT_REGION", "DEFAULT_STAGE", "MapSources", "instance_id"]
