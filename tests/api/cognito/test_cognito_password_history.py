"""PasswordHistorySize: nobody goes back to one of their last passwords."""

import pytest

REUSED = ("PasswordHistoryPolicyViolationException", "Password has previously been used.")
FIRST, SECOND, THIRD = (f"Correct-Horse-{number}" for number in range(1, 4))


@pytest.fixture
def people(world):
    world.make_pool(Policies={"PasswordPolicy": {"MinimumLength": 8, "PasswordHistorySize": 2}})
    world.confirmed("ada", "ada@example.com")
    return world


def change(world, before: str, after: str) -> dict[str, str]:
    token = world.tokens("ada", before)["AccessToken"]
    return {"AccessToken": token, "PreviousPassword": before, "ProposedPassword": after}


def forgotten(world) -> dict[str, str]:
    world.api.forgot_password(ClientId=world.client, Username="ada")
    return {"ClientId": world.client, "Username": "ada", "ConfirmationCode": world.mail().code}


def named(world) -> dict[str, str]:
    return {"UserPoolId": world.pool, "Username": "ada"}


def test_the_last_passwords_are_refused_and_older_ones_are_not(people):
    assert people.refused("change_password", **change(people, FIRST, FIRST)) == REUSED
    people.api.change_password(**change(people, FIRST, SECOND))
    assert people.refused("change_password", **change(people, SECOND, FIRST)) == REUSED
    people.api.change_password(**change(people, SECOND, THIRD))
    assert people.refused("change_password", **change(people, THIRD, SECOND)) == REUSED
    people.api.change_password(**change(people, THIRD, FIRST))
    assert people.tokens("ada", FIRST)


def test_a_wrong_present_password_tells_nothing_of_the_last_ones(people):
    asked = {**change(people, FIRST, FIRST), "PreviousPassword": THIRD}
    assert people.refused("change_password", **asked)[0] == "NotAuthorizedException"


def test_a_reset_refuses_them_too_and_its_code_stays_good(people):
    reset = forgotten(people)
    wrong = {**reset, "ConfirmationCode": "000000" if reset["ConfirmationCode"] != "000000" else "1"}
    refused = people.refused("confirm_forgot_password", **wrong, Password=FIRST)
    assert refused[0] == "CodeMismatchException"
    assert people.refused("confirm_forgot_password", **reset, Password=FIRST) == REUSED
    people.api.confirm_forgot_password(**reset, Password=SECOND)
    reset = forgotten(people)
    assert people.refused("confirm_forgot_password", **reset, Password=FIRST) == REUSED


def test_a_temporary_password_can_not_be_kept(people):
    assert people.refused("admin_set_user_password", **named(people), Password=FIRST) == REUSED
    people.api.admin_set_user_password(**named(people), Password=SECOND)
    answer = {
        "ClientId": people.client,
        "ChallengeName": "NEW_PASSWORD_REQUIRED",
        "Session": people.sign_in("ada", SECOND)["Session"],
    }
    for password in (FIRST, SECOND):
        responses = {"USERNAME": "ada", "NEW_PASSWORD": password}
        refused = people.refused("respond_to_auth_challenge", **answer, ChallengeResponses=responses)
        assert refused == REUSED
    responses = {"USERNAME": "ada", "NEW_PASSWORD": THIRD}
    assert people.api.respond_to_auth_challenge(**answer, ChallengeResponses=responses)[
        "AuthenticationResult"
    ]


def test_without_a_history_any_password_may_come_back(world):
    world.make_pool()
    world.confirmed("ada", "ada@example.com")
    world.api.change_password(**change(world, FIRST, FIRST))
    world.api.admin_set_user_password(**named(world), Password=FIRST, Permanent=True)
    assert world.tokens("ada", FIRST)


def test_a_shorter_history_forgets(people):
    people.api.change_password(**change(people, FIRST, SECOND))
    policies = {"PasswordPolicy": {"MinimumLength": 8, "PasswordHistorySize": 1}}
    people.api.update_user_pool(UserPoolId=people.pool, Policies=policies, AutoVerifiedAttributes=["email"])
    assert people.refused("change_password", **change(people, SECOND, SECOND)) == REUSED
    people.api.change_password(**change(people, SECOND, FIRST))
    assert people.tokens("ada", FIRST)
