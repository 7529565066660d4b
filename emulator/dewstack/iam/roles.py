"""The policies of roles and users: as stacks have recorded them, and as IAM's own operations have made them."""

import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec import Struct

from dewstack.iam.evaluation import Policies
from dewstack.iam.managed import OWNER, ManagedPolicies
from dewstack.iam.model import Identity, Recorded
from dewstack.policies import MalformedPolicy, Patterns, Statement, read

log = logging.getLogger("dewstack.iam")

ROLE, MANAGED, INLINE = (
    "AWS::IAM::Role",
    "AWS::IAM::ManagedPolicy",
    ("AWS::IAM::Policy", "AWS::IAM::RolePolicy"),
)


NOTHING_GOES = Statement("Deny", Patterns(("*",)), Patterns(("*",)))
"""What a policy says that can't be read: it may deny something, so nothing is allowed beside it."""


class Known(Struct, frozen=True):
    """What is known of a role or user."""

    identity: Identity
    policies: Policies


class Roles:
    """Roles and users by ARN, with their policies read. Safe from any thread."""

    def __init__(
        self,
        records: Callable[[], Iterable[Recorded]],
        edition: Callable[[], Any],
        identity: Callable[[str], Identity | None],
        document: Callable[[str], Any],
    ) -> None:
        self._records = records
        self._editions = edition
        self._made_identity = identity
        self._made_document = document
        self._managed = ManagedPolicies()
        self._lock = threading.Lock()
        self._edition: Any = None
        self._known: dict[str, Known | None] = {}
        self._recorded: dict[str, Identity] | None = None
        self._documents: dict[str, Any] = {}

    def cached(self, arn: str) -> tuple[bool, Known | None]:
        """Whether it is in memory what is known of `arn`, and that. Cheap; anything else is for `find`."""
        if self._edition != self._editions():
            return False, None
        return arn in self._known, self._known.get(arn)

    def find(self, arn: str) -> Known | None:
        """What is known of a role or user; None where there is none. Reads the store: not for the loop."""
        with self._lock:
            edition = self._editions()
            if self._edition != edition:
                self._known, self._recorded, self._documents = {}, None, {}
                self._edition = edition
            if arn not in self._known:
                self._known[arn] = self._find(arn)
            return self._known[arn]

    def _find(self, arn: str) -> Known | None:
        if self._recorded is None:
            self._recorded, self._documents = self._read_records()
        recorded, made = self._recorded.get(arn), self._made_identity(arn)
        identity = recorded or made
        if identity is None:
            return None
        if recorded is not None and made is not None:
            identity = Identity(
                arn,
                recorded.unique_id,
                {**made.inline, **recorded.inline},
                tuple(dict.fromkeys((*recorded.managed, *made.managed))),
                recorded.boundary or made.boundary,
                {**made.tags, **recorded.tags},
                recorded.trust,
            )
        return Known(identity, self._policies(identity))

    def _policies(self, identity: Identity) -> Policies:
        documents = [*identity.inline.values(), *map(self.document, identity.managed)]
        boundary = (
            _statements(identity.arn, [self.document(identity.boundary)]) if identity.boundary else None
        )
        return Policies(_statements(identity.arn, documents), boundary)

    def document(self, arn: str) -> Any:
        """The document of a managed policy, AWS's own or a customer's; None where it isn't known."""
        if OWNER in arn:
            return self._managed.document(arn)
        return self._documents.get(arn) or self._made_document(arn)

    def _read_records(self) -> tuple[dict[str, Identity], dict[str, Any]]:
        records = list(self._records())
        documents = {
            one.physical_id: one.properties.get("PolicyDocument") for one in records if one.type == MANAGED
        }
        attached: dict[tuple[str, str], dict[str, Any]] = {}
        managed: dict[tuple[str, str], list[str]] = {}
        for one in records:
            given = one.properties
            roles = [given["RoleName"]] if "RoleName" in given else given.get("Roles") or []
            for name in roles if one.type != ROLE else ():
                key = (one.account_id, str(name).rpartition("/")[2])
                if one.type == MANAGED:
                    managed.setdefault(key, []).append(one.physical_id)
                elif one.type in INLINE:
                    attached.setdefault(key, {})[given.get("PolicyName", "")] = given.get("PolicyDocument")
        identities: dict[str, Identity] = {}
        for one in records:
            if one.type == ROLE:
                key = (one.account_id, one.physical_id)
                role = _role(one, attached.get(key, {}), managed.get(key, []))
                identities[role.arn] = role
        return identities, documents


def _role(one: Recorded, attached: Mapping[str, Any], managed: Iterable[str]) -> Identity:
    given = one.properties
    inline = {
        policy.get("PolicyName", ""): policy.get("PolicyDocument") for policy in given.get("Policies") or ()
    }
    return Identity(
        arn=one.attributes["Arn"],
        unique_id=one.attributes.get("RoleId", ""),
        inline={**inline, **attached},
        managed=(*(given.get("ManagedPolicyArns") or ()), *managed),
        boundary=given.get("PermissionsBoundary") or "",
        tags={tag["Key"]: str(tag["Value"]) for tag in given.get("Tags") or ()},
        trust=given.get("AssumeRolePolicyDocument"),
    )


def _statements(arn: str, documents: Iterable[Any]) -> tuple[Statement, ...]:
    found: list[Statement] = []
    for document in documents:
        if document is None:
            continue
        try:
            found.extend(read(document))
        except MalformedPolicy as error:
            found.append(NOTHING_GOES)
            log.warning(
                "%s may do nothing until one of its policies is mended, which can't be read: %s. AWS would not have"
                " taken it (MalformedPolicyDocument)",
                arn,
                error,
            )
    return tuple(found)
