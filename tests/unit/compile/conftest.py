"""A map compiled from its text."""

import base64
import hashlib
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dewstack.compile import Artifact, compile_service
from dewstack.service import load

BUCKET = {"Ref": "ServerlessDeploymentBucket"}


def artifact(code: str = "code") -> Artifact:
    """An artifact of this code, as packaging gives it."""
    digest = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
    return Artifact(BUCKET, "serverless/shop/dev/1-2026-01-01T00:00:00.000Z/shop.zip", digest)


@pytest.fixture
def compile_map(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """`compile_map(text)` compiles a map of a plain head and `text`; `code` is what every artifact holds."""

    def compile_text(text: str, code: str = "code", head: str = "  runtime: python3.11\n") -> dict[str, Any]:
        service_text = f"service: shop\nprovider:\n  name: aws\n{head}{textwrap.dedent(text)}"
        (tmp_path / "serverless.yml").write_text(service_text, encoding="utf-8")
        (tmp_path / "app.py").write_text("def handler(event, context): ...\n")
        service = load(tmp_path, options={}, environ={})
        artifacts = dict.fromkeys(service.functions, artifact(code))
        return compile_service(service, artifacts, dict.fromkeys(service.layers, artifact(code)))

    return compile_text
