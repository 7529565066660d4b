"""Resources that were made again get the ids they had before, which the services' own operations cannot give them.

Handlers hold these ids in their environment, and CloudFormation in its records.
"""

from collections.abc import Callable, Mapping

from dewstack.config import Caller
from dewstack.others.backends import Backends

ADOPT = "dewstack:Adopt"
"""The operation, beside the service's own: the resource `Id` is known as `To` from now on."""

Adoption = Callable[[Backends, Caller, str, str], None]


def _key(backends: Backends, caller: Caller, old: str, new: str) -> None:
    keys = backends.module("kms", "models").kms_backends[caller.account_id][caller.region].keys
    key = keys.pop(old)
    key.arn = key.arn.replace(old, new)
    key.id = new
    keys[new] = key


def _secret(backends: Backends, caller: Caller, old: str, new: str) -> None:
    models = backends.module("secretsmanager", "models")
    models.secretsmanager_backends[caller.account_id][caller.region].secrets[old].arn = new


def _subscription(backends: Backends, caller: Caller, old: str, new: str) -> None:
    models = backends.module("sns", "models")
    subscriptions = models.sns_backends[caller.account_id][caller.region].subscriptions
    subscription = subscriptions.pop(old)
    subscription.arn = new
    subscriptions[new] = subscription


ADOPTIONS: Mapping[str, Adoption] = {"kms": _key, "secretsmanager": _secret, "sns": _subscription}
"""By boto3's name of the service."""
