"""What users do with their access token, and how a forgotten password is replaced."""

import pytest

from dewstack.cognito.clients.secret_hash import secret_hash

INCORRECT = ("NotAuthorizedException", "Incorrect username or password.")
LIMIT = ("LimitExceededException", "Attempt limit exceeded, please try after some time.")
CODE_MISMATCH = ("CodeMismatchException", "Invalid verification code provided, please try again.")
CODE_EXPIRED = ("ExpiredCodeException", "Invalid code provided, please request a code again.")


@pytest.fixture
def ada(world):
    world.make_pool(
        Schema=[
            {"Name": "plan", "AttributeDataType": "String"},
            {"Name": "origin", "AttributeDataType": "String", "Mutable": False},
            {"Name": "email", "Required": True},
        ]
    )
    world.confirmed("ada", "ada@example.com", custom__origin="web")
    return world


def update(world, token, **attributes):
    return world.api.update_user_attributes(AccessToken=token, UserAttributes=listed(attributes))


def listed(attributes):
    return [{"Name": name.replace("__", ":"), "Value": value} for name, value in attributes.items()]


def other_than(code):
    return f"{(int(code) + 1) % 10**6:06d}"


# attributes


def test_an_attribute_is_changed_and_deleted(ada):
    token = ada.tokens("ada")["AccessToken"]
    assert update(ada, token, custom__plan="pro", given_name="Ada")["CodeDeliveryDetailsList"] == []
    assert ada.attributes("ada")["custom:plan"] == "pro"
    ada.api.delete_user_attributes(AccessToken=token, UserAttributeNames=["custom:plan"])
    update(ada, token, given_name="")
    assert not {"custom:plan", "given_name"} & set(ada.attributes("ada"))


@pytest.mark.parametrize(
    ("attributes", "refusal"),
    [
        (
            {"custom__nope": "x"},
            ("InvalidParameterException", "user.custom:nope: Attribute does not exist in the schema.\n"),
        ),
        (
            {"custom__origin": "x"},
            ("InvalidParameterException", "user.custom:origin: Attribute cannot be updated.\n"),
        ),
        ({"sub": "x"}, ("InvalidParameterException", "user.sub: Attribute cannot be updated.\n")),
        ({"email": ""}, ("InvalidParameterException", "user.email: The attribute is required\n")),
        ({"email": "nowhere"}, ("InvalidParameterException", "Invalid email address format.")),
        (
            {"email_verified": "true"},
            ("NotAuthorizedException", "A client attempted to write unauthorized attribute"),
        ),
    ],
)
def test_what_may_not_be_changed_is_refused(ada, attributes, refusal):
    token = ada.tokens("ada")["AccessToken"]
    request = {"AccessToken": token, "UserAttributes": listed(attributes)}
    assert ada.refused("update_user_attributes", **request) == refusal


def test_all_faults_of_an_update_are_told(ada):
    token = ada.tokens("ada")["AccessToken"]
    request = {"AccessToken": token, "UserAttributes": listed({"custom__a": "1", "custom__b": "2"})}
    assert ada.refused("update_user_attributes", **request) == (
        "InvalidParameterException",
        "user.custom:a: Attribute does not exist in the schema.\n"
        "user.custom:b: Attribute does not exist in the schema.\n",
    )


def test_a_new_address_is_unverified_until_its_code_comes_back(ada):
    token = ada.tokens("ada")["AccessToken"]
    sent = update(ada, token, email="new@example.org")["CodeDeliveryDetailsList"]
    assert sent == [{"Destination": "n***@e***", "DeliveryMedium": "EMAIL", "AttributeName": "email"}]
    assert ada.attributes("ada")["email_verified"] == "false"
    verify = {"AccessToken": token, "AttributeName": "email"}
    code = ada.mail("new@example.org").code
    assert ada.refused("verify_user_attribute", **verify, Code=other_than(code)) == CODE_MISMATCH
    ada.api.verify_user_attribute(**verify, Code=code)
    assert ada.attributes("ada")["email_verified"] == "true"
    assert ada.refused("verify_user_attribute", **verify, Code=code) == CODE_EXPIRED


def test_the_same_address_stays_verified(ada):
    token = ada.tokens("ada")["AccessToken"]
    assert update(ada, token, email="ada@example.com")["CodeDeliveryDetailsList"] == []
    assert ada.attributes("ada")["email_verified"] == "true"


