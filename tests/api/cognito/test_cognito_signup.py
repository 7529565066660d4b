"""Signing up, confirming, and every way AWS refuses it."""

import pytest

from dewstack.cognito.clients.secret_hash import secret_hash


@pytest.fixture
def people(world):
    """A pool whose users have usernames."""
    world.make_pool()
    return world


@pytest.fixture
def mails(world):
    """A pool whose users sign in with their e-mail address."""
    world.make_pool(UsernameAttributes=["email"])
    return world


def refused_sign_up(world, name, password=None, **attributes):
    return world.refused(
        "sign_up",
        ClientId=world.client,
        Username=name,
        Password=password or world.password,
        UserAttributes=[{"Name": key.replace("__", ":"), "Value": v} for key, v in attributes.items()],
    )


def refused_code(world, name, code, operation="confirm_sign_up"):
    return world.refused(operation, ClientId=world.client, Username=name, ConfirmationCode=code)


def other_than(code):
    return f"{(int(code) + 1) % 10**6:06d}"


CODE_MISMATCH = ("CodeMismatchException", "Invalid verification code provided, please try again.")
CODE_EXPIRED = ("ExpiredCodeException", "Invalid code provided, please request a code again.")
LIMIT = ("LimitExceededException", "Attempt limit exceeded, please try after some time.")


@pytest.mark.parametrize(
    ("password", "fault"),
    [
        ("Short1!", "Password not long enough"),
        ("lower-case-1", "Password must have uppercase characters"),
        ("UPPER-CASE-1", "Password must have lowercase characters"),
        ("No-Numbers-x", "Password must have numeric characters"),
        ("NoSymbols1", "Password must have symbol characters"),
        ("nothing", "Password not long enough"),
    ],
)
def test_the_first_broken_rule_of_the_policy_is_told(people, password, fault):
    assert refused_sign_up(people, "ada", password) == (
        "InvalidPasswordException",
        f"Password did not conform with policy: {fault}",
    )


def test_below_six_characters_it_is_a_bad_parameter(people):
    code, message = refused_sign_up(people, "ada", "Ab1!")
    assert code == "InvalidParameterException"
    assert "greater than or equal to 6" in message


def test_a_policy_asks_only_what_it_says(world):
    world.make_pool(Policies={"PasswordPolicy": {"MinimumLength": 6}})
    world.password = "aaaaaa"
    assert world.sign_up("ada")["UserSub"]


def test_a_username_is_taken_once(people):
    people.sign_up("ada")
    assert refused_sign_up(people, "ada") == ("UsernameExistsException", "User already exists")
    assert people.sign_up("Ada")["UserSub"]  # the API's default is to tell case apart


def test_case_can_be_ignored(world):
    world.make_pool(UsernameConfiguration={"CaseSensitive": False})
    world.confirmed("Ada")
    assert refused_sign_up(world, "aDA") == ("UsernameExistsException", "User already exists")
    assert world.tokens("ADA")["AccessToken"]
    assert world.api.admin_get_user(UserPoolId=world.pool, Username="ada")["Username"] == "Ada"


def test_an_address_is_taken_once(mails):
    mails.sign_up("ada@example.com")
    assert refused_sign_up(mails, "ada@example.com") == (
        "UsernameExistsException",
        "An account with the given email already exists.",
    )


def test_where_addresses_are_usernames_the_username_is_the_sub(mails):
    sub = mails.confirmed("ada@example.com")
    user = mails.api.admin_get_user(UserPoolId=mails.pool, Username="ada@example.com")
    assert user["Username"] == sub
    assert len(sub) == 36


@pytest.mark.parametrize(
    ("kinds", "message"),
    [
        (["email"], "Username should be an email."),
        (["phone_number"], "Username should be a phone number."),
        (["email", "phone_number"], "Username should be either an email or a phone number."),
    ],
)
def test_where_addresses_are_usernames_nothing_else_is(world, kinds, message):
    world.make_pool(UsernameAttributes=kinds)
    assert refused_sign_up(world, "ada") == ("InvalidParameterException", message)


def test_where_addresses_are_aliases_they_are_no_usernames(world):
    world.make_pool(AliasAttributes=["email"])
    assert refused_sign_up(world, "ada@example.com") == (
        "InvalidParameterException",
        "Username cannot be of email format, since user pool is configured for email alias.",
    )


def test_an_alias_belongs_to_who_verified_it_first(world):
    world.make_pool(AliasAttributes=["email"])
    world.confirmed("ada", "ada@example.com")
    assert world.tokens("ada@example.com")["AccessToken"]
    world.sign_up("eve", "ada@example.com")
    confirmation = {
        "ClientId": world.client,
        "Username": "eve",
        "ConfirmationCode": world.mail().code,
    }
    assert world.refused("confirm_sign_up", **confirmation) == (
        "AliasExistsException",
        "An account with the email already exists.",
    )
    assert world.status("eve") == "UNCONFIRMED"
    world.api.confirm_sign_up(**confirmation, ForceAliasCreation=True)
    assert world.claims(world.tokens("ada@example.com")["AccessToken"])["username"] == "eve"
    assert world.attributes("ada")["email_verified"] == "false"


