"""pycognito: SRP from Python, by a client with and without a secret, and the rest of a user's life."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError
from pycognito import Cognito
from pycognito.aws_srp import AWSSRP, generate_hash_device
from pycognito.exceptions import (
    ForceChangePasswordException,
    SMSMFAChallengeException,
    SoftwareTokenMFAChallengeException,
)

from dewstack.testing import Dew, start
from tests.e2e.clients.people import PASSWORD, SMS, AppClient, Pool, totp

pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")


@pytest.fixture(scope="module")
def dew() -> Iterator[Dew]:
    """An emulator that is its pools' issuer: pycognito expects the endpoint that it is told to be it."""
    with start(issuer="local") as running:
        yield running


@pytest.fixture(scope="module", params=["public", "secret"])
def client(pool: Pool, request: pytest.FixtureRequest) -> AppClient:
    """A client of the pool."""
    return pool.client(GenerateSecret=request.param == "secret")


@pytest.fixture
def cognito(pool: Pool, client: AppClient) -> Iterator[Callable[..., Cognito]]:
    """pycognito for a user, closed afterwards."""
    made: list[Cognito] = []

    def make(username: str | None = None, of: Pool = pool, by: AppClient = client) -> Cognito:
        endpoint = of.dew.aws_url.replace("127.0.0.1", "localhost")
        user = Cognito(
            of.id,
            by.id,
            client_secret=by.secret or None,
            username=username,
            access_key="test",
            secret_key="test",
            boto3_client_kwargs={"endpoint_url": endpoint},
        )
        made.append(user)
        return user

    yield make
    for each in made:
        each.client.close()


def refusal(error: ClientError) -> tuple[str, str]:
    """Code and message."""
    return error.response["Error"]["Code"], error.response["Error"]["Message"]


def test_from_sign_up_to_sign_out(pool: Pool, cognito: Callable[..., Cognito]) -> None:
    email = pool.address()
    name = email.split("@")[0]
    user = cognito(name)
    user.set_base_attributes(email=email, name="Ada")
    assert user.register(name, PASSWORD)["UserConfirmed"] is False
    with pytest.raises(ClientError) as refused:
        user.authenticate(PASSWORD)
    assert refusal(refused.value) == ("UserNotConfirmedException", "User is not confirmed.")
    user.confirm_sign_up(pool.code(email), username=name)

    user.authenticate(PASSWORD)
    user.verify_tokens()
    assert user.access_claims["username"] == name and user.id_claims["name"] == "Ada"
    first = user.access_token
    user.renew_access_token()
    assert user.access_token != first
    assert user.access_claims["origin_jti"] == user.id_claims["origin_jti"]

    user.update_profile({"name": "Augusta"})
    assert user.get_user().name == "Augusta"
    user.logout()
    with pytest.raises(ClientError, match="Access Token has been revoked"):
        user.client.get_user(AccessToken=first)


def test_an_alias_signs_in(pool: Pool, cognito: Callable[..., Cognito]) -> None:
    name = pool.user()
    user = cognito(f"{name}@example.com")
    user.authenticate(PASSWORD)
    assert user.access_claims["username"] == name


@pytest.mark.parametrize("password", ["Wrong-Horse-1", PASSWORD + " ", PASSWORD.lower()])
def test_a_wrong_password_does_not(pool: Pool, cognito: Callable[..., Cognito], password: str) -> None:
    user = cognito(pool.user())
    with pytest.raises(ClientError) as refused:
        user.authenticate(password)
    assert refusal(refused.value) == ("NotAuthorizedException", "Incorrect username or password.")


@pytest.mark.parametrize("password", ["Pässwörd-ünïcode-1☕", "Spaces are fine 1!", "P1:" + "x" * 200])
def test_every_password_that_may_be_set_signs_in(
    pool: Pool, cognito: Callable[..., Cognito], password: str
) -> None:
    user = cognito(pool.user(password=password))
    user.authenticate(password)
    assert user.access_token


def test_an_unknown_user_is_told_or_not_as_the_client_says(
    pool: Pool, cognito: Callable[..., Cognito]
) -> None:
    with pytest.raises(ClientError) as refused:
        cognito("nobody").authenticate(PASSWORD)
    assert refusal(refused.value) == ("UserNotFoundException", "User does not exist.")
    silent = pool.client(PreventUserExistenceErrors="ENABLED")
    with pytest.raises(ClientError) as refused:
        cognito("nobody", by=silent).authenticate(PASSWORD)
    assert refusal(refused.value) == ("NotAuthorizedException", "Incorrect username or password.")


def test_a_wrong_secret_does_not_sign_in(pool: Pool, cognito: Callable[..., Cognito]) -> None:
    client = pool.client(GenerateSecret=True)
    user = cognito(pool.user(), by=AppClient(client.id, "x" * 52))
    with pytest.raises(ClientError) as refused:
        user.authenticate(PASSWORD)
    assert refusal(refused.value) == (
        "NotAuthorizedException",
        f"Unable to verify secret hash for client {client.id}",
    )
    user = cognito(user.username, by=AppClient(client.id, ""))
    with pytest.raises(ClientError, match="is configured with secret but SECRET_HASH was not received"):
        user.authenticate(PASSWORD)


def test_a_temporary_password_is_to_be_changed(pool: Pool, cognito: Callable[..., Cognito]) -> None:
    email = pool.address()
    name = email.split("@")[0]
    pool.invite(name, email=email, email_verified="true")
    user = cognito(name)
    with pytest.raises(ForceChangePasswordException):
        user.authenticate(PASSWORD)
    user.new_password_challenge(PASSWORD, "Another-Horse-2")
    assert user.access_token and pool.status(name) == "CONFIRMED"
    user.authenticate("Another-Horse-2")


