"""Amplify v6 where a password is not enough, or not needed: MFA, devices, one-time codes, custom challenges."""

from collections.abc import Callable

import pytest

from dewstack.testing import Dew
from tests.e2e.clients.challenges import COLOUR, colour_triggers
from tests.e2e.clients.peer import Peer, refused
from tests.e2e.clients.people import EMAIL, PASSWORD, SMS, Pool, totp
from tests.e2e.clients.test_amplify import DONE, answer, sign_in

pytestmark = pytest.mark.clients

Amplify = Callable[..., Peer]


def test_an_authenticator_app_is_set_up_while_signed_in(
    make_pool: Callable[..., Pool], amplify_of: Amplify
) -> None:
    pool = make_pool()
    pool.allow_mfa(SoftwareTokenMfaConfiguration={"Enabled": True})
    name = pool.user()
    amplify = amplify_of(pool)
    clock = pool.dew.clock
    assert sign_in(amplify, name) == DONE
    secret = amplify("setUpTOTP")["sharedSecret"]
    with refused("EnableSoftwareTokenMFAException"):
        amplify("verifyTOTPSetup", {"code": "000000"})
    amplify("verifyTOTPSetup", {"code": totp(secret, clock.time())})
    amplify("updateMFAPreference", {"totp": "PREFERRED"})
    assert amplify("fetchMFAPreference") == {"enabled": ["TOTP"], "preferred": "TOTP"}
    amplify("signOut")

    clock.advance(30)
    assert sign_in(amplify, name) == {"signInStep": "CONFIRM_SIGN_IN_WITH_TOTP_CODE"}
    with refused("CodeMismatchException"):
        answer(amplify, "000000")
    assert answer(amplify, totp(secret, clock.time())) == DONE


def test_an_authenticator_app_is_set_up_where_the_pool_demands_one(
    make_pool: Callable[..., Pool], amplify_of: Amplify
) -> None:
    pool = make_pool()
    pool.allow_mfa(SoftwareTokenMfaConfiguration={"Enabled": True}, MfaConfiguration="ON")
    amplify = amplify_of(pool)
    asked = sign_in(amplify, pool.user())
    assert asked["signInStep"] == "CONTINUE_SIGN_IN_WITH_TOTP_SETUP"
    secret = asked["totpSetupDetails"]["sharedSecret"]
    assert answer(amplify, totp(secret, pool.dew.clock.time())) == DONE
    assert amplify("fetchMFAPreference")["enabled"] == ["TOTP"]


def test_a_code_by_sms_is_asked(make_pool: Callable[..., Pool], amplify_of: Amplify) -> None:
    pool = make_pool(SmsConfiguration=SMS)
    pool.allow_mfa(SmsMfaConfiguration={"SmsConfiguration": SMS})
    number = pool.number()
    name = pool.user(phone_number=number, phone_number_verified="true")
    amplify = amplify_of(pool)
    sign_in(amplify, name)
    amplify("updateMFAPreference", {"sms": "PREFERRED"})
    amplify("signOut")
    asked = sign_in(amplify, name)
    assert asked["signInStep"] == "CONFIRM_SIGN_IN_WITH_SMS_CODE"
    assert asked["codeDeliveryDetails"]["destination"] == f"+*******{number[-4:]}"
    with refused("CodeMismatchException"):
        answer(amplify, "000000")
    assert answer(amplify, pool.code(number)) == DONE


def test_a_code_by_email_is_asked(make_pool: Callable[..., Pool], amplify_of: Amplify) -> None:
    pool = make_pool(EmailConfiguration=EMAIL)
    pool.allow_mfa(EmailMfaConfiguration={"Message": "Code {####}", "Subject": "Code"})
    name = pool.user()
    amplify = amplify_of(pool)
    sign_in(amplify, name)
    amplify("updateMFAPreference", {"email": "PREFERRED"})
    amplify("signOut")
    assert sign_in(amplify, name)["signInStep"] == "CONFIRM_SIGN_IN_WITH_EMAIL_CODE"
    assert answer(amplify, pool.code(f"{name}@example.com")) == DONE


def test_one_factor_of_several_is_chosen(make_pool: Callable[..., Pool], amplify_of: Amplify) -> None:
    pool = make_pool(SmsConfiguration=SMS)
    pool.allow_mfa(
        SmsMfaConfiguration={"SmsConfiguration": SMS}, SoftwareTokenMfaConfiguration={"Enabled": True}
    )
    number = pool.number()
    name = pool.user(phone_number=number, phone_number_verified="true")
    amplify = amplify_of(pool)
    sign_in(amplify, name)
    secret = amplify("setUpTOTP")["sharedSecret"]
    amplify("verifyTOTPSetup", {"code": totp(secret, pool.dew.clock.time())})
    amplify("updateMFAPreference", {"totp": "ENABLED", "sms": "ENABLED"})
    amplify("signOut")
    asked = sign_in(amplify, name)
    assert asked["signInStep"] == "CONTINUE_SIGN_IN_WITH_MFA_SELECTION"
    assert sorted(asked["allowedMFATypes"]) == ["SMS", "TOTP"]
    assert answer(amplify, "SMS")["signInStep"] == "CONFIRM_SIGN_IN_WITH_SMS_CODE"
    assert answer(amplify, pool.code(number)) == DONE


