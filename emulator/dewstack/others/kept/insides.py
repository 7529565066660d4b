"""The keeper of moto's services, and the two things in moto that no operation can do for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dewstack.config import Caller
from dewstack.others.adopting import ADOPTIONS
from dewstack.others.backends import Backends
from dewstack.others.clients import Clients
from dewstack.others.kept.keeper import Keeper
from dewstack.others.kept.model import Kind
from dewstack.others.kept.objects import Objects
from dewstack.others.kept.tables import Tables
from dewstack.others.kept.values import Parameters, Secrets


def keeper(path: Path, account_id: str, endpoint_url: str) -> Keeper:
    """Keeps in the file `path` what moto holds of tables, buckets, parameters and secrets."""
    backends = Backends(account_id)

    @contextmanager
    def quietly(caller: Caller, table: str) -> Iterator[None]:
        of_region = backends.module("dynamodb", "models").dynamodb_backends[caller.account_id][caller.region]
        held = of_region.tables[table]
        shard, held.stream_shard = held.stream_shard, None
        try:
            yield
        finally:
            held.stream_shard = shard

    def adopt(caller: Caller, name: str, arn: str) -> None:
        ADOPTIONS["secretsmanager"](backends, caller, name, arn)

    kinds: dict[str, Kind] = {
        "dynamodb": Tables(quietly),
        "s3": Objects(),
        "secretsmanager": Secrets(adopt),
        "ssm": Parameters(),
    }
    return Keeper(path, Clients(backends, endpoint_url), kinds)
