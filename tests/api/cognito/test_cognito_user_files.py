"""Users out of one emulator and into another: who they are, how they sign in, and what is refused."""

import asyncio
import base64
import hmac
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from dewstack.http import Request
from dewstack.testing import Dew, start
from tests.srp_client import SrpClient
from tests.whole import check_whole

PASSWORD = "Correct-Horse-1"
TAGS = {"aws:cloudformation:stack-name": "shop-dev", "aws:cloudformation:logical-id": "People"}
FLOWS = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]


class Machine:
    """An emulator with one pool and one app client."""

    def __init__(self, dew: Dew, **settings: Any) -> None:
        self.dew = dew
        self.api = dew.client("cognito-idp")
        settings = {"AutoVerifiedAttributes": ["email"], **settings}
        self.pool = self.api.create_user_pool(PoolName="people", **settings)["UserPool"]["Id"]
        self.client = self.api.create_user_pool_client(
            UserPoolId=self.pool, ClientName="web", ExplicitAuthFlows=FLOWS
        )["UserPoolClient"]["ClientId"]

    def asked(self, document: dict[str, Any]) -> dict[str, Any]:
        """What the control API makes of an import."""
        content = json.dumps({"pool": self.pool, **document}).encode()
        request = urllib.request.Request(f"{self.dew.aws_url}/_dew/users", content, method="POST")
        with urllib.request.urlopen(request, timeout=30) as response:
            told: dict[str, Any] = json.load(response)
            return told

    def load(self, *users: Any, mode: str = "compare", groups: list[Any] | None = None) -> dict[str, str]:
        """Import: what happened to each."""
        told = self.asked({"users": users, "groups": groups or [], "mode": mode})
        assert not told["faults"], told
        return {outcome["username"]: outcome["happened"] for outcome in told["outcomes"]}

    def faults(self, *users: Any, groups: list[Any] | None = None) -> list[tuple[Any, ...]]:
        """The mistakes of an import that must have changed nothing: index, path, message."""
        told = self.asked({"users": users, "groups": groups or []})
        assert told["outcomes"] == []
        found = [(fault["index"], *fault["path"], fault["message"]) for fault in told["faults"]]
        return found + [("group", *fault["path"], fault["message"]) for fault in told["group_faults"]]

    def export(self, totp: str = "") -> dict[str, Any]:
        url = f"{self.dew.aws_url}/_dew/users?pool={self.pool}&totp={totp}"
        with urllib.request.urlopen(url, timeout=30) as response:
            told: dict[str, Any] = json.load(response)
            return told

    def create(self, username: str, /, password: str = PASSWORD, **attributes: str) -> None:
        listed = [{"Name": key, "Value": value} for key, value in attributes.items()]
        target = {"UserPoolId": self.pool, "Username": username}
        self.api.admin_create_user(**target, UserAttributes=listed, MessageAction="SUPPRESS")
        self.api.admin_set_user_password(**target, Password=password, Permanent=True)

    def sign_in(self, name: str, password: str = PASSWORD) -> dict[str, Any]:
        answer: dict[str, Any] = self.api.initiate_auth(
            ClientId=self.client,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": name, "PASSWORD": password},
        )
        return answer

    def sign_in_by_srp(self, name: str, password: str = PASSWORD) -> dict[str, Any]:
        srp = SrpClient(self.pool.split("_")[1], password)
        challenge = self.api.initiate_auth(
            ClientId=self.client,
            AuthFlow="USER_SRP_AUTH",
            AuthParameters={"USERNAME": name, "SRP_A": srp.large_a},
        )
        answer: dict[str, Any] = self.api.respond_to_auth_challenge(
            ClientId=self.client,
            ChallengeName=challenge["ChallengeName"],
            ChallengeResponses=srp.answer(challenge["ChallengeParameters"]),
        )
        return answer

    def user(self, name: str) -> dict[str, Any]:
        told = self.api.admin_get_user(UserPoolId=self.pool, Username=name)
        told["Attributes"] = {each["Name"]: each["Value"] for each in told["UserAttributes"]}
        return told

    def groups(self, name: str) -> list[str]:
        listed = self.api.admin_list_groups_for_user(UserPoolId=self.pool, Username=name)["Groups"]
        return [group["GroupName"] for group in listed]

    def names(self) -> list[str]:
        return [user["Username"] for user in self.api.list_users(UserPoolId=self.pool)["Users"]]


