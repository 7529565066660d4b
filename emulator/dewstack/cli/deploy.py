"""`dew deploy`: the map of this directory, on the emulator that runs here, on LocalStack, or on AWS."""

import gc
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dewstack.cli.approval import Approval
from dewstack.cli.mapping import MapOptions, map_options, print_warnings
from dewstack.cli.output import json_option, notice, print_json
from dewstack.cli.progress import (
    EventLines,
    changes_json,
    print_changes,
    print_outputs,
    summary,
    urls_here,
)
from dewstack.cli.targeting import Aim, TargetOptions, target_options

if TYPE_CHECKING:
    from dewstack.deploy.python_packages import Program
    from dewstack.deploy.release import Compiled, Deployed, Deployment, Plan, Tools


@click.command("deploy")
@target_options
@click.option("-y", "--yes", is_flag=True, help="Ask nothing: for CI.")
@click.option("--dry-run", is_flag=True, help="Check and pack everything, show the changes, make none.")
@click.option("--ignore-plugins", is_flag=True, help="Deploy although plugins of the map aren't run.")
@click.option("--zips", is_flag=True, help="Upload code, where the target would take it from the directory.")
@map_options
@json_option
def command(
    aim: TargetOptions,
    yes: bool,
    dry_run: bool,
    ignore_plugins: bool,
    zips: bool,
    stage: str,
    region: str,
    params: tuple[str, ...],
    as_json: bool,
) -> None:
    """Deploy the map of this directory: to the emulator that runs here (dew up), to LocalStack, or to AWS.

    It is compiled to CloudFormation and deployed by change set; what fails is rolled back. On AWS you are asked
    before anything is made.

    \b
    Examples:
      dew deploy
      dew deploy --stage test
      dew deploy --target localstack --endpoint http://127.0.0.1:4567
      dew deploy --target aws --stage prod --profile work --dry-run
      dew deploy --target aws --stage prod --yes --json
    """
    started = time.monotonic()
    gc.disable()  # nothing that a short run makes is worth collecting
    aimed = Aim.take(MapOptions(stage, region, params), aim)
    print_warnings(aimed.service)
    account = aimed.account()
    if not as_json:
        notice(f"{aimed.service.stack_name} → {aimed.reached.where}, {account} {aimed.service.region}")
    approval = Approval(aimed, account, yes=yes, as_json=as_json)
    deployment, compiled = prepare(aimed, approval, zips=zips, ignore_plugins=ignore_plugins, as_json=as_json)
    described = {**aimed.described(), "account": account}
    if dry_run:
        _show_plan(deployment.diff(), compiled, described, as_json=as_json)
        return
    try:
        deployed = deployment.deploy()
    except KeyboardInterrupt:
        notice(f"\nWhat has begun goes on at {aimed.reached.where}; 'dew deploy' follows up on it.")
        raise
    _show(deployed, described, time.monotonic() - started, as_json=as_json)


def prepare(
    aimed: Aim, approval: Approval, *, zips: bool, ignore_plugins: bool, as_json: bool
) -> "tuple[Deployment, Compiled]":
    """Compile the map for its target and check it. Raises UserError for what would be refused there."""
    from msgspec.structs import replace

    from dewstack.deploy.release import (
        Deployment,
        Watcher,
        check_functions,
        check_plugins,
        check_services,
        check_template,
        compile_for,
    )

    reached, service = aimed.reached, aimed.service
    target = replace(reached.target, code="bucket") if zips else reached.target
    if not ignore_plugins:
        check_plugins(service, target)
    check_functions(service, target)
    compiled = compile_for(target, aimed.call, service, _tools())
    check_template(compiled, target)
    check_services(compiled, reached.services(), reached.where)
    lines = EventLines(service.stack_name, len(compiled.template["Resources"]))
    watcher = Watcher(notice, (lambda event: None) if as_json else lines, approval)
    return Deployment(aimed.call, compiled, target, watcher), compiled


def _tools() -> "Tools":
    """What compiling needs of this machine. The runtimes are looked for when somebody asks."""
    from dewstack.deploy.release import Tools

    def resolve(runtime: str) -> "Program":
        from tempfile import gettempdir

        from dewstack.lambda_.runtimes import Runtimes

        return Runtimes(Path(gettempdir()) / "dew-runtimes").resolve(runtime)

    return Tools(notice, resolve)


def _show_plan(plan: "Plan", compiled: "Compiled", described: dict[str, str], *, as_json: bool) -> None:
    packages = [
        {"key": key, "path": str(package.path), "size": package.size}
        for key, package in compiled.packages.items()
    ]
    if as_json:
        print_json({**described, "changes": changes_json(plan.changes), "packages": packages})
        return
    for package in packages:
        click.echo(f"  {package['path']}  {package['size']:,} bytes")
    print_changes(plan.changes)
    click.echo(f"{plan.stack_name}: {summary(plan.changes)}. Nothing was changed.")


def _show(deployed: "Deployed", described: dict[str, str], seconds: float, *, as_json: bool) -> None:
    urls = urls_here(deployed.outputs, described["endpoint"])
    if as_json:
        print_json(
            {
                **described,
                "created": deployed.created,
                "changes": changes_json(deployed.changes),
                "uploaded": list(deployed.uploaded),
                "outputs": deployed.outputs,
                "urls": urls,
                "seconds": round(seconds, 3),
            }
        )
        return
    print_outputs(deployed.outputs, urls)
    verb = "unchanged" if not deployed.changes else "made" if deployed.created else "updated"
    click.echo(f"{click.style(deployed.stack_name, bold=True)} {verb} in {seconds:.2f} s")
