"""What a role lacks, told once, with the statement to paste into the map."""

import logging
import re

from dewstack.iam.actions import Ask
from dewstack.iam.credentials import Credential
from dewstack.iam.evaluation import Verdict

log = logging.getLogger("dewstack.iam")

MAX_LINES = 1000
"""Of more, nobody would read the rest."""
_PLACE = re.compile(r"^(arn:aws:[^:]*:)([a-z]{2}(?:-[a-z]+)+-\d)?:(\d{12})?:")


class Warnings:
    """Says everything once."""

    def __init__(self) -> None:
        self._said: set[tuple[str, ...]] = set()

    def _first(self, *what: str) -> bool:
        if what in self._said or len(self._said) >= MAX_LINES:
            return False
        self._said.add(what)
        return True

    def lacking(self, credential: Credential, ask: Ask, verdict: Verdict) -> None:
        """A caller may not do something on AWS."""
        who = credential.function or credential.principal.arn
        if not self._first(who, ask.action, ask.resource):
            return
        if verdict.explicitly:
            log.warning(
                "%s may not %s on %s: AccessDenied on AWS, %s", who, ask.action, ask.resource, verdict.reason
            )
            return
        log.warning(
            "%s may not %s on %s: AccessDenied on AWS. Its role lacks, under provider.iam.role.statements:  %s",
            who,
            ask.action,
            ask.resource,
            statement(ask),
        )

    def unknown_role(self, credential: Credential) -> None:
        """A function's role is nowhere recorded."""
        if self._first(credential.role_arn):
            log.warning(
                "%s: there is no role %s here, so nothing is known of what it may do",
                credential.function or credential.principal.arn,
                credential.role_arn,
            )

    def ended(self, access_key_id: str) -> None:
        """A call with the key of an environment or session that has ended."""
        if self._first(access_key_id):
            log.warning(
                "the access key %s belongs to an environment or session that has ended: AWS refuses it. Don't keep"
                " credentials longer than the environment that was given them",
                access_key_id,
            )

    def faulty(self, credential: Credential, code: str, message: str) -> None:
        """A call that AWS would refuse for its signature."""
        who = credential.function or credential.principal.arn
        if self._first(who, code):
            log.warning("%s signs its calls so that AWS would answer %s: %s", who, code, message)


def statement(ask: Ask) -> str:
    """The missing statement as YAML in one line, region and account as variables of the map."""

    def in_variables(match: re.Match[str]) -> str:
        region = "${aws:region}" if match[2] else ""
        account = "${aws:accountId}" if match[3] else ""
        return f"{match[1]}{region}:{account}:"

    resource = _PLACE.sub(in_variables, ask.resource).replace("'", "''")
    return f"- {{ Effect: Allow, Action: '{ask.action}', Resource: '{resource}' }}"
