"""Signing in: flows, states, lockout, the new-password challenge, refresh."""

import pytest

from dewstack.cognito.clients.secret_hash import secret_hash

INCORRECT = ("NotAuthorizedException", "Incorrect username or password.")
EXCEEDED = ("NotAuthorizedException", "Password attempts exceeded")
INVALID_SESSION = "Invalid session for the user"


@pytest.fixture
def ada(world):
    """A pool with one confirmed user."""
    world.make_pool()
    world.confirmed("ada", "ada@example.com")
    return world


@pytest.fixture
def invited(world):
    """A pool with a user whom an administrator made."""
    world.make_pool()
    world.api.admin_create_user(UserPoolId=world.pool, Username="ada", TemporaryPassword="Temporary-1")
    return world


def begin(world, flow, operation="initiate_auth", **parameters):
    parameters = parameters or {"USERNAME": "ada", "PASSWORD": world.password}
    params = {"ClientId": world.client, "AuthFlow": flow, "AuthParameters": parameters}
    if operation.startswith("admin"):
        params["UserPoolId"] = world.pool
    return operation, params


def answer(world, session, name="ada", password="Changed-1!", **responses):
    responses = {"USERNAME": name, "NEW_PASSWORD": password, **responses}
    return {
        "ClientId": world.client,
        "ChallengeName": "NEW_PASSWORD_REQUIRED",
        "Session": session,
        "ChallengeResponses": responses,
    }


# flows


def test_a_client_without_flows_has_no_passwords(ada):
    client = ada.api.create_user_pool_client(UserPoolId=ada.pool, ClientName="bare")["UserPoolClient"]
    ada.client = client["ClientId"]
    assert ada.sign_in_refused("ada") == (
        "InvalidParameterException",
        "USER_PASSWORD_AUTH flow not enabled for this client",
    )
    operation, params = begin(ada, "ADMIN_USER_PASSWORD_AUTH", "admin_initiate_auth")
    assert ada.refused(operation, **params) == (
        "InvalidParameterException",
        "Auth flow not enabled for this client",
    )


def test_the_old_names_of_flows_work(ada):
    ada.client = ada.make_client(ExplicitAuthFlows=["USER_PASSWORD_AUTH"])["ClientId"]
    tokens = ada.tokens("ada")
    assert ada.refresh(tokens["RefreshToken"])["AccessToken"]
    ada.client = ada.make_client(ExplicitAuthFlows=["ADMIN_NO_SRP_AUTH"])["ClientId"]
    for flow in ("ADMIN_NO_SRP_AUTH", "ADMIN_USER_PASSWORD_AUTH"):
        operation, params = begin(ada, flow, "admin_initiate_auth")
        assert getattr(ada.api, operation)(**params)["AuthenticationResult"]["IdToken"]


