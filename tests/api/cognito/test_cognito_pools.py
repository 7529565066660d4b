"""Pools and app clients as they are made, described, changed and deleted."""

import pytest


def create(world, **params):
    return world.api.create_user_pool(PoolName="people", **params)["UserPool"]


def test_a_new_pool_has_aws_defaults(world):
    pool = create(world)
    assert pool["Id"].startswith("us-east-1_") and len(pool["Id"]) == len("us-east-1_") + 9
    assert pool["Arn"] == f"arn:aws:cognito-idp:us-east-1:000000000000:userpool/{pool['Id']}"
    policy = dict(pool["Policies"]["PasswordPolicy"])
    assert policy.pop("MinimumLength") == 8 and policy.pop("TemporaryPasswordValidityDays") == 7
    assert set(policy.values()) == {True} and len(policy) == 4
    assert pool["MfaConfiguration"] == "OFF"
    assert pool["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"] is False
    names = [attribute["Name"] for attribute in pool["SchemaAttributes"]]
    assert names[0] == "sub" and names[-1] == "identities" and "email_verified" in names and len(names) == 21
    described = world.api.describe_user_pool(UserPoolId=pool["Id"])["UserPool"]
    assert described == pool
    assert described["EstimatedNumberOfUsers"] == 0


def test_custom_attributes_get_their_prefix(world):
    pool = create(
        world,
        Schema=[
            {"Name": "email", "AttributeDataType": "String", "Required": True, "Mutable": False},
            {"Name": "plan", "AttributeDataType": "String"},
            {"Name": "level", "AttributeDataType": "Number", "NumberAttributeConstraints": {"MaxValue": "9"}},
        ],
    )
    schema = {attribute["Name"]: attribute for attribute in pool["SchemaAttributes"]}
    assert (schema["email"]["Required"], schema["email"]["Mutable"]) == (True, False)
    assert schema["custom:plan"]["StringAttributeConstraints"] == {}
    assert schema["custom:level"]["NumberAttributeConstraints"] == {"MaxValue": "9"}
    world.api.add_custom_attributes(
        UserPoolId=pool["Id"], CustomAttributes=[{"Name": "team", "AttributeDataType": "String"}]
    )
    described = world.api.describe_user_pool(UserPoolId=pool["Id"])["UserPool"]
    assert described["SchemaAttributes"][-1]["Name"] == "custom:team"
    again = {"UserPoolId": pool["Id"], "CustomAttributes": [{"Name": "team", "AttributeDataType": "String"}]}
    assert world.refused("add_custom_attributes", **again) == (
        "InvalidParameterException",
        "custom:team: Existing attribute already has name custom:team.",
    )


def test_custom_attributes_are_never_required(world):
    schema = [{"Name": "plan", "AttributeDataType": "String", "Required": True}]
    assert world.refused("create_user_pool", PoolName="people", Schema=schema) == (
        "InvalidParameterException",
        "Required custom attributes are not supported currently.",
    )


@pytest.mark.parametrize("bound", ["many", "", "1.5"])
def test_bounds_are_whole_numbers(world, bound):
    attribute = {
        "Name": "n",
        "AttributeDataType": "Number",
        "NumberAttributeConstraints": {"MinValue": bound},
    }
    code, _ = world.refused("create_user_pool", PoolName="people", Schema=[attribute])
    assert code == "InvalidParameterException"


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"IssuerConfiguration": {"Type": "UPDATED"}}, "IssuerConfiguration"),
        ({"DcrConfiguration": {"OpenDcrEnabled": False}}, "DcrConfiguration"),
    ],
)
def test_what_is_not_emulated_is_refused_by_name(world, settings, name):
    code, message = world.refused("create_user_pool", PoolName="people", **settings)
    assert code == "NotImplemented" and name in message
    pool = create(world)["Id"]
    assert world.refused("update_user_pool", UserPoolId=pool, **settings)[0] == "NotImplemented"


