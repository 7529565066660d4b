"""Passkeys: registered, listed, signed in with, deleted; each proof is really verified."""

import json
from typing import Any

import pytest

from dewstack.cognito.signin import totp
from tests.api.cognito.test_cognito_at_once import at_once
from tests.api.cognito.test_cognito_choice import Chooser
from tests.authenticator import Authenticator, encoded
from tests.whole import check_whole

FACTORS = ("PASSWORD", "EMAIL_OTP", "WEB_AUTHN")


class Owner(Chooser):
    """Ada, who has a passkey or is about to."""

    def ready(self, mode: str = "OFF", *, factors: tuple[str, ...] = FACTORS, **config: Any) -> None:
        self.pool(*factors)
        self.enrol()
        self.token = self.tokens("ada")["AccessToken"]
        passkeys = {"RelyingPartyId": "localhost", **config.pop("passkeys", {})}
        self.configure(mode, WebAuthnConfiguration=passkeys, **config)

    def configure(self, mode: str, **config: Any) -> None:
        self.api.set_user_pool_mfa_config(UserPoolId=self.world.pool, MfaConfiguration=mode, **config)

    def start(self) -> dict[str, Any]:
        answer = self.api.start_web_authn_registration(AccessToken=self.token)
        return answer["CredentialCreationOptions"]

    def complete(self, credential: dict[str, Any]) -> None:
        self.api.complete_web_authn_registration(AccessToken=self.token, Credential=credential)

    def complete_refused(self, credential: dict[str, Any]) -> str:
        return self.refused("complete_web_authn_registration", AccessToken=self.token, Credential=credential)[
            0
        ]

    def register(self, authenticator: Authenticator) -> None:
        self.complete(authenticator.register(self.start()))

    def listed(self) -> list[dict[str, Any]]:
        return self.api.list_web_authn_credentials(AccessToken=self.token)["Credentials"]

    def ask(self) -> tuple[dict[str, Any], dict[str, Any]]:
        asked = self.begin("WEB_AUTHN")
        assert asked["ChallengeName"] == "WEB_AUTHN"
        return asked, json.loads(asked["ChallengeParameters"]["CREDENTIAL_REQUEST_OPTIONS"])


@pytest.fixture
def ada(world):
    yield Owner(world)
    check_whole(world.cognito)


def test_a_passkey_is_registered_and_signs_in(ada):
    ada.ready()
    options = ada.start()
    assert options["rp"] == {"id": "localhost", "name": "localhost"}
    assert options["user"]["name"] == "ada"
    assert [each["alg"] for each in options["pubKeyCredParams"]] == [-7, -257]
    key = Authenticator()
    ada.complete(key.register(options))
    assert ada.start()["excludeCredentials"][0]["id"] == encoded(key.id)
    assert ada.begin()["AvailableChallenges"] == ["PASSWORD", "PASSWORD_SRP", "EMAIL_OTP", "WEB_AUTHN"]
    asked, request = ada.ask()
    assert request["allowCredentials"][0]["transports"] == ["internal", "hybrid"]
    tokens = ada.answer(asked, CREDENTIAL=json.dumps(key.sign(request)))["AuthenticationResult"]
    assert ada.claims(tokens["AccessToken"])["username"] == "ada"
    told = ada.api.get_user_auth_factors(AccessToken=ada.token)
    assert told["ConfiguredUserAuthFactors"] == list(FACTORS)


def test_passkeys_are_listed_in_pages_and_deleted(ada):
    ada.ready()
    keys = [Authenticator() for _ in range(3)]
    for key in keys:
        ada.register(key)
    listed = ada.listed()
    assert {each["CredentialId"] for each in listed} == {encoded(key.id) for key in keys}
    assert listed[0]["RelyingPartyId"] == "localhost"
    assert listed[0]["AuthenticatorAttachment"] == "platform"
    first = ada.api.list_web_authn_credentials(AccessToken=ada.token, MaxResults=2)
    rest = ada.api.list_web_authn_credentials(AccessToken=ada.token, NextToken=first["NextToken"])
    assert [*first["Credentials"], *rest["Credentials"]] == listed
    request = {"AccessToken": ada.token, "CredentialId": listed[0]["CredentialId"]}
    ada.api.delete_web_authn_credential(**request)
    assert ada.listed() == listed[1:]
    assert ada.refused("delete_web_authn_credential", **request)[0] == "ResourceNotFoundException"


