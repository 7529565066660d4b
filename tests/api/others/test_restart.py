"""After a restart the services behind moto are empty; what is deployed is there again before they are used."""

from pathlib import Path

import httpx
import pytest

from dewstack.deploy.stack import remove_stack
from dewstack.testing import start
from tests.api.others.one_of_each import check, deploy, template

pytestmark = pytest.mark.xdist_group("moto")  # which is loaded once, and slowly


def test_a_restart_makes_everything_again_under_the_same_ids(tmp_path: Path) -> None:
    with start(state_dir=tmp_path) as first:
        outputs = deploy(first, template())
    with start(state_dir=tmp_path, aws_port=0) as second:
        check(second, outputs)
        assert remove_stack(second.call, "demo")


def test_a_reset_empties_tables_and_keeps_them() -> None:
    with start() as dew:
        outputs = deploy(dew, template())
        dynamodb = dew.client("dynamodb")
        dynamodb.put_item(TableName=outputs["Table"], Item={"id": {"S": "1"}})
        dynamodb.create_table(
            TableName="by-hand",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        assert httpx.post(f"{dew.aws_url}/_dew/reset", timeout=60).status_code == 200
        assert dynamodb.list_tables()["TableNames"] == [outputs["Table"]]
        assert dynamodb.scan(TableName=outputs["Table"])["Items"] == []
