"""The edge of the command line: which command, and how what goes wrong is said."""

import importlib
import os
import sys
from collections.abc import Sequence
from typing import Any

import click

from dewstack import __version__
from dewstack.cli.output import report_error
from dewstack.errors import UserError

COMMANDS = {
    "init": "Begin a new service, in Python or TypeScript, or from a Flask application.",
    "up": "Start the service of this directory, and everything it needs.",
    "flask": "Serve the same map and handlers with Flask.",
    "down": "Stop an emulator that runs in the background.",
    "logs": "Show what the functions print.",
    "metrics": "Show how often functions and routes were used, and how fast they were.",
    "cost": "Show what AWS would charge for what ran, or for a load to come.",
    "record": "List what was served lately, show one, or write all that comes to a file.",
    "compare": "Lay a request side by side: as Flask sees it, and as Lambda.",
    "explain": "Tell a route's story, or what an error means and how to mend it.",
    "replay": "Do a recorded request or invocation again.",
    "invoke": "Call one function with an event of your own.",
    "routes": "List which request reaches which function.",
    "mail": "Read the messages that would have been sent.",
    "users": "List, create and change users of the user pool.",
    "package": "Write the CloudFormation template of the map.",
    "deploy": "Deploy the map: to the emulator that runs here, to LocalStack, or to AWS.",
    "diff": "Show what a deployment would change.",
    "outputs": "Show the outputs of what is deployed.",
    "parity": "Compare what several targets answer to the same requests.",
    "remove": "Remove what is deployed, with all that is in it.",
    "localstack": "Start and stop LocalStack with dewstack's services inside.",
    "doctor": "Check that this machine has what dew needs.",
    "test": "Run the tests of this checkout.",
    "version": "Show the versions of dewstack and of what it runs on.",
}
INTERNAL_ERROR = 70
INTERRUPTED = 130


class Dew(click.Group):
    """Loads a command's module when the command is asked for, so that each starts without the others."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All commands, in the order one meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command `cmd_name`, found as `command` in the module of that name."""
        if cmd_name not in COMMANDS:
            return None
        command = importlib.import_module(f"dewstack.cli.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command of `args`; a misspelled one gets the nearest suggested."""
        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            from difflib import get_close_matches

            near = get_close_matches(args[0], COMMANDS, n=1)
            meant = f" Did you mean '{near[0]}'?" if near else " See 'dew --help'."
            ctx.fail(f"No such command '{args[0]}'.{meant}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without loading them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; what goes wrong is said in the colours and the form that were asked for."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.Abort, click.exceptions.Exit, BrokenPipeError):
            raise  # click's own affairs; of a pipe that nobody reads any more too
        except UserError as error:
            report_error(error.message, error.hint, as_json=ctx.obj)
            ctx.exit(error.exit_code)
        except Exception as error:
            if ctx.params["debug"]:
                raise
            report_error(
                f"dew failed: {type(error).__name__}: {error}",
                "This is a fault of dew's own. 'dew --debug …' shows where it happened.",
                as_json=ctx.obj,
            )
            ctx.exit(INTERNAL_ERROR)


def wanted_color(choice: str) -> bool | None:
    """What `--color` and NO_COLOR (https://no-color.org) ask for; None: colour when a terminal reads."""
    if choice == "auto":
        return False if os.environ.get("NO_COLOR") else None
    return choice == "always"


@click.command(
    cls=Dew,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="'dew COMMAND --help' explains a command and shows examples.",
)
@click.version_option(__version__, prog_name="dew", message="%(prog)s %(version)s")
@click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    help="Colour the output: on a terminal (auto), always or never.",
)
@click.option("--debug", is_flag=True, help="Show the stack trace when dew itself fails.")
@click.pass_context
def dew(ctx: click.Context, color: str, debug: bool) -> None:
    """The serverless stack, condensed onto your machine: API Gateway, Lambda and Cognito from a
    serverless.yml, without Docker or an account."""
    ctx.color = wanted_color(color)


def run(arguments: Sequence[str]) -> int:
    """Run one `dew` command. The exit code: 0 done, 1 refused, 2 misused, 70 a fault of dew's own."""
    arguments = _with_debug_first(arguments)
    try:
        result = dew.main(arguments, prog_name="dew", standalone_mode=False, obj="--json" in arguments)
        return result if isinstance(result, int) else 0
    except click.exceptions.Exit as exit_:
        return exit_.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        return INTERRUPTED


def _with_debug_first(arguments: Sequence[str]) -> list[str]:
    """Allow `--debug` anywhere, after the command too. `up` and `test` have their own: functions', and pytest's."""
    arguments = list(arguments)
    end = next((place for place, each in enumerate(arguments) if each in ("up", "test")), len(arguments))
    kept = [argument for argument in arguments[:end] if argument != "--debug"]
    return ["--debug"] * (len(kept) < end) + kept + arguments[end:]


def main() -> None:
    """The entry point of `dew`."""
    sys.exit(run(sys.argv[1:]))