@pytest.fixture
def machine() -> Iterator[Machine]:
    with start() as dew:
        yield Machine(dew)
        check_whole(dew._emulator.cognito)


@pytest.fixture
def machines() -> Iterator[Any]:
    """Makes emulators, each with a pool of these settings."""
    with ExitStack() as stack:
        yield lambda **settings: Machine(stack.enter_context(start()), **settings)


@pytest.mark.parametrize("settings", [{}, {"UsernameAttributes": ["email"]}])
def test_users_sign_in_by_srp_on_a_teammates_machine(machines: Any, settings: dict[str, Any]):
    mine, theirs = (machines(UserPoolTags=TAGS, **settings) for _ in range(2))
    assert mine.pool == theirs.pool
    name = "ada@example.com" if settings else "ada"
    mine.create(name, email="ada@example.com", email_verified="true", name="Ada")
    mine.api.create_group(UserPoolId=mine.pool, GroupName="admins", Precedence=1, Description="All may")
    mine.api.admin_add_user_to_group(UserPoolId=mine.pool, Username=name, GroupName="admins")
    exported = mine.export()
    assert PASSWORD not in json.dumps(exported)

    told = theirs.asked(_body(exported))
    assert [outcome["happened"] for outcome in told["outcomes"]] == ["created"]
    assert (told["groups"], told["outcomes"][0]["needs_password"]) == (["admins"], False)
    assert "AccessToken" in theirs.sign_in_by_srp(name)["AuthenticationResult"]
    assert "AccessToken" in theirs.sign_in(name)["AuthenticationResult"]
    assert theirs.user(name)["Attributes"] == mine.user(name)["Attributes"]  # the sub too
    assert theirs.groups(name) == ["admins"]
    assert theirs.export() == exported
    assert theirs.load(*exported["users"]) == {exported["users"][0]["username"]: "unchanged"}


def _body(exported: dict[str, Any]) -> dict[str, Any]:
    return {"users": exported["users"], "groups": exported["groups"]}


def test_in_another_pool_srp_works_after_the_first_sign_in_with_the_password(machines: Any):
    mine, theirs = machines(), machines()
    assert mine.pool != theirs.pool
    mine.create("ada", email="ada@example.com")
    told = theirs.asked(_body(mine.export()))
    assert told["outcomes"][0]["needs_password"]
    with pytest.raises(theirs.api.exceptions.NotAuthorizedException):
        theirs.sign_in_by_srp("ada")
    with pytest.raises(theirs.api.exceptions.NotAuthorizedException):
        theirs.sign_in("ada", "Wrong-Horse-1")
    theirs.sign_in("ada")
    assert "AccessToken" in theirs.sign_in_by_srp("ada")["AuthenticationResult"]
    assert theirs.export()["users"][0]["password"]["srp"]["pool"] == theirs.pool.split("_")[1]


