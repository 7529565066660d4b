"""Devices: introduced at sign-in, confirmed by a verifier, remembered, and asked to prove themselves."""

from typing import Any

import pytest

from dewstack.cognito.signin import totp
from tests.api.cognito.test_cognito_mfa import PHONE, SMS
from tests.srp_client import SrpClient
from tests.whole import check_whole

ALWAYS = {"ChallengeRequiredOnNewDevice": False, "DeviceOnlyRememberedOnUserPrompt": False}
SPARING = {"ChallengeRequiredOnNewDevice": True, "DeviceOnlyRememberedOnUserPrompt": False}
ON_PROMPT = {"ChallengeRequiredOnNewDevice": True, "DeviceOnlyRememberedOnUserPrompt": True}
SALT = 0xC0FFEE0123456789C0FFEE0123456789
UNKNOWN = ("ResourceNotFoundException", "Device does not exist.")


class Phone:
    """Ada's device: what a client keeps of it."""

    def __init__(self, world: Any, metadata: dict[str, str]) -> None:
        self.world = world
        self.key, self.group = metadata["DeviceKey"], metadata["DeviceGroupKey"]
        self.srp = SrpClient(self.group, "a secret of the device")

    def confirm(self, token: str) -> bool:
        answer = self.world.api.confirm_device(
            AccessToken=token,
            DeviceKey=self.key,
            DeviceName="phone",
            DeviceSecretVerifierConfig=self.srp.device_verifier(self.key, SALT),
        )
        return answer["UserConfirmationNecessary"]

    def respond(self, asked: dict[str, Any], **responses: str) -> dict[str, Any]:
        session = {"Session": asked["Session"]} if "Session" in asked else {}
        return {
            "ClientId": self.world.client,
            "ChallengeName": asked["ChallengeName"],
            "ChallengeResponses": {"USERNAME": "ada", "DEVICE_KEY": self.key, **responses},
            **session,
        }

    def prove(self, asked: dict[str, Any], secret: str = "a secret of the device") -> dict[str, Any]:
        """The answer to DEVICE_PASSWORD_VERIFIER that follows DEVICE_SRP_AUTH."""
        assert asked["ChallengeName"] == "DEVICE_SRP_AUTH"
        srp = SrpClient(self.group, secret)
        asked = self.world.api.respond_to_auth_challenge(**self.respond(asked, SRP_A=srp.large_a))
        assert asked["ChallengeName"] == "DEVICE_PASSWORD_VERIFIER"
        told = {**asked["ChallengeParameters"], "USER_ID_FOR_SRP": self.key}
        answer = {**srp.answer(told), "USERNAME": "ada"}
        return self.respond(asked, **answer)


@pytest.fixture
def ada(world):
    def make(devices: dict[str, bool], **settings: Any) -> Any:
        world.make_pool(DeviceConfiguration=devices, **settings)
        world.confirmed("ada", "ada@example.com", phone_number=PHONE)
        return world

    yield make
    check_whole(world.cognito)


def known_phone(world) -> tuple[Phone, dict[str, Any]]:
    tokens = world.tokens("ada")
    phone = Phone(world, tokens["NewDeviceMetadata"])
    phone.confirm(tokens["AccessToken"])
    return phone, tokens


def test_a_sign_in_introduces_the_device_and_its_verifier_makes_it_known(ada):
    world = ada(ALWAYS)
    tokens = world.tokens("ada")
    metadata = tokens["NewDeviceMetadata"]
    assert metadata["DeviceKey"].startswith("us-east-1_")
    assert world.claims(tokens["AccessToken"])["device_key"] == metadata["DeviceKey"]
    access = {"AccessToken": tokens["AccessToken"]}
    assert world.api.list_devices(**access)["Devices"] == []
    phone = Phone(world, metadata)
    assert phone.confirm(tokens["AccessToken"]) is False
    (device,) = world.api.list_devices(**access)["Devices"]
    attributes = {entry["Name"]: entry["Value"] for entry in device["DeviceAttributes"]}
    assert (attributes["device_name"], attributes["dev:device_remembered_status"]) == ("phone", "remembered")
    assert world.api.get_device(**access, DeviceKey=phone.key)["Device"] == device
    with pytest.raises(world.api.exceptions.ClientError, match="DeviceKeyExistsException"):
        phone.confirm(tokens["AccessToken"])


