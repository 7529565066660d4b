"""`dew package`: the map as CloudFormation, and the zips it names, as the Serverless Framework writes them."""

import click

from dewstack.cli.mapping import MapOptions, map_options, print_warnings
from dewstack.cli.output import json_option, notice, print_json
from dewstack.project import find_project


@click.command("package")
@map_options
@json_option
def command(stage: str, region: str, params: tuple[str, ...], as_json: bool) -> None:
    """Write the CloudFormation templates of the map and the zips of its functions to .serverless/.

    \b
    Examples:
      dew package
      dew package --stage prod && cfn-lint .serverless/*update-stack.json
      dew package --json | jq -r .update_template
    """
    from dewstack.deploy.artifacts import package_service

    service = MapOptions(stage, region, params).load(find_project().directory)
    print_warnings(service)
    packaged = package_service(service, say=notice)
    if as_json:
        print_json(
            {
                "packages": [
                    {"path": str(package.path), "sha256": package.sha256, "size": package.size}
                    for package in packaged.packages
                ],
                "create_template": str(packaged.create_template),
                "update_template": str(packaged.update_template),
            }
        )
        return
    for package in packaged.packages:
        click.echo(f"{package.path}  {package.size:,} bytes, {len(package.files)} files")
    click.echo(packaged.create_template)
    click.echo(packaged.update_template)
