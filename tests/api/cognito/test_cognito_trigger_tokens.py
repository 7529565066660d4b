"""PreTokenGeneration in its three versions: what is asked, and what tokens then say."""

import pytest

from tests.trigger_world import PASSWORD, claims_of, refused


def version(number):
    return lambda arn: {"PreTokenGenerationConfig": {"LambdaVersion": f"V{number}_0", "LambdaArn": arn}}


def groups(triggers, *names):
    for precedence, name in enumerate(names):
        triggers.api.create_group(
            UserPoolId=triggers.pool,
            GroupName=name,
            Precedence=precedence,
            RoleArn=f"arn:aws:iam::000000000000:role/{name}",
        )
        triggers.api.admin_add_user_to_group(UserPoolId=triggers.pool, Username="ada", GroupName=name)


def both(answer):
    tokens = answer["AuthenticationResult"]
    return claims_of(tokens["IdToken"]), claims_of(tokens["AccessToken"])


def test_version_one_is_asked_about_the_user_and_their_groups(triggers):
    triggers.make("", "PreTokenGeneration")
    triggers.add("ada", "ada@example.com")
    groups(triggers, "chiefs", "people")
    triggers.sign_in("ada", ClientMetadata={"not": "told"})
    event = triggers.event
    assert (event["version"], event["triggerSource"]) == ("1", "TokenGeneration_Authentication")
    assert event["request"] == {
        "userAttributes": {
            "sub": triggers.user("ada")[1]["sub"],
            "cognito:user_status": "CONFIRMED",
            "email": "ada@example.com",
            "email_verified": "true",
        },
        "groupConfiguration": {
            "groupsToOverride": ["chiefs", "people"],
            "iamRolesToOverride": [
                "arn:aws:iam::000000000000:role/chiefs",
                "arn:aws:iam::000000000000:role/people",
            ],
            "preferredRole": "arn:aws:iam::000000000000:role/chiefs",
        },
    }
    assert event["response"] == {"claimsOverrideDetails": None}


def test_version_one_changes_the_identity_token_and_the_groups_of_both(triggers):
    triggers.make(
        """
        response["claimsOverrideDetails"] = {
            "claimsToAddOrOverride": {"tenant": "blue", "email": "other@example.com", "sub": "forged", "aud": "x"},
            "claimsToSuppress": ["email_verified", "iss"],
            "groupOverrideDetails": {
                "groupsToOverride": ["made-up"],
                "iamRolesToOverride": ["arn:aws:iam::000000000000:role/made-up"],
                "preferredRole": "arn:aws:iam::000000000000:role/made-up",
            },
        }
        """,
        "PreTokenGeneration",
    )
    triggers.add("ada", "ada@example.com")
    groups(triggers, "people")
    identity, access = both(triggers.sign_in("ada"))
    assert (identity["tenant"], identity["email"]) == ("blue", "other@example.com")
    assert "email_verified" not in identity and identity["iss"].endswith(triggers.pool)
    assert identity["sub"] == triggers.user("ada")[1]["sub"] and identity["aud"] == triggers.client
    assert identity["cognito:groups"] == access["cognito:groups"] == ["made-up"]
    assert identity["cognito:roles"] == ["arn:aws:iam::000000000000:role/made-up"]
    assert identity["cognito:preferred_role"] == "arn:aws:iam::000000000000:role/made-up"
    assert "tenant" not in access and "cognito:roles" not in access


def test_groups_can_be_taken_away(triggers):
    body = "response['claimsOverrideDetails'] = {'groupOverrideDetails': {'groupsToOverride': []}}"
    triggers.make(body, "PreTokenGeneration")
    triggers.add("ada")
    groups(triggers, "people")
    identity, access = both(triggers.sign_in("ada"))
    assert "cognito:groups" not in identity and "cognito:groups" not in access


def test_a_claim_of_version_one_is_a_text(triggers):
    body = "response['claimsOverrideDetails'] = {'claimsToAddOrOverride': {'roles': ['a']}}"
    triggers.make(body, "PreTokenGeneration")
    triggers.add("ada")
    assert refused(triggers.sign_in, "ada")[0] == "InvalidLambdaResponseException"


VERSION_TWO = """
response["claimsAndScopeOverrideDetails"] = {
    "idTokenGeneration": {"claimsToAddOrOverride": {"plan": {"seats": 3}}, "claimsToSuppress": ["email"]},
    "accessTokenGeneration": {
        "claimsToAddOrOverride": {
            "tenants": ["a", 1, True], "aud": event["callerContext"]["clientId"], "client_id": "forged",
        },
        "claimsToSuppress": ["username", "origin_jti"],
        "scopesToAdd": ["orders/read", "two words"],
        "scopesToSuppress": ["aws.cognito.signin.user.admin"],
    },
    "groupOverrideDetails": {"groupsToOverride": ["beside"]},
}
"""


