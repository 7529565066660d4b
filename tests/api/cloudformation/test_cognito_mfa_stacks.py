"""Second factors and passkeys of user pools, from templates."""

from tests.api.cloudformation.test_cognito_stacks import SES, cognito, idp


def template(**properties):
    pool = cognito("UserPool", UserPoolName="people", AutoVerifiedAttributes=["email"], **properties)
    return {"Resources": {"Pool": pool}, "Outputs": {"Pool": {"Value": {"Ref": "Pool"}}}}


def configuration(aws, stack):
    return idp(aws, "GetUserPoolMfaConfig", UserPoolId=aws.outputs(stack)["Pool"])


def test_required_factors_are_made_and_changed(aws):
    required = {"MfaConfiguration": "ON", "EnabledMfas": ["SOFTWARE_TOKEN_MFA", "EMAIL_OTP"]}
    mail = {
        "EmailConfiguration": {"EmailSendingAccount": "DEVELOPER", "SourceArn": SES},
        "EmailAuthenticationMessage": "Code {####}",
        "EmailAuthenticationSubject": "Sign-in",
    }
    stack = aws.create(template(**required, **mail))
    assert stack["StackStatus"] == "CREATE_COMPLETE", aws.history()
    assert configuration(aws, stack) == {
        "SoftwareTokenMfaConfiguration": {"Enabled": True},
        "EmailMfaConfiguration": {"Message": "Code {####}", "Subject": "Sign-in"},
        "MfaConfiguration": "ON",
    }
    stack = aws.update(template())
    assert stack["StackStatus"] == "UPDATE_COMPLETE", aws.history()
    assert configuration(aws, stack)["MfaConfiguration"] == "OFF"


def test_passkeys_are_configured(aws):
    stack = aws.create(
        template(
            Policies={"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]}},
            WebAuthnRelyingPartyID="localhost",
            WebAuthnUserVerification="required",
        )
    )
    assert stack["StackStatus"] == "CREATE_COMPLETE", aws.history()
    told = configuration(aws, stack)["WebAuthnConfiguration"]
    assert told == {"RelyingPartyId": "localhost", "UserVerification": "required"}


def test_factors_that_cannot_be_delivered_fail_the_stack(aws):
    stack = aws.create(template(MfaConfiguration="ON", EnabledMfas=["SMS_MFA"]))
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
