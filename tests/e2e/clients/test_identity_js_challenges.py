"""amazon-cognito-identity-js where a password is not enough: MFA, devices, custom challenges."""

from collections.abc import Callable
from typing import Any

import pytest

from dewstack.testing import Dew
from tests.e2e.clients.challenges import COLOUR, colour_triggers
from tests.e2e.clients.peer import Peer, refused
from tests.e2e.clients.people import PASSWORD, SMS, Pool, totp

pytestmark = pytest.mark.clients

Identity = Callable[..., Peer]
DEVICES = {"ChallengeRequiredOnNewDevice": True, "DeviceOnlyRememberedOnUserPrompt": False}


def test_an_authenticator_app_is_set_up_and_asked(
    make_pool: Callable[..., Pool], identity_of: Identity
) -> None:
    pool = make_pool()
    pool.allow_mfa(SoftwareTokenMfaConfiguration={"Enabled": True})
    identity = identity_of(pool)
    identity("user", pool.user())
    identity("authenticate", PASSWORD)
    asked = identity("call", "associateSoftwareToken")
    assert asked["callback"] == "associateSecretCode"
    [secret] = asked["arguments"]
    clock = pool.dew.clock
    with refused("EnableSoftwareTokenMFAException"):
        identity("call", "verifySoftwareToken", "000000", "phone")
    identity("call", "verifySoftwareToken", totp(secret, clock.time()), "phone")
    preferred = {"PreferredMfa": True, "Enabled": True}
    assert identity("call", "setUserMfaPreference", None, preferred) == "SUCCESS"

    clock.advance(30)
    asked = identity("authenticate", PASSWORD)
    assert (asked["callback"], asked["arguments"][0]) == ("totpRequired", "SOFTWARE_TOKEN_MFA")
    assert asked["arguments"][1]["FRIENDLY_DEVICE_NAME"] == "phone"
    with refused("CodeMismatchException"):
        identity("call", "sendMFACode", "000000", "SOFTWARE_TOKEN_MFA")
    code = totp(secret, clock.time())
    assert identity("call", "sendMFACode", code, "SOFTWARE_TOKEN_MFA")["callback"] == "onSuccess"
    assert identity("call", "getUserData")["UserMFASettingList"] == ["SOFTWARE_TOKEN_MFA"]


def test_an_authenticator_app_is_set_up_where_the_pool_demands_one(
    make_pool: Callable[..., Pool], identity_of: Identity
) -> None:
    pool = make_pool()
    pool.allow_mfa(SoftwareTokenMfaConfiguration={"Enabled": True}, MfaConfiguration="ON")
    identity = identity_of(pool)
    identity("user", pool.user())
    assert identity("authenticate", PASSWORD)["callback"] == "mfaSetup"
    [secret] = identity("call", "associateSoftwareToken")["arguments"]
    code = totp(secret, pool.dew.clock.time())
    assert identity("call", "verifySoftwareToken", code, "phone")["callback"] == "onSuccess"
    assert identity("session")["accessToken"]


def test_a_code_by_sms_is_asked(make_pool: Callable[..., Pool], identity_of: Identity) -> None:
    pool = make_pool(SmsConfiguration=SMS)
    pool.allow_mfa(SmsMfaConfiguration={"SmsConfiguration": SMS})
    number = pool.number()
    identity = identity_of(pool)
    identity("user", pool.user(phone_number=number, phone_number_verified="true"))
    identity("authenticate", PASSWORD)
    identity("call", "setUserMfaPreference", {"PreferredMfa": True, "Enabled": True}, None)
    asked = identity("authenticate", PASSWORD)
    assert (asked["callback"], asked["arguments"][0]) == ("mfaRequired", "SMS_MFA")
    told = {"CODE_DELIVERY_DELIVERY_MEDIUM": "SMS", "CODE_DELIVERY_DESTINATION": f"+*******{number[-4:]}"}
    assert told.items() <= asked["arguments"][1].items()
    with refused("CodeMismatchException"):
        identity("call", "sendMFACode", "000000", "SMS_MFA")
    assert identity("call", "sendMFACode", pool.code(number), "SMS_MFA")["callback"] == "onSuccess"


