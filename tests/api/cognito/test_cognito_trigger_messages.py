"""CustomMessage words a pool's messages; custom senders deliver them."""

import base64

import boto3
import pytest

from tests.trigger_world import PASSWORD, refused

OWN = """
response.update(
    emailSubject="Hello from " + source,
    emailMessage="Your code: " + request["codeParameter"],
    smsMessage="SMS: " + request["codeParameter"],
)
"""
PLACEHOLDERS = {"codeParameter": "{####}", "linkParameter": "{##Click Here##}"}


def test_each_occasion_is_worded_by_the_trigger_that_never_sees_the_code(triggers):
    triggers.make(OWN, "CustomMessage")
    triggers.sign_up("ada", "ada@words.example.com", ClientMetadata={"lang": "de"})
    first = triggers.mail("ada@words.example.com")
    assert (first.subject, first.body) == ("Hello from CustomMessage_SignUp", f"Your code: {first.code}")
    event = triggers.event
    assert event["request"] == {
        "userAttributes": {
            "sub": triggers.user("ada")[1]["sub"],
            "cognito:user_status": "UNCONFIRMED",
            "email": "ada@words.example.com",
            "email_verified": "false",
        },
        **PLACEHOLDERS,
        "usernameParameter": None,
        "clientMetadata": {"lang": "de"},
    }
    assert event["response"] == {"smsMessage": None, "emailMessage": None, "emailSubject": None}

    triggers.api.resend_confirmation_code(ClientId=triggers.client, Username="ada")
    code = triggers.mail("ada@words.example.com").code
    triggers.api.confirm_sign_up(ClientId=triggers.client, Username="ada", ConfirmationCode=code)
    triggers.api.forgot_password(ClientId=triggers.client, Username="ada")
    token = triggers.sign_in("ada")["AuthenticationResult"]["AccessToken"]
    new = [{"Name": "email", "Value": "ada@new.example.com"}]
    triggers.api.update_user_attributes(AccessToken=token, UserAttributes=new)
    triggers.api.get_user_attribute_verification_code(AccessToken=token, AttributeName="email")
    triggers.api.admin_update_user_attributes(
        UserPoolId=triggers.pool, Username="ada", UserAttributes=[{"Name": "name", "Value": "Ada"}]
    )
    assert triggers.sources == [
        "CustomMessage_SignUp",
        "CustomMessage_ResendCode",
        "CustomMessage_ForgotPassword",
        "CustomMessage_UpdateUserAttribute",
        "CustomMessage_VerifyUserAttribute",
    ]
    assert triggers.mail("ada@new.example.com").subject == "Hello from CustomMessage_VerifyUserAttribute"


def test_an_invitation_names_the_user(triggers):
    body = """
    response["emailMessage"] = request["usernameParameter"] + " may come in with " + request["codeParameter"]
    """
    triggers.make(body, "CustomMessage")
    triggers.api.admin_create_user(
        UserPoolId=triggers.pool,
        Username="ada",
        TemporaryPassword=PASSWORD,
        DesiredDeliveryMediums=["EMAIL"],
        UserAttributes=[{"Name": "email", "Value": "ada@invited.example.com"}],
    )
    message = triggers.mail("ada@invited.example.com")
    assert message.subject == "Your temporary password"
    assert message.body == f"ada may come in with {PASSWORD}"
    assert triggers.event["triggerSource"] == "CustomMessage_AdminCreateUser"


def test_what_the_trigger_leaves_out_is_the_pools_own(triggers):
    triggers.make(
        "response['emailSubject'] = 'Mine'", "CustomMessage", EmailVerificationMessage="Code {####}!"
    )
    triggers.sign_up("ada", "ada@own.example.com")
    message = triggers.mail("ada@own.example.com")
    assert (message.subject, message.body) == ("Mine", f"Code {message.code}!")


@pytest.mark.parametrize(
    ("answer", "member"),
    [("response['emailMessage'] = 'Welcome'", "emailBody"), ("response['smsMessage'] = 'Hi'", "smsMessage")],
)
def test_a_message_without_its_code_is_refused_and_makes_nobody(triggers, answer, member):
    triggers.make(answer, "CustomMessage")
    code, message = refused(triggers.sign_up, "ada", "ada@nocode.example.com")
    assert code == "InvalidParameterException"
    assert f"at '{member}' failed to satisfy constraint" in message and r"\{####\}" in message
    assert triggers.missing("ada") and triggers.dew.mail("ada@nocode.example.com") == []


