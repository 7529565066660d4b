"""Ids of user pools: of a stack's pool the same on every machine, of others random or one's own."""

from pathlib import Path
from typing import Any

import pytest

from dewstack.testing import start

MAP = """\
service: {service}
provider: {{name: aws, runtime: python3.12}}
resources:
  Resources:
    People:
      Type: AWS::Cognito::UserPool
      Properties: {{UserPoolName: people, UserPoolTags: {{team: a}}}}
"""


def deployed_pool(directory: Path, service: str = "shop", **settings: Any) -> tuple[str, dict[str, str]]:
    """The only pool's id and tags."""
    directory.mkdir(exist_ok=True)
    (directory / "serverless.yml").write_text(MAP.format(service=service))
    with start(directory, **settings) as dew:
        api = dew.client("cognito-idp")
        [pool] = api.list_user_pools(MaxResults=5)["UserPools"]
        described = api.describe_user_pool(UserPoolId=pool["Id"])["UserPool"]
        return described["Id"], described["UserPoolTags"]


def test_a_stacks_pool_has_the_same_id_on_every_machine(tmp_path: Path):
    one, tags = deployed_pool(tmp_path / "one")
    two, _ = deployed_pool(tmp_path / "two")
    assert one == two
    assert (tags["team"], tags["aws:cloudformation:logical-id"]) == ("a", "People")
    assert deployed_pool(tmp_path / "other", service="another")[0] != one
    assert (
        deployed_pool(tmp_path / "one", region="eu-west-1")[0] == one
    )  # the map's region, not the emulator's


def test_an_update_keeps_the_tags_of_the_stack(tmp_path: Path):
    (tmp_path / "serverless.yml").write_text(MAP.format(service="shop"))
    with start(tmp_path) as dew:
        api = dew.client("cognito-idp")
        [pool] = api.list_user_pools(MaxResults=5)["UserPools"]
        api.update_user_pool(UserPoolId=pool["Id"], UserPoolTags={"team": "b"})
        tags = api.describe_user_pool(UserPoolId=pool["Id"])["UserPool"]["UserPoolTags"]
        assert tags["team"] == "b"
        assert tags["aws:cloudformation:stack-name"] == "shop-dev"


def test_pools_without_a_stack_have_random_ids(world: Any):
    made = {world.api.create_user_pool(PoolName="people")["UserPool"]["Id"] for _ in range(3)}
    assert len(made) == 3


def test_a_second_pool_of_the_same_place_gets_another_id(world: Any):
    tags = {"aws:cloudformation:stack-name": "shop-dev", "aws:cloudformation:logical-id": "People"}
    first, second = (
        world.api.create_user_pool(PoolName="people", UserPoolTags=tags)["UserPool"]["Id"] for _ in range(2)
    )
    assert first != second


@pytest.mark.parametrize("wanted", ["team1", "us-east-1_team1"])
def test_an_id_of_ones_own(world: Any, wanted: str):
    pool = world.api.create_user_pool(PoolName="people", UserPoolTags={"_custom_id_": wanted})["UserPool"]
    assert pool["Id"] == "us-east-1_team1"
    for refused in (wanted, "with-hyphen", "x" * 31):
        with pytest.raises(world.api.exceptions.InvalidParameterException):
            world.api.create_user_pool(PoolName="people", UserPoolTags={"_custom_id_": refused})
