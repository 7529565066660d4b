"""What a deployment calls on AWS is what docs/deploy.md lets a deployer do, and no more."""

import json
import re
from pathlib import Path
from typing import Any

from dewstack.deploy import AWS, Call, Event
from dewstack.deploy.release import Deployment, Plan, Tools, Watcher, compile_for, remove
from dewstack.deploy.remote import boto3_call
from dewstack.service import load

DOCS = Path(__file__).parents[3] / "docs/deploy.md"
NAMES = {
    "s3:ListObjectsV2": "s3:ListBucket",
    "s3:ListObjectVersions": "s3:ListBucketVersions",
    "s3:DeleteObjects": "s3:DeleteObjectVersion",
}
"""Operations whose permission has another name; GetCallerIdentity needs none."""


def allowed() -> set[str]:
    """The actions of the policy in the docs."""
    found = re.search(r"<!-- deployer -->\n```json\n(.*?)```", DOCS.read_text(), re.DOTALL)
    assert found is not None
    statements = json.loads(found[1])["Statement"]
    return {
        action
        for statement in statements
        for action in (
            statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        )
    }


def test_the_policy_in_the_docs_is_what_a_deployer_needs(project: Path, moto: str) -> None:
    real = boto3_call(endpoint=moto, region="us-east-1", access_key="test", secret_key="test")
    called: set[str] = set()

    def call(service: str, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        name = f"{service}:{operation}"
        called.add(NAMES.get(name, name))
        return real(service, operation, params)

    def agree(plan: Plan) -> None: ...

    def note(event: Event) -> None: ...

    def deploy(call: Call) -> None:
        service = load(project, options={}, environ={})
        tools = Tools(lambda text: None, lambda runtime: (_ for _ in ()).throw(AssertionError(runtime)))
        watcher = Watcher(lambda text: None, note, agree)
        deployment = Deployment(call, compile_for(AWS, call, service, tools), AWS, watcher)
        deployment.diff()
        deployment.deploy()

    deploy(call)
    (project / "other.py").write_text("def handler(event, context):\n    return 'other'\n")
    deploy(call)
    deploy(call)
    assert remove(call, load(project, options={}, environ={}), AWS, note)
    assert called <= allowed(), called - allowed()
    needed = {"CreateChangeSet", "ExecuteChangeSet", "DeleteStack", "PutObject"}
    assert needed <= {name.partition(":")[2] for name in called}
