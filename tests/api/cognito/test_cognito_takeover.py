"""Ways into other people's users, and out of an identity provider's hands, that must stay closed."""

from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.api.cognito.conftest import World
from tests.api.cognito.oauth_world import Site, make_site
from tests.api.cognito.test_cognito_mfa import MAIL, OWN_SES
from tests.api.cognito.test_cognito_oauth_federation import (
    Issuer,
    abroad,  # noqa: F401 - a fixture
    issuer,  # noqa: F401 - a fixture
    make_shop,
    returned,
)
from tests.api.cognito.test_cognito_proofs_at_once import SALT
from tests.srp_client import SrpClient

RESET_REFUSED = ("NotAuthorizedException", "User password cannot be reset in the current state.")


def given(world: World, name: str, **attributes: str) -> None:
    """A user whom an administrator made, with the password as a temporary one."""
    world.api.admin_create_user(
        UserPoolId=world.pool,
        Username=name,
        TemporaryPassword=world.password,
        MessageAction="SUPPRESS",
        UserAttributes=[{"Name": key, "Value": value} for key, value in attributes.items()],
    )


def test_who_comes_by_a_provider_gets_no_password(abroad: Site, issuer: Issuer, world: World) -> None:  # noqa: F811
    issuer.user = {"sub": "7", "email": "lin@example.com", "email_verified": True}
    assert "code=" in returned(abroad, issuer).location
    user = {"ClientId": abroad.client, "Username": "Staff_7"}
    assert world.refused("forgot_password", **user) == RESET_REFUSED
    named = {"UserPoolId": world.pool, "Username": "Staff_7"}
    assert world.refused("admin_reset_user_password", **named) == RESET_REFUSED


def test_a_claim_that_is_called_like_the_subject_is_none(
    abroad: Site,  # noqa: F811
    issuer: Issuer,  # noqa: F811
    world: World,
) -> None:
    assert "code=" in returned(abroad, issuer).location
    abroad.browser.cookies.clear()
    issuer.user = {"sub": "8", "email": "eve@example.com", "Cognito_Subject": "7"}
    assert "code=" in returned(abroad, issuer, sub="8").location
    assert world.attributes("Staff_7")["email"] == "lin@example.com"
    assert world.attributes("Staff_8")["email"] == "eve@example.com"


def test_a_new_password_brings_no_address_along_that_another_signs_in_by(world: World) -> None:
    world.make_pool(UsernameAttributes=["email", "phone_number"])
    world.confirmed("+4915112345678")
    given(world, "eve@example.com")
    asked = world.sign_in("eve@example.com")
    refused = world.refused(
        "respond_to_auth_challenge",
        ClientId=world.client,
        ChallengeName="NEW_PASSWORD_REQUIRED",
        Session=asked["Session"],
        ChallengeResponses={
            "USERNAME": "eve@example.com",
            "NEW_PASSWORD": "Another-Horse-1",
            "userAttributes.phone_number": "+4915112345678",
        },
    )
    assert refused == ("AliasExistsException", "An account with the phone_number already exists.")


def test_setting_up_a_factor_takes_no_address_that_another_signs_in_by(world: World) -> None:
    world.make_pool(AliasAttributes=["email"], EmailConfiguration=OWN_SES)
    world.confirmed("ada", "ada@example.com")
    world.confirmed("eve")
    world.api.set_user_pool_mfa_config(UserPoolId=world.pool, MfaConfiguration="ON", **MAIL)
    asked = world.sign_in("eve")
    assert asked["ChallengeName"] == "MFA_SETUP"
    answer: dict[str, Any] = {"ClientId": world.client, "ChallengeResponses": {"USERNAME": "eve"}}
    answer["ChallengeResponses"]["EMAIL"] = "ada@example.com"
    asked = world.api.respond_to_auth_challenge(ChallengeName="MFA_SETUP", Session=asked["Session"], **answer)
    answer["ChallengeResponses"]["EMAIL_OTP_CODE"] = world.mail("ada@example.com").code
    refused = world.refused(
        "respond_to_auth_challenge", ChallengeName="EMAIL_OTP", Session=asked["Session"], **answer
    )
    assert refused == ("AliasExistsException", "An account with the email already exists.")
    assert "email" not in world.attributes("eve")


def test_a_preferred_username_leads_to_one_user(world: World) -> None:
    world.make_pool(AliasAttributes=["preferred_username"])
    for name in ("ada", "eve"):
        world.confirmed(name)
    wanted = {"UserAttributes": [{"Name": "preferred_username", "Value": "countess"}]}
    world.api.admin_update_user_attributes(UserPoolId=world.pool, Username="ada", **wanted)
    token = world.tokens("eve")["AccessToken"]
    taken = ("AliasExistsException", "An account with the preferred_username already exists.")
    assert world.refused("update_user_attributes", AccessToken=token, **wanted) == taken
    again = {"ClientId": world.client, "Username": "eva", "Password": world.password, **wanted}
    assert world.refused("sign_up", **again) == taken
    assert world.claims(world.tokens("countess")["AccessToken"])["username"] == "ada"