def test_a_code_for_an_address_can_be_asked_for(ada):
    token = ada.tokens("ada")["AccessToken"]
    update(ada, token, email="new@example.org")
    request = {"AccessToken": token, "AttributeName": "email"}
    answer = ada.api.get_user_attribute_verification_code(**request)
    assert answer["CodeDeliveryDetails"]["Destination"] == "n***@e***"
    ada.api.verify_user_attribute(**request, Code=ada.mail().code)
    assert ada.refused(
        "get_user_attribute_verification_code", AccessToken=token, AttributeName="phone_number"
    )
    code, _ = ada.refused(
        "get_user_attribute_verification_code", AccessToken=token, AttributeName="given_name"
    )
    assert code == "InvalidParameterException"


def test_a_new_address_can_wait_for_its_code(world):
    world.make_pool(
        UsernameAttributes=["email"],
        UserAttributeUpdateSettings={"AttributesRequireVerificationBeforeUpdate": ["email"]},
    )
    world.confirmed("ada@example.com")
    token = world.tokens("ada@example.com")["AccessToken"]
    update(world, token, email="new@example.org")
    assert world.attributes("ada@example.com")["email"] == "ada@example.com"
    code = world.mail("new@example.org").code
    world.api.verify_user_attribute(AccessToken=token, AttributeName="email", Code=code)
    assert world.attributes("new@example.org")["email"] == "new@example.org"
    assert world.tokens("new@example.org")["AccessToken"]


def test_an_address_of_another_user_is_refused(world):
    world.make_pool(UsernameAttributes=["email"])
    for name in ("ada@example.com", "eve@example.com"):
        world.confirmed(name)
    token = world.tokens("eve@example.com")["AccessToken"]
    request = {"AccessToken": token, "UserAttributes": listed({"email": "ada@example.com"})}
    assert world.refused("update_user_attributes", **request) == (
        "AliasExistsException",
        "An account with the email already exists.",
    )


# the password


def test_a_password_is_changed(ada):
    token = ada.tokens("ada")["AccessToken"]
    request = {"AccessToken": token, "ProposedPassword": "Changed-1!"}
    assert ada.refused("change_password", **request, PreviousPassword="Wrong-Horse-1") == INCORRECT
    assert ada.refused(
        "change_password", AccessToken=token, PreviousPassword=ada.password, ProposedPassword="weakling"
    ) == (
        "InvalidPasswordException",
        "Password did not conform with policy: Password must have uppercase characters",
    )
    ada.api.change_password(**request, PreviousPassword=ada.password)
    assert ada.sign_in_refused("ada") == INCORRECT
    assert ada.tokens("ada", "Changed-1!")["AccessToken"]


def test_guessing_the_previous_password_ends_after_five(ada):
    request = {"AccessToken": ada.tokens("ada")["AccessToken"], "ProposedPassword": "Changed-1!"}
    for _ in range(5):
        assert ada.refused("change_password", **request, PreviousPassword="Wrong-Horse-1") == INCORRECT
    assert ada.refused("change_password", **request, PreviousPassword=ada.password) == LIMIT


def reset(world, code, password="Changed-1!", name="ada", **more):
    return {
        "ClientId": world.client,
        "Username": name,
        "ConfirmationCode": code,
        "Password": password,
        **more,
    }


def test_a_forgotten_password_is_replaced(ada):
    answer = ada.api.forgot_password(ClientId=ada.client, Username="ada")
    assert answer["CodeDeliveryDetails"]["Destination"] == "a***@e***"
    message = ada.mail()
    assert message.subject == "Your password reset code"
    assert ada.refused("confirm_forgot_password", **reset(ada, other_than(message.code))) == CODE_MISMATCH
    code, _ = ada.refused("confirm_forgot_password", **reset(ada, message.code, password="weakling"))
    assert code == "InvalidPasswordException"
    ada.api.confirm_forgot_password(**reset(ada, message.code))
    assert ada.tokens("ada", "Changed-1!")["AccessToken"]
    assert ada.refused("confirm_forgot_password", **reset(ada, message.code)) == CODE_EXPIRED


def test_a_reset_opens_the_lock(ada):
    for _ in range(5):
        ada.sign_in_refused("ada", "Wrong-Horse-1")
    ada.api.forgot_password(ClientId=ada.client, Username="ada")
    ada.api.confirm_forgot_password(**reset(ada, ada.mail().code))
    assert ada.tokens("ada", "Changed-1!")["AccessToken"]


def test_a_reset_code_lasts_an_hour(ada):
    ada.api.forgot_password(ClientId=ada.client, Username="ada")
    ada.clock.advance(3600)
    assert ada.refused("confirm_forgot_password", **reset(ada, ada.mail().code)) == CODE_EXPIRED