def test_a_failure_sends_nothing(triggers):
    triggers.make("raise Exception('no words')", "CustomMessage")
    assert refused(triggers.sign_up, "ada", "ada@nowords.example.com") == (
        "UserLambdaValidationException",
        "CustomMessage failed with error no words.",
    )
    assert triggers.missing("ada")


def test_nobody_is_asked_for_a_message_that_is_not_sent(triggers):
    triggers.make("raise Exception('never')", "CustomMessage")
    triggers.sign_up("ada")
    triggers.add("eve", "eve@example.com")
    assert triggers.events == []


# custom senders


@pytest.fixture(scope="module")
def key(dew):
    return dew.client("kms").create_key(Description="codes")["KeyMetadata"]["Arn"]


def senders(key):
    def config(arn):
        sender = {"LambdaVersion": "V1_0", "LambdaArn": arn}
        return {"CustomEmailSender": sender, "CustomSMSSender": sender, "KMSKeyID": key}

    return config


def decrypted(triggers, key, code):
    """The code as a custom sender reads it, with AWS's own library."""
    import aws_encryption_sdk
    from aws_encryption_sdk.key_providers.kms import KMSMasterKey

    kms = boto3.client("kms", endpoint_url=triggers.dew.aws_url, region_name="us-east-1",
                       aws_access_key_id="test", aws_secret_access_key="test")  # fmt: skip
    plain, header = aws_encryption_sdk.EncryptionSDKClient().decrypt(
        source=base64.b64decode(code), key_provider=KMSMasterKey(key_id=key, client=kms)
    )
    kms.close()
    assert header.encryption_context["userpool-id"] == triggers.pool
    return plain.decode()


def one_event(triggers, until):
    """The event that a function was sent without being waited for."""
    for _ in range(400):
        if triggers.events:
            return triggers.event
        until.wait(0.05)
    raise AssertionError("no event came")


def test_a_custom_sender_gets_the_code_encrypted(triggers, key, pause):
    triggers.make("", config=senders(key))
    triggers.sign_up("ada", "ada@sender.example.com", ClientMetadata={"lang": "de"})
    event = one_event(triggers, pause)
    assert event["triggerSource"] == "CustomEmailSender_SignUp" and "response" not in event
    request = event["request"]
    assert request["type"] == "customEmailSenderRequestV1"
    assert request["clientMetadata"] == {"lang": "de"}
    assert request["userAttributes"]["email"] == "ada@sender.example.com"
    assert triggers.dew.mail("ada@sender.example.com") == []
    code = decrypted(triggers, key, request["code"])
    triggers.api.confirm_sign_up(ClientId=triggers.client, Username="ada", ConfirmationCode=code)
    assert triggers.user("ada")[0] == "CONFIRMED"


def test_a_text_message_goes_to_its_own_sender(triggers, key, pause):
    sms = {"SnsCallerArn": "arn:aws:iam::000000000000:role/sms"}
    triggers.make("", config=senders(key), AutoVerifiedAttributes=["phone_number"], SmsConfiguration=sms)
    triggers.api.admin_create_user(
        UserPoolId=triggers.pool,
        Username="ada",
        TemporaryPassword=PASSWORD,
        UserAttributes=[{"Name": "phone_number", "Value": "+15550100"}],
    )
    event = one_event(triggers, pause)
    assert event["triggerSource"] == "CustomSMSSender_AdminCreateUser"
    assert event["request"]["type"] == "customSMSSenderRequestV1"
    assert event["request"]["clientMetadata"] is None
    assert decrypted(triggers, key, event["request"]["code"]) == PASSWORD


def test_a_sender_that_may_not_be_invoked(triggers, key):
    triggers.make("", config=senders(key), permitted=False)
    assert refused(triggers.sign_up, "ada", "ada@denied.example.com") == (
        "UnexpectedLambdaException",
        "CustomEmailSender invocation failed due to error AccessDeniedException.",
    )


def test_a_key_that_is_not_there(triggers):
    triggers.make("", config=senders("arn:aws:kms:us-east-1:000000000000:key/none"))
    code, message = refused(triggers.sign_up, "ada", "ada@nokey.example.com")
    assert code == "CodeDeliveryFailureException" and "key/none" in message