def test_a_known_device_proves_itself(ada):
    world = ada(ALWAYS)
    phone, _ = known_phone(world)
    asked = world.sign_in("ada", DEVICE_KEY=phone.key)
    answer = phone.prove(asked)
    tokens = world.api.respond_to_auth_challenge(**answer)["AuthenticationResult"]
    assert "NewDeviceMetadata" not in tokens
    assert world.claims(tokens["AccessToken"])["device_key"] == phone.key
    assert world.refused("respond_to_auth_challenge", **answer)[0] == "NotAuthorizedException"
    asked = world.sign_in("ada", DEVICE_KEY=phone.key)
    wrong = phone.prove(asked, "another secret")
    assert world.refused("respond_to_auth_challenge", **wrong)[0] == "NotAuthorizedException"


def test_a_remembered_device_spares_the_second_factor(ada):
    world = ada(SPARING)
    phone, _ = known_phone(world)
    world.api.set_user_pool_mfa_config(UserPoolId=world.pool, MfaConfiguration="ON", **SMS)
    assert world.sign_in("ada")["ChallengeName"] == "SMS_MFA"
    proof = phone.prove(world.sign_in("ada", DEVICE_KEY=phone.key))
    assert world.api.respond_to_auth_challenge(**proof)["AuthenticationResult"]


def test_a_device_that_spares_nothing_comes_before_the_second_factor(ada):
    world = ada(ALWAYS)
    phone, _ = known_phone(world)
    world.api.set_user_pool_mfa_config(UserPoolId=world.pool, MfaConfiguration="ON", **SMS)
    proof = phone.prove(world.sign_in("ada", DEVICE_KEY=phone.key))
    asked = world.api.respond_to_auth_challenge(**proof)
    assert asked["ChallengeName"] == "SMS_MFA"
    done = phone.respond(asked, SMS_MFA_CODE=world.mail(PHONE).code)
    tokens = world.api.respond_to_auth_challenge(**done)["AuthenticationResult"]
    assert world.claims(tokens["AccessToken"])["device_key"] == phone.key
    assert "NewDeviceMetadata" not in tokens


def test_where_the_user_is_asked_a_device_is_remembered_when_they_say_so(ada):
    world = ada(ON_PROMPT)
    tokens = world.tokens("ada")
    phone = Phone(world, tokens["NewDeviceMetadata"])
    assert phone.confirm(tokens["AccessToken"]) is True
    assert "AuthenticationResult" in world.sign_in("ada", DEVICE_KEY=phone.key)
    world.api.update_device_status(
        AccessToken=tokens["AccessToken"], DeviceKey=phone.key, DeviceRememberedStatus="remembered"
    )
    assert world.sign_in("ada", DEVICE_KEY=phone.key)["ChallengeName"] == "DEVICE_SRP_AUTH"
    named = {"UserPoolId": world.pool, "Username": "ada", "DeviceKey": phone.key}
    world.api.admin_update_device_status(**named, DeviceRememberedStatus="not_remembered")
    assert "AuthenticationResult" in world.sign_in("ada", DEVICE_KEY=phone.key)


def test_a_device_that_is_known_and_not_remembered_is_no_new_one(ada):
    world = ada(ON_PROMPT)
    phone, _ = known_phone(world)
    tokens = world.sign_in("ada", DEVICE_KEY=phone.key)["AuthenticationResult"]
    assert "NewDeviceMetadata" not in tokens
    assert world.claims(tokens["AccessToken"])["device_key"] == phone.key
    assert len(world.api.list_devices(AccessToken=tokens["AccessToken"])["Devices"]) == 1


def test_a_forgotten_device_is_unknown_and_uses_nothing_up(ada):
    world = ada(ALWAYS)
    phone, tokens = known_phone(world)
    world.api.forget_device(AccessToken=tokens["AccessToken"], DeviceKey=phone.key)
    assert world.sign_in_refused("ada", DEVICE_KEY=phone.key) == UNKNOWN
    assert world.refused("get_device", AccessToken=tokens["AccessToken"], DeviceKey=phone.key) == UNKNOWN
    assert world.api.admin_list_devices(UserPoolId=world.pool, Username="ada")["Devices"] == []
    named = {"UserPoolId": world.pool, "Username": "ada", "DeviceKey": phone.key}
    for operation in ("admin_get_device", "admin_forget_device"):
        assert world.refused(operation, **named) == UNKNOWN


def test_a_refresh_needs_the_device_that_the_sign_in_had(ada):
    world = ada(ALWAYS)
    phone, tokens = known_phone(world)
    refresh = tokens["RefreshToken"]
    refused = world.refused(
        "initiate_auth",
        ClientId=world.client,
        AuthFlow="REFRESH_TOKEN_AUTH",
        AuthParameters={"REFRESH_TOKEN": refresh},
    )
    assert refused == ("NotAuthorizedException", "Invalid Refresh Token")
    assert world.claims(world.refresh(refresh, DEVICE_KEY=phone.key)["AccessToken"])["device_key"]


