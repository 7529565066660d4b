"""Whether everything that user pools keep fits together: what must hold after any request, and after any crash."""

from dewstack.cognito import Cognito


def check_whole(cognito: Cognito) -> None:
    """Whether what is kept fits together: users and the index, groups and members, sign-ins and refresh tokens."""
    directory = cognito._directory
    for pool in directory.pools.scan():
        users = {key[-1]: user for key, user in directory.users.items(*pool.key)}
        assert {user.sub for user in users.values()} == {
            key[-2] for key, _ in directory._index.items(*pool.key, "sub")
        }
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
