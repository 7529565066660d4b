"""`dew parity`: the same requests to the map on several targets, and how their answers differ."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dewstack.cli.approval import confirm
from dewstack.cli.mapping import MapOptions, map_options
from dewstack.cli.output import json_option, notice, print_json
from dewstack.cli.progress import urls_here
from dewstack.cli.targeting import Aim, TargetOptions
from dewstack.errors import AwsError, UserError

if TYPE_CHECKING:
    from dewstack.parity import Difference, Place, Probe

API_NAMES = {"http": "HTTP API", "rest": "REST API"}
SHOWN_LETTERS = 300
FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("parity")
@click.option(
    "--targets",
    required=True,
    metavar="NAME[=URL],…",
    help="Who is compared, the first with each other one: embedded, localstack, aws, each at another URL if need be.",
)
@click.option(
    "--requests", "requests", type=FILE, help="More requests: JSON lines with path, method, headers, body."
)
@click.option("--no-defaults", is_flag=True, help="Send the requests of --requests alone.")
@click.option("--known", "known_file", type=FILE, help="Differences with reasons of your own: JSON lines.")
@click.option("--profile", default="", metavar="NAME", help="The AWS profile. Default: boto3's own choice.")
@click.option("-y", "--yes", is_flag=True, help="Ask nothing: for CI.")
@map_options
@json_option
def command(
    targets: str,
    requests: Path | None,
    no_defaults: bool,
    known_file: Path | None,
    profile: str,
    yes: bool,
    stage: str,
    region: str,
    params: tuple[str, ...],
    as_json: bool,
) -> None:
    """Send the same requests to the map on several targets and show how the answers differ, field by field.

    The map has to be deployed there. Each of its routes is called, with and without a token of somebody who signs
    up for it, and in the ways that a gateway answers itself. Ends with 1 for a difference without a known reason.

    \b
    Examples:
      dew parity --targets embedded,localstack
      dew parity --targets embedded,aws --stage test --requests requests.jsonl
      dew parity --targets embedded,localstack=http://127.0.0.1:4599 --json
    """
    from dewstack.parity import KNOWN, default_set, explain, read_known, read_probes, survey

    own = read_known(known_file) if known_file else ()
    more = read_probes(requests) if requests else ()
    if no_defaults and not more:
        raise UserError("--no-defaults leaves no request", hint="name some with --requests FILE")
    aims = _aims(targets, profile, MapOptions(stage, region, params))
    probes = (*(() if no_defaults else default_set(next(iter(aims.values())).service)), *more)
    _check_names(probes)
    with _said():
        places = _places(aims)
        usable = [probe for probe in probes if all(probe.api in place.apis for place in places)]
        _approve(aims, len(usable), yes=yes, as_json=as_json)
        if not as_json:
            notice(f"{len(usable)} requests to {', '.join(aims)}")
        found = explain(survey(places, usable), (*own, *KNOWN))
    shown = Shown(
        tuple(aims), len(usable), tuple(dict.fromkeys(p.api for p in probes if p not in usable)), found
    )
    if as_json:
        print_json(shown.document())
    else:
        shown.print()
    if shown.unexplained:
        click.get_current_context().exit(1)


@contextmanager
def _said() -> Iterator[None]:
    """What a target answers that nobody reckoned with, as an error of the user's."""
    from dewstack.deploy.failures import as_user_error

    try:
        yield
    except AwsError as error:
        raise as_user_error(error) from error


def _aims(targets: str, profile: str, options: MapOptions) -> dict[str, Aim]:
    """The targets by their names, a second one of a kind with its URL. Raises UserError."""
    named = [each.strip() for each in targets.split(",") if each.strip()]
    if len(named) < 2:
        raise UserError(
            "--targets names fewer than two targets", hint="such as --targets embedded,localstack"
        )
    if len(set(named)) < len(named):
        raise UserError(
            "--targets names a target twice", hint="a second one has another URL: embedded=http://…"
        )
    aims = {}
    for each in named:
        kind, _, url = each.partition("=")
        if url and not url.startswith(("http://", "https://")):
            raise UserError(
                f"--targets {each!r}: {url!r} is not an address", hint="such as http://127.0.0.1:4567"
            )
        aims[each] = Aim.take(options, TargetOptions(kind, url.rstrip("/"), profile))
    return aims


