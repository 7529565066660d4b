"""Finds a map, reads it, resolves its variables, checks it, and gives the model or every mistake at once."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dewstack.errors import UserError

from .build import Builder
from .dotenv import DOTENV_PLUGIN, add_to_environment, dotenv_files, read_dotenv
from .legacy import has_double_braces, modernise, unite_lists
from .model import Service
from .nodes import NOTHING, Node, node_of, parse_yaml, plain
from .offline import PLUGIN, Offline, build_offline, read_offline
from .places import locate
from .plugins import bundler, is_added_by, loss, plugin_names, requirements_files
from .problems import MapError, Position, Problem, ProblemAt, Report, Severity
from .reading import Reading, mapping, sequence
from .remote import Ask, Elsewhere
from .schema import Violation, validate
from .sources import DEFAULT_REGION, DEFAULT_STAGE, MapSources, instance_id
from .users import build_users
from .variables import Resolver
from .verdicts import STAGE_FORM, severity_of, wording_of

PROGRAM_NAMES = ("serverless.ts", "serverless.js", "serverless.cjs", "serverless.mjs")
MAP_NAMES = ("serverless.yml", "serverless.yaml", "serverless.json", *PROGRAM_NAMES)


def find_map(directory: Path) -> Path:
    """The map in `directory`. Raises UserError, with what to do, when there is none."""
    for name in MAP_NAMES:
        if Path(directory, name).is_file():
            return Path(directory, name)
    above = next((each for each in directory.resolve().parents if Path(each, MAP_NAMES[0]).is_file()), None)
    raise UserError(
        f"no serverless.yml in {directory.resolve()}",
        hint=f"there is one in {above}: run it there"
        if above
        else "go to a directory that has one, or begin a service: dew init NAME",
    )


def load(
    directory: Path,
    *,
    options: Mapping[str, str],
    environ: Mapping[str, str],
    params: Mapping[str, str] | None = None,
    strict: bool = False,
    ask: Ask | None = None,
    asked: str = "the emulator",
    stand_ins: bool = True,
    unknown_keys: Severity = "warning",
) -> Service:
    """Read the map in `directory`.

    `options` are the command's (`stage`, `region`, what `${opt:…}` sees), `params` those given as `--param`.
    `ask` calls AWS operations of `asked` for variables that need them; without it nobody is asked. `stand_ins` says
    whether `custom.dew.variables` stands in for what isn't there. Unknown keys are
    `unknown_keys` unless the map's `configValidationMode` or `strict` says otherwise; with `strict` all that wouldn't
    be emulated is a mistake too. Raises MapError with all mistakes, UserError when there is no map.
    """
    path = find_map(directory)
    try:
        root, files = _root_of(path, options, environ)
    except ProblemAt as problem:
        raise MapError([Problem(*problem.position, "", problem.message)]) from None
    if not isinstance(root.value, dict):
        message = "the map is empty" if root.value is None else "the map has to be a mapping of keys"
        raise MapError([Problem(*root.at, "", message)], hint="it needs at least 'service' and 'provider'")
    elsewhere = Elsewhere(ask, asked, stand_ins)
    return _Load(path, files, root, options, environ, params or {}, strict, elsewhere, unknown_keys).service()


def _root_of(
    path: Path, options: Mapping[str, str], environ: Mapping[str, str]
) -> tuple[Node, tuple[Path, ...]]:
    """The map as it is written, or as its program makes it; and the program's further files."""
    if path.name not in PROGRAM_NAMES:
        return parse_yaml(_read(path), path.name), ()
    from .code_file import run_code_file

    def answer(question: dict[str, Any]) -> dict[str, Any]:
        return {"error": "a map that is being made can't be asked; write '${self:…}' into it"}

    at = Position(path.name, 1, 1)
    try:
        ran = run_code_file(path.resolve(), [], path.parent.resolve(), options, environ, answer)
    except ProblemAt as problem:
        raise ProblemAt(at, f"the map {problem.message}") from None
    return node_of(ran.value, at), ran.files