def test_the_size_of_the_password_history_is_kept(world):
    policy = {"PasswordHistorySize": 24}
    pool = create(world, Policies={"PasswordPolicy": policy})
    assert pool["Policies"]["PasswordPolicy"]["PasswordHistorySize"] == 24
    code, text = world.refused(
        "create_user_pool", PoolName="people", Policies={"PasswordPolicy": {"PasswordHistorySize": 25}}
    )
    assert code == "InvalidParameterException" and "less than or equal to 24" in text


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        (
            [
                {
                    "Name": "plan",
                    "AttributeDataType": "String",
                    "StringAttributeConstraints": {"MinLength": "9", "MaxLength": "2"},
                }
            ],
            "Attribute custom:plan cannot have a max length shorter than it's min length",
        ),
        (
            [
                {
                    "Name": "level",
                    "AttributeDataType": "Number",
                    "NumberAttributeConstraints": {"MinValue": "9", "MaxValue": "-2"},
                }
            ],
            "Attribute custom:level cannot have a max value smaller than it's min value",
        ),
        (
            [{"Name": "plan", "AttributeDataType": "String"}] * 2,
            "Duplicate custom attribute names custom:plan are not allowed in a user pool schema.",
        ),
        (
            [{"Name": "email", "AttributeDataType": "String", "DeveloperOnlyAttribute": True}],
            "You can not change AttributeDataType or set developerOnlyAttribute "
            "for standard schema attribute email",
        ),
        (
            [{"Name": "email", "AttributeDataType": "Number"}],
            "You can not change AttributeDataType or set developerOnlyAttribute "
            "for standard schema attribute email",
        ),
    ],
)
def test_a_schema_has_to_make_sense(world, schema, message):
    assert world.refused("create_user_pool", PoolName="people", Schema=schema) == (
        "InvalidParameterException",
        message,
    )


def test_a_pool_has_at_most_50_custom_attributes(world):
    pool = create(world, Schema=[{"Name": f"a{n}", "AttributeDataType": "String"} for n in range(50)])["Id"]
    more = [{"Name": "more", "AttributeDataType": "String"}]
    code, _ = world.refused("add_custom_attributes", UserPoolId=pool, CustomAttributes=more)
    assert code == "InvalidParameterException"


SES = "arn:aws:ses:eu-north-1:000000000000:identity/example.com"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"UsernameAttributes": ["email"], "AliasAttributes": ["email"]},
            "Only one of the aliasAttributes or usernameAttributes can be set in a User pool.",
        ),
        (
            {"AutoVerifiedAttributes": ["phone_number"]},
            "SMS configuration is required when phone_number is selected for auto verification",
        ),
        (
            {"UserAttributeUpdateSettings": {"AttributesRequireVerificationBeforeUpdate": ["email"]}},
            "All attributes in AttributesRequireVerificationBeforeUpdate must exist in AutoVerifiedAttributes",
        ),
        (
            {
                "Policies": {"PasswordPolicy": {"TemporaryPasswordValidityDays": 3}},
                "AdminCreateUserConfig": {"UnusedAccountValidityDays": 4},
            },
            "Please use TemporaryPasswordValidityDays in PasswordPolicy instead of UnusedAccountValidityDays",
        ),
        (
            {"Policies": {"SignInPolicy": {"AllowedFirstAuthFactors": ["EMAIL_OTP"]}}},
            "Password should be configured as one of the allowed first auth factors.",
        ),
        (
            {
                "AccountRecoverySetting": {
                    "RecoveryMechanisms": [
                        {"Name": "admin_only", "Priority": 1},
                        {"Name": "verified_email", "Priority": 2},
                    ]
                }
            },
            "Account Recovery Setting cannot use admin_only setting with any other recovery mechanisms.",
        ),
        (
            {
                "AccountRecoverySetting": {
                    "RecoveryMechanisms": [
                        {"Name": "verified_phone_number", "Priority": 1},
                        {"Name": "verified_email", "Priority": 1},
                    ]
                }
            },
            "Account Recovery Setting cannot have duplicate priorities or recovery mechanisms.",
        ),
        (
            {"EmailConfiguration": {"EmailSendingAccount": "DEVELOPER"}},
            "Source ARN is required to use DEVELOPER email sending owner",
        ),
        (
            {"EmailConfiguration": {"EmailSendingAccount": "DEVELOPER", "SourceArn": SES}},
            "Provided SourceArn must be in one of the following SES regions: eu-west-1, us-east-1, us-west-2.",
        ),
        ({"EmailConfiguration": {"From": "nobody"}}, "Provided From email address is invalid"),
    ],
)
def test_settings_that_contradict_themselves_are_refused(world, settings, message):
    refusal = ("InvalidParameterException", message)
    assert world.refused("create_user_pool", PoolName="people", **settings) == refusal
    if not {"UsernameAttributes", "AliasAttributes"} & set(settings):
        pool = create(world)["Id"]
        assert world.refused("update_user_pool", UserPoolId=pool, **settings) == refusal


@pytest.mark.parametrize("length", [10, 5000])
@pytest.mark.parametrize(
    ("template", "text"),
    [
        ({"EmailMessage": ""}, "EmailMessage"),
        ({"EmailMessageByLink": ""}, "EmailMessageByLink"),
    ],
)
def test_a_message_without_its_placeholder_is_refused(world, template, text, length):
    template = dict.fromkeys(template, "x" * length)
    code, message = world.refused("create_user_pool", PoolName="p", VerificationMessageTemplate=template)
    assert code == "InvalidParameterException"
    assert "{##" in message or "regular expression pattern" in message


