"""What every command that reads the map shares: its options, and how its warnings are told."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from dewstack.cli.output import notice
from dewstack.config import DEFAULT_ACCOUNT_ID
from dewstack.errors import UserError

if TYPE_CHECKING:
    from dewstack.deploy.target import Call
    from dewstack.project import Project
    from dewstack.service import Ask, Offline, Service
    from dewstack.service.problems import Severity

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class MapOptions:
    """What `--stage`, `--region` and `--param` say: all that the map cannot know of itself."""

    stage: str = ""
    region: str = ""
    params: tuple[str, ...] = ()
    strict: bool = False
    """Refuse a map that asks for what isn't emulated, where dew otherwise goes on with a warning."""

    def load(
        self,
        directory: Path,
        environ: Mapping[str, str] = os.environ,
        ask: "Ask | None" = None,
        *,
        asked: str = "the emulator",
        stand_ins: bool = True,
        unknown_keys: "Severity" = "warning",
    ) -> "Service":
        """Read the map in `directory`, `environ` being what `${env:…}` gives, `ask` who is asked for what only AWS
        knows (named `asked`; `stand_ins`: whether the map's own values stand in), `unknown_keys` what a key amounts
        to that the Framework doesn't know. Raises MapError with all its mistakes, or UserError."""
        from dewstack.service import load

        return load(
            directory,
            options=self._options(),
            environ=environ,
            params=self.named_params(),
            strict=self.strict,
            ask=ask,
            asked=asked,
            stand_ins=stand_ins,
            unknown_keys=unknown_keys,
        )

    def offline(self, directory: Path, environ: Mapping[str, str] = os.environ) -> "Offline":
        """Where serverless-offline would serve the map, as far as that can be told without the rest of it."""
        from dewstack.service import offline_of

        return offline_of(directory, options=self._options(), environ=environ, params=self.named_params())

    def _options(self) -> dict[str, str]:
        options = {"stage": self.stage, "region": self.region}
        return {name: value for name, value in options.items() if value}

    def arguments(self) -> list[str]:
        """The same options as a command line has them."""
        given = [f"--stage={self.stage}"] if self.stage else []
        given += [f"--region={self.region}"] if self.region else []
        given += ["--strict"] if self.strict else []
        return given + [f"--param={param}" for param in self.params]

    def named_params(self) -> dict[str, str]:
        """What `${param:…}` gives, by name. Raises UserError for one without a value."""
        for param in self.params:
            if "=" not in param:
                raise UserError(f"--param {param!r} is not of the form name=value.")
        return dict(param.split("=", 1) for param in self.params)


def ask_running(project: "Project") -> "Ask":
    """Who is asked for what only AWS knows: the emulator that runs for the project. Where none does, the account is
    known all the same."""
    run = project.running()
    calls: dict[str, Call] = {}

    def ask(service: str, operation: str, params: dict[str, Any], region: str) -> dict[str, Any]:
        if run is None and operation == "GetCallerIdentity":
            return {"Account": DEFAULT_ACCOUNT_ID}
        if run is None:
            raise UserError("no emulator runs for this project")
        if region not in calls:
            from dewstack.deploy.remote import boto3_call  # Few maps ask, and boto3 takes its time.

            calls[region] = boto3_call(
                endpoint=run.aws_url, region=region, access_key="test", secret_key="test"
            )
        return calls[region](service, operation, params)

    return ask


def map_options(command: F) -> F:
    """Add `--stage`, `--region` and `--param`."""
    for option in (
        click.option(
            "--param", "params", multiple=True, metavar="NAME=VALUE", help="What ${param:NAME} gives."
        ),
        click.option("--region", default="", help="The region: what ${opt:region} gives."),
        click.option("-s", "--stage", default="", help="The stage: what ${opt:stage} gives. Default: dev"),
    ):
        command = option(command)
    return command


def print_warnings(service: "Service") -> None:
    """Tell what the map has that dew does not know, on stderr."""
    for problem in service.warnings:
        notice(f"{click.style('Warning:', fg='yellow', bold=True)} {problem}")