def test_a_text_message_goes_before_an_email(world):
    sms = {"SnsCallerArn": "arn:aws:iam::000000000000:role/sms", "ExternalId": "people"}
    world.make_pool(AutoVerifiedAttributes=["email", "phone_number"], SmsConfiguration=sms)
    answer = world.sign_up("ada", "ada@example.com", phone_number="+15551239934")
    assert answer["CodeDeliveryDetails"] == {
        "Destination": "+*******9934",
        "DeliveryMedium": "SMS",
        "AttributeName": "phone_number",
    }
    assert world.mail("+15551239934").medium == "SMS"


def test_nothing_is_sent_for_what_the_pool_does_not_verify(world):
    world.make_pool(AutoVerifiedAttributes=[])
    assert "CodeDeliveryDetails" not in world.sign_up("ada", "ada@example.com")
    assert world.cognito.mailbox.messages() == []
    assert world.refused("resend_confirmation_code", ClientId=world.client, Username="ada") == (
        "InvalidParameterException",
        "Cannot resend codes. Auto verification not turned on.",
    )


def test_administrators_only(world):
    world.make_pool(AdminCreateUserConfig={"AllowAdminCreateUserOnly": True})
    assert refused_sign_up(world, "ada") == (
        "NotAuthorizedException",
        "SignUp is not permitted for this user pool",
    )


def test_the_schema_is_kept(world):
    world.make_pool(
        Schema=[
            {"Name": "given_name", "Required": True},
            {
                "Name": "plan",
                "AttributeDataType": "String",
                "StringAttributeConstraints": {"MinLength": "2", "MaxLength": "4"},
            },
            {
                "Name": "level",
                "AttributeDataType": "Number",
                "NumberAttributeConstraints": {"MinValue": "1", "MaxValue": "9"},
            },
        ]
    )
    start = "Attributes did not conform to the schema: "
    assert refused_sign_up(world, "ada") == (
        "InvalidParameterException",
        start + "given_name: The attribute is required\n",
    )
    for attributes, fault in [
        ({"custom__nope": "x"}, "custom:nope: Attribute does not exist in the schema.\n"),
        ({"custom__plan": "p"}, "custom:plan: String must be at least 2 characters long\n"),
        ({"custom__plan": "prosp"}, "custom:plan: String must be no longer than 4 characters\n"),
        ({"custom__level": "10"}, "custom:level: Number must be no greater than 9\n"),
        ({"custom__level": "x"}, "custom:level: Attribute value must be a number\n"),
    ]:
        refusal = refused_sign_up(world, "ada", given_name="Ada", **attributes)
        assert refusal == ("InvalidParameterException", start + fault)
    world.sign_up("ada", given_name="Ada", custom__plan="pro", custom__level="3")
    assert world.attributes("ada")["custom:level"] == "3"


def test_addresses_must_look_like_some(people):
    assert refused_sign_up(people, "ada", email="nowhere") == (
        "InvalidParameterException",
        "Invalid email address format.",
    )
    assert refused_sign_up(people, "ada", phone_number="555") == (
        "InvalidParameterException",
        "Invalid phone number format.",
    )


def test_nobody_verifies_themselves(people):
    refusal = ("NotAuthorizedException", "A client attempted to write unauthorized attribute")
    assert refused_sign_up(people, "ada", email="a@example.com", email_verified="true") == refusal


def test_a_client_writes_what_it_may(people):
    people.client = people.make_client(WriteAttributes=["email"])["ClientId"]
    refusal = ("NotAuthorizedException", "A client attempted to write unauthorized attribute")
    assert refused_sign_up(people, "ada", given_name="Ada") == refusal
    people.sign_up("ada", "ada@example.com")


def test_an_unknown_client_is_unknown(people):
    people.client = "nosuchclient"
    assert refused_sign_up(people, "ada") == (
        "ResourceNotFoundException",
        "User pool client nosuchclient does not exist.",
    )


# the code


def test_a_wrong_code_is_refused_and_the_right_one_still_good(people):
    people.sign_up("ada", "ada@example.com")
    code = people.mail().code
    assert refused_code(people, "ada", other_than(code)) == CODE_MISMATCH
    people.api.confirm_sign_up(ClientId=people.client, Username="ada", ConfirmationCode=code)


