"""Second factors: authenticator apps, text messages and e-mails, chosen, set up and required."""

import json
from typing import Any

import pytest

from dewstack.cognito.signin import totp
from tests.api.cognito.test_cognito_at_once import at_once
from tests.api.cognito.test_cognito_srp_signin import srp_sign_in
from tests.whole import check_whole

APP = {"SoftwareTokenMfaConfiguration": {"Enabled": True}}
ROLE = "arn:aws:iam::000000000000:role/sns"
SMS = {"SmsMfaConfiguration": {"SmsConfiguration": {"SnsCallerArn": ROLE}}}
MAIL = {"EmailMfaConfiguration": {"Message": "Your code: {####}", "Subject": "Second step"}}
OWN_SES = {
    "EmailSendingAccount": "DEVELOPER",
    "SourceArn": "arn:aws:ses:us-east-1:000000000000:identity/mail@example.com",
}
PHONE = "+4915112345678"


class Person:
    """Ada, in a pool with MFA."""

    def __init__(self, world: Any) -> None:
        self.world = world
        self.secret = ""

    def __getattr__(self, name: str) -> Any:
        return getattr(self.world, name)

    def pool(self, mode: str, *, settings: dict[str, Any] | None = None, **config: Any) -> None:
        self.world.make_pool(**(settings or {}))
        flows = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
        self.world.client = self.world.make_client(ExplicitAuthFlows=flows)["ClientId"]
        self.world.confirmed("ada", "ada@example.com", phone_number=PHONE)
        self.token = self.tokens("ada")["AccessToken"]
        self.api.set_user_pool_mfa_config(UserPoolId=self.world.pool, MfaConfiguration=mode, **config)

    def digits(self, later: int = 0) -> str:
        return totp.code(self.secret, totp.step_at(self.clock.time()) + later)

    def add_app(self, *, preferred: bool = True) -> None:
        self.secret = self.api.associate_software_token(AccessToken=self.token)["SecretCode"]
        verified = self.api.verify_software_token(
            AccessToken=self.token, UserCode=self.digits(), FriendlyDeviceName="phone"
        )
        assert verified["Status"] == "SUCCESS"
        self.prefer(SoftwareTokenMfaSettings={"Enabled": True, "PreferredMfa": preferred})
        self.clock.offset += 60

    def prefer(self, **settings: Any) -> None:
        self.api.set_user_mfa_preference(AccessToken=self.token, **settings)

    def answer(self, asked: dict[str, Any], **responses: str) -> dict[str, Any]:
        return self.api.respond_to_auth_challenge(**self.response(asked, **responses))

    def answer_refused(self, asked: dict[str, Any], **responses: str) -> tuple[str, str]:
        return self.refused("respond_to_auth_challenge", **self.response(asked, **responses))

    def response(self, asked: dict[str, Any], **responses: str) -> dict[str, Any]:
        return {
            "ClientId": self.client,
            "ChallengeName": asked["ChallengeName"],
            "Session": asked["Session"],
            "ChallengeResponses": {"USERNAME": "ada", **responses},
        }


@pytest.fixture
def ada(world):
    yield Person(world)
    check_whole(world.cognito)