def _places(aims: dict[str, Aim]) -> "list[Place]":
    """Where the map is on each target. Raises UserError that names all targets where it isn't, AwsError."""
    from dewstack.parity import origin_of, read_place

    places, without = [], []
    for name, aim in aims.items():
        endpoint = aim.described()["endpoint"]
        place = read_place(
            name,
            aim.call,
            aim.service.stack_name,
            account=aim.account(),
            endpoint=endpoint,
            reached=partial(urls_here, endpoint=endpoint),
            origin=origin_of(aim.service),
        )
        if place is None:
            without.append(name)
        else:
            places.append(place)
    if without:
        stack = next(iter(aims.values())).service.stack_name
        raise UserError(
            f"{stack} is not deployed on {' and '.join(without)}.",
            hint="; ".join(_deploy_command(aims[name], name) for name in without),
        )
    return places


def _deploy_command(aim: Aim, name: str) -> str:
    kind, _, url = name.partition("=")
    stage = f" --stage {aim.service.stage}" if aim.service.stage != "dev" else ""
    return f"dew deploy --target {kind}{f' --endpoint {url}' if url else ''}{stage}"


def _check_names(probes: "Sequence[Probe]") -> None:
    twice = [name for name, count in Counter(probe.name for probe in probes).items() if count > 1]
    if twice:
        raise UserError(f"two requests are called {twice[0]!r}", hint="give one of them another 'name'")


def _approve(aims: dict[str, Aim], count: int, *, yes: bool, as_json: bool) -> None:
    asking = [aim for aim in aims.values() if aim.reached.target.asks]
    if asking and not yes:
        where = ", ".join(f"account {aim.account()}, region {aim.service.region}" for aim in asking)
        confirm(
            f"Send {count} requests to {asking[0].service.stack_name} on {asking[0].reached.where} ({where}), and sign"
            " a user up there who is removed again?",
            as_json=as_json,
        )


@dataclass(frozen=True, slots=True)
class Shown:
    """The report, for people and for scripts. `skipped` are APIs that a target doesn't have."""

    targets: tuple[str, ...]
    requests: int
    skipped: tuple[str, ...]
    differences: "list[Difference]"

    @property
    def unexplained(self) -> "list[Difference]":
        """Those without a known reason."""
        return [each for each in self.differences if not each.reason]

    def document(self) -> dict[str, Any]:
        """All of it, as JSON."""
        return {
            "targets": list(self.targets),
            "requests": self.requests,
            "skipped": list(self.skipped),
            "unexplained": len(self.unexplained),
            "differences": [
                {
                    "request": each.request,
                    "field": each.field,
                    "values": {each.first: each.values[0], each.other: each.values[1]},
                    "reason": each.reason or None,
                }
                for each in self.differences
            ],
        }

    def print(self) -> None:
        """The unexplained ones field by field; of the others how many have which reason."""
        for request, group in groupby(self.unexplained, key=lambda each: each.request):
            click.secho(request, bold=True)
            for each in group:
                click.echo(f"  {each.field}")
                for target, value in zip((each.first, each.other), each.values, strict=True):
                    click.echo(f"    {click.style(target, dim=True)}  {_short(value)}")
        for reason, count in Counter(each.reason for each in self.differences if each.reason).items():
            click.echo(f"{count} × {reason}")
        for api in self.skipped:
            click.echo(f"The {API_NAMES[api]} is not on all of them: its requests were not sent.")
        left = len(self.unexplained)
        said = click.style(f"{left} without a known reason", fg="red" if left else "green")
        click.echo(
            f"{' ↔ '.join(self.targets)}: {self.requests} requests, {len(self.differences)} differences, {said}"
        )


def _short(value: Any) -> str:
    text = value if value == "(absent)" else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= SHOWN_LETTERS else f"{text[:SHOWN_LETTERS]}…"