def test_an_address_that_a_provider_tells_too_still_leads_to_who_has_a_password(
    issuer: Issuer,  # noqa: F811
    world: World,
) -> None:
    details = {"client_id": "shop", "client_secret": "s", "oidc_issuer": issuer.url}
    shop = make_shop(world, details, UsernameAttributes=["email"])
    world.client = world.make_client()["ClientId"]
    world.confirmed("lin@example.com")
    assert "code=" in returned(shop, issuer).location
    assert world.status("Staff_7") == "EXTERNAL_PROVIDER"
    assert world.tokens("lin@example.com")


@pytest.mark.parametrize("site_of_page", ["cross-site", "same-site"])
def test_a_page_at_another_port_of_this_machine_fills_in_no_form(world: World, site_of_page: str) -> None:
    site = make_site(world)
    world.client = site.client
    world.confirmed("eve", "eve@example.com")
    page = site.browser.go(site.authorize().location)
    query = urlsplit(site.authorize().location).query
    form = {**page.hidden, "username": "eve", "password": world.password}
    assert site.browser("POST", "/login", query, form, sec_fetch_site=site_of_page).status == 403
    assert site.browser("POST", "/login", query, form, origin="http://localhost:5173").status == 403
    assert site.browser("POST", "/login", query, form, sec_fetch_site="same-origin").status == 302


@pytest.mark.parametrize("name", ["a b", "a\u200bb", "a\nb", "a" * 129])
def test_the_hosted_ui_makes_no_user_whom_the_api_could_not_name(world: World, name: str) -> None:
    site = make_site(world)
    page = site.browser("GET", "/signup", site.request())
    fields = {"password": world.password, "password_again": world.password}
    again = site.browser.submit(page, username=name, **{"attribute.email": "eve@example.com"}, **fields)
    assert again.status == 200
    assert world.api.list_users(UserPoolId=world.pool)["Users"] == []


def test_nobody_is_told_by_a_reset_who_has_no_address(world: World) -> None:
    world.make_pool()
    world.client = world.make_client(PreventUserExistenceErrors="ENABLED")["ClientId"]
    world.confirmed("ada")
    answers = [world.api.forgot_password(ClientId=world.client, Username=name) for name in ("ada", "nobody")]
    assert [sorted(answer["CodeDeliveryDetails"]) for answer in answers] == [
        ["AttributeName", "DeliveryMedium", "Destination"]
    ] * 2
    assert world.cognito.mailbox.messages() == []
    for _ in range(9):
        world.api.forgot_password(ClientId=world.client, Username="ada")
    limit = world.refused("forgot_password", ClientId=world.client, Username="ada")
    assert limit[0] == "LimitExceededException"


def test_a_reset_code_is_worth_nothing_once_its_address_is_given_up(world: World) -> None:
    world.make_pool()
    world.confirmed("ada", "old@example.com")
    world.api.forgot_password(ClientId=world.client, Username="ada")
    code = world.mail("old@example.com").code
    new = [{"Name": "email", "Value": "new@example.com"}, {"Name": "email_verified", "Value": "true"}]
    world.api.admin_update_user_attributes(UserPoolId=world.pool, Username="ada", UserAttributes=new)
    answer = {"ClientId": world.client, "Username": "ada", "Password": "Another-Horse-1"}
    assert (
        world.refused("confirm_forgot_password", ConfirmationCode=code, **answer)[0] == "ExpiredCodeException"
    )
    assert world.tokens("ada")


def test_a_device_that_was_forgotten_is_not_introduced_again(world: World) -> None:
    tracking = {"ChallengeRequiredOnNewDevice": True, "DeviceOnlyRememberedOnUserPrompt": False}
    world.make_pool(DeviceConfiguration=tracking)
    world.confirmed("ada")
    tokens: dict[str, Any] = world.tokens("ada")
    device = tokens["NewDeviceMetadata"]
    srp = SrpClient(device["DeviceGroupKey"], "a secret of the device")
    confirm = {
        "AccessToken": tokens["AccessToken"],
        "DeviceKey": device["DeviceKey"],
        "DeviceSecretVerifierConfig": srp.device_verifier(device["DeviceKey"], SALT),
    }
    world.api.confirm_device(**confirm)
    world.api.forget_device(AccessToken=tokens["AccessToken"], DeviceKey=device["DeviceKey"])
    refused = ("InvalidParameterException", "Invalid device key given.")
    assert world.refused("confirm_device", **confirm) == refused
