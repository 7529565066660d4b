"""User pools, clients and users, as an administrator makes them, for client libraries to be tried on."""

import base64
import hashlib
import hmac
import itertools
import struct
from dataclasses import dataclass
from typing import Any

from dewstack.testing import Dew

PASSWORD = "Correct-Horse-1"
FLOWS = [
    "ALLOW_USER_SRP_AUTH",
    "ALLOW_USER_PASSWORD_AUTH",
    "ALLOW_ADMIN_USER_PASSWORD_AUTH",
    "ALLOW_CUSTOM_AUTH",
    "ALLOW_USER_AUTH",
    "ALLOW_REFRESH_TOKEN_AUTH",
]
ROTATING = {
    "ExplicitAuthFlows": [flow for flow in FLOWS if "REFRESH" not in flow],
    "RefreshTokenRotation": {"Feature": "ENABLED", "RetryGracePeriodSeconds": 0},
}
OAUTH: dict[str, Any] = {
    "AllowedOAuthFlowsUserPoolClient": True,
    "AllowedOAuthFlows": ["code"],
    "AllowedOAuthScopes": ["openid", "email", "profile", "aws.cognito.signin.user.admin"],
    "CallbackURLs": ["http://localhost:5173/callback"],
    "LogoutURLs": ["http://localhost:5173/"],
    "SupportedIdentityProviders": ["COGNITO"],
}
"""A client that may use the hosted UI."""
EMAIL = {
    "EmailSendingAccount": "DEVELOPER",
    "SourceArn": "arn:aws:ses:us-east-1:000000000000:identity/a@example.com",
}
SMS = {
    "SnsCallerArn": "arn:aws:iam::000000000000:role/sms",
    "ExternalId": "dewstack",
}


@dataclass(frozen=True)
class AppClient:
    """A client of a pool; `secret` is empty for a public one."""

    id: str
    secret: str


@dataclass(frozen=True)
class Pool:
    """A user pool, its administrator's client, and where its messages arrive."""

    dew: Dew
    id: str
    _numbers: "itertools.count[int]"

    @classmethod
    def made(cls, dew: Dew, numbers: "itertools.count[int] | None" = None, **settings: Any) -> "Pool":
        """A new pool that verifies e-mail addresses; settings are those of CreateUserPool. Pools that share
        `numbers` have no user, address or number in common."""
        settings = {"AutoVerifiedAttributes": ["email"], "AliasAttributes": ["email"], **settings}
        made = dew.client("cognito-idp").create_user_pool(PoolName="people", **settings)
        return cls(dew, made["UserPool"]["Id"], numbers or itertools.count(1))

    @classmethod
    def of(cls, dew: Dew, pool_id: str) -> "Pool":
        """A pool that is there."""
        return cls(dew, pool_id, itertools.count(1))

    @property
    def admin(self) -> Any:
        """boto3's client of Cognito, with credentials."""
        return self.dew.client("cognito-idp")

    def client(self, **settings: Any) -> AppClient:
        """A new client, for every way to sign in."""
        settings = {"ExplicitAuthFlows": FLOWS, **settings}
        made = self.admin.create_user_pool_client(UserPoolId=self.id, ClientName="app", **settings)
        made = made["UserPoolClient"]
        return AppClient(made["ClientId"], made.get("ClientSecret", ""))

    def address(self) -> str:
        """An e-mail address that nobody has."""
        return f"user{next(self._numbers)}@example.com"

    def number(self) -> str:
        """A phone number that nobody has."""
        return f"+1555{next(self._numbers):07}"

    def user(self, *, password: str = PASSWORD, **attributes: str) -> str:
        """A confirmed user with that password and a verified address: their user name."""
        name = f"user{next(self._numbers)}"
        values = {"email": f"{name}@example.com", "email_verified": "true", **attributes}
        self.invite(name, **values)
        self.admin.admin_set_user_password(
            UserPoolId=self.id, Username=name, Password=password, Permanent=True
        )
        return name

    def invite(self, name: str, /, **attributes: str) -> None:
        """A user made by an administrator, whose temporary password is PASSWORD."""
        self.admin.admin_create_user(
            UserPoolId=self.id,
            Username=name,
            TemporaryPassword=PASSWORD,
            MessageAction="SUPPRESS",
            UserAttributes=[{"Name": name, "Value": value} for name, value in attributes.items()],
        )

    def allow_mfa(self, **settings: Any) -> None:
        """Let users have further factors; settings are those of SetUserPoolMfaConfig."""
        settings = {"MfaConfiguration": "OPTIONAL", **settings}
        self.admin.set_user_pool_mfa_config(UserPoolId=self.id, **settings)

    def tokens(self, client_id: str, name: str) -> dict[str, str]:
        """What a public client's sign-in with PASSWORD gives."""
        answer: dict[str, Any] = self.admin.initiate_auth(
            ClientId=client_id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": name, "PASSWORD": PASSWORD},
        )
        return answer["AuthenticationResult"]

    def code(self, to: str) -> str:
        """The code of the last message to this address or number."""
        code = self.dew.mail(to)[-1].code
        assert code
        return code

    def status(self, name: str) -> str:
        """A user's status."""
        return self.admin.admin_get_user(UserPoolId=self.id, Username=name)["UserStatus"]


def totp(secret: str, time: float) -> str:
    """The six digits that an authenticator app shows for this secret (base 32) at this time (seconds)."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack(">Q", int(time) // 30), hashlib.sha1).digest()
    offset = digest[-1] & 15
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**6:06}"
