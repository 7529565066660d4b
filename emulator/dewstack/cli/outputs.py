"""`dew outputs`: what a deployed stack says of itself: URLs, ids, ARNs."""

import click

from dewstack.cli.mapping import MapOptions, map_options
from dewstack.cli.output import json_option, print_json
from dewstack.cli.progress import print_outputs, urls_here
from dewstack.cli.targeting import Aim, TargetOptions, target_options
from dewstack.errors import AwsError, UserError


@click.command("outputs")
@click.argument("name", required=False, default="")
@target_options
@map_options
@json_option
def command(
    name: str, aim: TargetOptions, stage: str, region: str, params: tuple[str, ...], as_json: bool
) -> None:
    """Show the outputs of the map's stack, or the value of the output NAME alone.

    \b
    Examples:
      dew outputs
      curl "$(dew outputs HttpApiUrl --target aws --stage prod)/hello"
      dew outputs --json | jq -r .UserPoolId
    """
    aimed = Aim.take(MapOptions(stage, region, params), aim)
    found = read_outputs(aimed)
    if name and name not in found:
        from dewstack.service.problems import did_you_mean

        known = ", ".join(sorted(found)) or "none"
        raise UserError(
            f"{aimed.service.stack_name} has no output {name!r}{did_you_mean(name, list(found)) or '.'}",
            hint=f"Outputs: {known}",
        )
    if as_json:
        print_json(found[name] if name else found)
    elif name:
        click.echo(found[name])
    else:
        print_outputs(found, urls_here(found, aimed.described()["endpoint"]))


def read_outputs(aimed: Aim) -> dict[str, str]:
    """The outputs by name. Raises UserError when the stack isn't there."""
    from dewstack.deploy.failures import as_user_error
    from dewstack.deploy.stack import outputs

    try:
        return outputs(aimed.call, aimed.service.stack_name)
    except AwsError as error:
        if "does not exist" not in error.message:
            raise as_user_error(error) from error
        raise UserError(
            f"{aimed.service.stack_name} is not deployed on {aimed.reached.where}.",
            hint=f"dew deploy --target {aimed.reached.target.name}",
        ) from error
