"""PreAuthentication, PostAuthentication and UserMigration."""

import pytest

from tests.trigger_world import PASSWORD, refused


def test_both_ends_of_a_sign_in_are_told(triggers):
    triggers.make("", "PreAuthentication", "PostAuthentication")
    triggers.add("ada", "ada@example.com")
    triggers.sign_in("ada", ClientMetadata={"device": "phone"})
    before, after = triggers.events
    sub = triggers.user("ada")[1]["sub"]
    attributes = {
        "sub": sub,
        "cognito:user_status": "CONFIRMED",
        "email": "ada@example.com",
        "email_verified": "true",
    }
    assert before["triggerSource"] == "PreAuthentication_Authentication"
    assert before["request"] == {"userAttributes": attributes, "validationData": {"device": "phone"}}
    assert after["triggerSource"] == "PostAuthentication_Authentication"
    assert after["request"] == {"userAttributes": attributes, "newDeviceUsed": False}
    assert (before["response"], after["response"]) == ({}, {})


def test_a_wrong_password_is_asked_about_but_not_told(triggers):
    triggers.make("", "PreAuthentication", "PostAuthentication")
    triggers.add("ada")
    assert refused(triggers.sign_in, "ada", "Wrong-Horse-1")[0] == "NotAuthorizedException"
    assert triggers.sources == ["PreAuthentication_Authentication"]


def test_pre_authentication_can_refuse_whatever_the_password(triggers):
    triggers.make("raise Exception('not from here')", "PreAuthentication")
    triggers.add("ada")
    assert refused(triggers.sign_in, "ada") == (
        "UserLambdaValidationException",
        "PreAuthentication failed with error not from here.",
    )


def test_nobody_is_somebody_where_the_client_hides_who_exists(triggers):
    triggers.make("", "PreAuthentication")
    triggers.client = triggers.make_client(PreventUserExistenceErrors="ENABLED")
    assert refused(triggers.sign_in, "nobody")[0] == "NotAuthorizedException"
    assert triggers.event["userName"] == "nobody"
    assert triggers.event["request"]["userNotFound"] is True


def test_nobody_is_not_asked_about_otherwise(triggers):
    triggers.make("", "PreAuthentication")
    assert refused(triggers.sign_in, "nobody") == ("UserNotFoundException", "User does not exist.")
    assert triggers.events == []


def test_a_refresh_is_no_sign_in(triggers):
    triggers.make("", "PreAuthentication", "PostAuthentication")
    triggers.add("ada")
    token = triggers.sign_in("ada")["AuthenticationResult"]["RefreshToken"]
    triggers.api.initiate_auth(
        ClientId=triggers.client,
        AuthFlow="REFRESH_TOKEN_AUTH",
        AuthParameters={"REFRESH_TOKEN": token},
    )
    assert len(triggers.events) == 2


def test_metadata_of_an_answer_is_told_after_the_sign_in(triggers):
    triggers.make("", "PreAuthentication", "PostAuthentication")
    triggers.api.admin_create_user(
        UserPoolId=triggers.pool, Username="ada", TemporaryPassword=PASSWORD, MessageAction="SUPPRESS"
    )
    session = triggers.sign_in("ada")["Session"]
    assert triggers.sources == ["PreAuthentication_Authentication"]
    triggers.api.respond_to_auth_challenge(
        ClientId=triggers.client,
        ChallengeName="NEW_PASSWORD_REQUIRED",
        Session=session,
        ChallengeResponses={"USERNAME": "ada", "NEW_PASSWORD": PASSWORD + "2"},
        ClientMetadata={"step": "second"},
    )
    assert triggers.events[-1]["request"]["clientMetadata"] == {"step": "second"}


# migration

MIGRATE = """
if request["password"] not in ("", "Old-Password-1"):
    raise Exception("Bad password")
response.update(
    userAttributes={"email": "ada@old.example.com", "email_verified": "true"},
    messageAction="SUPPRESS",
    **{extra}
)
"""


def migrate(**extra):
    return MIGRATE.replace("{extra}", repr(extra))