def test_a_device_is_remembered_and_forgotten(make_pool: Callable[..., Pool], amplify_of: Amplify) -> None:
    pool = make_pool(
        DeviceConfiguration={"ChallengeRequiredOnNewDevice": True, "DeviceOnlyRememberedOnUserPrompt": True}
    )
    pool.allow_mfa(SoftwareTokenMfaConfiguration={"Enabled": True})
    name = pool.user()
    amplify = amplify_of(pool)
    clock = pool.dew.clock
    assert sign_in(amplify, name) == DONE
    secret = amplify("setUpTOTP")["sharedSecret"]
    amplify("verifyTOTPSetup", {"code": totp(secret, clock.time())})
    amplify("updateMFAPreference", {"totp": "PREFERRED"})
    [device] = amplify("fetchDevices")
    amplify("signOut")

    clock.advance(30)
    assert sign_in(amplify, name)["signInStep"] == "CONFIRM_SIGN_IN_WITH_TOTP_CODE"
    assert answer(amplify, totp(secret, clock.time())) == DONE
    amplify("rememberDevice")
    amplify("signOut")

    assert sign_in(amplify, name) == DONE  # the device stands for the second factor
    assert [each["id"] for each in amplify("fetchDevices")] == [device["id"]]
    amplify("forgetDevice")
    assert amplify("fetchDevices") == []
    amplify("signOut")
    assert sign_in(amplify, name)["signInStep"] == "CONFIRM_SIGN_IN_WITH_TOTP_CODE"


@pytest.fixture
def choosing(make_pool: Callable[..., Pool]) -> Pool:
    """A pool whose users may sign in by codes alone."""
    factors = ["PASSWORD", "EMAIL_OTP", "SMS_OTP"]
    return make_pool(
        Policies={"SignInPolicy": {"AllowedFirstAuthFactors": factors}},
        EmailConfiguration=EMAIL,
        SmsConfiguration=SMS,
    )


@pytest.mark.parametrize("medium", ["EMAIL", "SMS"])
def test_a_code_is_enough_where_the_user_chooses(choosing: Pool, amplify_of: Amplify, medium: str) -> None:
    number = choosing.number()
    name = choosing.user(phone_number=number, phone_number_verified="true")
    to = number if medium == "SMS" else f"{name}@example.com"
    amplify = amplify_of(choosing)
    options = {"authFlowType": "USER_AUTH"}
    asked = amplify("signIn", {"username": name, "options": options})["nextStep"]
    assert asked["signInStep"] == "CONTINUE_SIGN_IN_WITH_FIRST_FACTOR_SELECTION"
    assert set(asked["availableChallenges"]) == {"PASSWORD", "PASSWORD_SRP", "EMAIL_OTP", "SMS_OTP"}
    assert answer(amplify, f"{medium}_OTP")["signInStep"] == f"CONFIRM_SIGN_IN_WITH_{medium}_CODE"
    assert answer(amplify, choosing.code(to)) == DONE
    amplify("signOut")

    options["preferredChallenge"] = f"{medium}_OTP"
    asked = amplify("signIn", {"username": name, "options": options})["nextStep"]
    assert asked["signInStep"] == f"CONFIRM_SIGN_IN_WITH_{medium}_CODE"
    with refused("CodeMismatchException"):
        answer(amplify, "000000")
    assert answer(amplify, choosing.code(to)) == DONE


def test_nobody_needs_a_password_where_codes_do(choosing: Pool, amplify_of: Amplify) -> None:
    email = choosing.address()
    name = email.split("@")[0]
    amplify = amplify_of(choosing)
    options = {"userAttributes": {"email": email}, "autoSignIn": {"authFlowType": "USER_AUTH"}}
    amplify("signUp", {"username": name, "options": options})
    amplify("confirmSignUp", {"username": name, "confirmationCode": choosing.code(email)})
    assert amplify("autoSignIn")["nextStep"] == DONE
    amplify("signOut")
    asked = amplify("signIn", {"username": name, "options": {"authFlowType": "USER_AUTH"}})["nextStep"]
    assert asked["availableChallenges"] == ["EMAIL_OTP"]


@pytest.mark.parametrize("challenge", ["PASSWORD", "PASSWORD_SRP"])
def test_a_password_is_chosen(choosing: Pool, amplify_of: Amplify, challenge: str) -> None:
    name = choosing.user()
    amplify = amplify_of(choosing)
    amplify("signIn", {"username": name, "options": {"authFlowType": "USER_AUTH"}})
    assert answer(amplify, challenge)["signInStep"] == "CONFIRM_SIGN_IN_WITH_PASSWORD"
    with refused("NotAuthorizedException", "Incorrect username or password."):
        answer(amplify, "Wrong-Horse-1")
    amplify("signIn", {"username": name, "options": {"authFlowType": "USER_AUTH"}})
    answer(amplify, challenge)
    assert answer(amplify, PASSWORD) == DONE


@pytest.mark.parametrize("flow", ["CUSTOM_WITHOUT_SRP", "CUSTOM_WITH_SRP"])
def test_a_custom_challenge_is_answered(
    dew: Dew, make_pool: Callable[..., Pool], amplify_of: Amplify, flow: str
) -> None:
    pool = make_pool(LambdaConfig=colour_triggers(dew, flow))
    name = pool.user()
    amplify = amplify_of(pool)
    given = {"username": name, "options": {"authFlowType": flow}}
    if flow == "CUSTOM_WITH_SRP":
        given["password"] = PASSWORD
    asked = amplify("signIn", given)["nextStep"]
    assert asked["signInStep"] == "CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE"
    assert asked["additionalInfo"] == {"USERNAME": name, "question": "Which colour?"}
    asked = answer(amplify, "red")
    assert asked["signInStep"] == "CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE"
    assert answer(amplify, COLOUR) == DONE
    assert amplify("getCurrentUser")["username"] == name
