"""What a pool keeps for its protection: risk configuration, log delivery, the certificate of SAML requests."""

import base64

import pytest
from cryptography import x509

SES = "arn:aws:ses:us-east-1:000000000000:identity/example.com"
GROUP = "arn:aws:logs:us-east-1:000000000000:log-group:people"
RISK = {
    "CompromisedCredentialsRiskConfiguration": {"Actions": {"EventAction": "BLOCK"}},
    "AccountTakeoverRiskConfiguration": {
        "NotifyConfiguration": {"SourceArn": SES},
        "Actions": {"HighAction": {"Notify": True, "EventAction": "BLOCK"}},
    },
    "RiskExceptionConfiguration": {"BlockedIPRangeList": ["203.0.113.0/24"]},
}


@pytest.fixture
def pool(world):
    return world.make_pool(UserPoolTier="PLUS", UserPoolAddOns={"AdvancedSecurityMode": "ENFORCED"})


def described(world, **params):
    shape = world.api.describe_risk_configuration(UserPoolId=world.pool, **params)["RiskConfiguration"]
    shape.pop("LastModifiedDate", None)
    return shape


def test_a_risk_configuration_is_the_pools_or_a_clients(world, pool):
    assert described(world) == {"UserPoolId": pool}
    world.api.set_risk_configuration(UserPoolId=pool, **RISK)
    assert described(world) == {"UserPoolId": pool, **RISK}
    client = {"UserPoolId": pool, "ClientId": world.client}
    world.api.set_risk_configuration(RiskExceptionConfiguration={"SkippedIPRangeList": []}, **client)
    assert described(world, ClientId=world.client) == {
        **client,
        "RiskExceptionConfiguration": {"SkippedIPRangeList": []},
    }
    world.api.set_risk_configuration(UserPoolId=pool)
    assert described(world) == {"UserPoolId": pool}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"RiskExceptionConfiguration": {"BlockedIPRangeList": ["here"]}}, "Incorrect CIDR format"),
        (
            {
                "AccountTakeoverRiskConfiguration": {
                    "NotifyConfiguration": {"SourceArn": SES.replace("us-east-1", "eu-north-1")},
                    "Actions": {},
                }
            },
            "Provided SourceArn must be in one of the following SES regions: eu-west-1, us-east-1, us-west-2.",
        ),
        (
            {
                "AccountTakeoverRiskConfiguration": {
                    "Actions": {"LowAction": {"Notify": True, "EventAction": "NO_ACTION"}}
                }
            },
            "NotifyConfiguration is required when an action notifies.",
        ),
    ],
)
def test_a_risk_configuration_has_to_make_sense(world, pool, settings, message):
    refusal = world.refused("set_risk_configuration", UserPoolId=pool, **settings)
    assert refusal == ("InvalidParameterException", message)


def test_risk_needs_advanced_security(world):
    world.make_pool()
    code, _ = world.refused("set_risk_configuration", UserPoolId=world.pool, **RISK)
    assert code == "UserPoolAddOnNotEnabledException"


def logs(source="userNotification", level="ERROR", **destination):
    destination = destination or {"CloudWatchLogsConfiguration": {"LogGroupArn": GROUP}}
    return {"EventSource": source, "LogLevel": level, **destination}


def test_log_delivery_is_kept(world, pool):
    named = {"UserPoolId": pool}
    empty = {"UserPoolId": pool, "LogConfigurations": []}
    assert world.api.get_log_delivery_configuration(**named)["LogDeliveryConfiguration"] == empty
    bucket = {"S3Configuration": {"BucketArn": "arn:aws:s3:::people"}}
    configurations = [logs(), logs("userAuthEvents", "INFO", **bucket)]
    world.api.set_log_delivery_configuration(**named, LogConfigurations=configurations)
    kept = world.api.get_log_delivery_configuration(**named)["LogDeliveryConfiguration"]
    assert kept["LogConfigurations"] == configurations


@pytest.mark.parametrize(
    ("configurations", "message"),
    [
        ([logs(), logs()], "Following event sources appear more then once in a request"),
        ([logs(level="INFO")], "The log level of the event source userNotification must be ERROR."),
        (
            [logs(CloudWatchLogsConfiguration={"LogGroupArn": GROUP.replace("us-east-1", "eu-west-1")})],
            "ARN does not belong to current region",
        ),
        (
            [logs(S3Configuration={"BucketArn": "arn:aws:s3:::people"})],
            "userNotification logs go to CloudWatch Logs only.",
        ),
        (
            [{"EventSource": "userNotification", "LogLevel": "ERROR"}],
            "A log configuration needs exactly one destination.",
        ),
    ],
)
def test_log_delivery_has_to_make_sense(world, pool, configurations, message):
    refusal = world.refused(
        "set_log_delivery_configuration", UserPoolId=pool, LogConfigurations=configurations
    )
    assert refusal == ("InvalidParameterException", message)


def test_events_are_streamed_in_the_plus_tier_only(world):
    world.make_pool()
    configurations = [logs("userAuthEvents", "INFO")]
    assert world.refused(
        "set_log_delivery_configuration", UserPoolId=world.pool, LogConfigurations=configurations
    ) == (
        "FeatureUnavailableInTierException",
        "The following feature is not available for the ESSENTIALS pricing tier configured: Log Streaming",
    )


def test_a_pool_has_a_certificate_of_its_own(world, pool):
    first = world.api.get_signing_certificate(UserPoolId=pool)["Certificate"]
    assert world.api.get_signing_certificate(UserPoolId=pool)["Certificate"] == first
    certificate = x509.load_der_x509_certificate(base64.b64decode(first))
    assert certificate.subject.rfc4514_string() == f"CN={pool}"
    certificate.verify_directly_issued_by(certificate)
    assert (certificate.not_valid_after_utc - certificate.not_valid_before_utc).days == 3650


def test_sessions_are_not_tracked(world):
    named = {"UserPoolId": world.make_pool()}
    default = world.api.get_user_pool_session_configuration(**named)
    assert (default["UserSessionTracking"], default["TokenSession"]) == ("DISABLED", {"MaxPerUser": 20})
    most = {"MaxPerUser": 3}
    world.api.set_user_pool_session_configuration(**named, UserSessionTracking="DISABLED", TokenSession=most)
    assert world.api.get_user_pool_session_configuration(**named)["TokenSession"] == most
    code, message = world.refused(
        "set_user_pool_session_configuration", **named, UserSessionTracking="ENABLED", TokenSession=most
    )
    assert code == "NotImplemented" and "UserSessionTracking" in message
    named["ClientId"] = world.client
    client = world.api.get_user_pool_client_session_configuration(**named)
    assert client["SSOSession"] == {"MaxValidityMinutes": 60}
    code, _ = world.refused(
        "set_user_pool_client_session_configuration", **named, SSOSession={"MaxValidityMinutes": 5}
    )
    assert code == "InvalidParameterException"