def test_a_user_from_elsewhere_signs_in_with_their_old_password(triggers):
    triggers.make(migrate(finalUserStatus="CONFIRMED"), "UserMigration")
    assert triggers.sign_in("ada", "Old-Password-1", ClientMetadata={"from": "web"})["AuthenticationResult"]
    event = triggers.event
    assert (event["triggerSource"], event["userName"]) == ("UserMigration_Authentication", "ada")
    assert event["request"] == {"password": "Old-Password-1", "validationData": {"from": "web"}}
    assert event["response"] == {
        "userAttributes": None,
        "forceAliasCreation": None,
        "enableSMSMFA": None,
        "finalUserStatus": None,
        "messageAction": None,
        "desiredDeliveryMediums": None,
    }
    status, attributes = triggers.user("ada")
    assert (status, attributes["email"], attributes["email_verified"]) == (
        "CONFIRMED",
        "ada@old.example.com",
        "true",
    )
    assert triggers.sign_in("ada", "Old-Password-1")["AuthenticationResult"]
    assert len(triggers.events) == 1


def test_a_wrong_password_elsewhere_makes_nobody(triggers):
    triggers.make(migrate(), "UserMigration")
    assert refused(triggers.sign_in, "ada", "Guessed-1") == (
        "UserLambdaValidationException",
        "UserMigration failed with error Bad password.",
    )
    assert triggers.missing("ada")


def test_whom_the_trigger_does_not_know_does_not_exist(triggers):
    triggers.make("", "UserMigration")
    assert refused(triggers.sign_in, "ada") == (
        "UserNotFoundException",
        f"Exception migrating user in app client {triggers.client}",
    )


def test_that_the_trigger_knows_nobody_is_hidden_where_the_client_hides_it(triggers):
    triggers.make("", "UserMigration")
    triggers.client = triggers.make_client(PreventUserExistenceErrors="ENABLED")
    assert refused(triggers.sign_in, "ada") == (
        "NotAuthorizedException",
        "Incorrect username or password.",
    )
    sent = triggers.api.forgot_password(ClientId=triggers.client, Username="ada")
    assert sent["CodeDeliveryDetails"]["DeliveryMedium"] == "EMAIL"
    assert triggers.missing("ada")


def test_a_migrated_user_may_have_to_reset(triggers):
    triggers.make(migrate(finalUserStatus="RESET_REQUIRED"), "UserMigration")
    assert refused(triggers.sign_in, "ada", "Old-Password-1")[0] == "PasswordResetRequiredException"
    assert triggers.user("ada")[0] == "RESET_REQUIRED"


def test_a_migrated_user_may_begin_with_a_new_password(triggers):
    triggers.make(migrate(), "UserMigration")
    answer = triggers.api.forgot_password(ClientId=triggers.client, Username="ada", ClientMetadata={"a": "b"})
    assert answer["CodeDeliveryDetails"]["Destination"] == "a***@o***"
    event = triggers.event
    assert event["triggerSource"] == "UserMigration_ForgotPassword"
    assert event["request"] == {"password": "", "validationData": None, "clientMetadata": {"a": "b"}}
    code = triggers.mail("ada@old.example.com").code
    new = {"ClientId": triggers.client, "Username": "ada", "ConfirmationCode": code, "Password": PASSWORD}
    triggers.api.confirm_forgot_password(**new)
    assert triggers.sign_in("ada")["AuthenticationResult"]


@pytest.mark.parametrize(("force", "owner"), [(True, "new"), (False, "old")])
def test_an_alias_is_taken_over_only_by_force(triggers, force, owner):
    body = migrate(forceAliasCreation=force, finalUserStatus="CONFIRMED")
    triggers.make(body, "UserMigration", AliasAttributes=["email"])
    triggers.add("old", "ada@old.example.com")
    if force:
        assert triggers.sign_in("new", "Old-Password-1")["AuthenticationResult"]
    else:
        assert refused(triggers.sign_in, "new", "Old-Password-1")[0] == "AliasExistsException"
    found = triggers.api.admin_get_user(UserPoolId=triggers.pool, Username="ada@old.example.com")
    assert found["Username"] == owner


def test_the_welcome_goes_out_by_the_mediums_that_are_wanted(triggers):
    body = """
    response.update(
        userAttributes={"email": "eve@welcome.example.com", "email_verified": "true"},
        desiredDeliveryMediums=["EMAIL"],
    )
    """
    triggers.make(body, "UserMigration")
    triggers.sign_in("eve")
    message = triggers.mail("eve@welcome.example.com")
    assert message.subject == "Your temporary password" and PASSWORD not in message.body
