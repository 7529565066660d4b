"""Whether everything that user pools keep fits together: what must hold after any request, and after any crash."""

from dewstack.cognito import Cognito
from dewstack.cognito.model import UserPool


def check_whole(cognito: Cognito) -> None:
    """Whether what is kept fits together, and nothing is kept of pools, users and clients that are gone."""
    directory = cognito._directory
    pools = {pool.key: pool for pool in directory.pools.scan()}
    for collection in directory._of_pools:
        for key, _ in collection.items():
            assert key[:3] in pools, key
    for pool in pools.values():
        check_pool(cognito, pool)


def check_pool(cognito: Cognito, pool: UserPool) -> None:
    """Users and their index, groups and members, sign-ins and refresh tokens, and what belongs to users and clients."""
    directory = cognito._directory
    users = {key[-1]: user for key, user in directory.users.items(*pool.key)}
    subs = {user.sub for user in users.values()}
    # What holds for all clients of a pool is kept as that of a client "ALL".
    clients = {"ALL", *(client.id for client in directory.clients.scan(*pool.key))}
    assert subs == {key[-2] for key, _ in directory._index.items(*pool.key, "sub")}
    assert directory.count_users(pool) == len(users)
    for collections, owners in ((directory._of_users, subs), (directory._of_clients, clients)):
        for collection in collections:
            for key, _ in collection.items(*pool.key):
                assert key[3] in owners, key
    for key, user in users.items():
        assert key == pool.fold(user.username)
        for attribute in ("email", "phone_number", "preferred_username"):
            if value := user.attributes.get(attribute):
                assert user.sub in {found.sub for found in directory.having(pool, attribute, value)}
        for group in user.groups:
            assert directory.groups.get(*pool.key, group) is not None
    for key, _ in directory._members.items(*pool.key):
        assert key[-2] in users[key[-1]].groups
    for key, place in directory.refresh_tokens.items(*pool.key):
        family = directory.families.get(*pool.key, place.sub, place.event_id)
        assert family is not None and key[-1] in (family.refresh_hash, *family.rotated)