def test_an_invitation_names_the_user_and_the_password(world):
    invite = {"InviteMessageTemplate": {"EmailMessage": "x" * 3000 + "{####}"}}
    code, _ = world.refused("create_user_pool", PoolName="people", AdminCreateUserConfig=invite)
    assert code == "InvalidParameterException"
    invite["InviteMessageTemplate"]["EmailMessage"] += "{username}"
    create(world, AdminCreateUserConfig=invite)


def test_threat_protection_needs_the_plus_tier(world):
    settings = {"UserPoolAddOns": {"AdvancedSecurityMode": "ENFORCED"}, "UserPoolTier": "ESSENTIALS"}
    assert world.refused("create_user_pool", PoolName="people", **settings) == (
        "FeatureUnavailableInTierException",
        "The following features need to be disabled for the ESSENTIALS pricing tier configured: "
        "Threat Protection",
    )
    assert create(world, **{**settings, "UserPoolTier": "PLUS"})["UserPoolTier"] == "PLUS"


def test_an_update_replaces_settings_but_not_what_is_fixed(world):
    pool = create(
        world,
        UsernameAttributes=["email"],
        AutoVerifiedAttributes=["email"],
        Policies={"PasswordPolicy": {"MinimumLength": 12}},
        UserPoolTags={"team": "a"},
    )["Id"]
    world.clock.advance(10)
    world.api.update_user_pool(UserPoolId=pool, PoolName="renamed", DeletionProtection="ACTIVE")
    described = world.api.describe_user_pool(UserPoolId=pool)["UserPool"]
    assert described["Name"] == "renamed"
    assert described["UsernameAttributes"] == ["email"]
    assert described["Policies"]["PasswordPolicy"]["MinimumLength"] == 8
    assert "AutoVerifiedAttributes" not in described
    assert described["LastModifiedDate"] > described["CreationDate"]


def test_deletion_protection_protects(world):
    pool = create(world, DeletionProtection="ACTIVE")["Id"]
    code, message = world.refused("delete_user_pool", UserPoolId=pool)
    assert code == "InvalidParameterException" and "deletion protection is activated" in message
    world.api.update_user_pool(UserPoolId=pool, DeletionProtection="INACTIVE")
    world.api.delete_user_pool(UserPoolId=pool)


def test_nothing_is_left_of_a_deleted_pool(world):
    world.make_pool()
    world.confirmed("ada", "ada@example.com")
    world.sign_up("eve", "eve@example.com")
    world.api.create_group(UserPoolId=world.pool, GroupName="crew")
    world.api.admin_add_user_to_group(UserPoolId=world.pool, GroupName="crew", Username="ada")
    world.tokens("ada")
    world.sign_in_refused("ada", "Wrong-Horse-1")
    world.api.delete_user_pool(UserPoolId=world.pool)
    left = world.store.read("SELECT DISTINCT collection FROM items", ())
    assert left == [("cognito-idp.mailbox",)]
    assert world.cognito.jwks(world.pool) is None
    refusal = ("ResourceNotFoundException", f"User pool {world.pool} does not exist.")
    assert world.refused("describe_user_pool", UserPoolId=world.pool) == refusal


def test_nothing_is_left_of_a_deleted_user(world):
    world.make_pool()
    before = world.store.read("SELECT collection, COUNT(*) FROM items GROUP BY collection", ())
    world.confirmed("ada", "ada@example.com")
    world.cognito.jwks(world.pool)
    world.tokens("ada")
    world.sign_in_refused("ada", "Wrong-Horse-1")
    world.api.forgot_password(ClientId=world.client, Username="ada")
    world.api.admin_delete_user(UserPoolId=world.pool, Username="ada")
    after = world.store.read("SELECT collection, COUNT(*) FROM items GROUP BY collection", ())
    ours = [row for row in after if row[0] not in ("cognito-idp.mailbox", "cognito-idp.signing-keys")]
    assert ours == before


def test_pools_are_listed_in_pages(world):
    pools = sorted(create(world)["Id"] for _ in range(3))
    first = world.api.list_user_pools(MaxResults=2)
    second = world.api.list_user_pools(MaxResults=2, NextToken=first["NextToken"])
    assert [pool["Id"] for answer in (first, second) for pool in answer["UserPools"]] == pools
    assert world.door.client("eu-west-1").list_user_pools(MaxResults=2)["UserPools"] == []