def test_reset_codes_are_limited(ada):
    for _ in range(10):
        ada.api.forgot_password(ClientId=ada.client, Username="ada")
    assert ada.refused("forgot_password", ClientId=ada.client, Username="ada") == LIMIT
    code = ada.mail().code
    for _ in range(5):
        assert ada.refused("confirm_forgot_password", **reset(ada, other_than(code))) == CODE_MISMATCH
    assert ada.refused("confirm_forgot_password", **reset(ada, code)) == LIMIT


def test_unknown_users_are_told_or_hidden(ada):
    unknown = ("UserNotFoundException", "Username/client id combination not found.")
    assert ada.refused("forgot_password", ClientId=ada.client, Username="nobody") == unknown
    assert ada.refused("confirm_forgot_password", **reset(ada, "123456", name="nobody")) == unknown
    ada.client = ada.make_client(PreventUserExistenceErrors="ENABLED")["ClientId"]
    first, second = (
        ada.api.forgot_password(ClientId=ada.client, Username="nobody")["CodeDeliveryDetails"] for _ in "ab"
    )
    assert first == second and first["DeliveryMedium"] == "EMAIL"
    assert ada.refused("confirm_forgot_password", **reset(ada, "123456", name="nobody")) == CODE_MISMATCH


def test_limits_do_not_tell_who_exists(ada):
    ada.client = ada.make_client(PreventUserExistenceErrors="ENABLED")["ClientId"]
    for name in ("ada", "nobody"):
        request = {"ClientId": ada.client, "Username": name}
        for _ in range(10):
            ada.api.forgot_password(**request)
        assert ada.refused("forgot_password", **request) == LIMIT
        wrong = other_than(ada.mail().code)
        answers = [ada.refused("confirm_forgot_password", **reset(ada, wrong, name=name)) for _ in range(6)]
        assert answers == [CODE_MISMATCH] * 5 + [LIMIT]


def test_without_a_verified_address_nothing_can_be_reset(world):
    world.make_pool()
    world.sign_up("ada", "ada@example.com")
    world.api.admin_confirm_sign_up(UserPoolId=world.pool, Username="ada")
    assert world.refused("forgot_password", ClientId=world.client, Username="ada") == (
        "InvalidParameterException",
        "Cannot reset password for the user as there is no registered/verified email or phone_number",
    )


def test_states_that_allow_no_reset(ada):
    ada.api.admin_disable_user(UserPoolId=ada.pool, Username="ada")
    assert ada.refused("forgot_password", ClientId=ada.client, Username="ada") == (
        "NotAuthorizedException",
        "User is disabled.",
    )
    ada.api.admin_create_user(UserPoolId=ada.pool, Username="eve", TemporaryPassword="Temporary-1")
    assert ada.refused("forgot_password", ClientId=ada.client, Username="eve") == (
        "NotAuthorizedException",
        "User password cannot be reset in the current state.",
    )


def test_an_administrator_can_demand_a_reset(ada):
    ada.api.admin_reset_user_password(UserPoolId=ada.pool, Username="ada")
    assert ada.status("ada") == "RESET_REQUIRED"
    assert ada.sign_in_refused("ada") == (
        "PasswordResetRequiredException",
        "Password reset required for the user",
    )
    ada.api.confirm_forgot_password(**reset(ada, ada.mail().code))
    assert ada.status("ada") == "CONFIRMED"
    assert ada.tokens("ada", "Changed-1!")["AccessToken"]


def test_the_order_of_recovery_is_the_pools(world):
    world.make_pool(
        AccountRecoverySetting={"RecoveryMechanisms": [{"Name": "verified_email", "Priority": 1}]}
    )
    world.confirmed("ada", "ada@example.com", phone_number="+15551239934")
    world.api.admin_update_user_attributes(
        UserPoolId=world.pool, Username="ada", UserAttributes=listed({"phone_number_verified": "true"})
    )
    answer = world.api.forgot_password(ClientId=world.client, Username="ada")
    assert answer["CodeDeliveryDetails"]["DeliveryMedium"] == "EMAIL"


def test_recovery_asks_for_the_clients_secret(ada):
    client = ada.make_client(GenerateSecret=True)
    ada.client = client["ClientId"]
    code, message = ada.refused("forgot_password", ClientId=ada.client, Username="ada")
    assert (code, "SECRET_HASH was not received" in message) == ("NotAuthorizedException", True)
    right = secret_hash(ada.client, client["ClientSecret"], "ada")
    assert ada.api.forgot_password(ClientId=ada.client, Username="ada", SecretHash=right)
    ada.api.confirm_forgot_password(**reset(ada, ada.mail().code, SecretHash=right))
