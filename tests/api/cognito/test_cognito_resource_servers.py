"""Resource servers and the scopes they define."""

import pytest

SCOPES = [
    {"ScopeName": "read", "ScopeDescription": "Read"},
    {"ScopeName": "write", "ScopeDescription": "Write"},
]


@pytest.fixture
def pool(world):
    return world.make_pool()


def create(world, pool, identifier="https://api.example.com", **params):
    params = {"Name": "the api", "Scopes": SCOPES, **params}
    return world.api.create_resource_server(UserPoolId=pool, Identifier=identifier, **params)[
        "ResourceServer"
    ]


def test_a_resource_server_is_made_described_changed_and_deleted(world, pool):
    server = create(world, pool)
    assert server == {
        "UserPoolId": pool,
        "Identifier": "https://api.example.com",
        "Name": "the api",
        "Scopes": SCOPES,
    }
    named = {"UserPoolId": pool, "Identifier": server["Identifier"]}
    assert world.api.describe_resource_server(**named)["ResourceServer"] == server
    changed = world.api.update_resource_server(Name="renamed", Scopes=SCOPES[:1], **named)["ResourceServer"]
    assert changed == {**server, "Name": "renamed", "Scopes": SCOPES[:1]}
    world.api.delete_resource_server(**named)
    missing = ("ResourceNotFoundException", "Resource server https://api.example.com does not exist.")
    assert world.refused("describe_resource_server", **named) == missing
    assert world.refused("update_resource_server", Name="x", **named) == missing
    assert world.refused("delete_resource_server", **named) == missing


def test_scopes_are_named_by_their_server(world, pool):
    create(world, pool, "photos")
    create(world, pool, "files", Scopes=SCOPES[:1])
    directory_pool = world.cognito._directory.pool_anywhere(pool)
    assert world.cognito._parts.resource_servers.scopes(directory_pool) == [
        "files/read",
        "photos/read",
        "photos/write",
    ]


def test_resource_servers_are_listed_in_pages(world, pool):
    for name in ("c", "a", "b"):
        create(world, pool, name)
    first = world.api.list_resource_servers(UserPoolId=pool, MaxResults=2)
    assert [server["Identifier"] for server in first["ResourceServers"]] == ["a", "b"]
    rest = world.api.list_resource_servers(UserPoolId=pool, MaxResults=2, NextToken=first["NextToken"])
    assert [server["Identifier"] for server in rest["ResourceServers"]] == ["c"] and "NextToken" not in rest


def test_an_identifier_is_given_once_in_a_pool(world, pool):
    create(world, pool, "files")
    other = world.api.create_user_pool(PoolName="others")["UserPool"]["Id"]
    create(world, other, "files")
    assert world.refused("create_resource_server", UserPoolId=pool, Identifier="files", Name="again") == (
        "InvalidParameterException",
        f"files already exists in user pool {pool}.",
    )


def test_scope_names_are_distinct_and_without_a_slash(world, pool):
    params = {"UserPoolId": pool, "Identifier": "files", "Name": "files"}
    code, _ = world.refused("create_resource_server", Scopes=[SCOPES[0], SCOPES[0]], **params)
    assert code == "InvalidParameterException"
    bad = [{"ScopeName": "a/b", "ScopeDescription": "no"}]
    code, text = world.refused("create_resource_server", Scopes=bad, **params)
    assert code == "InvalidParameterException" and "scopeName" in text


def test_a_pool_has_at_most_25(world, pool):
    for number in range(25):
        create(world, pool, f"server-{number}")
    code, _ = world.refused("create_resource_server", UserPoolId=pool, Identifier="more", Name="more")
    assert code == "LimitExceededException"
