"""USER_AUTH: people choose what they sign in with, and may do without a password."""

from typing import Any

import pytest

from tests.api.cognito.test_cognito_at_once import at_once
from tests.api.cognito.test_cognito_srp_signin import client_of, respond
from tests.whole import check_whole

PHONE = "+4915112345678"
ALL = ["PASSWORD", "EMAIL_OTP", "SMS_OTP"]


class Chooser:
    """Ada, in a pool where people choose."""

    def __init__(self, world: Any) -> None:
        self.world = world
        self.name = "ada"

    def __getattr__(self, name: str) -> Any:
        return getattr(self.world, name)

    def pool(self, *factors: str, hides: bool = False, **settings: Any) -> None:
        policies = {"SignInPolicy": {"AllowedFirstAuthFactors": list(factors or ALL)}}
        self.world.make_pool(Policies=policies, **settings)
        existence = {"PreventUserExistenceErrors": "ENABLED"} if hides else {}
        flows = ["ALLOW_USER_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
        self.world.client = self.world.make_client(ExplicitAuthFlows=flows, **existence)["ClientId"]

    def enrol(self, **attributes: str) -> None:
        self.world.confirmed("ada", "ada@example.com", **attributes)

    def verify_phone(self) -> None:
        self.api.admin_update_user_attributes(
            UserPoolId=self.world.pool,
            Username="ada",
            UserAttributes=[
                {"Name": "phone_number", "Value": PHONE},
                {"Name": "phone_number_verified", "Value": "true"},
            ],
        )

    def begin(
        self, preferred: str | None = None, *, session: str | None = None, **more: str
    ) -> dict[str, Any]:
        return self.api.initiate_auth(**self.beginning(preferred, session=session, **more))

    def beginning(self, preferred: str | None, *, session: str | None = None, **more: str) -> dict[str, Any]:
        parameters = {"USERNAME": self.name, **more}
        if preferred:
            parameters["PREFERRED_CHALLENGE"] = preferred
        request = {"ClientId": self.client, "AuthFlow": "USER_AUTH", "AuthParameters": parameters}
        return {**request, "Session": session} if session else request

    def response(self, asked: dict[str, Any], *, challenge: str = "", **responses: str) -> dict[str, Any]:
        return {
            "ClientId": self.client,
            "ChallengeName": challenge or asked["ChallengeName"],
            "Session": asked["Session"],
            "ChallengeResponses": {"USERNAME": self.name, **responses},
        }

    def answer(self, asked: dict[str, Any], **responses: str) -> dict[str, Any]:
        return self.api.respond_to_auth_challenge(**self.response(asked, **responses))

    def answer_refused(self, asked: dict[str, Any], **responses: str) -> tuple[str, str]:
        return self.refused("respond_to_auth_challenge", **self.response(asked, **responses))


@pytest.fixture
def ada(world):
    yield Chooser(world)
    check_whole(world.cognito)


def test_who_prefers_nothing_chooses_among_what_they_have(ada):
    ada.pool()
    ada.enrol()
    asked = ada.begin()
    assert asked["ChallengeName"] == "SELECT_CHALLENGE"
    assert asked["ChallengeParameters"] == {"USERNAME": "ada"}
    assert asked["AvailableChallenges"] == ["PASSWORD", "PASSWORD_SRP", "EMAIL_OTP"]
    ada.verify_phone()
    assert ada.begin()["AvailableChallenges"] == ["PASSWORD", "PASSWORD_SRP", "EMAIL_OTP", "SMS_OTP"]


def test_a_code_by_email_signs_in_once(ada):
    ada.pool()
    ada.enrol()
    asked = ada.answer(ada.begin(), ANSWER="EMAIL_OTP")
    assert asked["ChallengeName"] == "EMAIL_OTP"
    assert asked["ChallengeParameters"] == {
        "CODE_DELIVERY_DELIVERY_MEDIUM": "EMAIL",
        "CODE_DELIVERY_DESTINATION": "a***@e***",
        "USERNAME": "ada",
    }
    mail = ada.mail("ada@example.com")
    assert len(mail.code) == 8
    wrong = f"{(int(mail.code) + 1) % 10**8:08d}"
    assert ada.answer_refused(asked, EMAIL_OTP_CODE=wrong)[0] == "CodeMismatchException"
    assert "AccessToken" in ada.answer(asked, EMAIL_OTP_CODE=mail.code)["AuthenticationResult"]
    assert ada.answer_refused(asked, EMAIL_OTP_CODE=mail.code) == (
        "NotAuthorizedException",
        "Invalid session for the user, session can only be used once.",
    )


def test_a_preferred_text_message_is_sent_at_once(ada):
    ada.pool()
    ada.enrol()
    ada.verify_phone()
    asked = ada.begin("SMS_OTP")
    assert asked["ChallengeName"] == "SMS_OTP"
    assert asked["ChallengeParameters"]["CODE_DELIVERY_DESTINATION"] == "+*******5678"
    code = ada.mail(PHONE).code
    assert "AuthenticationResult" in ada.answer(asked, SMS_OTP_CODE=code)


def test_what_is_preferred_but_not_there_leads_to_the_choice(ada):
    ada.pool()
    ada.enrol()
    assert ada.begin("SMS_OTP")["ChallengeName"] == "SELECT_CHALLENGE"
    assert ada.begin("WEB_AUTHN")["ChallengeName"] == "SELECT_CHALLENGE"
    assert ada.refused("initiate_auth", **ada.beginning("MAGIC"))[0] == "InvalidParameterException"
    assert ada.answer_refused(ada.begin(), ANSWER="SMS_OTP")[0] == "InvalidParameterException"


def test_a_password_may_come_with_the_choice_before_it_or_after_it(ada):
    ada.pool()
    ada.enrol()
    assert "AuthenticationResult" in ada.begin("PASSWORD", PASSWORD=ada.password)
    assert "AuthenticationResult" in ada.answer(ada.begin(), ANSWER="PASSWORD", PASSWORD=ada.password)
    asked = ada.answer(ada.begin(), ANSWER="PASSWORD")
    assert asked["ChallengeName"] == "PASSWORD"
    wrong = ada.answer_refused(asked, PASSWORD="Wrong-Horse-1")
    assert wrong == ("NotAuthorizedException", "Incorrect username or password.")
    assert "AuthenticationResult" in ada.answer(asked, PASSWORD=ada.password)


def test_a_choice_can_be_changed(ada):
    ada.pool()
    ada.enrol()
    asked = ada.begin("PASSWORD")
    again = ada.answer(asked, challenge="SELECT_CHALLENGE", ANSWER="EMAIL_OTP")
    assert again["ChallengeName"] == "EMAIL_OTP"


def test_a_wrong_code_counts_towards_the_lockout(ada):
    ada.pool()
    ada.enrol()
    asked = ada.begin("EMAIL_OTP")
    code = ada.mail("ada@example.com").code
    wrong = f"{(int(code) + 1) % 10**8:08d}"
    for _ in range(5):
        assert ada.answer_refused(asked, EMAIL_OTP_CODE=wrong)[0] == "CodeMismatchException"
    locked = ("NotAuthorizedException", "Password attempts exceeded")
    assert ada.answer_refused(asked, EMAIL_OTP_CODE=code) == locked
    assert ada.refused("initiate_auth", **ada.beginning("EMAIL_OTP")) == locked


def test_of_many_answers_at_once_one_gets_tokens(ada):
    ada.pool()
    ada.enrol()
    asked = ada.begin("EMAIL_OTP")
    answer = ada.response(asked, EMAIL_OTP_CODE=ada.mail("ada@example.com").code)
    assert at_once(ada.world, "RespondToAuthChallenge", *[answer] * 8)["done"] == 1


@pytest.mark.parametrize("way", ["preferred", "chosen", "chosen and asked"])
def test_a_password_can_be_proved_instead_of_sent(ada, way):
    ada.pool()
    ada.enrol()
    srp = client_of(ada.world)
    if way == "preferred":
        asked = ada.begin("PASSWORD_SRP", SRP_A=srp.large_a)
    elif way == "chosen":
        asked = ada.answer(ada.begin(), ANSWER="PASSWORD_SRP", SRP_A=srp.large_a)
    else:
        asked = ada.answer(ada.answer(ada.begin(), ANSWER="PASSWORD_SRP"), SRP_A=srp.large_a)
    assert asked["ChallengeName"] == "PASSWORD_VERIFIER"
    proof = respond(ada.world, srp.answer(asked["ChallengeParameters"]))
    assert "AuthenticationResult" in ada.api.respond_to_auth_challenge(**proof)


def test_nobody_gets_a_choice_too_where_that_is_hidden(ada):
    ada.pool(hides=True)
    ada.name = "nobody"
    asked = ada.begin()
    assert asked["AvailableChallenges"] == ["PASSWORD", "PASSWORD_SRP", "EMAIL_OTP", "SMS_OTP"]
    coded = ada.answer(asked, ANSWER="EMAIL_OTP")
    assert coded["ChallengeParameters"]["CODE_DELIVERY_DELIVERY_MEDIUM"] == "EMAIL"
    again = ada.begin("EMAIL_OTP")["ChallengeParameters"]
    assert again == coded["ChallengeParameters"]
    assert ada.answer_refused(coded, EMAIL_OTP_CODE="12345678")[0] == "CodeMismatchException"
    refused = ada.answer_refused(ada.begin(), ANSWER="PASSWORD", PASSWORD="Wrong-Horse-1")
    assert refused == ("NotAuthorizedException", "Incorrect username or password.")


def test_who_is_disabled_looks_like_anybody_where_that_is_hidden(ada):
    ada.pool(hides=True)
    ada.enrol()
    ada.api.admin_disable_user(UserPoolId=ada.world.pool, Username="ada")
    before = len(ada.cognito.mailbox.messages("ada@example.com"))
    asked = ada.begin("EMAIL_OTP")
    assert asked["ChallengeParameters"]["CODE_DELIVERY_DESTINATION"] == "a***@e***"
    assert len(ada.cognito.mailbox.messages("ada@example.com")) == before
    assert ada.answer_refused(asked, EMAIL_OTP_CODE="12345678")[0] == "CodeMismatchException"


def test_who_is_disabled_is_told_so_otherwise(ada):
    ada.pool()
    ada.enrol()
    ada.api.admin_disable_user(UserPoolId=ada.world.pool, Username="ada")
    refused = ada.refused("initiate_auth", **ada.beginning("EMAIL_OTP"))
    assert refused == ("NotAuthorizedException", "User is disabled.")


def test_nobody_is_not_found_where_it_is_told(ada):
    ada.pool()
    assert ada.refused("initiate_auth", **ada.beginning(None))[0] == "UserNotFoundException"


def test_a_client_has_to_allow_the_flow(ada):
    ada.pool()
    ada.enrol()
    ada.world.client = ada.world.make_client()["ClientId"]
    assert ada.refused("initiate_auth", **ada.beginning(None))[0] == "InvalidParameterException"


def test_codes_are_no_way_past_a_second_factor(ada):
    ada.pool()
    ada.enrol()
    ada.api.set_user_pool_mfa_config(
        UserPoolId=ada.world.pool, MfaConfiguration="ON", SoftwareTokenMfaConfiguration={"Enabled": True}
    )
    assert ada.begin()["AvailableChallenges"] == ["PASSWORD", "PASSWORD_SRP"]
    assert ada.begin("EMAIL_OTP")["ChallengeName"] == "SELECT_CHALLENGE"
    assert ada.begin("PASSWORD", PASSWORD=ada.password)["ChallengeName"] == "MFA_SETUP"
    assert ada.answer(ada.begin(), ANSWER="PASSWORD", PASSWORD=ada.password)["ChallengeName"] == "MFA_SETUP"


@pytest.mark.parametrize("passed_on", [True, False])
def test_who_signs_up_without_a_password_is_signed_in_by_confirming(ada, passed_on):
    ada.pool("PASSWORD", "EMAIL_OTP")
    attributes = [{"Name": "email", "Value": "ada@example.com"}]
    made = ada.api.sign_up(ClientId=ada.client, Username="ada", UserAttributes=attributes)
    session = {"Session": made["Session"]} if passed_on else {}
    confirmed = ada.api.confirm_sign_up(
        ClientId=ada.client, Username="ada", ConfirmationCode=ada.mail().code, **session
    )
    tokens = ada.begin("EMAIL_OTP", session=confirmed["Session"])["AuthenticationResult"]
    assert ada.api.get_user(AccessToken=tokens["AccessToken"])["Username"] == "ada"
    again = ada.refused("initiate_auth", **ada.beginning(None, session=confirmed["Session"]))
    assert again[0] == "NotAuthorizedException"
    assert ada.begin()["AvailableChallenges"] == ["EMAIL_OTP"]


def test_a_confirmation_signs_in_nobody_else(ada):
    ada.pool("PASSWORD", "EMAIL_OTP")
    made = ada.sign_up("ada", "ada@example.com")
    code = ada.mail().code
    eve = ada.sign_up("eve", "eve@example.com")
    confirmed = ada.api.confirm_sign_up(
        ClientId=ada.client, Username="ada", ConfirmationCode=code, Session=eve["Session"]
    )
    assert "Session" not in confirmed
    refused = ada.refused("initiate_auth", **ada.beginning(None, session=made["Session"]))
    assert refused == ("NotAuthorizedException", "Invalid session for the user.")


def test_a_pool_without_codes_wants_passwords(ada):
    ada.pool("PASSWORD")
    attributes = [{"Name": "email", "Value": "ada@example.com"}]
    refused = ada.refused("sign_up", ClientId=ada.client, Username="ada", UserAttributes=attributes)
    assert refused[0] == "InvalidParameterException"


def test_an_administrator_makes_users_without_passwords_where_codes_are_enough(ada):
    ada.pool("PASSWORD", "EMAIL_OTP")
    address = [{"Name": "email", "Value": "ada@example.com"}, {"Name": "email_verified", "Value": "true"}]
    request = {"UserPoolId": ada.world.pool, "UserAttributes": address}
    made = ada.api.admin_create_user(Username="ada", **request)
    assert made["User"]["UserStatus"] == "CONFIRMED"
    assert not ada.cognito.mailbox.messages("ada@example.com")
    asked = ada.begin("EMAIL_OTP")
    code = ada.mail("ada@example.com").code
    assert "AuthenticationResult" in ada.answer(asked, EMAIL_OTP_CODE=code)
    refused = ada.sign_in_refused("ada", "Any-Password-1")
    assert refused == ("NotAuthorizedException", "Incorrect username or password.")
    eve = ada.api.admin_create_user(
        UserPoolId=ada.world.pool, Username="eve", TemporaryPassword="Temporary-1"
    )
    assert eve["User"]["UserStatus"] == "FORCE_CHANGE_PASSWORD"


def test_context_classes_are_named_as_not_emulated(ada):
    ada.pool()
    ada.enrol()
    request = ada.beginning(None, TARGET_ACR_VALUES="urn:example:high")
    assert "TARGET_ACR_VALUES" in ada.refused("initiate_auth", **request)[1]
