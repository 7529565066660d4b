"""Writes the table of resource types in docs/cloudformation.md, as CloudFormation's providers are.

`python docs/resource_types.py` after a change; a test fails while the page is stale.
"""

import textwrap
from pathlib import Path

from dewstack.cloudformation.resources import Provider, Restored, resource_types
from dewstack.cloudformation.resources.families import SERVICES_BY_NAME, TYPES_BY_NAME
from dewstack.cloudformation.resources.records import Record
from dewstack.cloudformation.responses import Responses
from dewstack.config import Config

PAGE = Path(__file__).with_name("cloudformation.md")
MARK = "<!-- The rest of this page is written by docs/resource_types.py. -->"


def kind_of(provider: Provider) -> str:
    """How a type is made: by a service of dewstack, by moto, or not at all."""
    if isinstance(provider, Restored):
        return f"moto ({provider.service})"
    return "recorded" if isinstance(provider, Record) and not provider.silent else "native"


def table() -> str:
    """A row for each type that has a provider of its own."""
    types = resource_types(Responses(Config()))
    rows = [f"| `{name}` | {kind_of(types[name])} |" for name in sorted(types)]
    return "\n".join(["| type | made by |", "|---|---|", *rows])


def listed(names: frozenset[str]) -> str:
    """Names in lines of the page's width."""
    return textwrap.fill(" ".join(sorted(names)), 118, break_on_hyphens=False)


def page(text: str) -> str:
    """The page with fresh tables."""
    head, _, _ = text.partition(MARK)
    return (
        f"{head}{MARK}\n\n{table()}\n\n`Custom::…` is what its function makes of it.\n\n"
        "## Recorded only\n\nEvery type of these services that is not in the table:\n\n"
        f"{listed(SERVICES_BY_NAME)}\n\nand these types:\n\n{listed(TYPES_BY_NAME)}\n"
    )


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text()))
