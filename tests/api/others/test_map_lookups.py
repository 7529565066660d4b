"""What a map's variables ask of Systems Manager and S3 is answered at the emulator's own endpoint."""

from pathlib import Path
from typing import Any

import pytest

from dewstack.service import load
from dewstack.testing import Dew

pytestmark = pytest.mark.xdist_group("moto")  # which is loaded once, and slowly

MAP = """\
service: shop
provider: {name: aws, runtime: python3.11}
custom:
  plain: ${ssm:/shop/plain}
  list: ${ssm:/shop/list}
  secret: ${ssm:/shop/secret}
  object: ${s3:settings/stage.txt}
  account: ${aws:accountId}
  absent: ['${ssm:/shop/absent, 1}', '${s3:settings/absent, 2}', '${s3:nowhere/x, 3}', '${cf:absent.Out, 4}']
"""


def test_parameters_and_objects_of_the_emulator_are_values_of_the_map(aws: Dew, tmp_path: Path) -> None:
    for name, kind, value in (
        ("plain", "String", "p"),
        ("list", "StringList", "a,b"),
        ("secret", "SecureString", '{"k": 1}'),
    ):
        aws.call("ssm", "PutParameter", {"Name": f"/shop/{name}", "Type": kind, "Value": value})
    aws.call("s3", "CreateBucket", {"Bucket": "settings"})
    aws.call("s3", "PutObject", {"Bucket": "settings", "Key": "stage.txt", "Body": b"dev"})
    (tmp_path / "serverless.yml").write_text(MAP)

    def ask(service: str, operation: str, params: dict[str, Any], region: str) -> dict[str, Any]:
        return aws.call(service, operation, params)

    service = load(tmp_path, options={}, environ={}, ask=ask)
    assert service.custom == {
        "plain": "p",
        "list": ["a", "b"],
        "secret": {"k": 1},
        "object": "dev",
        "account": "000000000000",
        "absent": [1, 2, 3, 4],
    }
    assert all(
        "isn't in the emulator; the fallback is used" in warning.message for warning in service.warnings
    )
