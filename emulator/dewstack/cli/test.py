"""`dew test`: the tests of a checkout, or of the directory one is in."""

import os
import sys

import click

from dewstack.errors import UserError


@click.command("test", context_settings={"ignore_unknown_options": True})
@click.argument("arguments", metavar="[PYTEST ARGUMENTS]…", nargs=-1, type=click.UNPROCESSED)
def command(arguments: tuple[str, ...]) -> None:
    """Run the tests with pytest, all of them or those that ARGUMENTS choose.

    In a checkout, './dew test' installs the pinned test tools on first use and runs in the checkout's root.

    \b
    Examples:
      dew test
      dew test tests/unit -x
      dew test -k login -n0
    """
    from importlib.util import find_spec

    if find_spec("pytest") is None:
        raise UserError(
            "pytest is not installed.", hint="Install the test tools: pip install 'dewstack[test]'"
        )
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *arguments])
