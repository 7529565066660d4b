"""Amplify v6 (aws-amplify/auth, which is @aws-amplify/auth) in Node.js, from sign-up to sign-out."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.clients.peer import Peer, refused
from tests.e2e.clients.people import EMAIL, PASSWORD, ROTATING, Pool

pytestmark = pytest.mark.clients

Amplify = Callable[..., Peer]
DONE = {"signInStep": "DONE"}


def sign_in(amplify: Peer, name: str, flow: str = "USER_SRP_AUTH", **options: Any) -> dict[str, Any]:
    """What the user has to do next."""
    given = {"username": name, "password": PASSWORD, "options": {"authFlowType": flow, **options}}
    step: dict[str, Any] = amplify("signIn", given)["nextStep"]
    return step


def answer(amplify: Peer, response: str, **options: Any) -> dict[str, Any]:
    """What the user has to do next, after this answer to a challenge."""
    step: dict[str, Any] = amplify("confirmSignIn", {"challengeResponse": response, "options": options})[
        "nextStep"
    ]
    return step


@pytest.mark.parametrize("flow", ["USER_SRP_AUTH", "USER_PASSWORD_AUTH", "USER_AUTH"])
def test_from_sign_up_to_sign_out(pool: Pool, amplify_of: Amplify, flow: str) -> None:
    amplify = amplify_of(pool)
    email = pool.address()
    name = email.split("@")[0]
    signed_up = amplify(
        "signUp",
        {
            "username": name,
            "password": PASSWORD,
            "options": {"userAttributes": {"email": email, "name": "Ada"}},
        },
    )
    assert signed_up["isSignUpComplete"] is False
    assert signed_up["nextStep"]["signUpStep"] == "CONFIRM_SIGN_UP"
    assert signed_up["nextStep"]["codeDeliveryDetails"]["deliveryMedium"] == "EMAIL"
    assert sign_in(amplify, name, flow, preferredChallenge="PASSWORD_SRP") == {
        "signInStep": "CONFIRM_SIGN_UP"
    }
    with refused("CodeMismatchException"):
        amplify("confirmSignUp", {"username": name, "confirmationCode": "000000"})
    amplify("resendSignUpCode", {"username": name})
    confirmed = amplify("confirmSignUp", {"username": name, "confirmationCode": pool.code(email)})
    assert confirmed["isSignUpComplete"] is True

    assert sign_in(amplify, name, flow, preferredChallenge="PASSWORD_SRP") == DONE
    user = amplify("getCurrentUser")
    assert (user["username"], user["userId"]) == (name, signed_up["userId"])
    attributes = amplify("fetchUserAttributes")
    assert {"email": email, "email_verified": "true", "name": "Ada"}.items() <= attributes.items()

    first = amplify("fetchAuthSession")
    assert amplify("fetchAuthSession") == first
    second = amplify("fetchAuthSession", {"forceRefresh": True})
    assert second["accessToken"] != first["accessToken"] and second["userSub"] == first["userSub"]

    amplify("signOut")
    assert amplify("fetchAuthSession") is None
    with refused("UserUnAuthenticatedException"):
        amplify("getCurrentUser")
    with pytest.raises(pool.admin.exceptions.NotAuthorizedException, match="Access Token has been revoked"):
        pool.admin.get_user(AccessToken=second["accessToken"])


@pytest.mark.parametrize("how", [True, {"authFlowType": "USER_AUTH"}], ids=["again", "by session"])
def test_who_has_just_confirmed_is_signed_in(
    make_pool: Callable[..., Pool], amplify_of: Amplify, how: object
) -> None:
    policy = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}}
    pool = make_pool(Policies=policy, EmailConfiguration=EMAIL)
    amplify = amplify_of(pool)
    email = pool.address()
    name = email.split("@")[0]
    options = {"userAttributes": {"email": email}, "autoSignIn": how}
    amplify("signUp", {"username": name, "password": PASSWORD, "options": options})
    confirmed = amplify("confirmSignUp", {"username": name, "confirmationCode": pool.code(email)})
    assert confirmed["nextStep"] == {"signUpStep": "COMPLETE_AUTO_SIGN_IN"}
    assert amplify("autoSignIn")["nextStep"] == DONE
    assert amplify("getCurrentUser")["username"] == name


def test_what_does_not_sign_in(pool: Pool, amplify_of: Amplify) -> None:
    amplify = amplify_of(pool)
    name = pool.user()
    with refused("NotAuthorizedException", "Incorrect username or password."):
        amplify("signIn", {"username": name, "password": "Wrong-Horse-1"})
    with refused("UserNotFoundException", "User does not exist."):
        sign_in(amplify, "nobody")
    pool.admin.admin_disable_user(UserPoolId=pool.id, Username=name)
    with refused("NotAuthorizedException", "User is disabled."):
        sign_in(amplify, name)
    silent = amplify_of(pool, pool.client(PreventUserExistenceErrors="ENABLED").id)
    with refused("NotAuthorizedException", "Incorrect username or password."):
        sign_in(silent, "nobody")
    with refused("UserAlreadyAuthenticatedException"):
        sign_in(silent, pool.user())
        sign_in(silent, pool.user())


def test_a_temporary_password_is_to_be_changed(make_pool: Callable[..., Pool], amplify_of: Amplify) -> None:
    pool = make_pool()
    pool.invite("invited", email="invited@example.com", email_verified="true")
    amplify = amplify_of(pool)
    asked = sign_in(amplify, "invited")
    assert asked["signInStep"] == "CONFIRM_SIGN_IN_WITH_NEW_PASSWORD_REQUIRED"
    assert answer(amplify, "Another-Horse-2", userAttributes={"name": "Ada"}) == DONE
    assert amplify("fetchUserAttributes")["name"] == "Ada"
    assert pool.status("invited") == "CONFIRMED"


def test_a_password_is_changed_and_forgotten(pool: Pool, amplify_of: Amplify) -> None:
    name = pool.user()
    amplify = amplify_of(pool)
    sign_in(amplify, name)
    with refused("NotAuthorizedException", "Incorrect username or password."):
        amplify("updatePassword", {"oldPassword": "Wrong-Horse-1", "newPassword": "Another-Horse-2"})
    amplify("updatePassword", {"oldPassword": PASSWORD, "newPassword": "Another-Horse-2"})
    amplify("signOut")
    asked = amplify("resetPassword", {"username": name})["nextStep"]
    assert asked["resetPasswordStep"] == "CONFIRM_RESET_PASSWORD_WITH_CODE"
    answered = {"username": name, "newPassword": "Third-Horse-3"}
    with refused("CodeMismatchException"):
        amplify("confirmResetPassword", {**answered, "confirmationCode": "000000"})
    code = pool.code(f"{name}@example.com")
    amplify("confirmResetPassword", {**answered, "confirmationCode": code})
    assert amplify("signIn", {"username": name, "password": "Third-Horse-3"})["isSignedIn"] is True


def test_attributes_are_changed_verified_and_removed(pool: Pool, amplify_of: Amplify) -> None:
    amplify = amplify_of(pool)
    sign_in(amplify, pool.user(nickname="Al"))
    email = pool.address()
    changed = amplify("updateUserAttributes", {"userAttributes": {"email": email, "name": "Ada"}})
    assert changed["name"]["isUpdated"] is True
    assert changed["email"]["nextStep"]["updateAttributeStep"] == "CONFIRM_ATTRIBUTE_WITH_CODE"
    amplify("sendUserAttributeVerificationCode", {"userAttributeKey": "email"})
    given = {"userAttributeKey": "email", "confirmationCode": pool.code(email)}
    amplify("confirmUserAttribute", given)
    amplify("deleteUserAttributes", {"userAttributeKeys": ["nickname"]})
    attributes = amplify("fetchUserAttributes")
    assert attributes.pop("sub")
    assert attributes == {"email": email, "email_verified": "true", "name": "Ada"}


def test_refresh_tokens_are_used_once_where_they_rotate(pool: Pool, amplify_of: Amplify) -> None:
    amplify = amplify_of(pool, pool.client(**ROTATING).id)
    sign_in(amplify, pool.user())
    seen = {amplify("fetchAuthSession", {"forceRefresh": True})["accessToken"] for _ in range(3)}
    assert len(seen) == 3


def test_an_expired_access_token_is_refreshed(pool: Pool, amplify_of: Amplify) -> None:
    amplify = amplify_of(pool)
    sign_in(amplify, pool.user())
    first = amplify("fetchAuthSession")
    amplify("advance", 3601)
    assert amplify("fetchAuthSession")["accessToken"] != first["accessToken"]


def test_signing_out_everywhere_ends_every_session(pool: Pool, amplify_of: Amplify) -> None:
    name = pool.user()
    client = pool.client().id
    here, there = amplify_of(pool, client), amplify_of(pool, client)
    sign_in(here, name)
    sign_in(there, name)
    here("signOut", {"global": True})
    with refused("NotAuthorizedException", "Access Token has been revoked"):
        there("fetchUserAttributes")
    assert there("fetchAuthSession", {"forceRefresh": True}) is None
    with refused("UserUnAuthenticatedException"):
        there("getCurrentUser")


def test_who_deletes_themselves_is_gone(pool: Pool, amplify_of: Amplify) -> None:
    name = pool.user()
    amplify = amplify_of(pool)
    sign_in(amplify, name)
    amplify("deleteUser")
    with refused("UserUnAuthenticatedException"):
        amplify("getCurrentUser")
    with refused("UserNotFoundException"):
        sign_in(amplify, name)