def test_a_code_works_once(people):
    people.confirmed("ada", "ada@example.com")
    assert refused_code(people, "ada", people.mail().code) == (
        "NotAuthorizedException",
        "User cannot be confirmed. Current status is CONFIRMED",
    )
    assert people.refused("resend_confirmation_code", ClientId=people.client, Username="ada") == (
        "InvalidParameterException",
        "User is already confirmed.",
    )


def test_a_code_expires_after_a_day(people):
    people.sign_up("ada", "ada@example.com")
    people.clock.advance(24 * 3600)
    assert refused_code(people, "ada", people.mail().code) == CODE_EXPIRED


def test_a_new_code_invalidates_the_old(people):
    people.sign_up("ada", "ada@example.com")
    old = people.mail().code
    answer = people.api.resend_confirmation_code(ClientId=people.client, Username="ada")
    assert answer["CodeDeliveryDetails"]["Destination"] == "a***@e***"
    new = people.mail().code
    if old != new:
        assert refused_code(people, "ada", old) == CODE_MISMATCH
    people.api.confirm_sign_up(ClientId=people.client, Username="ada", ConfirmationCode=new)


def test_guessing_ends_after_five_codes_for_an_hour(people):
    people.sign_up("ada", "ada@example.com")
    code = people.mail().code
    for _ in range(5):
        assert refused_code(people, "ada", other_than(code)) == CODE_MISMATCH
    assert refused_code(people, "ada", code) == LIMIT
    people.clock.advance(3600)
    people.api.confirm_sign_up(ClientId=people.client, Username="ada", ConfirmationCode=code)


def test_asking_for_codes_ends_after_ten_an_hour(people):
    people.sign_up("ada", "ada@example.com")
    for _ in range(9):
        people.api.resend_confirmation_code(ClientId=people.client, Username="ada")
    refusal = people.refused("resend_confirmation_code", ClientId=people.client, Username="ada")
    assert refusal == LIMIT
    people.clock.advance(3600)
    assert people.api.resend_confirmation_code(ClientId=people.client, Username="ada")


def test_an_unknown_user_is_told_by_legacy_clients(people):
    unknown = ("UserNotFoundException", "Username/client id combination not found.")
    assert refused_code(people, "nobody", "123456") == unknown
    assert people.refused("resend_confirmation_code", ClientId=people.client, Username="nobody") == unknown


def test_an_unknown_user_is_hidden_by_others(people):
    people.client = people.make_client(PreventUserExistenceErrors="ENABLED")["ClientId"]
    assert refused_code(people, "nobody", "123456") == CODE_EXPIRED
    first = people.api.resend_confirmation_code(ClientId=people.client, Username="nobody")
    second = people.api.resend_confirmation_code(ClientId=people.client, Username="nobody")
    assert first["CodeDeliveryDetails"] == second["CodeDeliveryDetails"]
    assert people.cognito.mailbox.messages() == []


# the client's secret


def test_a_client_with_a_secret_must_prove_it(people):
    client = people.make_client(GenerateSecret=True)
    people.client = client["ClientId"]
    assert refused_sign_up(people, "ada") == (
        "NotAuthorizedException",
        f"Client {people.client} is configured with secret but SECRET_HASH was not received",
    )
    request = {"ClientId": people.client, "Username": "ada", "Password": people.password}
    assert people.refused("sign_up", **request, SecretHash="bm9wZQ==") == (
        "NotAuthorizedException",
        f"Unable to verify secret hash for client {people.client}",
    )
    right = secret_hash(people.client, client["ClientSecret"], "ada")
    assert people.api.sign_up(**request, SecretHash=right)["UserSub"]


# the message


def test_the_pools_own_words_are_sent(world):
    world.make_pool(
        EmailVerificationSubject="Welcome to {username}'s shop",
        EmailVerificationMessage="Hello {username}, type {####}.",
        SmsVerificationMessage="Code: {####}",
    )
    world.sign_up("ada", "ada@example.com")
    message = world.mail()
    assert message.subject == "Welcome to ada's shop"
    assert message.body == f"Hello ada, type {message.code}."


def test_the_template_goes_before_the_old_members(world):
    world.make_pool(
        EmailVerificationMessage="Old {####}",
        VerificationMessageTemplate={"EmailMessage": "New {####}", "EmailSubject": "New"},
    )
    world.sign_up("ada", "ada@example.com")
    assert world.mail().body == f"New {world.mail().code}"


def test_a_link_carries_the_code(world):
    world.make_pool(
        VerificationMessageTemplate={
            "DefaultEmailOption": "CONFIRM_WITH_LINK",
            "EmailMessageByLink": "Click {##here##}",
        }
    )
    world.sign_up("ada", "ada@example.com")
    message = world.mail()
    assert message.body.startswith('Click <a href="') and message.body.endswith(">here</a>")
    assert f"confirmation_code={message.code}" in message.body
