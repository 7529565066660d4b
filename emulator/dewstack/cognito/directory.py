"""Everything that user pools keep, and how pools, clients and users are found."""

from collections.abc import Callable
from typing import Any, TypeVar

from msgspec.structs import replace

from dewstack.clock import Clock
from dewstack.cognito import errors
from dewstack.cognito.model import (
    Attempts,
    AuthorizationCode,
    Code,
    FamilyKey,
    Group,
    HostedSession,
    Location,
    Session,
    SigningKeys,
    TokenFamily,
    User,
    UserPool,
    UserPoolClient,
)
from dewstack.cognito.users.user_index import UserIndex
from dewstack.config import Caller
from dewstack.store import Collection, Store

V = TypeVar("V")


class Directory:
    """The pools, clients, groups and users in the store. A user's key is the folded username."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store = store
        self.clock = clock
        self.transaction = store.transaction
        self.pools = store.collection("cognito-idp.pools", UserPool)
        self._locations = store.collection("cognito-idp.locations", Location)
        self._of_pools: list[Collection[Any]] = []
        self._of_users: list[Collection[Any]] = []
        self._of_clients: list[Collection[Any]] = []
        self._farewells: list[Callable[[UserPool, User], None]] = []
        self.clients = store.collection("cognito-idp.clients", UserPoolClient)
        self.signing_keys = self.of_pool("signing-keys", SigningKeys)
        self.groups = self.of_pool("groups", Group)
        self.users = self.of_pool("users", User)
        self.codes = self.of_user("codes", Code)
        self.attempts = self.of_user("attempts", Attempts)
        self.lockouts = self.of_user("lockouts", Attempts)
        self.sessions = self.of_pool("sessions", Session)
        self.families = self.of_user("families", TokenFamily)
        self.refresh_tokens = self.of_pool("refresh-tokens", FamilyKey)
        self.authorization_codes = self.of_pool("authorization-codes", AuthorizationCode)
        self.hosted_sessions = self.of_pool("hosted-sessions", HostedSession)
        self.hosted_keys = self.of_pool("hosted-keys", str)
        self.mfa_settings: Collection[dict[str, Any]] = self.of_pool("mfa-settings", dict)
        self._members = self.of_pool("members", str)
        self._index = self.of_pool("user-index", str)
        self.index = UserIndex(
            store,
            self.users,
            self._index,
            self.of_pool("user-index-version", int),
            self.of_pool("user-count", int),
        )

    def of_pool(self, name: str, kind: type[V]) -> Collection[V]:
        """A collection whose keys begin with a pool's key: it is emptied of the pool's when the pool goes."""
        collection = self.store.collection(f"cognito-idp.{name}", kind)
        self._of_pools.append(collection)
        return collection

    def of_user(self, name: str, kind: type[V]) -> Collection[V]:
        """A collection whose keys begin with a pool's key and a user's sub: what is theirs goes with them."""
        collection = self.of_pool(name, kind)
        self._of_users.append(collection)
        return collection

    def of_client(self, name: str, kind: type[V]) -> Collection[V]:
        """A collection whose keys begin with a pool's key and a client's id: what is the client's goes with it."""
        collection = self.of_pool(name, kind)
        self._of_clients.append(collection)
        return collection

    def when_dropped(self, forget: Callable[[UserPool, User], None]) -> None:
        """Have `forget` called for each user who goes, in the same transaction: for what is not keyed by users."""
        self._farewells.append(forget)

    # pools and clients

    def pool(self, caller: Caller, pool_id: str) -> UserPool:
        """The caller's pool `pool_id`. Raises ResourceNotFoundException."""
        pool = self.pools.get(caller.account_id, caller.region, pool_id)
        if pool is None:
            raise errors.ResourceNotFoundException(f"User pool {pool_id} does not exist.")
        return pool

    def pool_anywhere(self, pool_id: str) -> UserPool | None:
        """The pool `pool_id` in whatever account and region, or None."""
        place = self._locations.get("pool", pool_id)
        return self.pools.get(place.account_id, place.region, place.pool_id) if place else None

    def client(self, pool: UserPool, client_id: str) -> UserPoolClient:
        """The pool's app client. Raises ResourceNotFoundException."""
        client = self.clients.get(*pool.key, client_id)
        if client is None:
            raise errors.ResourceNotFoundException(f"User pool client {client_id} does not exist.")
        return client

    def client_anywhere(self, client_id: str) -> tuple[UserPool, UserPoolClient]:
        """A client and its pool, by the client's id alone. Raises ResourceNotFoundException."""
        place = self._locations.get("client", client_id)
        pool = self.pools.get(place.account_id, place.region, place.pool_id) if place else None
        if pool is None:
            raise errors.ResourceNotFoundException(f"User pool client {client_id} does not exist.")
        return pool, self.client(pool, client_id)

    def add_pool(self, pool: UserPool) -> None:
        """Keep a new pool."""
        with self.transaction():
            self.pools.put(pool, *pool.key)
            self._locations.put(Location(*pool.key), "pool", pool.id)
            self.index.begin(pool)

    def add_client(self, client: UserPoolClient) -> None:
        """Keep a new app client."""
        with self.transaction():
            self.clients.put(client, *client.key)
            place = Location(client.account_id, client.region, client.pool_id)
            self._locations.put(place, "client", client.id)

    def drop_client(self, client: UserPoolClient) -> None:
        """Forget an app client."""
        with self.transaction():
            for collection in self._of_clients:
                collection.clear(*client.key)
            self.clients.delete(*client.key)
            self._locations.delete("client", client.id)

    def drop_pool(self, pool: UserPool) -> None:
        """Forget a pool and all that is in it."""
        with self.transaction():
            for client in self.clients.scan(*pool.key):
                self.drop_client(client)
            for collection in self._of_pools:
                collection.clear(*pool.key)
            self._locations.delete("pool", pool.id)
            self.pools.delete(*pool.key)

    # users

    def count_users(self, pool: UserPool) -> int:
        """How many users the pool has."""
        return self.index.count(pool)

    def user_by_key(self, pool: UserPool, key: str) -> User | None:
        """The user under this key, or None."""
        return self.users.get(*pool.key, key) if "\0" not in key else None

    def find(self, pool: UserPool, name: str) -> User | None:
        """The user who is meant by `name`: a username, a sub, or one of the pool's sign-in attributes."""
        if "\0" in name:
            return None
        user = self.users.get(*pool.key, pool.fold(name))
        if user is not None:
            return user
        for attribute in pool.username_attributes:
            for user in sorted(self.having(pool, attribute, name), key=_comes_by_provider):
                return user
        for attribute in pool.alias_attributes:
            for user in sorted(self.having(pool, attribute, name), key=_comes_by_provider):
                if attribute == "preferred_username" or user.verified(attribute):
                    return user
        return next(iter(self.having(pool, "sub", name)), None)

    def require(self, pool: UserPool, name: str) -> User:
        """The user who is meant by `name`. Raises UserNotFoundException."""
        user = self.find(pool, name)
        if user is None:
            raise errors.UserNotFoundException()
        return user

    def having(self, pool: UserPool, attribute: str, value: str) -> list[User]:
        """The users whose attribute (one that is indexed) has this value."""
        users = [self.users.get(*pool.key, key) for key in self.index.having(pool, attribute, value)]
        return [user for user in users if user is not None]

    def put(self, pool: UserPool, user: User) -> None:
        """Keep a user, new or changed, and the index with it. Sets the time of modification."""
        key = pool.fold(user.username)
        with self.transaction():
            before = self.users.get(*pool.key, key)
            user = replace(user, modified=self.clock.time())
            self.index.change(pool, key, before, user)
            self.users.put(user, *pool.key, key)

    def change(self, pool: UserPool, user: User, **fields: Any) -> User:
        """Set fields of the user as they are in the store now. Raises UserNotFoundException when gone."""
        return self.revise(pool, user, lambda current: replace(current, **fields))

    def revise(self, pool: UserPool, user: User, revision: Callable[[User], User]) -> User:
        """Apply `revision` to the user as they are in the store. Raises UserNotFoundException when gone."""
        with self.transaction():
            current = self.users.get(*pool.key, pool.fold(user.username))
            if current is None or current.sub != user.sub:
                raise errors.UserNotFoundException()
            current = revision(current)
            self.put(pool, current)
            return current

    def drop(self, pool: UserPool, user: User) -> None:
        """Forget a user and all that is theirs."""
        key = pool.fold(user.username)
        with self.transaction():
            before = self.users.get(*pool.key, key)
            if before is None:
                return
            self.index.change(pool, key, before, None)
            for family in self.families.scan(*pool.key, before.sub):
                for refresh_hash in (family.refresh_hash, *family.rotated):
                    self.refresh_tokens.delete(*pool.key, refresh_hash)
            for forget in self._farewells:
                forget(pool, before)
            for collection in self._of_users:
                collection.clear(*pool.key, before.sub)
            for group in before.groups:
                self._members.delete(*pool.key, group, key)
            self.users.delete(*pool.key, key)

    # membership

    def join(self, pool: UserPool, user: User, group: str) -> None:
        """Make the user a member of the group."""
        with self.transaction():
            self.revise(pool, user, lambda now: replace(now, groups=sorted({*now.groups, group})))
            self._members.put(user.sub, *pool.key, group, pool.fold(user.username))

    def leave(self, pool: UserPool, user: User, group: str) -> None:
        """End the user's membership."""
        with self.transaction():
            self.revise(pool, user, lambda now: replace(now, groups=[g for g in now.groups if g != group]))
            self._members.delete(*pool.key, group, pool.fold(user.username))

    def members(self, pool: UserPool, group: str, after: str | None, limit: int) -> list[tuple[str, User]]:
        """Keys and users of a group beyond key `after`, at most `limit`, in key order."""
        start = (*pool.key, group, after) if after is not None else None
        keys = [key[-1] for key, _ in self._members.items(*pool.key, group, after=start, limit=limit)]
        return [(key, user) for key in keys if (user := self.users.get(*pool.key, key))]


def _comes_by_provider(user: User) -> bool:
    """Whether an identity provider signs the user in: where they share an address with somebody who has a password,
    the address is how the other signs in."""
    return user.status == "EXTERNAL_PROVIDER"
