"""Which AWS a command speaks to: the project's emulator, LocalStack, or AWS itself."""

import os
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, wraps
from typing import TYPE_CHECKING, Any, TypeVar

import click

from dewstack.cli.control import CallRefused, ControlApi
from dewstack.cli.mapping import MapOptions
from dewstack.deploy.remote import boto3_call, remote_error
from dewstack.deploy.target import TARGETS, Call, Target, find_target
from dewstack.errors import UserError
from dewstack.project import Project, RunFile, find_project, running_or_refuse

if TYPE_CHECKING:
    from dewstack.service import Ask, Service

F = TypeVar("F", bound=Callable[..., Any])
TARGET_VARIABLE = "DEW_TARGET"


@dataclass(frozen=True, slots=True)
class TargetOptions:
    """What `--target`, `--endpoint` and `--profile` say."""

    name: str
    endpoint: str
    profile: str


class Reached:
    """A target that is spoken to for one project, by `call(region)`. Raises UserError when nobody is there."""

    def __init__(self, options: TargetOptions, project: Project) -> None:
        self.target: Target = find_target(options.name)
        self.project = project
        self._profile = options.profile
        self.endpoint = options.endpoint or _told_endpoint(self.target)
        self.run: RunFile | None = None
        if self.target.name == "embedded" and not self.endpoint:
            self.run = running_or_refuse(project)
        self._calls: dict[tuple[str, str], Call] = {}

    @property
    def where(self) -> str:
        """The target as a person would name it."""
        address = self.run.aws_url if self.run else self.endpoint
        return f"{self.target.name} ({address})" if address else "AWS"

    def load(self, options: MapOptions) -> "Service":
        """Read the map for this target, which is asked for what only AWS knows. Raises MapError, UserError."""
        environ: Mapping[str, str] = os.environ
        if self.run is not None:
            environ = {"FRONTEND_ORIGIN": self.run.frontend_url, **os.environ}  # as `dew up` has it
        stand_ins, directory = self.target.name != "aws", self.project.directory
        return options.load(
            directory, environ, self._ask, asked=self.where, stand_ins=stand_ins, unknown_keys="error"
        )

    @cached_property
    def _ask(self) -> "Ask":
        def ask(service: str, operation: str, params: dict[str, Any], region: str) -> dict[str, Any]:
            return self.call(region or os.environ.get("AWS_REGION", "us-east-1"))(service, operation, params)

        return ask

    def call(self, region: str, profile: str = "") -> Call:
        """How an operation is called in a region; `profile` where no option names one."""
        wanted = (region, self._profile or profile)
        if wanted not in self._calls:
            self._calls[wanted] = self._connect(*wanted)
        return self._calls[wanted]

    def _connect(self, region: str, profile: str) -> Call:
        if self.run is not None:
            return control_call(ControlApi(self.run), region)
        if self.target.credentials == "test":
            return boto3_call(
                endpoint=self.endpoint or None,
                region=region,
                access_key="test",
                secret_key="test",
                start=self.target.start,
            )
        return boto3_call(endpoint=self.endpoint or None, region=region, profile=profile or None)

    def services(self) -> Mapping[str, str]:
        """The services that the target says it has, by name; nothing where it has them all, or doesn't tell."""
        if not self.target.health or not self.endpoint:
            return {}
        import json
        from contextlib import suppress
        from urllib.request import urlopen

        with suppress(OSError, ValueError), urlopen(self.endpoint + self.target.health, timeout=5) as answer:
            services = json.loads(answer.read()).get("services")
            return services if isinstance(services, dict) else {}
        return {}


def _told_endpoint(target: Target) -> str:
    named = (os.environ.get(name, "") for name in target.endpoint_variables)
    return next(filter(None, named), target.endpoint or "")


def control_call(api: ControlApi, region: str) -> Call:
    """A `call` to an emulator of this machine through its control API: without boto3, which takes its time."""

    def call(service: str, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = api.post(f"call/{service}/{operation}", params, region=region)
        except CallRefused as error:
            raise remote_error(error.code, error.said, operation=f"{service}:{operation}") from error
        if (service, operation) == ("s3", "GetObject"):  # JSON carries bytes as base64
            answer["Body"] = b64decode(answer.get("Body") or "")
        return answer

    return call


def target_options(command: F) -> F:
    """Add `--target`, `--endpoint` and `--profile`, which arrive as one `aim`."""

    @wraps(command)
    def with_aim(*, target: str, endpoint: str, profile: str, **rest: Any) -> Any:
        if endpoint and not endpoint.startswith(("http://", "https://")):
            raise UserError(
                f"--endpoint {endpoint!r} is not an address", hint="such as http://127.0.0.1:4567"
            )
        return command(aim=TargetOptions(target, endpoint.rstrip("/"), profile), **rest)

    wrapped: Any = with_aim
    for option in (
        click.option(
            "--profile", default="", metavar="NAME", help="The AWS profile. Default: boto3's own choice."
        ),
        click.option("--endpoint", default="", metavar="URL", help="Where the target is, if not where it usually is."),
        click.option(
            "-t",
            "--target",
            type=click.Choice([target.name for target in TARGETS]),
            default="embedded",
            show_default=True,
            envvar=TARGET_VARIABLE,
            help=f"Which AWS: the emulator that runs here, LocalStack, or AWS. Or the variable {TARGET_VARIABLE}.",
        ),
    ):  # fmt: skip
        wrapped = option(wrapped)
    result: F = wrapped
    return result


@dataclass(frozen=True, slots=True)
class Aim:
    """A map, read for a target, and how that is called where the map says."""

    reached: Reached
    service: "Service"
    call: Call

    @classmethod
    def take(cls, options: MapOptions, aim: TargetOptions) -> "Aim":
        """Find the project, reach the target, read the map. Raises UserError."""
        reached = Reached(aim, find_project())
        service = reached.load(options)
        profile = str(service.provider.settings.get("profile") or "")
        return cls(reached, service, reached.call(service.region, profile))

    def account(self) -> str:
        """The account that the credentials belong to. Raises UserError when they aren't taken."""
        from dewstack.deploy.failures import as_user_error
        from dewstack.errors import AwsError

        try:
            return str(self.call("sts", "GetCallerIdentity", {})["Account"])
        except AwsError as error:
            raise as_user_error(error) from error

    def described(self) -> dict[str, str]:
        """The stack and where it is, for JSON."""
        service, reached = self.service, self.reached
        return {
            "stack": service.stack_name,
            "target": reached.target.name,
            "endpoint": reached.run.aws_url if reached.run else reached.endpoint,
            "region": service.region,
        }
