"""A stack with everything that a user pool may have, made, changed and removed."""

import base64
import copy
import json

import pytest

PNG = b"\x89PNG\r\n\x1a\n" + bytes(16)
SES = "arn:aws:ses:us-east-1:000000000000:identity/example.com"


def cognito(kind, **properties):
    return {"Type": f"AWS::Cognito::{kind}", "Properties": properties}


def ref(name):
    return {"Ref": name}


def of_pool(kind, **properties):
    return cognito(kind, UserPoolId=ref("Pool"), **properties)


def after(resource, *names):
    return {**resource, "DependsOn": list(names)}


TEMPLATE = {
    "Resources": {
        "Pool": cognito(
            "UserPool",
            UserPoolName="people",
            UserPoolTier="PLUS",
            UserPoolAddOns={"AdvancedSecurityMode": "AUDIT"},
            AutoVerifiedAttributes=["email"],
        ),
        "Domain": of_pool("UserPoolDomain", Domain="login", ManagedLoginVersion="2"),
        "Server": of_pool(
            "UserPoolResourceServer",
            Identifier="photos",
            Name="photos",
            Scopes=[{"ScopeName": "read", "ScopeDescription": "Read"}],
        ),
        "Google": of_pool(
            "UserPoolIdentityProvider",
            ProviderName="Google",
            ProviderType="Google",
            ProviderDetails={"client_id": "c", "client_secret": "s", "authorize_scopes": "email"},
            AttributeMapping={"email": "email"},
        ),
        "Client": after(
            of_pool(
                "UserPoolClient",
                ClientName="web",
                AllowedOAuthFlowsUserPoolClient="true",
                AllowedOAuthFlows=["code"],
                AllowedOAuthScopes=["openid", "photos/read"],
                CallbackURLs=["https://example.com/back"],
                SupportedIdentityProviders=["COGNITO", ref("Google")],
                RefreshTokenRotation={"Feature": "ENABLED", "RetryGracePeriodSeconds": "10"},
                ExplicitAuthFlows=["ALLOW_USER_SRP_AUTH"],
            ),
            "Server",
        ),
        "Group": of_pool("UserPoolGroup", GroupName="crew", Precedence="3"),
        "Ada": of_pool(
            "UserPoolUser",
            Username="ada",
            UserAttributes=[{"Name": "email", "Value": "ada@example.com"}],
            MessageAction="SUPPRESS",
        ),
        "Member": of_pool("UserPoolUserToGroupAttachment", GroupName=ref("Group"), Username=ref("Ada")),
        "Look": after(
            of_pool(
                "UserPoolUICustomizationAttachment",
                ClientId=ref("Client"),
                CSS=".banner-customizable { color: red; }",
            ),
            "Domain",
        ),
        "Risk": of_pool(
            "UserPoolRiskConfigurationAttachment",
            ClientId="ALL",
            RiskExceptionConfiguration={"BlockedIPRangeList": ["203.0.113.0/24"]},
        ),
        "Logs": of_pool(
            "LogDeliveryConfiguration",
            LogConfigurations=[
                {
                    "EventSource": "userNotification",
                    "LogLevel": "ERROR",
                    "CloudWatchLogsConfiguration": {
                        "LogGroupArn": "arn:aws:logs:us-east-1:000000000000:log-group:people"
                    },
                }
            ],
        ),
        "Branding": of_pool(
            "ManagedLoginBranding",
            ClientId=ref("Client"),
            Settings={"components": {}},
            Assets=[
                {
                    "Category": "FORM_LOGO",
                    "ColorMode": "LIGHT",
                    "Extension": "PNG",
                    "Bytes": base64.b64encode(PNG).decode(),
                }
            ],
        ),
        "Terms": of_pool(
            "Terms",
            ClientId=ref("Client"),
            TermsName="terms-of-use",
            TermsSource="LINK",
            Enforcement="NONE",
            Links={"cognito:default": "https://example.com/terms"},
        ),
    },
    "Outputs": {
        **{name: {"Value": ref(name)} for name in ("Pool", "Domain", "Google", "Client", "Ada", "Server")},
        "Name": {"Value": {"Fn::GetAtt": "Client.Name"}},
        "Branding": {"Value": {"Fn::GetAtt": "Branding.ManagedLoginBrandingId"}},
    },
}


@pytest.fixture
def made(aws):
    stack = aws.create(TEMPLATE)
    assert stack["StackStatus"] == "CREATE_COMPLETE", aws.history()
    return aws.outputs(stack)


def idp(aws, operation, **params):
    return aws.call("cognito-idp", operation, params)


def test_everything_is_made(aws, made):
    assert (made["Domain"], made["Google"], made["Ada"], made["Server"]) == (
        "login",
        "Google",
        "ada",
        "photos",
    )
    assert made["Name"] == "web"
    pool, client = {"UserPoolId": made["Pool"]}, {"UserPoolId": made["Pool"], "ClientId": made["Client"]}
    assert idp(aws, "DescribeUserPool", **pool)["UserPool"]["Domain"] == "login"
    shape = idp(aws, "DescribeUserPoolClient", **client)["UserPoolClient"]
    assert shape["AllowedOAuthScopes"] == ["openid", "photos/read"]
    assert shape["RefreshTokenRotation"] == {"Feature": "ENABLED", "RetryGracePeriodSeconds": 10}
    members = idp(aws, "ListUsersInGroup", GroupName="crew", **pool)["Users"]
    assert [user["Username"] for user in members] == ["ada"]
    assert "banner" in idp(aws, "GetUICustomization", **client)["UICustomization"]["CSS"]
    risk = idp(aws, "DescribeRiskConfiguration", **pool)["RiskConfiguration"]
    assert risk["RiskExceptionConfiguration"] == {"BlockedIPRangeList": ["203.0.113.0/24"]}
    logs = idp(aws, "GetLogDeliveryConfiguration", **pool)["LogDeliveryConfiguration"]
    assert len(logs["LogConfigurations"]) == 1
    branding = idp(aws, "DescribeManagedLoginBrandingByClient", **client)["ManagedLoginBranding"]
    assert branding["ManagedLoginBrandingId"] == made["Branding"]
    assert branding["Assets"][0]["Bytes"] == PNG
    assert idp(aws, "DescribeTermsByClient", TermsName="terms-of-use", **client)["Terms"]["Links"]