@pytest.mark.parametrize("number", [2, 3])
def test_later_versions_change_both_tokens(triggers, number):
    triggers.make(VERSION_TWO, config=version(number))
    triggers.add("ada", "ada@example.com")
    identity, access = both(triggers.sign_in("ada"))
    event = triggers.event
    assert event["version"] == str(number)
    assert event["request"]["scopes"] == ["aws.cognito.signin.user.admin"]
    assert event["response"] == {"claimsAndScopeOverrideDetails": None}
    assert identity["plan"] == {"seats": 3} and "email" not in identity
    assert access["tenants"] == ["a", 1, True]
    assert access["aud"] == access["client_id"] == triggers.client
    assert access["scope"] == "orders/read"
    assert access["username"] == "ada" and "origin_jti" in access
    assert identity["cognito:groups"] == access["cognito:groups"] == ["beside"]


def test_an_audience_that_is_not_the_client_is_not_taken(triggers):
    body = """
    details = {"accessTokenGeneration": {"claimsToAddOrOverride": {"aud": "elsewhere"}}}
    response["claimsAndScopeOverrideDetails"] = details
    """
    triggers.make(body, config=version(2))
    triggers.add("ada")
    _, access = both(triggers.sign_in("ada"))
    assert "aud" not in access


def test_groups_inside_a_token_are_not_where_version_two_has_them(triggers):
    body = """
    inside = {"groupOverrideDetails": {"groupsToOverride": ["inside"]}}
    response["claimsAndScopeOverrideDetails"] = {"accessTokenGeneration": inside}
    """
    triggers.make(body, config=version(2))
    triggers.add("ada")
    _, access = both(triggers.sign_in("ada"))
    assert "cognito:groups" not in access


def test_each_occasion_has_its_source(triggers):
    triggers.make("", config=version(2))
    triggers.api.admin_create_user(
        UserPoolId=triggers.pool, Username="ada", TemporaryPassword=PASSWORD, MessageAction="SUPPRESS"
    )
    answer = triggers.api.respond_to_auth_challenge(
        ClientId=triggers.client,
        ChallengeName="NEW_PASSWORD_REQUIRED",
        Session=triggers.sign_in("ada")["Session"],
        ChallengeResponses={"USERNAME": "ada", "NEW_PASSWORD": PASSWORD + "2"},
        ClientMetadata={"step": "second"},
    )
    triggers.api.initiate_auth(
        ClientId=triggers.client,
        AuthFlow="REFRESH_TOKEN_AUTH",
        AuthParameters={"REFRESH_TOKEN": answer["AuthenticationResult"]["RefreshToken"]},
    )
    assert triggers.sources == ["TokenGeneration_NewPasswordChallenge", "TokenGeneration_RefreshTokens"]
    assert triggers.events[0]["request"]["clientMetadata"] == {"step": "second"}
    assert "clientMetadata" not in triggers.events[1]["request"]


def test_a_failure_issues_no_tokens(triggers):
    triggers.make("raise Exception('no claims today')", "PreTokenGeneration")
    triggers.add("ada")
    assert refused(triggers.sign_in, "ada") == (
        "UserLambdaValidationException",
        "PreTokenGeneration failed with error no claims today.",
    )


def test_both_names_of_the_trigger_are_one(triggers):
    arn = triggers.make("", config=version(2))
    described = triggers.api.describe_user_pool(UserPoolId=triggers.pool)["UserPool"]["LambdaConfig"]
    assert described == {
        "PreTokenGeneration": arn,
        "PreTokenGenerationConfig": {"LambdaVersion": "V2_0", "LambdaArn": arn},
    }


PRE_SIGN_UP = "arn:aws:lambda:us-east-1:000000000000:function:f"


@pytest.mark.parametrize(
    ("config", "code"),
    [
        ({"PreSignUp": "arn:aws:sqs:us-east-1:000000000000:queue"}, "InvalidParameterException"),
        (
            {
                "PreTokenGeneration": PRE_SIGN_UP,
                "PreTokenGenerationConfig": {"LambdaVersion": "V2_0", "LambdaArn": PRE_SIGN_UP + "2"},
            },
            "InvalidParameterException",
        ),
        (
            {"CustomEmailSender": {"LambdaVersion": "V1_0", "LambdaArn": PRE_SIGN_UP}},
            "InvalidParameterException",
        ),
    ],
)
def test_a_configuration_that_cannot_be_is_refused(triggers, config, code):
    assert refused(triggers.api.create_user_pool, PoolName="people", LambdaConfig=config)[0] == code


def test_the_lite_tier_knows_version_one_alone(triggers):
    config = version(2)(PRE_SIGN_UP)
    create = triggers.api.create_user_pool
    code, _ = refused(create, PoolName="people", UserPoolTier="LITE", LambdaConfig=config)
    assert code == "FeatureUnavailableInTierException"
    create(PoolName="people", UserPoolTier="LITE", LambdaConfig={"PreTokenGeneration": PRE_SIGN_UP})


def test_triggers_are_gone_with_the_update_that_leaves_them_out(triggers):
    triggers.make("raise Exception('never')", "PreSignUp")
    triggers.api.update_user_pool(UserPoolId=triggers.pool)
    assert triggers.sign_up("ada")["UserSub"]
    assert triggers.events == []
