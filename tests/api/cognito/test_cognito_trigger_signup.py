"""PreSignUp and PostConfirmation: asked before a user is made and after one is confirmed."""

import threading

from tests.trigger_world import PASSWORD, refused


def test_pre_sign_up_gets_what_came_with_the_request(triggers):
    triggers.make("", "PreSignUp")
    triggers.sign_up(
        "ada",
        "ada@example.com",
        ValidationData=[{"Name": "captcha", "Value": "ok"}],
        ClientMetadata={"campaign": "spring"},
    )
    assert triggers.event == {
        "version": "1",
        "region": "us-east-1",
        "userPoolId": triggers.pool,
        "userName": "ada",
        "callerContext": {"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": triggers.client},
        "triggerSource": "PreSignUp_SignUp",
        "request": {
            "userAttributes": {"email": "ada@example.com"},
            "validationData": {"captcha": "ok"},
            "clientMetadata": {"campaign": "spring"},
        },
        "response": {"autoConfirmUser": False, "autoVerifyEmail": False, "autoVerifyPhone": False},
    }
    assert list(triggers.event) == [
        "version",
        "region",
        "userPoolId",
        "userName",
        "callerContext",
        "triggerSource",
        "request",
        "response",
    ]


def test_what_was_not_sent_is_null_or_left_out(triggers):
    triggers.make("", "PreSignUp")
    triggers.sign_up("ada")
    assert triggers.event["request"] == {"userAttributes": {}, "validationData": None}


def test_pre_sign_up_can_confirm_and_verify(triggers):
    triggers.make(
        "response.update(autoConfirmUser=True, autoVerifyEmail=True)", "PreSignUp", "PostConfirmation"
    )
    answer = triggers.sign_up("ada", "ada@auto.example.com")
    assert answer["UserConfirmed"] and "CodeDeliveryDetails" not in answer
    status, attributes = triggers.user("ada")
    assert (status, attributes["email_verified"]) == ("CONFIRMED", "true")
    assert triggers.sources == ["PreSignUp_SignUp", "PostConfirmation_ConfirmSignUp"]
    assert triggers.dew.mail("ada@auto.example.com") == []
    assert triggers.sign_in("ada")["AuthenticationResult"]


def test_verifying_an_address_that_is_not_there_is_refused(triggers):
    triggers.make("response.update(autoConfirmUser=True, autoVerifyPhone=True)", "PreSignUp")
    assert refused(triggers.sign_up, "ada")[0] == "InvalidParameterException"
    assert triggers.missing("ada")


def test_a_refusal_leaves_no_user_behind(triggers):
    triggers.make("raise ValueError('no more accounts')", "PreSignUp")
    assert refused(triggers.sign_up, "ada", "ada@refused.example.com") == (
        "UserLambdaValidationException",
        "PreSignUp failed with error no more accounts.",
    )
    assert triggers.missing("ada")
    assert triggers.dew.mail("ada@refused.example.com") == []


def test_an_administrator_is_asked_too_but_nothing_is_confirmed(triggers):
    triggers.make("response.update(autoConfirmUser=True, autoVerifyEmail=True)", "PreSignUp")
    triggers.api.admin_create_user(
        UserPoolId=triggers.pool,
        Username="ada",
        UserAttributes=[{"Name": "email", "Value": "ada@made.example.com"}],
        ValidationData=[{"Name": "source", "Value": "import"}],
        ClientMetadata={"by": "admin"},
    )
    event = triggers.event
    assert event["triggerSource"] == "PreSignUp_AdminCreateUser"
    assert event["callerContext"]["clientId"] == "CLIENT_ID_NOT_APPLICABLE"
    assert event["request"]["validationData"] == {"source": "import"}
    assert event["request"]["clientMetadata"] == {"by": "admin"}
    status, attributes = triggers.user("ada")
    assert status == "FORCE_CHANGE_PASSWORD" and "email_verified" not in attributes


def test_post_confirmation_knows_the_confirmed_user(triggers):
    triggers.make("", "PostConfirmation", UsernameAttributes=["email"])
    sub = triggers.sign_up("ada@post.example.com", "ada@post.example.com")["UserSub"]
    code = triggers.mail("ada@post.example.com").code
    triggers.api.confirm_sign_up(
        ClientId=triggers.client,
        Username="ada@post.example.com",
        ConfirmationCode=code,
        ClientMetadata={"lang": "de"},
    )
    event = triggers.event
    assert (event["triggerSource"], event["userName"]) == ("PostConfirmation_ConfirmSignUp", sub)
    assert event["request"] == {
        "userAttributes": {
            "sub": sub,
            "cognito:email_alias": "ada@post.example.com",
            "cognito:user_status": "CONFIRMED",
            "email": "ada@post.example.com",
            "email_verified": "true",
        },
        "clientMetadata": {"lang": "de"},
    }
    assert event["response"] == {}


def test_a_confirmation_stands_although_post_confirmation_fails(triggers):
    triggers.make("raise RuntimeError('no database')", "PostConfirmation")
    triggers.sign_up("ada")
    assert refused(triggers.api.admin_confirm_sign_up, UserPoolId=triggers.pool, Username="ada") == (
        "UserLambdaValidationException",
        "PostConfirmation failed with error no database.",
    )
    assert triggers.user("ada")[0] == "CONFIRMED"


def test_a_wrong_code_asks_nobody(triggers):
    triggers.make("", "PostConfirmation")
    triggers.sign_up("ada", "ada@wrong.example.com")
    wrong = {"ClientId": triggers.client, "Username": "ada", "ConfirmationCode": "000000"}
    if triggers.mail("ada@wrong.example.com").code == "000000":
        wrong["ConfirmationCode"] = "000001"
    assert refused(triggers.api.confirm_sign_up, **wrong)[0] == "CodeMismatchException"
    assert triggers.events == []


def test_a_new_password_is_told_to_post_confirmation(triggers):
    triggers.make("", "PostConfirmation")
    triggers.add("ada", "ada@forgot.example.com")
    triggers.api.forgot_password(ClientId=triggers.client, Username="ada")
    triggers.api.confirm_forgot_password(
        ClientId=triggers.client,
        Username="ada",
        ConfirmationCode=triggers.mail("ada@forgot.example.com").code,
        Password=PASSWORD + "2",
        ClientMetadata={"why": "forgot"},
    )
    event = triggers.event
    assert event["triggerSource"] == "PostConfirmation_ConfirmForgotPassword"
    assert event["request"]["clientMetadata"] == {"why": "forgot"}


def test_forty_confirmations_at_once_each_call_the_pool_from_their_trigger(triggers):
    triggers.make(
        """
        boto3.client("cognito-idp").admin_add_user_to_group(
            UserPoolId=event["userPoolId"], Username=event["userName"], GroupName="people"
        )
        """,
        "PostConfirmation",
    )
    triggers.api.create_group(UserPoolId=triggers.pool, GroupName="people")
    names = [f"user-{number}" for number in range(40)]
    for name in names:
        triggers.sign_up(name, f"{name}@load.example.com")
    failures = []

    def confirm(name):
        try:
            triggers.api.confirm_sign_up(
                ClientId=triggers.client,
                Username=name,
                ConfirmationCode=triggers.mail(f"{name}@load.example.com").code,
            )
        except Exception as error:
            failures.append((name, error))

    threads = [threading.Thread(target=confirm, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert failures == []
    members = triggers.api.list_users_in_group(UserPoolId=triggers.pool, GroupName="people")["Users"]
    assert {user["Username"] for user in members} == set(names)
    assert {event["userName"] for event in triggers.events} == set(names)
