"""What moto's IAM has of users, roles and policies, read where it lies: once IAM has been used, and not before."""

import sys
from typing import Any

from dewstack.arn import Arn
from dewstack.config import Caller
from dewstack.others.backends import Backends


class Identities:
    """Roles, users and their access keys as plain values. Nothing here loads moto. `edition` counts IAM's requests."""

    def __init__(self, backends: Backends) -> None:
        self._backends = backends
        self.edition = 0

    def _accounts(self) -> dict[str, Any]:
        """IAM's backends by account; empty where IAM has not been used."""
        if "moto.iam.models" not in sys.modules:
            return {}
        everything = self._backends.module("iam", "models").iam_backends
        return {account: everything[account]["aws"] for account in list(everything)}

    def _of(self, arn: str) -> tuple[Arn, Any] | None:
        """An ARN, read, and the backend of its account; None for what is no ARN, or an account without one."""
        try:
            named = Arn.parse(arn)
        except ValueError:
            return None
        backend = self._accounts().get(named.account_id)
        return None if backend is None else (named, backend)

    def identity(self, arn: str) -> dict[str, Any] | None:
        """A role or user: `arn`, `unique_id`, `inline` documents by name, `managed` ARNs, `boundary`, `tags`, `trust`;
        None where there is none, or IAM has not been used."""
        found = self._of(arn)
        if found is None:
            return None
        named, backend = found
        kind, _, path = named.resource.partition("/")
        name = path.rpartition("/")[2]
        if kind == "role":
            role = next((one for one in backend.roles.values() if one.name == name), None)
            return (
                None
                if role is None
                else {**_common(role, [role]), "boundary": role.permissions_boundary_arn or ""}
            )
        user = backend.users.get(name) if kind == "user" else None
        if user is None:
            return None
        groups = [group for group in backend.groups.values() if user in group.users]
        return _common(user, [user, *groups])

    def document(self, arn: str) -> Any:
        """The default version of a customer's managed policy, or None."""
        found = self._of(arn)
        policy = found[1].managed_policies.get(arn) if found else None
        return policy.default_version.document if policy else None

    def arn_of(self, service: str, name: str, caller: Caller) -> str | None:
        """The ARN of a secret, or of the key behind an alias, that is called by its name; None where it isn't there."""
        if f"moto.{service}.models" not in sys.modules:
            return None
        models = self._backends.module(service, "models")
        if service == "secretsmanager":
            secret = models.secretsmanager_backends[caller.account_id][caller.region].secrets.get(name)
            return secret.arn if secret else None
        backend = models.kms_backends[caller.account_id][caller.region]
        for key in backend.keys.values():
            if name in backend.get_all_aliases().get(key.id, ()):
                return str(key.arn)
        return None

    def access_key(self, access_key_id: str) -> dict[str, Any] | None:
        """A user's key: `secret`, `user_arn`, `unique_id`, `active`."""
        for backend in self._accounts().values():
            for user in list(backend.users.values()):
                for key in user.access_keys:
                    if key.access_key_id == access_key_id:
                        return {
                            "secret": key.secret_access_key,
                            "user_arn": user.arn,
                            "unique_id": user.id,
                            "active": key.status == "Active",
                        }
        return None


def _common(owner: Any, holders: list[Any]) -> dict[str, Any]:
    """What users and roles share; a user has his groups' policies as well (`holders`)."""
    inline = {f"{holder.name}/{name}": text for holder in holders for name, text in holder.policies.items()}
    tags = getattr(owner, "tags", None) or []
    values = tags.values() if isinstance(tags, dict) else tags
    return {
        "arn": owner.arn,
        "unique_id": owner.id,
        "inline": {name.removeprefix(f"{owner.name}/"): text for name, text in inline.items()},
        "managed": tuple(arn for holder in holders for arn in holder.managed_policies),
        "tags": {tag["Key"]: tag["Value"] for tag in values},
        "trust": getattr(owner, "assume_role_policy_document", None),
    }