def test_tags_come_and_go(world):
    pool = create(world, UserPoolTags={"team": "a"})
    arn = {"ResourceArn": pool["Arn"]}
    world.api.tag_resource(**arn, Tags={"stage": "dev"})
    assert world.api.list_tags_for_resource(**arn)["Tags"] == {"team": "a", "stage": "dev"}
    world.api.untag_resource(**arn, TagKeys=["team"])
    assert world.api.list_tags_for_resource(**arn)["Tags"] == {"stage": "dev"}


def test_tags_have_their_rules(world):
    arn = {"ResourceArn": create(world)["Arn"]}
    reserved = ("InvalidParameterException", "aws: prefixed tag key names are not allowed for external use.")
    assert world.refused("tag_resource", **arn, Tags={"aws:mine": "x"}) == reserved
    assert world.refused("untag_resource", **arn, TagKeys=["aws:mine"]) == reserved
    world.api.tag_resource(**arn, Tags={f"key{number}": "x" for number in range(50)})
    code, _ = world.refused("tag_resource", **arn, Tags={"more": "x"})
    assert code == "InvalidParameterException"
    for bad in ("nothing-that-is-an-arn", "arn:aws:lambda:us-east-1:000000000000:function:f"):
        code, _ = world.refused("list_tags_for_resource", ResourceArn=bad)
        assert code in ("InvalidParameterException", "ResourceNotFoundException")


def test_mfa_settings_are_kept(world):
    pool = create(world)["Id"]
    world.api.set_user_pool_mfa_config(
        UserPoolId=pool, MfaConfiguration="OPTIONAL", SoftwareTokenMfaConfiguration={"Enabled": True}
    )
    kept = world.api.get_user_pool_mfa_config(UserPoolId=pool)
    assert kept["MfaConfiguration"] == "OPTIONAL"
    assert kept["SoftwareTokenMfaConfiguration"] == {"Enabled": True}


# clients


def test_a_new_client_has_aws_defaults(world):
    world.pool = create(world)["Id"]
    client = world.api.create_user_pool_client(UserPoolId=world.pool, ClientName="web")["UserPoolClient"]
    assert len(client["ClientId"]) == 26
    assert "ClientSecret" not in client and "ExplicitAuthFlows" not in client
    assert client["RefreshTokenValidity"] == 30
    assert client["EnableTokenRevocation"] is True
    described = world.api.describe_user_pool_client(UserPoolId=world.pool, ClientId=client["ClientId"])
    assert described["UserPoolClient"] == client


def test_a_client_is_changed_as_a_whole_but_keeps_its_secret(world):
    world.pool = create(world)["Id"]
    client = world.make_client(GenerateSecret=True, ReadAttributes=["email"])
    assert len(client["ClientSecret"]) == 51
    updated = world.api.update_user_pool_client(
        UserPoolId=world.pool, ClientId=client["ClientId"], AccessTokenValidity=2
    )["UserPoolClient"]
    assert (updated["ClientName"], updated["ClientSecret"]) == ("web", client["ClientSecret"])
    assert updated["AccessTokenValidity"] == 2
    assert not {"ReadAttributes", "ExplicitAuthFlows"} & set(updated)


def test_a_client_names_attributes_of_the_pool(world):
    world.pool = create(world)["Id"]
    for kind in ("Read", "Write"):
        settings = {f"{kind}Attributes": ["custom:nope"]}
        assert world.refused(
            "create_user_pool_client", UserPoolId=world.pool, ClientName="web", **settings
        ) == (
            "InvalidParameterException",
            f"Invalid {kind.lower()} attributes specified while creating a client",
        )


@pytest.mark.parametrize("name", ["email_verified", "phone_number_verified", "sub"])
def test_no_client_writes_what_cognito_decides(world, name):
    world.pool = create(world)["Id"]
    client = world.make_client()["ClientId"]
    request = {"UserPoolId": world.pool, "ClientId": client, "WriteAttributes": [name]}
    assert world.refused("update_user_pool_client", **request) == (
        "InvalidParameterException",
        "Invalid write attributes specified while updating a client",
    )


def test_clients_are_listed_and_deleted(world):
    world.pool = create(world)["Id"]
    ids = sorted(world.make_client()["ClientId"] for _ in range(2))
    clients = world.api.list_user_pool_clients(UserPoolId=world.pool, MaxResults=10)["UserPoolClients"]
    assert [client["ClientId"] for client in clients] == ids
    request = {"UserPoolId": world.pool, "ClientId": ids[0]}
    world.api.delete_user_pool_client(**request)
    refusal = ("ResourceNotFoundException", f"User pool client {ids[0]} does not exist.")
    assert world.refused("describe_user_pool_client", **request) == refusal
    assert world.refused("delete_user_pool_client", **request) == refusal
