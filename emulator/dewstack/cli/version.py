"""`dew version`: what this installation is made of."""

import platform
import sys

import click

from dewstack import __version__
from dewstack.cli.output import json_option, print_json, print_table

LIBRARIES = (
    "boto3",
    "click",
    "cryptography",
    "httptools",
    "joserfc",
    "msgspec",
    "PyYAML",
    "uvicorn",
    "uvloop",
)


def versions() -> dict[str, str]:
    """Versions by name: dewstack, Python, and the libraries dewstack stands on (missing ones left out)."""
    from importlib.metadata import PackageNotFoundError, version

    found = {"dewstack": __version__, "Python": platform.python_version()}
    for library in (*LIBRARIES, "watchfiles"):
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            continue
    return found


@click.command("version")
@json_option
def command(as_json: bool) -> None:
    """Show the versions of dewstack and of what it runs on.

    \b
    Examples:
      dew version
      dew version --json
    """
    found = versions()
    if as_json:
        print_json({**found, "executable": sys.executable})
        return
    print_table(["NAME", "VERSION"], list(found.items()))
