"""Finds a map, reads it, resolves its variables, checks it, and gives the model or every mistake at once."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from dewstack.errors import UserError

from .build import Builder
from .dotenv import dotenv_files, read_dotenv
from .events import COMPILED_EVENTS, METHODS, ROUTE_FORM
from .model import Service
from .nodes import Node, parse_yaml, plain
from .places import locate, merged
from .problems import KeyPath, MapError, Position, Problem, ProblemAt, Report, Severity, did_you_mean
from .reading import Reading, mapping, sequence, text
from .schema import Violation, event_types, validate
from .sources import DEFAULT_REGION, DEFAULT_STAGE, MapSources
from .variables import Resolver

MAP_NAMES = ("serverless.yml", "serverless.yaml", "serverless.json")
STAGE_FORM = "can't be a stage's name: letters, digits and hyphens only"
UNDERSTOOD_PLUGINS = {
    "serverless-offline",
    "serverless-dotenv-plugin",
    "serverless-esbuild",
    "serverless-python-requirements",
}


def find_map(directory: Path) -> Path:
    """The map in `directory`. Raises UserError, with what to do, when there is none."""
    for name in MAP_NAMES:
        if Path(directory, name).is_file():
            return Path(directory, name)
    for name in ("serverless.ts", "serverless.js", "serverless.cjs", "serverless.mjs"):
        if Path(directory, name).is_file():
            raise UserError(
                f"{Path(directory, name)} is a program; dewstack reads {', '.join(MAP_NAMES)}",
                hint="write out what it makes: serverless print > serverless.yml",
            )
    above = next((each for each in directory.resolve().parents if Path(each, MAP_NAMES[0]).is_file()), None)
    raise UserError(
        f"no serverless.yml in {directory.resolve()}",
        hint=f"there is one in {above}: run it there" if above else "go to a directory that has one",
    )


def load(
    directory: Path,
    *,
    options: Mapping[str, str],
    environ: Mapping[str, str],
    params: Mapping[str, str] | None = None,
    strict: bool = False,
) -> Service:
    """Read the map in `directory`.

    `options` are the command's (`stage`, `region`, what `${opt:…}` sees), `params` those given as `--param`.
    Unknown keys are warnings unless the map's `configValidationMode` or `strict` says otherwise. Raises
    MapError with all mistakes, UserError when there is no map.
    """
    path = find_map(directory)
    try:
        root = parse_yaml(_read(path), path.name)
    except ProblemAt as problem:
        raise MapError([Problem(*problem.position, "", problem.message)]) from None
    if not isinstance(root.value, dict):
        message = "the map is empty" if root.value is None else "the map has to be a mapping of keys"
        raise MapError([Problem(*root.at, "", message)], hint="it needs at least 'service' and 'provider'")
    return _Load(path, root, options, environ, params or {}, strict).service()


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UserError(f"{path} can't be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise UserError(
            f"{path} isn't UTF-8 text: byte {error.start} is {error.object[error.start]:#x}"
        ) from None


class _Load:
    """One load: the steps in order, and the report they share."""

    def __init__(
        self,
        path: Path,
        root: Node,
        options: Mapping[str, str],
        environ: Mapping[str, str],
        params: Mapping[str, str],
        strict: bool,
    ) -> None:
        self.path = path
        self.directory = path.parent
        self.root = root
        self.options = options
        self.strict = strict
        self.report = Report()
        self.sources = MapSources(root, self.directory, options, environ, params)
        self.resolver = self.sources.resolver = Resolver(root, self.sources, self.report)
        self.dotenv: tuple[Path, ...] = ()
        self._add_dotenv(environ)

    def _add_dotenv(self, environ: Mapping[str, str]) -> None:
        flag = self.root.mapping().get("useDotenv")
        if flag is not None and flag.value is True:
            self.dotenv = dotenv_files(self.directory, self.stage())
            self.sources.environ = {**read_dotenv(self.dotenv), **environ}

    def stage(self) -> str:
        try:
            return self.sources.stage()
        except ProblemAt:
            return self.options.get("stage") or DEFAULT_STAGE

    def region(self) -> str:
        try:
            return self.sources.region()
        except ProblemAt:
            return self.options.get("region") or DEFAULT_REGION

    def service(self) -> Service:
        resolved = self._normalised(self.resolver.resolve(self.root, ()))
        settings = self._checked(resolved)
        reading = Reading(resolved, settings, self.directory, self.report)
        builder = Builder(reading)
        provider = builder.provider()
        name, stage = str(settings.get("service") or ""), self._checked_stage()
        functions = builder.functions(provider, name, stage)
        self._remark_plugins(reading)
        if self.report.has_errors:
            raise MapError(self.report.problems)
        return Service(
            name=name,
            directory=self.directory.resolve(),
            file=self.path.name,
            files=(self.path.resolve(), *self.dotenv, *self.sources.files()),
            stage=stage,
            region=self.region(),
            provider=provider,
            functions=functions,
            layers={key: mapping(layer) for key, layer in mapping(settings.get("layers")).items()},
            resources=mapping(settings.get("resources")),
            package=mapping(settings.get("package")),
            plugins=_plugins(settings),
            custom=mapping(settings.get("custom")),
            warnings=self.report.problems,
        )

    def _normalised(self, root: Node) -> Node:
        """The spellings that the Framework unites before it looks closer."""
        members = dict(root.mapping())
        provider = members.get("provider")
        if provider is not None and isinstance(provider.value, str):
            members["provider"] = Node({"name": provider}, provider.at, {"name": provider.at})
        for key in ("functions", "resources"):
            section = members.get(key)
            if section is not None and isinstance(section.value, list):
                members[key] = merged([each for each in section.value if each.value is not None], section.at)
        return Node(members, root.at, root.keys)

    def _checked(self, resolved: Node) -> Mapping[str, Any]:
        settings, violations = validate(plain(resolved))
        mode = settings.get("configValidationMode")
        for violation in violations:
            severity = _severity(violation, mode, self.strict)
            if severity is None:
                continue
            at = locate(resolved, violation.path, about_key=violation.about_key)
            self.report.add(at, violation.path, _wording(violation), severity)
        return mapping(settings)

    def _checked_stage(self) -> str:
        stage = self.stage()
        if not re.fullmatch("[a-zA-Z0-9-]+", stage):
            if self.options.get("stage"):
                raise UserError(f"--stage: '{stage}' {STAGE_FORM}")
            at = locate(self.root, ("provider", "stage"))
            self.report.add(at, ("provider", "stage"), f"'{stage}' {STAGE_FORM}")
        return stage

    def _remark_plugins(self, reading: Reading) -> None:
        for plugin in _plugins(reading.settings):
            if plugin not in UNDERSTOOD_PLUGINS:
                message = f"the plugin '{plugin}' isn't run here; what it adds or changes is missing"
                reading.problem(("plugins",), message, "warning")


def _is_compiled(path: KeyPath) -> bool:
    """Whether the template is made of what is at `path`."""
    if path[:1] == ("functions",) and len(path) > 4 and path[2] == "events":
        return path[4] in COMPILED_EVENTS
    return path[:1] in (("provider",), ("functions",), ("layers",), ("resources",))


def _severity(violation: Violation, mode: object, strict: bool) -> Severity | None:
    """What a violation amounts to, by the map's own `configValidationMode` if it has one.

    The mode lets names and words pass that the schema doesn't know. What is of the wrong shape where a template is
    made of it can't be let pass.
    """
    if violation.kind in ("type", "required", "range") and _is_compiled(violation.path):
        return "error"
    by_mode: dict[object, Severity | None] = {"warn": "warning", "off": None, "error": "error"}
    if strict:
        return "error"
    if mode in by_mode:
        return by_mode[mode]
    in_a_family = re.match("'(python|nodejs|java|dotnet|ruby|go|provided)", violation.shown)
    outdated_runtime = violation.path[-1:] == ("runtime",) and in_a_family
    return "warning" if violation.kind == "key" or outdated_runtime else "error"


_FORMS = {
    "httpApi": f"isn't a route: {ROUTE_FORM}",
    "method": f"isn't a method: {', '.join(METHODS)} or '*'",
    "path": "isn't a path: '/…', or '*' for all",
    "service": "can't be a service's name: letters, digits and hyphens, at least two, a letter first",
    "stage": STAGE_FORM,
}
"""What a form is for people, where the schema can only say that a pattern doesn't match."""


def _wording(violation: Violation) -> str:
    """The schema's message, or a plainer one."""
    path = violation.path
    if violation.kind == "pattern" and path[-1:] and violation.shown and path[-1] in _FORMS:
        return f"{violation.shown} {_FORMS[str(path[-1])]}"
    if violation.about_key and len(path) == 5 and path[0] == "functions" and path[2] == "events":
        return f"unknown event type{did_you_mean(str(path[-1]), event_types())}"
    return violation.message


def _plugins(settings: Mapping[str, Any]) -> tuple[str, ...]:
    section = settings.get("plugins")
    names: Iterable[Any] = sequence(section) or sequence(mapping(section).get("modules"))
    return tuple(name for name in names if text(name))


__all__ = ["MapError", "Position", "find_map", "load"]