def test_a_registration_is_completed_once_and_in_time(ada):
    ada.ready()
    made = Authenticator().register(ada.start())
    ada.complete(made)
    assert ada.complete_refused(made) == "WebAuthnChallengeNotFoundException"
    late = Authenticator().register(ada.start())
    ada.clock.offset += 200
    assert ada.complete_refused(late) == "WebAuthnChallengeNotFoundException"
    old = Authenticator().register(ada.start())
    ada.start()
    assert ada.complete_refused(old) == "WebAuthnChallengeNotFoundException"


def test_of_many_completions_at_once_one_counts(ada):
    ada.ready()
    made = Authenticator().register(ada.start())
    request = {"AccessToken": ada.token, "Credential": made}
    assert at_once(ada.world, "CompleteWebAuthnRegistration", *[request] * 6)["done"] == 1
    assert len(ada.listed()) == 1


@pytest.mark.parametrize(
    ("relying_party", "origin", "allowed"),
    [
        ("localhost", "http://localhost:3000", True),
        ("localhost", "https://localhost", True),
        ("localhost", "http://app.localhost:3000", True),
        ("localhost", "http://127.0.0.1:3000", False),
        ("example.com", "https://app.example.com", True),
        ("example.com", "http://app.example.com", False),
        ("example.com", "https://badexample.com", False),
        ("example.com", "https://example.com.evil.org", False),
        ("example.com", "https://[", False),
    ],
)
def test_pages_must_belong_to_the_relying_party(ada, relying_party, origin, allowed):
    ada.ready(passkeys={"RelyingPartyId": relying_party})
    made = Authenticator(origin).register(ada.start())
    if allowed:
        ada.complete(made)
    else:
        assert ada.complete_refused(made) == "WebAuthnOriginNotAllowedException"


def test_a_passkey_for_somebody_else_is_refused(ada):
    ada.ready()
    made = Authenticator().register(ada.start(), relying_party="example.com")
    assert ada.complete_refused(made) == "WebAuthnRelyingPartyMismatchException"


def test_a_registration_belongs_to_its_client(ada):
    ada.ready()
    made = Authenticator().register(ada.start())
    ada.world.client = ada.world.make_client()["ClientId"]
    ada.token = ada.tokens("ada")["AccessToken"]
    assert ada.complete_refused(made) == "WebAuthnClientMismatchException"


def test_who_uses_it_is_made_sure_of_where_the_pool_requires_that(ada):
    ada.ready(passkeys={"UserVerification": "required"})
    assert ada.start()["authenticatorSelection"]["userVerification"] == "required"
    made = Authenticator(verifies=False).register(ada.start())
    assert ada.complete_refused(made) == "WebAuthnCredentialNotSupportedException"
    key = Authenticator()
    ada.register(key)
    asked, request = ada.ask()
    key.verifies = False
    refused = ada.answer_refused(asked, CREDENTIAL=json.dumps(key.sign(request)))
    assert refused[0] == "NotAuthorizedException"


def _of_another_key(key: Authenticator, request: dict[str, Any]) -> dict[str, Any]:
    other = Authenticator()
    other.id = key.id
    return other.sign(request)


def _of_another_challenge(key: Authenticator, request: dict[str, Any]) -> dict[str, Any]:
    return key.sign({**request, "challenge": encoded(bytes(32))})


def _of_an_unknown_key(key: Authenticator, request: dict[str, Any]) -> dict[str, Any]:
    return Authenticator().sign(request)


def _of_another_page(key: Authenticator, request: dict[str, Any]) -> dict[str, Any]:
    key.origin = "https://evil.example"
    return key.sign(request)


def _of_a_copied_key(key: Authenticator, request: dict[str, Any]) -> dict[str, Any]:
    key.count = -1
    return key.sign(request)


@pytest.mark.parametrize(
    "forged",
    [_of_another_key, _of_another_challenge, _of_an_unknown_key, _of_another_page, _of_a_copied_key],
)
def test_a_forged_proof_is_refused_and_the_true_one_still_heard(ada, forged):
    ada.ready()
    key = Authenticator()
    key.count = 5
    ada.register(key)
    asked, request = ada.ask()
    wrong = json.dumps(forged(key, request))
    assert ada.answer_refused(asked, CREDENTIAL=wrong) == ("NotAuthorizedException", "Invalid credential.")
    key.origin, key.count = "http://localhost:3000", 6
    right = json.dumps(key.sign(request))
    assert "AuthenticationResult" in ada.answer(asked, CREDENTIAL=right)
    assert ada.answer_refused(asked, CREDENTIAL=right)[0] == "NotAuthorizedException"


