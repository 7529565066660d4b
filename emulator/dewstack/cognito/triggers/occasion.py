"""On what occasion a trigger is asked: the pool, the app client, and what the client sent along for it."""

from msgspec import Struct

from dewstack.cognito.model import User, UserPool

NO_CLIENT = "CLIENT_ID_NOT_APPLICABLE"
"""How AWS names the client of an administrator's operation."""

Metadata = dict[str, str]


class Occasion(Struct, frozen=True, kw_only=True):
    """The request that a trigger is asked about."""

    pool: UserPool
    client_id: str = NO_CLIENT
    metadata: Metadata | None = None
    """ClientMetadata, of the operations whose ClientMetadata AWS passes on as `clientMetadata`."""
    validation: Metadata | None = None
    """ValidationData; of InitiateAuth and AdminInitiateAuth their ClientMetadata, as AWS has it."""


def metadata_of(occasion: Occasion) -> dict[str, Metadata]:
    """`clientMetadata`, which is left out where there is none."""
    return {} if occasion.metadata is None else {"clientMetadata": occasion.metadata}


def attributes_of(pool: UserPool, user: User) -> dict[str, str]:
    """A user's attributes as triggers see them: with the sub, the status and the aliases they sign in with."""
    aliases = {
        f"cognito:{name}_alias": user.attributes[name]
        for name in ("email", "phone_number")
        if name in (*pool.alias_attributes, *pool.username_attributes) and user.verified(name)
    }
    return {"sub": user.sub, **aliases, "cognito:user_status": user.status, **user.attributes}