def test_parts_are_changed_in_place(aws, made):
    template = copy.deepcopy(TEMPLATE)
    resources = template["Resources"]
    resources["Google"]["Properties"]["ProviderDetails"]["client_id"] = "changed"
    del resources["Google"]["Properties"]["AttributeMapping"]
    resources["Domain"]["Properties"]["ManagedLoginVersion"] = 1
    resources["Server"]["Properties"]["Name"] = "renamed"
    resources["Look"]["Properties"]["CSS"] = ".label-customizable { color: red; }"
    resources["Branding"]["Properties"]["UseCognitoProvidedValues"] = True
    for name in ("Settings", "Assets"):
        del resources["Branding"]["Properties"][name]
    resources["Terms"]["Properties"]["Links"]["cognito:default"] = "https://example.com/new"
    resources["Logs"]["Properties"]["LogConfigurations"] = []
    stack = aws.update(template)
    assert stack["StackStatus"] == "UPDATE_COMPLETE", aws.history()
    assert aws.outputs(stack) == made
    pool, client = {"UserPoolId": made["Pool"]}, {"UserPoolId": made["Pool"], "ClientId": made["Client"]}
    provider = idp(aws, "DescribeIdentityProvider", ProviderName="Google", **pool)["IdentityProvider"]
    assert provider["ProviderDetails"]["client_id"] == "changed" and provider["AttributeMapping"] == {}
    domain = idp(aws, "DescribeUserPoolDomain", Domain="login")["DomainDescription"]
    assert domain["ManagedLoginVersion"] == 1
    assert "label" in idp(aws, "GetUICustomization", **client)["UICustomization"]["CSS"]
    branding = idp(aws, "DescribeManagedLoginBrandingByClient", **client)["ManagedLoginBranding"]
    assert branding["UseCognitoProvidedValues"] is True and branding["Assets"] == []
    logs = idp(aws, "GetLogDeliveryConfiguration", **pool)["LogDeliveryConfiguration"]
    assert logs["LogConfigurations"] == []


def test_parts_are_taken_away(aws, made):
    template = copy.deepcopy(TEMPLATE)
    for name in ("Look", "Risk", "Logs", "Branding", "Terms", "Member", "Ada"):
        del template["Resources"][name]
    for name in ("Ada", "Branding"):
        del template["Outputs"][name]
    assert aws.update(template)["StackStatus"] == "UPDATE_COMPLETE", aws.history()
    pool, client = {"UserPoolId": made["Pool"]}, {"UserPoolId": made["Pool"], "ClientId": made["Client"]}
    assert idp(aws, "GetUICustomization", **client)["UICustomization"] == {}
    risk = idp(aws, "DescribeRiskConfiguration", **pool)["RiskConfiguration"]
    assert "RiskExceptionConfiguration" not in risk
    assert idp(aws, "ListUsers", **pool)["Users"] == []
    assert idp(aws, "ListTerms", **pool)["Terms"] == []


def test_the_domain_and_the_add_on_may_go_before_what_needs_them(aws, made):
    template = copy.deepcopy(TEMPLATE)
    del template["Resources"]["Pool"]["Properties"]["UserPoolAddOns"]
    for name in ("Look", "Risk", "Domain"):
        del template["Resources"][name]
    del template["Outputs"]["Domain"]
    assert aws.update(template)["StackStatus"] == "UPDATE_COMPLETE", aws.history()
    assert not [event for event in aws.history() if event[1].endswith("FAILED")]
    client = {"UserPoolId": made["Pool"], "ClientId": made["Client"]}
    assert idp(aws, "GetUICustomization", **client)["UICustomization"] == {}


def test_nothing_is_left_of_the_stack(aws, made):
    assert aws.delete()["StackStatus"] == "DELETE_COMPLETE", aws.history()
    assert idp(aws, "ListUserPools", MaxResults=10)["UserPools"] == []
    assert idp(aws, "DescribeUserPoolDomain", Domain="login")["DomainDescription"] == {}


def test_a_user_with_another_address_is_another_user(aws, made):
    template = json.loads(json.dumps(TEMPLATE).replace("ada@example.com", "lovelace@example.com"))
    template["Resources"]["Ada"]["Properties"]["Username"] = "lovelace"
    stack = aws.update(template)
    assert stack["StackStatus"] == "UPDATE_COMPLETE", aws.history()
    assert aws.outputs(stack)["Ada"] == "lovelace"
    users = idp(aws, "ListUsers", UserPoolId=made["Pool"])["Users"]
    assert [user["Username"] for user in users] == ["lovelace"]
    members = idp(aws, "ListUsersInGroup", UserPoolId=made["Pool"], GroupName="crew")["Users"]
    assert [user["Username"] for user in members] == ["lovelace"]


def test_a_branding_with_broken_base64_fails_with_its_path(aws):
    template = copy.deepcopy(TEMPLATE)
    template["Resources"]["Branding"]["Properties"]["Assets"][0]["Bytes"] = "no"
    stack = aws.create(template)
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert idp(aws, "ListUserPools", MaxResults=10)["UserPools"] == []
