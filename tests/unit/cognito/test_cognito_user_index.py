"""What ListUsers searches: the index says what reading every user would say, and counts them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from dewstack.clock import Clock
from dewstack.cognito.directory import Directory
from dewstack.cognito.errors import InvalidParameterException
from dewstack.cognito.model import User, UserPool
from dewstack.cognito.paging import place_of, token_of_place
from dewstack.cognito.users.listing import SEARCHABLE, Listing
from dewstack.config import Caller
from dewstack.store import Store

CALLER = Caller("000000000000", "us-east-1")
ATTRIBUTES = ("email", "name", "given_name", "family_name", "preferred_username", "phone_number")
words = st.text(st.sampled_from("aAbB-é\U0010fffd \x01"), max_size=3)


class World:
    """A pool's users, kept and in a list."""

    def __init__(self, *, case_sensitive: bool) -> None:
        self.store = Store()
        self.directory = Directory(self.store, Clock())
        self.pool = UserPool(
            account_id="000000000000",
            region="us-east-1",
            id="us-east-1_People",
            name="people",
            created=0.0,
            modified=0.0,
            schema=[],
            settings={"UsernameConfiguration": {"CaseSensitive": case_sensitive}},
        )
        self.directory.add_pool(self.pool)
        self.users: dict[str, User] = {}

    def put(self, name: str, **changes) -> None:
        user = self.users.get(name) or User(
            username=name, sub=f"sub-{name}", attributes={}, status="CONFIRMED", created=0.0, modified=0.0
        )
        self.users[name] = replace(user, **changes)
        self.directory.put(self.pool, self.users[name])

    def listed(self, limit: int = 60, **params: object) -> list[str]:
        """All pages of a listing."""
        names, more = [], {}
        while True:
            answer = Listing(self.directory).list_users(
                CALLER, {"UserPoolId": self.pool.id, "Limit": limit, **params, **more}
            )
            assert len(answer["Users"]) <= limit
            names += [user["Username"] for user in answer["Users"]]
            if "PaginationToken" not in answer:
                return names
            more = {"PaginationToken": answer["PaginationToken"]}

    def expected(self, attribute: str, value: str, *, prefix: bool) -> list[str]:
        """The same by reading everybody."""

        def fold(text: str) -> str:
            return text.lower() if attribute.endswith("status") else self.pool.fold(text)

        found = []
        for user in self.users.values():
            values = {
                **user.attributes,
                "username": user.username,
                "sub": user.sub,
                "cognito:user_status": user.status,
                "status": "Enabled" if user.enabled else "Disabled",
            }
            has = fold(values.get(attribute) or "")
            if has and (has.startswith(fold(value)) if prefix else has == fold(value)):
                found.append(user.username)
        return sorted(found)


@pytest.fixture
def world():
    made = World(case_sensitive=True)
    yield made
    made.store.close()


users = st.lists(
    st.tuples(
        st.sampled_from(["ada", "adb", "bob", "éva", "zoe"]),
        st.dictionaries(st.sampled_from(ATTRIBUTES), words, max_size=3),
        st.sampled_from(["CONFIRMED", "UNCONFIRMED"]),
        st.booleans(),
    ),
    max_size=8,
)


@settings(max_examples=60, deadline=None)
@given(
    users=users,
    case_sensitive=st.booleans(),
    attribute=st.sampled_from(sorted(SEARCHABLE)),
    value=st.one_of(words, st.sampled_from(["ad", "sub-ada", "enabled", "Dis", "CONF", "ada"])),
    prefix=st.booleans(),
    limit=st.integers(min_value=1, max_value=4),
)
def test_a_filter_finds_what_reading_everybody_would_find(
    users, case_sensitive, attribute, value, prefix, limit
):
    world = World(case_sensitive=case_sensitive)
    for name, attributes, status, enabled in users:
        world.put(name, attributes=attributes, status=status, enabled=enabled)
    condition = f'{attribute} {"^=" if prefix else "="} "{value}"'
    assert sorted(world.listed(limit, Filter=condition)) == world.expected(attribute, value, prefix=prefix)
    assert world.directory.count_users(world.pool) == len(world.users)
    world.store.close()


def test_state_from_before_names_were_indexed_is_completed(world):
    for number in range(30):
        world.put(f"user{number}", attributes={"name": f"Name {number}", "email": f"{number}@example.com"})
    world.store.write("DELETE FROM items WHERE collection='cognito-idp.user-index-version'", ())
    world.store.write("DELETE FROM items WHERE collection='cognito-idp.user-count'", ())
    for attribute in ("name", "status", "cognito:user_status"):
        clause = (
            f"DELETE FROM items WHERE collection='cognito-idp.user-index' AND key LIKE '%\0{attribute}\0%'"
        )
        world.store.write(clause.replace("\0", "'||char(0)||'"), ())
    assert world.listed(Filter='email = "7@example.com"') == ["user7"]
    assert world.listed(Filter='name ^= "Name 2"') == ["user2", *(f"user{n}" for n in range(20, 30))]
    assert len(world.listed(Filter='status = "Enabled"')) == 30
    assert world.directory.count_users(world.pool) == 30
    world.put("another")
    assert world.directory.count_users(world.pool) == 31


def test_the_count_follows_what_lasts(world):
    world.put("ada")
    world.put("ada", attributes={"name": "Ada"})
    with pytest.raises(ZeroDivisionError), world.directory.transaction():
        world.put("bob")
        raise ZeroDivisionError
    assert world.directory.count_users(world.pool) == 1
    world.directory.drop(world.pool, world.users["ada"])
    world.directory.drop(world.pool, world.users["ada"])
    assert world.directory.count_users(world.pool) == 0
    assert world.listed(Filter='name = "Ada"') == world.listed() == []


def test_a_dropped_pool_leaves_no_index(world):
    world.put("ada", attributes={"name": "Ada"})
    world.directory.drop_pool(world.pool)
    left = world.store.read("SELECT collection, key FROM items", ())
    assert left == []


@pytest.mark.parametrize(
    "token", ["?", "AAAA", token_of_place(("a",)), token_of_place(("a", "b\0")), "W1sxXV0="]
)
def test_a_token_of_another_list_is_refused(token):
    with pytest.raises(InvalidParameterException, match="Invalid pagination token"):
        place_of(token, 2)


def test_a_place_comes_back_from_its_token():
    assert place_of(token_of_place(("ä", "b")), 2) == ("ä", "b")
    assert place_of(None, 2) is None
