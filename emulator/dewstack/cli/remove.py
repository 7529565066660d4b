"""`dew remove`: the stack of this map, removed with all that it holds."""

import click

from dewstack.cli.approval import confirm
from dewstack.cli.mapping import MapOptions, map_options
from dewstack.cli.output import json_option, notice, print_json
from dewstack.cli.progress import EventLines
from dewstack.cli.targeting import Aim, TargetOptions, target_options


@click.command("remove")
@target_options
@click.option("-y", "--yes", is_flag=True, help="Ask nothing: for CI.")
@map_options
@json_option
def command(
    aim: TargetOptions,
    yes: bool,
    stage: str,
    region: str,
    params: tuple[str, ...],
    as_json: bool,
) -> None:
    """Remove the stack of this map from a target: functions, APIs, user pools with their users, uploaded code.

    What the map keeps with DeletionPolicy: Retain stays.

    \b
    Examples:
      dew remove --stage test
      dew remove --target aws --stage pr-42 --yes
    """
    aimed = Aim.take(MapOptions(stage, region, params), aim)
    account, name, where = aimed.account(), aimed.service.stack_name, aimed.reached.where
    if not yes:
        confirm(
            f"Remove {name} with all that is in it from {where}, account {account},"
            f" region {aimed.service.region}?",
            as_json=as_json,
        )
    from dewstack.deploy.release import remove

    lines = EventLines(name)
    watcher = (lambda event: None) if as_json else lines
    removed = remove(aimed.call, aimed.service, aimed.reached.target, watcher)
    if as_json:
        print_json({**aimed.described(), "account": account, "removed": removed})
    else:
        notice(f"{name} is removed." if removed else f"There is no {name} on {where}.")