def test_old_and_new_names_do_not_mix(ada):
    code, _ = ada.refused(
        "create_user_pool_client",
        UserPoolId=ada.pool,
        ClientName="mixed",
        ExplicitAuthFlows=["USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
    )
    assert code == "InvalidParameterException"


@pytest.mark.parametrize(
    ("flow", "operation"),
    [("ADMIN_USER_PASSWORD_AUTH", "initiate_auth"), ("USER_PASSWORD_AUTH", "admin_initiate_auth")],
)
def test_each_operation_has_its_own_flows(ada, flow, operation):
    operation, params = begin(ada, flow, operation)
    assert ada.refused(operation, **params) == (
        "InvalidParameterException",
        "Initiate Auth method not supported.",
    )


@pytest.mark.parametrize(
    ("flow", "refusal"),
    [
        ("USER_SRP_AUTH", "USER_SRP_AUTH is not enabled for the client."),
        ("CUSTOM_AUTH", "CUSTOM_AUTH is not enabled for the client."),
        ("USER_AUTH", "USER_AUTH flow not enabled for this client"),
    ],
)
def test_a_flow_that_the_client_does_not_allow_is_refused_in_its_words(ada, flow, refusal):
    operation, params = begin(ada, flow)
    assert ada.refused(operation, **params) == ("InvalidParameterException", refusal)


def test_parameters_are_asked_for_by_name(ada):
    for parameters, missing in [({"USERNAME": "ada"}, "PASSWORD"), ({"PASSWORD": "x"}, "USERNAME")]:
        operation, params = begin(ada, "USER_PASSWORD_AUTH", **parameters)
        assert ada.refused(operation, **params) == (
            "InvalidParameterException",
            f"Missing required parameter {missing}",
        )


def test_an_administrator_names_pool_and_client(ada):
    operation, params = begin(ada, "ADMIN_USER_PASSWORD_AUTH", "admin_initiate_auth")
    assert ada.api.admin_initiate_auth(**params)["AuthenticationResult"]["AccessToken"]
    other = ada.api.create_user_pool(PoolName="other")["UserPool"]["Id"]
    assert ada.refused(operation, **{**params, "UserPoolId": other}) == (
        "ResourceNotFoundException",
        f"User pool client {ada.client} does not exist.",
    )
    assert ada.refused(operation, **{**params, "UserPoolId": "us-east-1_nowhere00"}) == (
        "ResourceNotFoundException",
        "User pool us-east-1_nowhere00 does not exist.",
    )


# who may


def test_a_wrong_password_and_an_unknown_user(ada):
    assert ada.sign_in_refused("ada", "Wrong-Horse-1") == INCORRECT
    assert ada.sign_in_refused("nobody") == ("UserNotFoundException", "User does not exist.")
    ada.client = ada.make_client(
        PreventUserExistenceErrors="ENABLED", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"]
    )["ClientId"]
    assert ada.sign_in_refused("nobody") == INCORRECT


def test_hidden_users_are_locked_out_like_real_ones(ada):
    ada.client = ada.make_client(PreventUserExistenceErrors="ENABLED")["ClientId"]
    for name in ("ada", "nobody"):
        assert [ada.sign_in_refused(name, "Wrong-Horse-1") for _ in range(6)] == [INCORRECT] * 5 + [EXCEEDED]


def test_confirmation_is_asked_for_after_the_password(world):
    world.make_pool()
    world.sign_up("ada", "ada@example.com")
    assert world.sign_in_refused("ada", "Wrong-Horse-1") == INCORRECT
    assert world.sign_in_refused("ada") == ("UserNotConfirmedException", "User is not confirmed.")


def test_a_disabled_user_stays_outside(ada):
    ada.api.admin_disable_user(UserPoolId=ada.pool, Username="ada")
    assert ada.sign_in_refused("ada") == ("NotAuthorizedException", "User is disabled.")
    ada.api.admin_enable_user(UserPoolId=ada.pool, Username="ada")
    assert ada.tokens("ada")["AccessToken"]


def test_an_alias_works_once_verified(world):
    world.make_pool(AliasAttributes=["email"])
    world.sign_up("ada", "ada@example.com")
    world.api.admin_confirm_sign_up(UserPoolId=world.pool, Username="ada")
    assert world.sign_in_refused("ada@example.com")[0] == "UserNotFoundException"
    world.api.admin_update_user_attributes(
        UserPoolId=world.pool,
        Username="ada",
        UserAttributes=[{"Name": "email_verified", "Value": "true"}],
    )
    assert world.tokens("ada@example.com")["AccessToken"]


# lockout


def test_failures_lock_longer_and_longer(ada):
    for _ in range(5):
        assert ada.sign_in_refused("ada", "Wrong-Horse-1") == INCORRECT
    for seconds in (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900):
        assert ada.sign_in_refused("ada") == EXCEEDED  # the right password, and it doesn't count
        ada.clock.advance(seconds - 0.5)
        assert ada.sign_in_refused("ada") == EXCEEDED
        ada.clock.advance(0.5)
        if seconds == 900:
            break
        assert ada.sign_in_refused("ada", "Wrong-Horse-1") == INCORRECT
    assert ada.tokens("ada")["AccessToken"]


def test_a_success_forgets_failures(ada):
    for _ in range(4):
        ada.sign_in_refused("ada", "Wrong-Horse-1")
    ada.tokens("ada")
    for _ in range(4):
        assert ada.sign_in_refused("ada", "Wrong-Horse-1") == INCORRECT
    assert ada.tokens("ada")["AccessToken"]


def test_idle_minutes_forget_failures(ada):
    for _ in range(4):
        ada.sign_in_refused("ada", "Wrong-Horse-1")
    ada.clock.advance(900)
    for _ in range(4):
        ada.sign_in_refused("ada", "Wrong-Horse-1")
    assert ada.tokens("ada")["AccessToken"]


# the client's secret


def test_secret_hash_is_asked_for_and_checked(ada):
    client = ada.make_client(GenerateSecret=True)
    ada.client, secret = client["ClientId"], client["ClientSecret"]
    assert ada.sign_in_refused("ada") == (
        "NotAuthorizedException",
        f"Client {ada.client} is configured with secret but SECRET_HASH was not received",
    )
    wrong = secret_hash(ada.client, secret, "eve")
    assert ada.sign_in_refused("ada", SECRET_HASH=wrong) == (
        "NotAuthorizedException",
        f"Unable to verify secret hash for client {ada.client}",
    )
    right = secret_hash(ada.client, secret, "ada")
    token = ada.sign_in("ada", SECRET_HASH=right)["AuthenticationResult"]["RefreshToken"]
    refresh = begin(ada, "REFRESH_TOKEN_AUTH", REFRESH_TOKEN=token, SECRET_HASH=wrong)
    assert ada.refused(refresh[0], **refresh[1]) == (
        "NotAuthorizedException",
        f"SecretHash does not match for the client: {ada.client}",
    )
    assert ada.refresh(token, SECRET_HASH=right)["AccessToken"]


# a new password


def test_a_made_user_sets_a_password_of_their_own(invited):
    challenge = invited.sign_in("ada", "Temporary-1")
    assert challenge["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    assert challenge["ChallengeParameters"] == {
        "USER_ID_FOR_SRP": "ada",
        "requiredAttributes": "[]",
        "userAttributes": "{}",
    }
    assert "AuthenticationResult" not in challenge
    result = invited.api.respond_to_auth_challenge(**answer(invited, challenge["Session"]))
    assert result["AuthenticationResult"]["AccessToken"]
    assert invited.status("ada") == "CONFIRMED"
    assert invited.tokens("ada", "Changed-1!")["AccessToken"]
    assert invited.sign_in_refused("ada", "Temporary-1") == INCORRECT


def test_an_administrator_can_answer_for_them(invited):
    operation, params = begin(
        invited, "ADMIN_NO_SRP_AUTH", "admin_initiate_auth", USERNAME="ada", PASSWORD="Temporary-1"
    )
    session = getattr(invited.api, operation)(**params)["Session"]
    result = invited.api.admin_respond_to_auth_challenge(UserPoolId=invited.pool, **answer(invited, session))
    assert result["AuthenticationResult"]["RefreshToken"]


def test_a_session_is_used_once(invited):
    session = invited.sign_in("ada", "Temporary-1")["Session"]
    code, _ = invited.refused("respond_to_auth_challenge", **answer(invited, session, password="weakling"))
    assert code == "InvalidPasswordException"
    invited.api.respond_to_auth_challenge(**answer(invited, session))
    assert invited.refused("respond_to_auth_challenge", **answer(invited, session)) == (
        "NotAuthorizedException",
        f"{INVALID_SESSION}, session can only be used once.",
    )


def test_a_session_expires(invited):
    session = invited.sign_in("ada", "Temporary-1")["Session"]
    invited.clock.advance(180)
    assert invited.refused("respond_to_auth_challenge", **answer(invited, session)) == (
        "NotAuthorizedException",
        f"{INVALID_SESSION}, session is expired.",
    )


def test_a_session_belongs_to_a_user_and_a_client(invited):
    invited.confirmed("eve", "eve@example.com")
    session = invited.sign_in("ada", "Temporary-1")["Session"]
    refusal = ("NotAuthorizedException", f"{INVALID_SESSION}.")
    assert invited.refused("respond_to_auth_challenge", **answer(invited, session, name="eve")) == refusal
    invited.client = invited.make_client()["ClientId"]
    assert invited.refused("respond_to_auth_challenge", **answer(invited, session)) == refusal
    assert invited.refused("respond_to_auth_challenge", **answer(invited, "x" * 100)) == refusal


def test_a_session_does_not_outlive_its_user(invited):
    session = invited.sign_in("ada", "Temporary-1")["Session"]
    invited.api.admin_delete_user(UserPoolId=invited.pool, Username="ada")
    invited.api.admin_create_user(UserPoolId=invited.pool, Username="ada", TemporaryPassword="Temporary-2")
    assert invited.refused("respond_to_auth_challenge", **answer(invited, session)) == (
        "NotAuthorizedException",
        f"{INVALID_SESSION}.",
    )


def test_required_attributes_come_with_the_new_password(world):
    world.make_pool(Schema=[{"Name": "given_name", "Required": True}])
    world.api.admin_create_user(UserPoolId=world.pool, Username="ada", TemporaryPassword="Temporary-1")
    challenge = world.sign_in("ada", "Temporary-1")
    assert challenge["ChallengeParameters"]["requiredAttributes"] == '["userAttributes.given_name"]'
    code, message = world.refused("respond_to_auth_challenge", **answer(world, challenge["Session"]))
    assert (code, "given_name: The attribute is required" in message) == ("InvalidParameterException", True)
    given = {"userAttributes.given_name": "Ada"}
    world.api.respond_to_auth_challenge(**answer(world, challenge["Session"], **given))
    assert world.attributes("ada")["given_name"] == "Ada"


def test_an_address_is_not_given_again_with_the_new_password(world):
    world.make_pool()
    email = [{"Name": "email", "Value": "ada@example.com"}]
    world.api.admin_create_user(
        UserPoolId=world.pool, Username="ada", TemporaryPassword="Temporary-1", UserAttributes=email
    )
    session = world.sign_in("ada", "Temporary-1")["Session"]
    given = {"userAttributes.email": "ada@example.com"}
    assert world.refused("respond_to_auth_challenge", **answer(world, session, **given)) == (
        "NotAuthorizedException",
        "Cannot modify an already provided email",
    )
    world.api.respond_to_auth_challenge(**answer(world, session))


def test_a_temporary_password_expires(invited):
    invited.clock.advance(7 * 86400)
    assert invited.sign_in_refused("ada", "Temporary-1") == (
        "NotAuthorizedException",
        "Temporary password has expired and must be reset by an administrator.",
    )


def test_challenges_that_are_not_emulated_say_so(ada):
    code, message = ada.refused(
        "respond_to_auth_challenge",
        ClientId=ada.client,
        ChallengeName="ADMIN_NO_SRP_AUTH",
        Session="x" * 30,
        ChallengeResponses={"USERNAME": "ada"},
    )
    assert code == "NotImplemented" and "ADMIN_NO_SRP_AUTH" in message


# refresh


def test_refresh_tokens_end(ada):
    tokens = ada.tokens("ada")
    operation, params = begin(ada, "REFRESH_TOKEN_AUTH", REFRESH_TOKEN="nonsense")
    assert ada.refused(operation, **params) == ("NotAuthorizedException", "Invalid Refresh Token")
    operation, params = begin(ada, "REFRESH_TOKEN_AUTH", REFRESH_TOKEN=tokens["RefreshToken"])
    other = {**params, "ClientId": ada.make_client()["ClientId"]}
    assert ada.refused(operation, **other) == ("NotAuthorizedException", "Invalid Refresh Token")
    ada.clock.advance(30 * 86400)
    assert ada.refused(operation, **params) == ("NotAuthorizedException", "Refresh Token has expired")


def test_a_disabled_or_deleted_user_does_not_refresh(ada):
    operation, params = begin(ada, "REFRESH_TOKEN_AUTH", REFRESH_TOKEN=ada.tokens("ada")["RefreshToken"])
    ada.api.admin_disable_user(UserPoolId=ada.pool, Username="ada")
    assert ada.refused(operation, **params)[0] == "NotAuthorizedException"
    ada.api.admin_delete_user(UserPoolId=ada.pool, Username="ada")
    assert ada.refused(operation, **params) == ("NotAuthorizedException", "Invalid Refresh Token")
