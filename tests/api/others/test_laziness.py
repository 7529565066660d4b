"""moto is loaded when a service behind it is first asked for, and not before; without it, its place is named."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
REFERENCE = """
import sys
from dewstack.testing import start
with start({root!r}) as dew:
    assert dew.outputs
    assert not {{"moto", "botocore", "boto3"}} & sys.modules.keys(), "loaded for nothing"
    dew.call("dynamodb", "ListTables")
    assert "moto" in sys.modules
"""
MISSING = """
import sys
sys.modules["moto"] = None  # what an import finds where the package is not
import httpx
from dewstack.deploy import deploy_template
from dewstack.errors import NotEmulated, UserError
from dewstack.extras import install_command
from dewstack.testing import start
SAID = f"dewstack emulates dynamodb by moto, which is not installed: {install_command('aws')}"
with start() as dew:
    try:
        dew.client("dynamodb").list_tables()
    except Exception as error:
        assert error.response["Error"]["Message"] == SAID, error
    try:
        dew.call("dynamodb", "ListTables")
    except NotEmulated as error:
        assert error.message == SAID
    keys = [{"AttributeName": "id", "KeyType": "HASH"}]
    table = {"Type": "AWS::DynamoDB::Table", "Properties": {"KeySchema": keys}}
    try:
        deploy_template(dew.call, "demo", {"Resources": {"Table": table}})
    except UserError as error:
        assert error.message == "demo: Table (AWS::DynamoDB::Table): " + SAID, error.message
        print("told", end="")
"""


def run(script: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=120, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_reference_service_is_deployed_without_moto() -> None:
    run(REFERENCE.format(root=str(ROOT)))


def test_without_the_extra_every_way_in_says_what_to_install() -> None:
    assert run(MISSING) == "told"


def test_a_foreign_aws_profile_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nowhere")
    script = "from dewstack.testing import start\nwith start() as dew:\n"
    assert run(script + "    print(dew.call('dynamodb', 'ListTables'), end='')") == "{'TableNames': []}"
