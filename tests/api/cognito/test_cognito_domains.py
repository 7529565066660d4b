"""User pool domains: by prefix and custom, one of each, and none twice."""

import pytest

CERTIFICATE = "arn:aws:acm:us-east-1:000000000000:certificate/11111111-2222-3333-4444-555555555555"


@pytest.fixture
def pool(world):
    return world.make_pool()


def create(world, pool, domain, **params):
    return world.api.create_user_pool_domain(UserPoolId=pool, Domain=domain, **params)


def described(world, domain):
    return world.api.describe_user_pool_domain(Domain=domain)["DomainDescription"]


def test_a_prefix_domain_leads_to_its_pool(world, pool):
    answer = create(world, pool, "login")
    assert answer["ManagedLoginVersion"] == 1 and "CloudFrontDomain" not in answer
    domain = described(world, "login")
    assert domain["UserPoolId"] == pool and domain["Status"] == "ACTIVE"
    assert domain["AWSAccountId"] == "000000000000" and domain["ManagedLoginVersion"] == 1
    assert world.api.describe_user_pool(UserPoolId=pool)["UserPool"]["Domain"] == "login"
    found = world.cognito._parts.domains.pool_of_prefix("us-east-1", "login")
    assert found is not None and found.id == pool
    assert world.cognito._parts.domains.pool_of_prefix("eu-west-1", "login") is None
    assert world.cognito._parts.domains.pool_of_host("login") is None


def test_a_custom_domain_stands_beside_the_prefix(world, pool):
    create(world, pool, "login")
    answer = create(world, pool, "auth.example.com", CustomDomainConfig={"CertificateArn": CERTIFICATE})
    assert answer["CloudFrontDomain"].endswith(".cloudfront.net")
    domain = described(world, "auth.example.com")
    assert domain["CloudFrontDistribution"] == answer["CloudFrontDomain"]
    assert domain["CustomDomainConfig"] == {"CertificateArn": CERTIFICATE}
    shape = world.api.describe_user_pool(UserPoolId=pool)["UserPool"]
    assert (shape["Domain"], shape["CustomDomain"]) == ("login", "auth.example.com")
    found = world.cognito._parts.domains.pool_of_host("auth.example.com")
    assert found is not None and found.id == pool


def test_a_domain_that_nobody_has_is_described_as_empty(world):
    assert described(world, "nobody") == {}


def test_a_domain_belongs_to_one_pool_in_its_region(world, door, pool):
    create(world, pool, "login")
    other = world.api.create_user_pool(PoolName="others")["UserPool"]["Id"]
    taken = ("InvalidParameterException", "Domain already associated with another user pool.")
    assert world.refused("create_user_pool_domain", UserPoolId=other, Domain="login") == taken
    again = ("InvalidParameterException", "User pool already has a domain configured.")
    assert world.refused("create_user_pool_domain", UserPoolId=pool, Domain="second") == again
    west = door.client("us-west-2")
    there = west.create_user_pool(PoolName="west")["UserPool"]["Id"]
    west.create_user_pool_domain(UserPoolId=there, Domain="login")
    assert west.describe_user_pool_domain(Domain="login")["DomainDescription"]["UserPoolId"] == there
    assert described(world, "login")["UserPoolId"] == pool


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Login", "The domain name contains an invalid character."),
        ("auth.example.com", "The domain name contains an invalid character."),
        ("-login", "The domain name contains an invalid character."),
        ("my-cognito-login", "Domain cannot contain reserved word: cognito"),
        ("aws", "Domain cannot contain reserved word: aws"),
    ],
)
def test_bad_prefixes_are_refused(world, pool, name, message):
    code, text = world.refused("create_user_pool_domain", UserPoolId=pool, Domain=name)
    assert code == "InvalidParameterException" and text.startswith(message)


def test_a_reserved_word_may_be_part_of_another(world, pool):
    create(world, pool, "my-awsome-login")


def test_custom_domains_need_a_host_and_a_certificate_of_us_east_1(world, pool):
    params = {"UserPoolId": pool, "CustomDomainConfig": {"CertificateArn": CERTIFICATE}}
    assert world.refused("create_user_pool_domain", Domain="login", **params) == (
        "InvalidParameterException",
        "Custom domain is not a valid subdomain",
    )
    params["CustomDomainConfig"] = {"CertificateArn": CERTIFICATE.replace("us-east-1", "eu-west-1")}
    code, text = world.refused("create_user_pool_domain", Domain="auth.example.com", **params)
    assert code == "InvalidParameterException" and "isn't in us-east-1 region" in text


def test_a_domain_is_updated(world, pool):
    create(world, pool, "login")
    answer = world.api.update_user_pool_domain(UserPoolId=pool, Domain="login", ManagedLoginVersion=2)
    assert answer["ManagedLoginVersion"] == 2
    assert described(world, "login")["ManagedLoginVersion"] == 2


def test_managed_login_is_not_in_the_lite_tier(world):
    pool = world.api.create_user_pool(PoolName="lite", UserPoolTier="LITE")["UserPool"]["Id"]
    assert world.refused(
        "create_user_pool_domain", UserPoolId=pool, Domain="lite", ManagedLoginVersion=2
    ) == (
        "FeatureUnavailableInTierException",
        "The following feature is not available for the LITE pricing tier configured: Managed Login Version 2",
    )


def test_a_pool_goes_only_after_its_domain(world, pool):
    create(world, pool, "login")
    assert world.refused("delete_user_pool", UserPoolId=pool) == (
        "InvalidParameterException",
        "User pool cannot be deleted. It has a domain configured that should be deleted first.",
    )
    world.api.delete_user_pool_domain(UserPoolId=pool, Domain="login")
    assert described(world, "login") == {}
    gone = ("InvalidParameterException", "No such domain or user pool exists.")
    assert world.refused("delete_user_pool_domain", UserPoolId=pool, Domain="login") == gone
    world.api.delete_user_pool(UserPoolId=pool)
    assert world.refused("delete_user_pool_domain", UserPoolId=pool, Domain="login") == gone