def test_an_app_is_asked_for_once_it_is_preferred(ada):
    ada.pool("OPTIONAL", **APP)
    assert "AuthenticationResult" in ada.sign_in("ada")
    ada.add_app()
    user = ada.api.get_user(AccessToken=ada.token)
    assert user["UserMFASettingList"] == ["SOFTWARE_TOKEN_MFA"]
    assert user["PreferredMfaSetting"] == "SOFTWARE_TOKEN_MFA"
    asked = ada.sign_in("ada")
    assert asked["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    assert asked["ChallengeParameters"] == {"FRIENDLY_DEVICE_NAME": "phone", "USER_ID_FOR_SRP": "ada"}
    tokens = ada.answer(asked, SOFTWARE_TOKEN_MFA_CODE=ada.digits())["AuthenticationResult"]
    assert ada.api.get_user(AccessToken=tokens["AccessToken"])["Username"] == "ada"
    again = ada.answer_refused(asked, SOFTWARE_TOKEN_MFA_CODE=ada.digits())
    assert again[0] == "NotAuthorizedException"


def test_srp_leads_to_the_same_second_factor(ada):
    ada.pool("OPTIONAL", **APP)
    ada.add_app()
    asked = srp_sign_in(ada.world, "ada")
    assert asked["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    assert ada.answer(asked, SOFTWARE_TOKEN_MFA_CODE=ada.digits())["AuthenticationResult"]


def test_a_wrong_code_leaves_the_session_open_and_counts(ada):
    ada.pool("OPTIONAL", **APP)
    ada.add_app()
    asked = ada.sign_in("ada")
    wrong = f"{(int(ada.digits()) + 500000) % 10**6:06d}"
    mismatch = ("CodeMismatchException", "Invalid code received for user")
    assert ada.answer_refused(asked, SOFTWARE_TOKEN_MFA_CODE=wrong) == mismatch
    assert ada.answer(asked, SOFTWARE_TOKEN_MFA_CODE=ada.digits())["AuthenticationResult"]
    ada.clock.offset += 60
    asked = ada.sign_in("ada")
    for _ in range(5):
        assert ada.answer_refused(asked, SOFTWARE_TOKEN_MFA_CODE=wrong) == mismatch
    locked = ("NotAuthorizedException", "Password attempts exceeded")
    assert ada.answer_refused(asked, SOFTWARE_TOKEN_MFA_CODE=ada.digits()) == locked
    assert ada.sign_in_refused("ada") == locked


def test_a_code_works_once_even_in_another_sign_in(ada):
    ada.pool("OPTIONAL", **APP)
    ada.add_app()
    first, second = ada.sign_in("ada"), ada.sign_in("ada")
    digits = ada.digits()
    assert ada.answer(first, SOFTWARE_TOKEN_MFA_CODE=digits)["AuthenticationResult"]
    assert ada.answer_refused(second, SOFTWARE_TOKEN_MFA_CODE=digits) == (
        "ExpiredCodeException",
        "Your software token has already been used once.",
    )


def test_of_many_answers_at_once_one_gets_tokens(ada):
    ada.pool("OPTIONAL", **APP)
    ada.add_app()
    request = ada.response(ada.sign_in("ada"), SOFTWARE_TOKEN_MFA_CODE=ada.digits())
    assert at_once(ada.world, "RespondToAuthChallenge", *[request] * 8)["done"] == 1


def test_a_text_message_has_the_code(ada):
    ada.pool("OPTIONAL", **SMS)
    ada.prefer(SMSMfaSettings={"Enabled": True, "PreferredMfa": True})
    asked = ada.sign_in("ada")
    assert asked["ChallengeName"] == "SMS_MFA"
    assert asked["ChallengeParameters"] == {
        "CODE_DELIVERY_DELIVERY_MEDIUM": "SMS",
        "CODE_DELIVERY_DESTINATION": "+*******5678",
        "USER_ID_FOR_SRP": "ada",
    }
    message = ada.mail(PHONE)
    assert (message.medium, message.body) == ("SMS", f"Your authentication code is {message.code}.")
    wrong = "000000" if message.code != "000000" else "111111"
    assert ada.answer_refused(asked, SMS_MFA_CODE=wrong) == (
        "CodeMismatchException",
        "Invalid code or auth state for the user.",
    )
    assert ada.answer(asked, SMS_MFA_CODE=message.code)["AuthenticationResult"]
    late = ada.sign_in("ada")
    ada.clock.offset += 181
    code, text = ada.answer_refused(late, SMS_MFA_CODE=ada.mail(PHONE).code)
    assert (code, "expired" in text) == ("NotAuthorizedException", True)
    old = ada.sign_in("ada")
    ada.sign_in("ada")
    assert ada.answer_refused(old, SMS_MFA_CODE=ada.mail(PHONE).code)[0] == "CodeMismatchException"


def test_an_email_has_the_code_in_the_pools_words(ada):
    ada.pool("OPTIONAL", settings={"EmailConfiguration": OWN_SES}, **MAIL)
    ada.prefer(EmailMfaSettings={"Enabled": True, "PreferredMfa": True})
    asked = ada.sign_in("ada")
    assert asked["ChallengeName"] == "EMAIL_OTP"
    assert asked["ChallengeParameters"]["CODE_DELIVERY_DESTINATION"] == "a***@e***"
    message = ada.mail("ada@example.com")
    assert (message.subject, message.body) == ("Second step", f"Your code: {message.code}")
    assert ada.answer(asked, EMAIL_OTP_CODE=message.code)["AuthenticationResult"]


def test_who_has_several_and_prefers_none_chooses(ada):
    ada.pool("OPTIONAL", **SMS, **APP)
    ada.add_app(preferred=False)
    ada.prefer(SMSMfaSettings={"Enabled": True})
    asked = ada.sign_in("ada")
    assert asked["ChallengeName"] == "SELECT_MFA_TYPE"
    choices = json.loads(asked["ChallengeParameters"]["MFAS_CAN_CHOOSE"])
    assert choices == ["SMS_MFA", "SOFTWARE_TOKEN_MFA"]
    assert ada.answer_refused(asked, ANSWER="EMAIL_OTP")[0] == "InvalidParameterException"
    chosen = ada.answer(asked, ANSWER="SOFTWARE_TOKEN_MFA")
    assert chosen["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    assert ada.answer(chosen, SOFTWARE_TOKEN_MFA_CODE=ada.digits())["AuthenticationResult"]


def test_where_it_is_required_an_app_is_set_up_on_the_way_in(ada):
    ada.pool("ON", **APP)
    asked = ada.sign_in("ada")
    assert asked["ChallengeName"] == "MFA_SETUP"
    assert json.loads(asked["ChallengeParameters"]["MFAS_CAN_SETUP"]) == ["SOFTWARE_TOKEN_MFA"]
    assert ada.answer_refused(asked)[0] == "InvalidParameterException"
    associated = ada.api.associate_software_token(Session=asked["Session"])
    ada.secret = associated["SecretCode"]
    reused = ada.refused("associate_software_token", Session=asked["Session"])
    assert reused[0] == "NotAuthorizedException"
    wrong = f"{(int(ada.digits()) + 500000) % 10**6:06d}"
    refused = ada.refused("verify_software_token", Session=associated["Session"], UserCode=wrong)
    assert refused == ("EnableSoftwareTokenMFAException", "Code mismatch")
    verified = ada.api.verify_software_token(Session=associated["Session"], UserCode=ada.digits())
    asked["Session"] = verified["Session"]
    assert ada.answer(asked)["AuthenticationResult"]
    user = ada.api.admin_get_user(UserPoolId=ada.world.pool, Username="ada")
    assert user["UserMFASettingList"] == ["SOFTWARE_TOKEN_MFA"]
    assert ada.sign_in("ada")["ChallengeName"] == "SOFTWARE_TOKEN_MFA"


def test_where_it_is_required_a_phone_needs_no_setting_up(ada):
    ada.pool("ON", **SMS, **APP)
    assert ada.sign_in("ada")["ChallengeName"] == "SMS_MFA"


def test_an_address_can_be_set_up_on_the_way_in(ada):
    ada.pool("ON", settings={"EmailConfiguration": OWN_SES}, **MAIL)
    ada.api.admin_delete_user_attributes(
        UserPoolId=ada.world.pool, Username="ada", UserAttributeNames=["email"]
    )
    asked = ada.sign_in("ada")
    assert json.loads(asked["ChallengeParameters"]["MFAS_CAN_SETUP"]) == ["EMAIL_OTP"]
    sent = ada.answer(asked, EMAIL="new@example.com")
    assert sent["ChallengeName"] == "EMAIL_OTP"
    code = ada.mail("new@example.com").code
    assert ada.answer(sent, EMAIL_OTP_CODE=code)["AuthenticationResult"]
    assert ada.attributes("ada")["email_verified"] == "true"


def test_a_temporary_password_comes_before_the_second_factor(ada):
    ada.pool("ON", **SMS)
    ada.api.admin_set_user_password(
        UserPoolId=ada.world.pool, Username="ada", Password="Temporary-Horse-1", Permanent=False
    )
    asked = ada.sign_in("ada", "Temporary-Horse-1")
    assert asked["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    asked = ada.answer(asked, NEW_PASSWORD="Battery-Staple-2")
    assert asked["ChallengeName"] == "SMS_MFA"
    assert ada.answer(asked, SMS_MFA_CODE=ada.mail(PHONE).code)["AuthenticationResult"]


def test_preferences_need_what_they_ask_for(ada):
    ada.pool("OPTIONAL", **SMS, **APP)
    refusal = (
        "InvalidParameterException",
        "User does not have delivery config set to turn on SOFTWARE_TOKEN_MFA",
    )
    token = {"AccessToken": ada.token}
    app = {"SoftwareTokenMfaSettings": {"Enabled": True}}
    assert ada.refused("set_user_mfa_preference", **token, **app) == refusal
    both = {"Enabled": True, "PreferredMfa": True}
    ada.add_app()
    code, _ = ada.refused(
        "set_user_mfa_preference", **token, SMSMfaSettings=both, SoftwareTokenMfaSettings=both
    )
    assert code == "InvalidParameterException"
    ada.api.admin_set_user_mfa_preference(
        UserPoolId=ada.world.pool, Username="ada", SoftwareTokenMfaSettings={"Enabled": False}
    )
    assert "AuthenticationResult" in ada.sign_in("ada")
    ada.api.set_user_settings(
        AccessToken=ada.token, MFAOptions=[{"DeliveryMedium": "SMS", "AttributeName": "phone_number"}]
    )
    assert ada.sign_in("ada")["ChallengeName"] == "SMS_MFA"
    ada.api.admin_set_user_settings(UserPoolId=ada.world.pool, Username="ada", MFAOptions=[])
    assert "AuthenticationResult" in ada.sign_in("ada")


def test_an_administrator_takes_a_lost_app_away(ada):
    ada.pool("OPTIONAL", **APP)
    ada.add_app()
    ada.api.admin_delete_software_token(UserPoolId=ada.world.pool, Username="ada")
    assert "AuthenticationResult" in ada.sign_in("ada")


def test_auth_factors_are_told(ada):
    ada.pool("OPTIONAL", **APP)
    ada.add_app()
    told = ada.api.get_user_auth_factors(AccessToken=ada.token)
    assert told["UserMFASettingList"] == ["SOFTWARE_TOKEN_MFA"]
    assert told["ConfiguredUserAuthFactors"] == ["PASSWORD"]
    same = ada.api.admin_get_user_auth_factors(UserPoolId=ada.world.pool, Username="ada")
    assert same["ConfiguredUserAuthFactors"] == ["PASSWORD"]


@pytest.mark.parametrize(
    ("mode", "config"),
    [
        ("ON", {}),
        ("ON", {"SoftwareTokenMfaConfiguration": {"Enabled": False}}),
        ("OPTIONAL", {"SmsMfaConfiguration": {"SmsAuthenticationMessage": "Code {####}"}}),
        ("OPTIONAL", MAIL),
    ],
)
def test_what_cannot_be_delivered_is_refused(world, mode, config):
    world.make_pool()
    refused = world.refused(
        "set_user_pool_mfa_config", UserPoolId=world.pool, MfaConfiguration=mode, **config
    )
    assert refused[0] == "InvalidParameterException"


def test_an_app_needs_a_pool_that_offers_it_and_a_session_that_is_one(world):
    world.make_pool()
    world.confirmed("ada", "ada@example.com")
    token = world.tokens("ada")["AccessToken"]
    refused = world.refused("associate_software_token", AccessToken=token)
    assert refused[0] == "SoftwareTokenMFANotFoundException"
    for session in ("x" * 40, "AYABnonsense-nonsense-nonsense", "AYAB" + "é" * 30):
        assert world.refused("associate_software_token", Session=session)[0] == "NotAuthorizedException"
    assert world.refused("associate_software_token")[0] == "InvalidParameterException"


def test_a_new_pool_with_mfa_needs_a_way_to_send_codes(world):
    refused = world.refused("create_user_pool", PoolName="people", MfaConfiguration="ON")
    assert refused == (
        "InvalidParameterException",
        "SMS configuration and Auto verification for phone_number are required when MFA is required/optional",
    )
    world.make_pool(MfaConfiguration="OPTIONAL", SmsConfiguration={"SnsCallerArn": ROLE})
    told = world.api.get_user_pool_mfa_config(UserPoolId=world.pool)
    assert told["SmsMfaConfiguration"] == {"SmsConfiguration": {"SnsCallerArn": ROLE}}