def test_a_password_is_changed_and_forgotten(pool: Pool, cognito: Callable[..., Cognito]) -> None:
    name = pool.user()
    user = cognito(name)
    user.authenticate(PASSWORD)
    user.change_password(PASSWORD, "Another-Horse-2")
    user.authenticate("Another-Horse-2")
    user.initiate_forgot_password()
    user.confirm_forgot_password(pool.code(f"{name}@example.com"), "Third-Horse-3")
    user.authenticate("Third-Horse-3")
    user.delete_user()
    with pytest.raises(ClientError, match="User does not exist"):
        user.authenticate("Third-Horse-3")


def test_an_address_is_verified(pool: Pool, cognito: Callable[..., Cognito]) -> None:
    name = pool.user()
    user = cognito(name)
    user.authenticate(PASSWORD)
    email = pool.address()
    user.update_profile({"email": email})
    user.send_verification("email")
    user.validate_verification(pool.code(email), "email")
    assert user.get_user().email_verified is True


def test_an_authenticator_app_is_set_up_and_asked(
    make_pool: Callable[..., Pool], cognito: Callable[..., Cognito]
) -> None:
    pool = make_pool()
    pool.allow_mfa(SoftwareTokenMfaConfiguration={"Enabled": True})
    user = cognito(pool.user(), of=pool, by=pool.client())
    user.authenticate(PASSWORD)
    secret = user.associate_software_token()
    clock = pool.dew.clock
    assert user.verify_software_token(totp(secret, clock.time())) is True
    user.set_user_mfa_preference(sms_mfa=False, software_token_mfa=True, preferred="SOFTWARE_TOKEN")

    with pytest.raises(SoftwareTokenMFAChallengeException):
        user.authenticate(PASSWORD)
    with pytest.raises(ClientError) as refused:
        user.respond_to_software_token_mfa_challenge("000000")
    assert refusal(refused.value)[0] == "CodeMismatchException"
    clock.advance(30)
    with pytest.raises(SoftwareTokenMFAChallengeException):
        user.authenticate(PASSWORD)
    user.respond_to_software_token_mfa_challenge(totp(secret, clock.time()))
    user.verify_tokens()


def test_a_code_by_sms_is_asked(make_pool: Callable[..., Pool], cognito: Callable[..., Cognito]) -> None:
    pool = make_pool(SmsConfiguration=SMS)
    pool.allow_mfa(SmsMfaConfiguration={"SmsConfiguration": SMS})
    number = pool.number()
    name = pool.user(phone_number=number, phone_number_verified="true")
    user = cognito(name, of=pool, by=pool.client())
    user.authenticate(PASSWORD)
    user.set_user_mfa_preference(sms_mfa=True, software_token_mfa=False, preferred="SMS")
    with pytest.raises(SMSMFAChallengeException):
        user.authenticate(PASSWORD)
    user.respond_to_sms_mfa_challenge(pool.code(number))
    user.verify_tokens()


def test_a_remembered_device_proves_itself(
    make_pool: Callable[..., Pool], cognito: Callable[..., Cognito]
) -> None:
    pool = make_pool(
        DeviceConfiguration={"ChallengeRequiredOnNewDevice": True, "DeviceOnlyRememberedOnUserPrompt": False}
    )
    client = pool.client()
    name = pool.user()
    user = cognito(name, of=pool, by=client)

    def sign_in(**device: str) -> dict[str, Any]:
        by_srp = AWSSRP(name, PASSWORD, pool.id, client.id, client=user.client, **device)
        return by_srp.authenticate_user()["AuthenticationResult"]

    first = sign_in()
    metadata = first["NewDeviceMetadata"]
    # AWSSRP.confirm_device itself asks amazonaws.com, whatever the endpoint.
    password, verifier = generate_hash_device(metadata["DeviceGroupKey"], metadata["DeviceKey"])
    confirmed = user.client.confirm_device(
        AccessToken=first["AccessToken"],
        DeviceKey=metadata["DeviceKey"],
        DeviceName="laptop",
        DeviceSecretVerifierConfig=verifier,
    )
    assert confirmed["UserConfirmationNecessary"] is False
    device = {
        "device_key": metadata["DeviceKey"],
        "device_group_key": metadata["DeviceGroupKey"],
    }
    again = sign_in(**device, device_password=password)
    assert "NewDeviceMetadata" not in again
    [listed] = user.client.list_devices(AccessToken=again["AccessToken"])["Devices"]
    assert listed["DeviceKey"] == metadata["DeviceKey"]
    with pytest.raises(ClientError, match="NotAuthorizedException"):
        sign_in(**device, device_password="wrong")


def test_tokens_of_aws_issuer_are_verified_with_keys_from_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with start() as dew:
        pool = Pool.made(dew)
        name, client = pool.user(), pool.client()
        for variable, value in dew.environ.items():
            monkeypatch.setenv(variable, value)
        monkeypatch.setenv("COGNITO_JWKS", httpx.get(f"{dew.aws_url}/{pool.id}/.well-known/jwks.json").text)
        user = Cognito(pool.id, client.id, username=name)
        user.authenticate(PASSWORD)
        assert user.access_claims["iss"] == f"https://cognito-idp.us-east-1.amazonaws.com/{pool.id}"
        user.client.close()