def test_a_file_written_by_hand(machine: Machine):
    machine.api.create_group(UserPoolId=machine.pool, GroupName="admins")
    users = [
        {"username": "ada", "password": PASSWORD, "groups": ["admins"]},
        {"username": "bob", "password": PASSWORD, "temporary": True},
        {"username": "eve", "attributes": {"email": "eve@example.com", "email_verified": True}},
        {"username": "joe", "password": PASSWORD, "enabled": False},
    ]
    assert set(machine.load(*users).values()) == {"created"}
    assert machine.sign_in_by_srp("ada")["AuthenticationResult"]
    assert machine.groups("ada") == ["admins"]
    assert machine.sign_in("bob")["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    assert machine.user("eve")["UserStatus"] == "RESET_REQUIRED"
    with pytest.raises(machine.api.exceptions.NotAuthorizedException, match="disabled"):
        machine.sign_in("joe")
    assert set(machine.load(*users).values()) == {"unchanged"}


def test_an_address_for_a_name_is_the_users_own(machines: Any):
    machine = machines(UsernameAttributes=["email"])
    machine.load({"username": "ada@example.com", "password": PASSWORD})
    user = machine.user("ada@example.com")
    assert user["Attributes"] == {
        "sub": user["Username"],
        "email": "ada@example.com",
        "email_verified": "true",
    }
    assert machine.load({"username": "ada@example.com", "password": PASSWORD}) == {
        "ada@example.com": "unchanged"
    }
    assert len(machine.names()) == 1


def test_who_is_there_already_stays_unless_replaced(machine: Machine):
    machine.create("ada", name="Ada")
    machine.api.create_group(UserPoolId=machine.pool, GroupName="old")
    machine.api.create_group(UserPoolId=machine.pool, GroupName="new")
    machine.api.admin_add_user_to_group(UserPoolId=machine.pool, Username="ada", GroupName="old")
    sub = machine.user("ada")["Attributes"]["sub"]
    entry = {
        "username": "ada",
        "attributes": {"name": "Ada L."},
        "password": "Other-Horse-1",
        "groups": ["new"],
    }
    assert machine.load(entry) == {"ada": "different"}
    assert machine.load(entry, mode="add") == {"ada": "present"}
    assert machine.user("ada")["Attributes"]["name"] == "Ada"
    assert machine.load(entry, mode="replace") == {"ada": "replaced"}
    assert machine.load(entry, mode="replace") == {"ada": "unchanged"}
    assert machine.user("ada")["Attributes"] == {"sub": sub, "name": "Ada L."}
    assert machine.groups("ada") == ["new"]
    listed = machine.api.list_users_in_group(UserPoolId=machine.pool, GroupName="old")["Users"]
    assert listed == []
    assert machine.sign_in("ada", "Other-Horse-1")["AuthenticationResult"]
    with pytest.raises(machine.api.exceptions.NotAuthorizedException):
        machine.sign_in("ada")


def test_identities_at_providers_stay_with_the_pool(machine: Machine):
    machine.create("ada", name="Ada")
    machine.api.create_identity_provider(
        UserPoolId=machine.pool,
        ProviderName="Google",
        ProviderType="Google",
        ProviderDetails={"client_id": "client", "client_secret": "secret", "authorize_scopes": "email"},
    )
    machine.api.admin_link_provider_for_user(
        UserPoolId=machine.pool,
        DestinationUser={"ProviderName": "Cognito", "ProviderAttributeValue": "ada"},
        SourceUser={
            "ProviderName": "Google",
            "ProviderAttributeName": "Cognito_Subject",
            "ProviderAttributeValue": "1234",
        },
    )
    [exported] = machine.export()["users"]
    assert exported["attributes"] == {"name": "Ada"}
    assert machine.load(exported) == {"ada": "unchanged"}
    exported["attributes"]["name"] = "Ada L."
    assert machine.load(exported, mode="replace") == {"ada": "replaced"}
    assert "1234" in machine.user("ada")["Attributes"]["identities"]


def test_replacing_takes_the_files_sub(machine: Machine):
    machine.create("ada")
    entry = {"username": "ada", "sub": "0a1b2c3d-0000-4000-8000-000000000000", "password": PASSWORD}
    assert machine.load(entry) == {"ada": "different"}
    assert machine.load(entry, mode="replace") == {"ada": "replaced"}
    assert machine.user("ada")["Attributes"]["sub"] == entry["sub"]


def test_one_mistake_imports_nobody_and_all_are_told(machine: Machine):
    right = {"username": "ada", "password": PASSWORD}
    found = machine.faults(
        right,
        {"username": "bob", "password": "weak"},
        {"username": "eve", "password": "No-Number-Here"},
        {"username": "joe", "attributes": {"email": "nowhere", "custom:plan": "pro"}, "groups": ["nobody"]},
        {"username": "ada"},
        {"name": "nobody"},
        "nobody",
    )
    assert machine.names() == []
    by_entry = [(index, *rest[:-1]) for index, *rest in found]
    assert by_entry == [
        (1, "password"),
        (2, "password"),
        (3, "attributes", "email"),
        (3, "attributes", "custom:plan"),
        (3, "groups", 0),
        (4, "username"),
        (5, "name"),
        (5,),
        (6,),
    ]
    said = {(index, *rest[:-1]): rest[-1] for index, *rest in found}
    assert (
        said[2, "password"] == "Password did not conform with policy: Password must have numeric characters"
    )
    assert said[3, "attributes", "custom:plan"] == "Attribute does not exist in the schema."
    assert said[4, "username"] == "ada is user 1's of this file already"
    assert not any("No-Number" in message or "weak" in message for message in said.values())


def test_addresses_of_others_are_refused(machines: Any):
    machine = machines(AliasAttributes=["email"])
    machine.create("ada", email="ada@example.com", email_verified="true")
    attributes = {"email": "ada@example.com", "email_verified": "true"}
    [(index, *_, message)] = machine.faults({"username": "bob", "attributes": attributes})
    assert (index, message) == (0, "ada@example.com is in the pool already, of the user ada")
    machine.load({"username": "bob", "attributes": {**attributes, "email_verified": "false"}})
    [fault] = machine.faults({"username": "eve@example.com"})
    assert "Username cannot be of email format" in fault[-1]


@pytest.mark.parametrize(
    ("entry", "path"),
    [
        ({"username": 5}, ("username",)),
        ({"username": ""}, ("username",)),
        ({"username": "a\0"}, ("username",)),
        ({"username": "ada", "password": 12345678}, ("password",)),
        ({"username": "ada", "password": ["x"]}, ("password",)),
        ({"username": "ada", "password": {"scrypt": {}}}, ("password",)),
        ({"username": "ada", "status": "HAPPY"}, ("status",)),
        ({"username": "ada", "enabled": "yes"}, ("enabled",)),
        ({"username": "ada", "groups": "admins"}, ("groups",)),
        ({"username": "ada", "groups": [1]}, ("groups", 0)),
        ({"username": "ada", "attributes": []}, ("attributes",)),
        ({"username": "ada", "attributes": {"name": None}}, ("attributes", "name")),
        ({"username": "ada", "sub": "../x"}, ("sub",)),
        ({"username": "ada", "created": "yesterday"}, ("created",)),
        ({"username": "ada", "mfa": {"enabled": ["PIGEON"]}}, ("mfa", "enabled")),
        ({"username": "ada", "mfa": {"enabled": ["SOFTWARE_TOKEN_MFA"]}}, ("mfa", "enabled")),
        ({"username": "ada", "mfa": {"preferred": "SMS_MFA"}}, ("mfa", "preferred")),
        ({"username": "ada", "mfa": {"totpSecret": "abc"}}, ("mfa", "totpSecret")),
    ],
)
def test_what_an_entry_cannot_be(machine: Machine, entry: Any, path: tuple[Any, ...]):
    [(index, *where, _)] = machine.faults(entry)
    assert (index, *where) == (0, *path)


def test_a_hash_that_would_take_minutes_is_refused(machine: Machine):
    machine.create("ada")
    [user] = machine.export()["users"]
    for n, r, p in ((2**24, 8, 1), (2**10, 8, 1000), (1000, 8, 1), (0, 8, 1), (True, 8, 1)):
        entry = {
            **user,
            "password": {**user["password"], "scrypt": user["password"]["scrypt"] | {"n": n, "r": r, "p": p}},
        }
        [(_, *where, _message)] = machine.faults(entry)
        assert where[:2] == ["password", "scrypt"]


def test_second_factors_come_along_and_an_apps_secret_only_when_asked(machine: Machine):
    mfa = {
        "enabled": ["SMS_MFA", "SOFTWARE_TOKEN_MFA"],
        "preferred": "SMS_MFA",
        "totpSecret": "JBSWY3DPEHPK3PXP",
    }
    entry = {"username": "ada", "password": PASSWORD, "mfa": mfa}
    machine.load(entry)
    assert machine.export(totp="1")["users"][0]["mfa"] == mfa
    [exported] = machine.export()["users"]
    assert exported["mfa"] == {"enabled": ["SMS_MFA"], "preferred": "SMS_MFA"}
    assert machine.load(exported) == {"ada": "unchanged"}


def test_an_authenticator_app_works_on_a_teammates_machine(machines: Any):
    mine, theirs = machines(), machines()
    for each in (mine, theirs):
        each.api.set_user_pool_mfa_config(
            UserPoolId=each.pool, MfaConfiguration="OPTIONAL", SoftwareTokenMfaConfiguration={"Enabled": True}
        )
    mine.create("ada")
    token = mine.sign_in("ada")["AuthenticationResult"]["AccessToken"]
    secret = mine.api.associate_software_token(AccessToken=token)["SecretCode"]
    mine.api.verify_software_token(AccessToken=token, UserCode=totp(secret, mine.dew.clock.time()))
    mine.api.set_user_mfa_preference(
        AccessToken=token, SoftwareTokenMfaSettings={"Enabled": True, "PreferredMfa": True}
    )
    assert secret not in json.dumps(mine.export())
    theirs.load(*mine.export(totp="1")["users"])
    challenge = theirs.sign_in("ada")
    assert challenge["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    answer = theirs.api.respond_to_auth_challenge(
        ClientId=theirs.client,
        ChallengeName="SOFTWARE_TOKEN_MFA",
        Session=challenge["Session"],
        ChallengeResponses={
            "USERNAME": "ada",
            "SOFTWARE_TOKEN_MFA_CODE": totp(secret, theirs.dew.clock.time()),
        },
    )
    assert "AccessToken" in answer["AuthenticationResult"]
    assert (
        mine.load(*mine.export()["users"])
        == mine.load(*mine.export(totp="1")["users"])
        == {"ada": "unchanged"}
    )


def totp(secret: str, now: float) -> str:
    """RFC 6238, as an authenticator app reckons."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.digest(key, int(now // 30).to_bytes(8, "big"), "sha1")
    place = digest[-1] & 15
    return f"{(int.from_bytes(digest[place : place + 4], 'big') & 0x7FFFFFFF) % 10**6:06d}"


def test_groups_of_a_file(machine: Machine):
    entry = {"username": "ada", "groups": ["admins"]}
    told = machine.asked({"users": [entry], "groups": [{"name": "admins", "precedence": 3}]})
    assert told["groups"] == ["admins"]
    assert machine.api.get_group(UserPoolId=machine.pool, GroupName="admins")["Group"]["Precedence"] == 3
    faults = machine.faults(groups=["x", {"name": "a", "precedence": True}, {"name": "a", "colour": "red"}])
    assert [fault[1:-1] for fault in faults] == [(0,), (1, "precedence"), (2, "colour")]


@pytest.mark.parametrize(("source", "status"), [("127.0.0.1", 200), ("::1", 200), ("192.168.1.7", 400)])
def test_other_machines_get_no_hashes(machine: Machine, source: str, status: int):
    door = machine.dew._emulator._aws_door
    headers = [(b"Host", b"localhost:4566")]
    request = Request("GET", "/_dew/users", f"pool={machine.pool}", headers, b"", source)
    assert asyncio.run(door(request)).status == status
    body = json.dumps({"pool": machine.pool, "users": []}).encode()
    request = Request("POST", "/_dew/users", "", headers, body, source)
    assert asyncio.run(door(request)).status == status


def test_only_this_machine_exports_and_imports(machine: Machine):
    request = urllib.request.Request(
        f"{machine.dew.aws_url}/_dew/users?pool={machine.pool}", headers={"Origin": "https://example.com"}
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=30)
    refused.value.close()
    assert refused.value.code == 403
    for content in (b"[]", b'{"pool": 1}', b'{"pool": "x", "users": [], "mode": "all"}'):
        request = urllib.request.Request(f"{machine.dew.aws_url}/_dew/users", content, method="POST")
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=30)
        refused.value.close()
        assert refused.value.code == 400
