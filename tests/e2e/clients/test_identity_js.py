"""amazon-cognito-identity-js in Node.js: what Amplify up to v5, and many pages without it, sign in with."""

from collections.abc import Callable

import pytest

from tests.e2e.clients.peer import Peer, refused
from tests.e2e.clients.people import PASSWORD, Pool

pytestmark = pytest.mark.clients

Identity = Callable[..., Peer]
FLOWS = ["USER_SRP_AUTH", "USER_PASSWORD_AUTH"]


@pytest.mark.parametrize("flow", FLOWS)
def test_from_sign_up_to_sign_out(pool: Pool, identity_of: Identity, flow: str) -> None:
    identity = identity_of(pool)
    email = pool.address()
    name = email.split("@")[0]
    signed_up = identity("signUp", name, PASSWORD, {"email": email})
    assert signed_up["userConfirmed"] is False
    identity("user", name, flow)
    with refused("UserNotConfirmedException", "User is not confirmed."):
        identity("authenticate", PASSWORD)
    with refused("CodeMismatchException"):
        identity("call", "confirmRegistration", "000000", False)
    assert identity("call", "resendConfirmationCode")["CodeDeliveryDetails"]["DeliveryMedium"] == "EMAIL"
    assert identity("call", "confirmRegistration", pool.code(email), False) == "SUCCESS"

    with refused("NotAuthorizedException", "Incorrect username or password."):
        identity("authenticate", "Wrong-Horse-1")
    signed_in = identity("authenticate", PASSWORD)
    assert signed_in["callback"] == "onSuccess"
    assert identity("restore") == signed_in["arguments"][0]
    attributes = {each["Name"]: each["Value"] for each in identity("call", "getUserAttributes")}
    assert attributes == {"sub": signed_up["userSub"], "email": email, "email_verified": "true"}

    refreshed = identity("call", "getSession")
    assert refreshed == signed_in["arguments"][0]
    refreshed = identity("refresh")
    assert refreshed["accessToken"] != signed_in["arguments"][0]["accessToken"]
    identity("call", "signOut")
    assert identity("restore") is None


@pytest.mark.parametrize("flow", FLOWS)
def test_a_temporary_password_is_to_be_changed(
    make_pool: Callable[..., Pool], identity_of: Identity, flow: str
) -> None:
    name_is_required = [{"Name": "name", "Required": True, "AttributeDataType": "String", "Mutable": True}]
    pool = make_pool(Schema=name_is_required)
    pool.invite("invited", email="invited@example.com", email_verified="true", name="X")
    identity = identity_of(pool)
    identity("user", "invited", flow)
    asked = identity("authenticate", PASSWORD)
    assert asked["callback"] == "newPasswordRequired"
    given, required = asked["arguments"]
    assert (given["email"], required) == ("invited@example.com", [])
    with refused("InvalidPasswordException"):
        identity("call", "completeNewPasswordChallenge", "simple-horse", {})
    identity("authenticate", PASSWORD)
    done = identity("call", "completeNewPasswordChallenge", "Another-Horse-2", {"name": "Ada"})
    assert done["callback"] == "onSuccess"
    assert pool.status("invited") == "CONFIRMED"
    names = {each["Name"]: each["Value"] for each in identity("call", "getUserAttributes")}
    assert names["name"] == "Ada"


def test_a_password_is_changed_and_forgotten(pool: Pool, identity_of: Identity) -> None:
    name = pool.user()
    identity = identity_of(pool)
    identity("user", name, "USER_PASSWORD_AUTH")
    identity("authenticate", PASSWORD)
    with refused("NotAuthorizedException", "Incorrect username or password."):
        identity("call", "changePassword", "Wrong-Horse-1", "Another-Horse-2")
    assert identity("call", "changePassword", PASSWORD, "Another-Horse-2") == "SUCCESS"
    identity("authenticate", "Another-Horse-2")

    asked = identity("call", "forgotPassword")
    assert asked["callback"] == "inputVerificationCode"
    assert asked["arguments"][0]["CodeDeliveryDetails"]["Destination"] == "u***@e***"
    with refused("CodeMismatchException"):
        identity("call", "confirmPassword", "000000", "Third-Horse-3")
    code = pool.code(f"{name}@example.com")
    assert identity("call", "confirmPassword", code, "Third-Horse-3")["callback"] == "onSuccess"
    assert identity("authenticate", "Third-Horse-3")["callback"] == "onSuccess"


def test_attributes_are_changed_verified_and_removed(pool: Pool, identity_of: Identity) -> None:
    name = pool.user(nickname="Al")
    identity = identity_of(pool)
    identity("user", name, "USER_PASSWORD_AUTH")
    identity("authenticate", PASSWORD)
    email = pool.address()
    assert identity("updateAttributes", {"email": email, "name": "Ada"}) == "SUCCESS"
    asked = identity("call", "getAttributeVerificationCode", "email")
    assert asked["callback"] == "inputVerificationCode"
    verified = identity("call", "verifyAttribute", "email", pool.code(email))
    assert verified == {"callback": "onSuccess", "arguments": ["SUCCESS"]}
    assert identity("call", "deleteAttributes", ["nickname"]) == "SUCCESS"
    data = identity("call", "getUserData")
    values = {each["Name"]: each["Value"] for each in data["UserAttributes"]}
    assert data["Username"] == name and values.pop("sub")
    assert values == {"email": email, "email_verified": "true", "name": "Ada"}


def test_signing_out_everywhere_ends_every_session(pool: Pool, identity_of: Identity) -> None:
    name = pool.user()
    client = pool.client().id
    here, there = identity_of(pool, client), identity_of(pool, client)
    for identity in (here, there):
        identity("user", name, "USER_PASSWORD_AUTH")
        identity("authenticate", PASSWORD)
    assert here("call", "globalSignOut")["arguments"] == ["SUCCESS"]
    with refused("NotAuthorizedException", "Access Token has been revoked"):
        there("call", "getUserAttributes")
    with refused("NotAuthorizedException", "Refresh Token has been revoked"):
        there("refresh")


def test_signing_out_revokes_the_session_that_is_left(pool: Pool, identity_of: Identity) -> None:
    name = pool.user()
    client = pool.client().id
    here, there = identity_of(pool, client), identity_of(pool, client)
    for identity in (here, there):
        identity("user", name, "USER_PASSWORD_AUTH")
        identity("authenticate", PASSWORD)
    left = here("session")
    here("call", "signOut")
    with pytest.raises(pool.admin.exceptions.NotAuthorizedException, match="Access Token has been revoked"):
        pool.admin.get_user(AccessToken=left["accessToken"])
    assert there("refresh")["accessToken"]


def test_who_deletes_themselves_is_gone(pool: Pool, identity_of: Identity) -> None:
    name = pool.user()
    identity = identity_of(pool)
    identity("user", name, "USER_PASSWORD_AUTH")
    identity("authenticate", PASSWORD)
    assert identity("call", "deleteUser") == "SUCCESS"
    with pytest.raises(pool.admin.exceptions.UserNotFoundException):
        pool.status(name)
    identity("user", name, "USER_PASSWORD_AUTH")
    with refused("UserNotFoundException", "User does not exist."):
        identity("authenticate", PASSWORD)
