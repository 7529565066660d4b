"""Files that nobody would write: they are refused, never half taken, and never break anything."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dewstack.clock import Clock
from dewstack.cognito import Cognito
from dewstack.cognito.files import csv_file
from dewstack.cognito.files.importing import UserFiles
from dewstack.cognito.files.records import MEMBERS
from dewstack.config import Caller, Config
from dewstack.store import Store
from dewstack.wire import AwsApi
from tests.whole import check_whole

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
)
ATTRIBUTES = st.dictionaries(
    st.sampled_from(["email", "email_verified", "name", "custom:plan", "sub", "birthdate"]),
    SCALARS,
    max_size=4,
)
HASHES = st.fixed_dictionaries(
    {
        "scrypt": st.fixed_dictionaries(
            {"salt": st.just("00" * 16), "digest": st.just("11" * 32), "n": st.integers(-1, 2**21)},
            optional={"r": st.integers(0, 9), "p": st.integers(0, 5)},
        ),
        "srp": st.fixed_dictionaries(
            {
                "salt": st.sampled_from(["ab" * 16, "", "xy"]),
                "verifier": st.text("0123456789abcdef"),
                "pool": st.text(),
            }
        ),
    }
)
LIKELY: dict[str, Any] = {
    "username": st.sampled_from(["ada", "bob", "eve@example.com", "Ada"]) | st.text(max_size=10),
    "attributes": ATTRIBUTES,
    "password": st.sampled_from(["Correct-Horse-1", "weak"]) | HASHES,
    "status": st.sampled_from(["CONFIRMED", "UNCONFIRMED", "FORCE_CHANGE_PASSWORD", "GONE"]),
    "groups": st.lists(st.sampled_from(["staff", "nobody"]), max_size=2),
    "mfa": st.fixed_dictionaries({}, optional={"enabled": st.lists(st.sampled_from(["SMS_MFA", "X"]))}),
    "created": st.sampled_from(["2026-01-31T12:00:00+00:00", "0001-01-01", "9999-12-31T23:59:59-12:00", "x"]),
}
ENTRIES = st.fixed_dictionaries(
    {"username": LIKELY["username"]},
    optional={name: LIKELY.get(name, ANYTHING) | ANYTHING for name in MEMBERS if name != "username"},
)


@pytest.fixture(scope="module")
def people() -> Iterator[tuple[Cognito, str]]:
    """A Cognito with a pool, and the pool's id."""
    import asyncio

    store = Store()
    cognito = Cognito(store, Clock(), Config())
    api = AwsApi(Config())
    api.register("cognito-idp", cognito.operations)

    async def make() -> str:
        made = await api.call(
            "cognito-idp",
            "CreateUserPool",
            {"PoolName": "people", "AutoVerifiedAttributes": ["email"]},
            Caller(),
        )
        pool_id = str(made["UserPool"]["Id"])
        group = {"UserPoolId": pool_id, "GroupName": "staff"}
        await api.call("cognito-idp", "CreateGroup", group, Caller())
        return pool_id

    yield cognito, asyncio.run(make())
    store.close()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(entries=st.lists(ENTRIES | ANYTHING, max_size=4), mode=st.sampled_from(["add", "compare", "replace"]))
def test_an_import_takes_all_or_nothing(people: tuple[Cognito, str], entries: list[Any], mode: Any):
    cognito, pool_id = people
    files: UserFiles = cognito.files
    before = files.export_users(Caller(), pool_id)["users"]
    report = files.import_users(Caller(), pool_id, entries, mode=mode)
    if report.faults:
        assert report.outcomes == []
        assert files.export_users(Caller(), pool_id)["users"] == before
    else:
        assert len(report.outcomes) == len(entries)
        again = files.import_users(Caller(), pool_id, files.export_users(Caller(), pool_id)["users"])
        assert {outcome.happened for outcome in again.outcomes} <= {"unchanged"}
    check_whole(cognito)


@given(text=st.text(st.sampled_from('a,"\\\r\n\0é')) | st.text())
def test_any_text_is_csv_or_has_a_place_where_it_is_not(text: str):
    header = ["a", "cognito:mfa_enabled", "cognito:username"]
    try:
        list(csv_file.read(text, header))
        list(csv_file.read(f"{','.join(header)}\n{text}", header))
    except csv_file.CsvFault as fault:
        assert fault.line >= 1
        assert fault.column >= 1


@given(value=st.text(min_size=1).filter(lambda value: "\0" not in value))
def test_any_value_goes_out_and_comes_back(value: str):
    header = ["name", "cognito:mfa_enabled", "cognito:username"]
    user = {"name": value, "cognito:mfa_enabled": "true", "cognito:username": value}
    [read] = csv_file.read(csv_file.write(header, [user]), header)
    assert (read.username, read.attributes) == (value, {"name": value})