def test_one_factor_of_several_is_chosen(make_pool: Callable[..., Pool], identity_of: Identity) -> None:
    pool = make_pool(SmsConfiguration=SMS)
    pool.allow_mfa(
        SmsMfaConfiguration={"SmsConfiguration": SMS}, SoftwareTokenMfaConfiguration={"Enabled": True}
    )
    number = pool.number()
    identity = identity_of(pool)
    identity("user", pool.user(phone_number=number, phone_number_verified="true"))
    identity("authenticate", PASSWORD)
    [secret] = identity("call", "associateSoftwareToken")["arguments"]
    clock = pool.dew.clock
    identity("call", "verifySoftwareToken", totp(secret, clock.time()), "phone")
    enabled = {"PreferredMfa": False, "Enabled": True}
    identity("call", "setUserMfaPreference", enabled, enabled)
    assert identity("authenticate", PASSWORD)["callback"] == "selectMFAType"
    asked = identity("call", "sendMFASelectionAnswer", "SOFTWARE_TOKEN_MFA")
    assert asked["callback"] == "totpRequired"
    clock.advance(30)
    code = totp(secret, clock.time())
    assert identity("call", "sendMFACode", code, "SOFTWARE_TOKEN_MFA")["callback"] == "onSuccess"


@pytest.mark.parametrize("flow", ["USER_SRP_AUTH", "USER_PASSWORD_AUTH"])
def test_a_remembered_device_proves_itself(
    make_pool: Callable[..., Pool], identity_of: Identity, flow: str
) -> None:
    pool = make_pool(DeviceConfiguration=DEVICES)
    name = pool.user()
    identity = identity_of(pool)
    identity("user", name, flow)
    identity("authenticate", PASSWORD)
    key = identity("deviceKey")
    assert identity("call", "getDevice")["arguments"][0]["Device"]["DeviceKey"] == key
    identity("user", name, flow)
    again = identity("authenticate", PASSWORD)
    assert again["callback"] == "onSuccess" and identity("deviceKey") == key
    [devices] = identity("call", "listDevices", 10, None)["arguments"]
    assert [each["DeviceKey"] for each in devices["Devices"]] == [key]
    assert identity("call", "setDeviceStatusNotRemembered")["arguments"] == ["SUCCESS"]
    assert identity("call", "setDeviceStatusRemembered")["arguments"] == ["SUCCESS"]
    assert identity("call", "forgetDevice")["arguments"] == ["SUCCESS"]
    [devices] = identity("call", "listDevices", 10, None)["arguments"]
    assert devices["Devices"] == []


def test_a_device_stands_for_the_second_factor(make_pool: Callable[..., Pool], identity_of: Identity) -> None:
    pool = make_pool(DeviceConfiguration=DEVICES, SmsConfiguration=SMS)
    pool.allow_mfa(SmsMfaConfiguration={"SmsConfiguration": SMS})
    number = pool.number()
    name = pool.user(phone_number=number, phone_number_verified="true")
    client = pool.client().id
    here, there = identity_of(pool, client), identity_of(pool, client)
    here("user", name)
    here("authenticate", PASSWORD)
    here("call", "setUserMfaPreference", {"PreferredMfa": True, "Enabled": True}, None)
    assert here("authenticate", PASSWORD)["callback"] == "onSuccess"
    there("user", name)
    assert there("authenticate", PASSWORD)["callback"] == "mfaRequired"
    assert there("call", "sendMFACode", pool.code(number), "SMS_MFA")["callback"] == "onSuccess"
    there("user", name)
    assert there("authenticate", PASSWORD)["callback"] == "onSuccess"


@pytest.fixture(scope="module")
def colours(dew: Dew, make_pool: Callable[..., Pool]) -> Pool:
    """A pool that asks for a colour."""
    return make_pool(LambdaConfig=colour_triggers(dew))


@pytest.mark.parametrize("by_password", [False, True])
def test_a_custom_challenge_is_answered(colours: Pool, identity_of: Identity, by_password: bool) -> None:
    identity = identity_of(colours)

    def begin() -> dict[str, Any]:
        asked: dict[str, Any] = identity("authenticate", PASSWORD) if by_password else identity("initiate")
        return asked

    name = colours.user()
    identity("user", name, "CUSTOM_AUTH")
    challenge = begin()
    assert challenge["callback"] == "customChallenge"
    assert challenge["arguments"] == [{"USERNAME": name, "question": "Which colour?"}]
    assert identity("call", "sendCustomChallengeAnswer", "red")["callback"] == "customChallenge"
    assert identity("call", "sendCustomChallengeAnswer", COLOUR)["callback"] == "onSuccess"
    begin()
    for colour in ("red", "green"):
        identity("call", "sendCustomChallengeAnswer", colour)
    with refused("NotAuthorizedException", "Incorrect username or password."):
        identity("call", "sendCustomChallengeAnswer", "blue")


def test_a_custom_challenge_after_a_wrong_password_is_none(colours: Pool, identity_of: Identity) -> None:
    identity = identity_of(colours)
    identity("user", colours.user(), "CUSTOM_AUTH")
    with refused("NotAuthorizedException", "Incorrect username or password."):
        identity("authenticate", "Wrong-Horse-1")