def test_of_many_proofs_at_once_one_gets_tokens(ada):
    ada.ready()
    key = Authenticator()
    ada.register(key)
    asked, request = ada.ask()
    answer = ada.response(asked, CREDENTIAL=json.dumps(key.sign(request)))
    assert at_once(ada.world, "RespondToAuthChallenge", *[answer] * 6)["done"] == 1


@pytest.mark.parametrize(
    "credential",
    [
        {},
        {"id": "x", "response": None},
        {"response": {"clientDataJSON": "é"}},
        {"response": {"clientDataJSON": encoded(b"[]")}},
        {"response": {"clientDataJSON": encoded(b'{"origin": 1, "challenge": []}')}},
    ],
)
def test_what_is_no_credential_is_refused(ada, credential):
    ada.ready()
    ada.start()
    assert ada.complete_refused(credential) == "InvalidParameterException"


def test_a_broken_credential_is_refused(ada):
    ada.ready()
    good = Authenticator().register(ada.start())
    for broken in (
        {**good, "id": "other"},
        {**good, "type": "password"},
        {**good, "response": {**good["response"], "attestationObject": encoded(b"\xff\x00")}},
        {**good, "response": {**good["response"], "attestationObject": 7}},
        {name: value for name, value in good.items() if name != "rawId"},
    ):
        assert ada.complete_refused(broken) == "WebAuthnCredentialNotSupportedException"
    key = Authenticator()
    ada.register(key)
    asked, request = ada.ask()
    proof = key.sign(request)
    for text in ("", "no json", "[]", json.dumps({}), json.dumps({**proof, "response": {}})):
        code = ada.answer_refused(asked, CREDENTIAL=text)[0]
        assert code in ("InvalidParameterException", "NotAuthorizedException")


def test_passkeys_need_a_pool_that_wants_them_and_says_for_whom(ada):
    ada.pool("PASSWORD")
    ada.enrol()
    ada.token = ada.tokens("ada")["AccessToken"]
    start = ("start_web_authn_registration", {"AccessToken": ada.token})
    assert ada.refused(start[0], **start[1])[0] == "WebAuthnNotEnabledException"
    policies = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]}}
    ada.api.update_user_pool(UserPoolId=ada.world.pool, Policies=policies)
    assert ada.refused(start[0], **start[1])[0] == "WebAuthnConfigurationMissingException"
    ada.api.create_user_pool_domain(UserPoolId=ada.world.pool, Domain="people")
    assert ada.start()["rp"]["id"] == "localhost"


def test_nobody_has_more_than_twenty(ada):
    ada.ready()
    for _ in range(20):
        ada.register(Authenticator())
    refused = ada.refused("start_web_authn_registration", AccessToken=ada.token)
    assert refused[0] == "LimitExceededException"


def test_a_passkey_stands_for_both_factors_only_where_pool_and_user_say_so(ada):
    app = {"SoftwareTokenMfaConfiguration": {"Enabled": True}}
    ada.ready("OPTIONAL", **app)
    key = Authenticator()
    ada.register(key)
    secret = ada.api.associate_software_token(AccessToken=ada.token)["SecretCode"]
    code = totp.code(secret, totp.step_at(ada.clock.time()))
    ada.api.verify_software_token(AccessToken=ada.token, UserCode=code)
    passkey = {"AccessToken": ada.token, "WebAuthnMfaSettings": {"Enabled": True}}
    assert ada.refused("set_user_mfa_preference", **passkey)[0] == "InvalidParameterException"
    both = {"RelyingPartyId": "localhost", "FactorConfiguration": "MULTI_FACTOR_WITH_USER_VERIFICATION"}
    ada.configure("ON", WebAuthnConfiguration=both, **app)
    assert ada.refused("set_user_mfa_preference", **passkey)[0] == "InvalidParameterException"
    ada.api.set_user_mfa_preference(AccessToken=ada.token, SoftwareTokenMfaSettings={"Enabled": True})
    assert "WEB_AUTHN" not in ada.begin()["AvailableChallenges"]
    ada.api.set_user_mfa_preference(**passkey)
    assert ada.begin()["AvailableChallenges"] == ["PASSWORD", "PASSWORD_SRP", "WEB_AUTHN"]
    asked, request = ada.ask()
    assert request["userVerification"] == "required"
    assert "AuthenticationResult" in ada.answer(asked, CREDENTIAL=json.dumps(key.sign(request)))


def test_a_passkey_that_is_not_at_hand_leads_to_another_factor(ada):
    ada.ready()
    ada.register(Authenticator())
    asked, _ = ada.ask()
    assert ada.answer(asked, challenge="SELECT_CHALLENGE", ANSWER="EMAIL_OTP")["ChallengeName"] == "EMAIL_OTP"