def offline_of(
    directory: Path,
    *,
    options: Mapping[str, str],
    environ: Mapping[str, str],
    params: Mapping[str, str] | None = None,
) -> Offline:
    """serverless-offline's settings in the map, read before all else: they say at which port the service is.

    A mistake in the map is no matter here; `load` tells it. Raises UserError when there is no map.
    """
    path = find_map(directory)
    text = _read(path)
    if PLUGIN not in text:
        return Offline()
    try:
        root = _root_of(path, options, environ)[0]
        sources = MapSources(root, directory, options, environ, params or {})
        resolver = sources.resolver = Resolver(root, sources, Report())
        section = resolver.follow(root, ["custom", PLUGIN])
        return read_offline(plain(resolver.resolve(section, ()))) if section else Offline()
    except ProblemAt:
        return Offline()


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
        files: tuple[Path, ...],
        root: Node,
        options: Mapping[str, str],
        environ: Mapping[str, str],
        params: Mapping[str, str],
        strict: bool,
        elsewhere: Elsewhere,
        unknown_keys: Severity,
    ) -> None:
        self.path = path
        self.own_files = files
        self.directory = path.parent
        self.root = root
        self.options = options
        self.strict = strict
        self.unknown_keys = unknown_keys
        self.report = Report()
        self.sources = MapSources(root, self.directory, options, environ, params, elsewhere)
        self.resolver = self.sources.resolver = Resolver(root, self.sources, self.report)
        self.resolver.double_braces = has_double_braces(root)
        self.dotenv: tuple[Path, ...] = ()
        self._add_dotenv(environ)

    def _add_dotenv(self, environ: Mapping[str, str]) -> None:
        members = self.root.mapping()
        flag, version = members.get("useDotenv"), members.get("frameworkVersion")
        by_version = version is not None and re.match(r"\D*4", str(version.value)) is not None
        if by_version or (flag is not None and flag.value is True) or self._has_dotenv_plugin():
            self.dotenv = dotenv_files(self.directory, self.stage())
            self.sources.environ = {**read_dotenv(self.dotenv), **environ}

    def _has_dotenv_plugin(self) -> bool:
        section = self.root.mapping().get("plugins")
        return section is not None and DOTENV_PLUGIN in plugin_names({"plugins": plain(section)})

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
        resolved = unite_lists(self.resolver.resolve(self.root, ()))
        self._refuse_others(resolved)
        build = plain(resolved.mapping().get("build", NOTHING))
        bundled_by = bundler(plugin_names(plain(resolved)), build)
        modernise(resolved, self.report)
        self._add_environment(resolved)
        settings = self._checked(resolved)
        reading = Reading(resolved, settings, self.directory, self.report, strict=self.strict)
        builder = Builder(reading)
        provider = builder.provider()
        name, stage = str(settings.get("service") or ""), self._checked_stage()
        functions = builder.functions(provider, name, stage)
        custom, plugins = mapping(settings.get("custom")), plugin_names(settings)
        offline = build_offline(reading, custom)
        users, user_files = build_users(reading, custom)
        for index, plugin in enumerate(sequence(settings.get("plugins")) or plugins):
            if message := loss(str(plugin)):
                reading.loss(("plugins", index), message)
        if self.report.has_errors:
            raise MapError(self._mistakes())
        return Service(
            name=name,
            directory=self.directory.resolve(),
            file=self.path.name,
            files=(
                self.path.resolve(),
                *self.own_files,
                *self.dotenv,
                *self.sources.files(),
                *requirements_files(self.directory, settings, functions.values()),
                *user_files,
            ),
            stage=stage,
            region=self.region(),
            provider=provider,
            functions=functions,
            layers={key: mapping(layer) for key, layer in mapping(settings.get("layers")).items()},
            resources=mapping(settings.get("resources")),
            package=mapping(settings.get("package")),
            plugins=plugins,
            custom=custom,
            warnings=self.report.problems,
            offline=offline,
            users=users,
            bundler=bundled_by,
            instance_id=instance_id(self.directory),
            build=mapping(build),
        )

    def _mistakes(self) -> list[Problem]:
        """What stops this load, and unknown keys, which may be why something is missing."""
        return [each for each in self.report.problems if each.severity == "error" or each.is_unknown]

    def _refuse_others(self, resolved: Node) -> None:
        """A map for another cloud, or of another tool, has one mistake, not fifty."""
        members = resolved.mapping()
        if "provider" not in members and any(
            "component" in each.mapping() for each in (resolved, *members.values())
        ):
            message = "this is a template of Serverless Components, which have no functions to run"
            raise MapError([Problem(*resolved.at, "", message)])
        named = resolved.mapping().get("provider", NOTHING).mapping().get("name", NOTHING)
        if isinstance(named.value, str) and named.value != "aws":
            message = f"'{named.value}' is another cloud than AWS; dewstack runs services for 'aws'"
            raise MapError([Problem(*named.at, "provider.name", message)])

    def _add_environment(self, resolved: Node) -> None:
        """The dotenv plugin gives what it reads to every function."""
        if self.dotenv and self._has_dotenv_plugin():
            add_to_environment(resolved, read_dotenv(self.dotenv))

    def _checked(self, resolved: Node) -> Mapping[str, Any]:
        settings, violations = validate(plain(resolved))
        mode, plugins = settings.get("configValidationMode"), plugin_names(mapping(settings))
        for violation in violations:
            if violation.kind == "key" and is_added_by(plugins, violation.path):
                continue
            severity = severity_of(violation, mode, self.strict, self.unknown_keys)
            if severity is None or self._is_consequence(violation):
                continue
            at = locate(resolved, violation.path, about_key=violation.about_key)
            self.report.add(at, violation.path, wording_of(violation), severity)
        return mapping(settings)

    def _is_consequence(self, violation: Violation) -> bool:
        """Whether what is missing is there, as a variable without a value."""
        keys = re.findall("'([^']+)'", violation.message) if violation.kind == "required" else []
        return bool(keys) and all(self.report.has_error_at((*violation.path, key)) for key in keys)

    def _checked_stage(self) -> str:
        stage = self.stage()
        if not re.fullmatch("[a-zA-Z0-9-]+", stage):
            if self.options.get("stage"):
                raise UserError(f"--stage: '{stage}' {STAGE_FORM}")
            at = locate(self.root, ("provider", "stage"))
            self.report.add(at, ("provider", "stage"), f"'{stage}' {STAGE_FORM}")
        return stage


__all__ = ["MapError", "Position", "find_map", "load"]
