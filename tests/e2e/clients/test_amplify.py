"""Amplify v6 (aws-amplify/auth, which is @aws-amplify/auth), in Node.js, from sign-up to sign-out."""

from collections.abc import Callable

import pytest

from tests.e2e.clients.peer import Peer, refused
from tests.e2e.clients.people import PASSWORD, Pool

pytestmark = [pytest.mark.clients]

Amplify = Callable[..., Peer]


@pytest.fixture
def amplify_of(make_peer: Callable[..., Peer]) -> Amplify:
    """Amplify, configured for a pool (and a client of it), as a page of its own would have it."""

    def configured(pool: Pool, client_id: str = "") -> Peer:
        peer = make_peer("amplify")
        peer(
            "configure",
            {
                "userPoolId": pool.id,
                "userPoolClientId": client_id or pool.client().id,
                "userPoolEndpoint": pool.dew.aws_url,
            },
        )
        return peer

    return configured


@pytest.mark.parametrize("flow", ["USER_PASSWORD_AUTH"])
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
    with refused("CodeMismatchException"):
        amplify("confirmSignUp", {"username": name, "confirmationCode": "000000"})
    confirmed = amplify("confirmSignUp", {"username": name, "confirmationCode": pool.code(email)})
    assert confirmed["isSignUpComplete"] is True

    signed_in = amplify("signIn", {"username": name, "password": PASSWORD, "options": {"authFlowType": flow}})
    assert signed_in == {"isSignedIn": True, "nextStep": {"signInStep": "DONE"}}
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
