"""Who agrees to what a deployment is about to do: somebody at the keyboard, or `--yes`."""

import sys
from typing import TYPE_CHECKING

import click

from dewstack.cli.output import notice
from dewstack.cli.progress import print_changes, summary
from dewstack.errors import UserError

if TYPE_CHECKING:
    from dewstack.cli.targeting import Aim
    from dewstack.deploy.release import Plan


class Approval:
    """Sees the plan of a deployment and lets it go on or not (UserError). `account` is whose AWS it is."""

    def __init__(self, aim: "Aim", account: str, *, yes: bool, as_json: bool) -> None:
        self._aim = aim
        self._account = account
        self._yes = yes
        self._quiet = as_json

    def __call__(self, plan: "Plan") -> None:
        """Print what would be done, and ask where it costs or drops what people put in."""
        lost = [change for change in plan.changes if change.loses_data]
        if not self._quiet:
            notice(f"{plan.stack_name}: {summary(plan.changes)}")
        if self._yes or not (lost or self._aim.reached.target.asks):
            return
        if not self._quiet and not plan.creates:
            print_changes(plan.changes)
        where = f"{self._aim.reached.where}, account {self._account}, region {self._aim.service.region}"
        question = f"Deploy {plan.stack_name} to {where}?"
        if lost:
            named = ", ".join(f"{change.logical_id} ({change.type})" for change in lost)
            question = f"This would drop {named} with all that is in it. {question}"
        confirm(question, as_json=self._quiet)


def confirm(question: str, *, as_json: bool) -> None:
    """Ask at the keyboard. Raises UserError when the answer is no, or nobody is there to give it."""
    if as_json or not sys.stdin.isatty():
        raise UserError(question, hint="Nobody is there to answer: --yes says so beforehand.")
    if not click.confirm(question):
        raise UserError("Nothing was changed.")
