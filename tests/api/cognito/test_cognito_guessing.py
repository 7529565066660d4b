"""Guesses are counted whatever way they come by: nobody earns new ones by what they know already."""

import pytest

from tests.api.cognito.test_cognito_at_once import at_once
from tests.api.cognito.test_cognito_mfa import APP, SMS, Person
from tests.api.cognito.test_cognito_srp_signin import srp_sign_in

LOCKED = ("NotAuthorizedException", "Password attempts exceeded")


@pytest.fixture
def ada(world):
    return Person(world)


def wrong(person: Person) -> str:
    return f"{(int(person.digits()) + 500000) % 10**6:06d}"


def by_password(person: Person):
    return person.sign_in("ada")


def by_srp(person: Person):
    return srp_sign_in(person.world, "ada")


@pytest.mark.parametrize("begin", [by_password, by_srp])
def test_a_right_password_earns_no_new_guesses_at_the_second_factor(ada, begin):
    ada.pool("OPTIONAL", **APP)
    ada.add_app()
    for _ in range(5):
        code, _ = ada.answer_refused(begin(ada), SOFTWARE_TOKEN_MFA_CODE=wrong(ada))
        assert code == "CodeMismatchException"
    assert ada.sign_in_refused("ada") == LOCKED


def test_a_sign_in_that_is_complete_forgets_what_went_wrong_before(ada):
    ada.pool("OPTIONAL", **APP)
    ada.add_app()
    for _ in range(4):
        ada.sign_in_refused("ada", "Wrong-Horse-1")
    assert ada.answer(ada.sign_in("ada"), SOFTWARE_TOKEN_MFA_CODE=ada.digits())["AuthenticationResult"]
    for _ in range(4):
        ada.sign_in_refused("ada", "Wrong-Horse-1")
    assert ada.sign_in("ada")["ChallengeName"] == "SOFTWARE_TOKEN_MFA"


@pytest.mark.parametrize("factor", ["app", "text"])
def test_guesses_at_once_are_no_more_than_guesses_one_by_one(ada, factor):
    ada.pool("OPTIONAL", **APP, **SMS)
    if factor == "app":
        ada.add_app()
    else:
        ada.prefer(SMSMfaSettings={"Enabled": True, "PreferredMfa": True})
    asked = ada.sign_in("ada")
    member = "SOFTWARE_TOKEN_MFA_CODE" if factor == "app" else "SMS_MFA_CODE"
    guesses = [ada.response(asked, **{member: f"guess {number}"}) for number in range(24)]
    heard = at_once(ada.world, "RespondToAuthChallenge", *guesses)
    assert sum(count for answer, count in heard.items() if answer.startswith("CodeMismatch")) == 5
    assert heard[": ".join(LOCKED)] == 19