def test_devices_are_of_one_user_and_of_pools_that_track_them(ada):
    world = ada(ALWAYS)
    phone, _ = known_phone(world)
    world.confirmed("bob", "bob@example.com")
    assert world.sign_in_refused("bob", DEVICE_KEY=phone.key) == UNKNOWN
    untracked = world.api.create_user_pool(PoolName="other")["UserPool"]["Id"]
    refused = world.refused("admin_list_devices", UserPoolId=untracked, Username="ada")
    assert refused[0] == "InvalidUserPoolConfigurationException"


def test_an_app_and_a_device_share_one_sign_in(ada):
    world = ada(SPARING)
    world.api.set_user_pool_mfa_config(
        UserPoolId=world.pool,
        MfaConfiguration="OPTIONAL",
        SoftwareTokenMfaConfiguration={"Enabled": True},
    )
    phone, tokens = known_phone(world)
    access = {"AccessToken": tokens["AccessToken"]}
    secret = world.api.associate_software_token(**access)["SecretCode"]
    digits = totp.code(secret, totp.step_at(world.clock.time()))
    world.api.verify_software_token(**access, UserCode=digits)
    world.api.set_user_mfa_preference(**access, SoftwareTokenMfaSettings={"Enabled": True})
    assert world.sign_in("ada")["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    proof = phone.prove(world.sign_in("ada", DEVICE_KEY=phone.key))
    assert world.api.respond_to_auth_challenge(**proof)["AuthenticationResult"]


def test_a_device_may_be_asked_without_a_session_once(ada):
    world = ada(ALWAYS)
    phone, _ = known_phone(world)
    without = {
        "ClientId": world.client,
        "ChallengeName": "DEVICE_SRP_AUTH",
        "ChallengeResponses": {"USERNAME": "ada", "DEVICE_KEY": phone.key, "SRP_A": phone.srp.large_a},
    }
    unasked = ("NotAuthorizedException", "Invalid session for the user.")
    assert world.refused("respond_to_auth_challenge", **without) == unasked
    world.sign_in("ada", DEVICE_KEY=phone.key)
    asked = world.api.respond_to_auth_challenge(**without)
    assert world.refused("respond_to_auth_challenge", **without) == unasked
    answer = phone.srp.answer({**asked["ChallengeParameters"], "USER_ID_FOR_SRP": phone.key})
    proof = phone.respond(asked, **{**answer, "USERNAME": "ada"})
    assert world.api.respond_to_auth_challenge(**proof)["AuthenticationResult"]
    world.sign_in("ada", DEVICE_KEY=phone.key)
    world.clock.offset += 181
    assert world.refused("respond_to_auth_challenge", **without) == unasked


def test_a_device_key_does_not_tell_who_exists(ada):
    world = ada(ALWAYS)
    world.client = world.make_client(PreventUserExistenceErrors="ENABLED")["ClientId"]
    stranger = "us-east-1_00000000-0000-4000-8000-000000000000"
    assert world.sign_in_refused("ada", "Wrong-Horse-1", DEVICE_KEY=stranger) == UNKNOWN
    assert world.sign_in_refused("nobody", "Wrong-Horse-1", DEVICE_KEY=stranger) == UNKNOWN


def test_a_forgotten_device_refreshes_nothing(ada):
    world = ada(ALWAYS)
    phone, tokens = known_phone(world)
    access = {"AccessToken": tokens["AccessToken"]}
    world.api.forget_device(**access, DeviceKey=phone.key)
    assert world.api.get_user(**access)["Username"] == "ada"
    refused = world.refused(
        "initiate_auth",
        ClientId=world.client,
        AuthFlow="REFRESH_TOKEN_AUTH",
        AuthParameters={"REFRESH_TOKEN": tokens["RefreshToken"], "DEVICE_KEY": phone.key},
    )
    assert refused == ("NotAuthorizedException", "Invalid Refresh Token")


def test_devices_are_listed_in_pages(ada):
    world = ada(ALWAYS)
    keys = sorted(known_phone(world)[0].key for _ in range(3))
    named = {"UserPoolId": world.pool, "Username": "ada", "Limit": 2}
    first = world.api.admin_list_devices(**named)
    second = world.api.admin_list_devices(**named, PaginationToken=first["PaginationToken"])
    assert [device["DeviceKey"] for device in first["Devices"] + second["Devices"]] == keys
    assert "PaginationToken" not in second
