"""`dew diff`: what a deployment would change, and nothing changed by looking."""

import click

from dewstack.cli.approval import Approval
from dewstack.cli.deploy import prepare
from dewstack.cli.mapping import MapOptions, map_options, print_warnings
from dewstack.cli.output import json_option, print_json
from dewstack.cli.progress import changes_json, print_changes, summary
from dewstack.cli.targeting import Aim, TargetOptions, target_options


@click.command("diff")
@target_options
@click.option("--ignore-plugins", is_flag=True, help="Compare although plugins of the map aren't run.")
@click.option("--zips", is_flag=True, help="As with dew deploy --zips.")
@click.option("--exit-code", is_flag=True, help="Exit with 1 when something would change.")
@map_options
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    aim: TargetOptions,
    ignore_plugins: bool,
    zips: bool,
    exit_code: bool,
    stage: str,
    region: str,
    params: tuple[str, ...],
    as_json: bool,
) -> None:
    """Show what 'dew deploy' would change: - removed, ~ changed (and whether replaced), + new.

    CloudFormation tells it, by a change set that is dropped again.

    \b
    Examples:
      dew diff
      dew diff --target aws --stage prod
      dew diff --exit-code --json | jq '.changes[] | select(.loses_data)'
    """
    aimed = Aim.take(MapOptions(stage, region, params), aim)
    print_warnings(aimed.service)
    approval = Approval(aimed, "", yes=False, as_json=as_json)
    deployment, _ = prepare(aimed, approval, zips=zips, ignore_plugins=ignore_plugins, as_json=as_json)
    plan = deployment.diff()
    if as_json:
        print_json({**aimed.described(), "creates": plan.creates, "changes": changes_json(plan.changes)})
    else:
        print_changes(plan.changes)
        click.echo(f"{plan.stack_name} on {aimed.reached.where}: {summary(plan.changes)}")
    ctx.exit(1 if exit_code and plan.changes else 0)
