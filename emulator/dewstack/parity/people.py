"""Somebody who signs up at each target's user pool, confirms, logs in and leaves again: what they are answered, and
the tokens for the requests that need some."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from dewstack.deploy import Call
from dewstack.errors import AwsError

from .places import Place

POOL, CLIENT = "AWS::Cognito::UserPool", "AWS::Cognito::UserPoolClient"
PASSWORD, WRONG = "Parity-Is-Proved-1!", "Parity-Is-Proved-2!"
_FLOWS = {
    "ALLOW_USER_PASSWORD_AUTH": ("InitiateAuth", "USER_PASSWORD_AUTH"),
    "USER_PASSWORD_AUTH": ("InitiateAuth", "USER_PASSWORD_AUTH"),
    "ALLOW_ADMIN_USER_PASSWORD_AUTH": ("AdminInitiateAuth", "ADMIN_USER_PASSWORD_AUTH"),
    "ADMIN_NO_SRP_AUTH": ("AdminInitiateAuth", "ADMIN_NO_SRP_AUTH"),
}
_VALUES = {"phone_number": "+12025550123", "birthdate": "1990-01-01", "updated_at": "1"}


class Guest(Struct, frozen=True):
    """What became of somebody: each step's answer by its name, and the tokens, none where nobody could log in."""

    steps: Mapping[str, Any]
    tokens: Mapping[str, str]
    username: str = ""
    pool: str = ""


class _Visit(Struct):
    """Somebody at one target's pool."""

    call: Call
    pool: str
    client: Mapping[str, Any]
    username: str
    steps: dict[str, Any] = field(default_factory=dict)

    def step(self, name: str, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Do one thing and note what came of it."""
        try:
            answer = self.call("cognito-idp", operation, dict(params))
        except AwsError as error:
            self.steps[name] = {"error": error.code, "message": error.message}
            return {}
        self.steps[name] = {"answer": answer}
        return answer

    @property
    def as_client(self) -> dict[str, Any]:
        """What an operation of an app's has to say of itself."""
        return {"ClientId": self.client["ClientId"], **self._hash("SecretHash")}

    @property
    def as_admin(self) -> dict[str, Any]:
        """What an operation of an operator's names."""
        return {"UserPoolId": self.pool, "Username": self.username}

    def login(self, name: str, password: str) -> dict[str, Any]:
        """Log in by the first flow that the client allows."""
        allowed = self.client.get("ExplicitAuthFlows") or ()
        operation, flow = next((_FLOWS[each] for each in allowed if each in _FLOWS), ("", ""))
        if not operation:
            self.steps[name] = {"error": "no flow", "message": "the client allows no login by password alone"}
            return {}
        names = {"USERNAME": self.username, "PASSWORD": password, **self._hash("SECRET_HASH")}
        params = {"ClientId": self.client["ClientId"], "AuthFlow": flow, "AuthParameters": names}
        if operation.startswith("Admin"):
            params["UserPoolId"] = self.pool
        result = self.step(name, operation, params).get("AuthenticationResult")
        return result if isinstance(result, dict) else {}

    def _hash(self, name: str) -> dict[str, str]:
        secret = self.client.get("ClientSecret")
        if not secret:
            return {}
        text = f"{self.username}{self.client['ClientId']}".encode()
        digest = hmac.new(secret.encode(), text, hashlib.sha256).digest()
        return {name: base64.b64encode(digest).decode()}


def accompany(place: Place, number: str) -> Guest:
    """Let somebody in at the map's user pool; `number` makes the address, which must be new there. `leave` has them
    go again. Nobody, where the map has no pool with a client. Raises AwsError."""
    visit = _arrive(place, number)
    if visit is None:
        return Guest({}, {})
    attributes = _attributes(place, visit)
    wanted = {**visit.as_client, "Username": visit.username, "UserAttributes": attributes}
    visit.step("sign-up with a weak password", "SignUp", wanted | {"Password": "weak"})
    visit.step("sign-up", "SignUp", wanted | {"Password": PASSWORD})
    visit.step("sign-up again", "SignUp", wanted | {"Password": PASSWORD})
    who = {**visit.as_client, "Username": visit.username}
    visit.step("confirm with a wrong code", "ConfirmSignUp", who | {"ConfirmationCode": "000000"})
    visit.login("login before confirming", PASSWORD)
    visit.step("confirm", "AdminConfirmSignUp", visit.as_admin)
    visit.step("confirm again", "AdminConfirmSignUp", visit.as_admin)
    visit.login("login with a wrong password", WRONG)
    result = visit.login("login", PASSWORD)
    visit.step("get the user", "AdminGetUser", visit.as_admin)
    visit.step("get nobody", "GetUser", {"AccessToken": "nonsense"})
    tokens = {"access": result.get("AccessToken", ""), "id": result.get("IdToken", "")}
    if tokens["access"]:
        visit.step("get oneself", "GetUser", {"AccessToken": tokens["access"]})
    return Guest(visit.steps, {k: v for k, v in tokens.items() if v}, visit.username, visit.pool)


def leave(place: Place, guest: Guest) -> None:
    """Remove who was made, whatever became of them."""
    if guest.username:
        try:
            place.call(
                "cognito-idp", "AdminDeleteUser", {"UserPoolId": guest.pool, "Username": guest.username}
            )
        except AwsError as error:
            if error.code != "UserNotFoundException":
                raise


def _arrive(place: Place, number: str) -> _Visit | None:
    """A pool of the map with a client that passwords are enough for, if there is one."""
    for pool in place.types.get(POOL, ()):
        listed = place.call("cognito-idp", "ListUserPoolClients", {"UserPoolId": pool, "MaxResults": 60})
        own = [each["ClientId"] for each in listed["UserPoolClients"]]
        made = [each for each in place.types.get(CLIENT, ()) if each in own]
        clients = [
            place.call("cognito-idp", "DescribeUserPoolClient", {"UserPoolId": pool, "ClientId": each})
            for each in made
        ]
        clients.sort(
            key=lambda each: _FLOWS.keys().isdisjoint(each["UserPoolClient"].get("ExplicitAuthFlows") or ())
        )
        if clients:
            return _Visit(place.call, pool, clients[0]["UserPoolClient"], f"parity-{number}")
    return None


def _attributes(place: Place, visit: _Visit) -> list[dict[str, str]]:
    """What the pool requires of somebody, and an address; the name is one where the pool wants that.

    Mail goes to a mailbox that Amazon SES keeps for tests."""
    pool = place.call("cognito-idp", "DescribeUserPool", {"UserPoolId": visit.pool})["UserPool"]
    address = f"success+{visit.username}@simulator.amazonses.com"
    names = pool.get("UsernameAttributes") or ()
    if "email" in names:
        visit.username = address
    elif "phone_number" in names:
        visit.username = _VALUES["phone_number"]
    wanted = {"email": address}
    for attribute in pool.get("SchemaAttributes") or ():
        name = attribute["Name"]
        if attribute.get("Required") and name not in ("sub", "email"):
            usual = "1" if attribute.get("AttributeDataType") == "Number" else "parity"
            wanted[name] = _VALUES.get(name, usual)
    if "phone_number" in names and "email" not in names:
        wanted["phone_number"] = visit.username
    return [{"Name": name, "Value": value} for name, value in wanted.items()]
