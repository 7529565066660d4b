"""cfn-lint finds nothing in the templates of the reference service, as AWS gets them: the bucket first, then all."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dewstack.compile import create_template
from dewstack.deploy.package import write_templates
from dewstack.deploy.release import Tools, compile_for
from dewstack.deploy.target import AWS
from dewstack.service import load

REPOSITORY = Path(__file__).parents[3]


def nobody(service: str, operation: str, params: dict[str, Any]) -> dict[str, Any]:
    """Who compiles for AWS asks it nothing."""
    pytest.fail(f"{service}:{operation}")


def test_both_templates_of_the_reference_service_are_clean(tmp_path: Path) -> None:
    for name in ("serverless.yml", "stack", "handlers"):
        (tmp_path / name).symlink_to(REPOSITORY / name)
    service = load(tmp_path, options={"stage": "prod"}, environ={})
    compiled = compile_for(AWS, nobody, service, Tools(print, lambda runtime: pytest.fail(runtime)))
    templates = write_templates(tmp_path, create_template(service), compiled.template)
    cfn_lint = str(Path(sys.executable).with_name("cfn-lint"))
    command = [cfn_lint, "--regions", "us-east-1", "--template", *map(str, templates)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
