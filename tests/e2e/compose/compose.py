"""`python tests/e2e/compose/compose.py up|down`: docker-compose.yml of this checkout, with whichever compose is there.

`up` returns when everything is healthy and the service is deployed; else it shows why not, and fails.
"""

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
HEALTHY_SECONDS = 180.0
BUILD_SECONDS = 1500.0
SERVICES = ("localstack", "page", "flask")


def compose() -> list[str]:
    """The command: version 2, or 1.29. Exits where neither is installed."""
    done = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
    if done.returncode == 0:
        return ["docker", "compose"]
    if shutil.which("docker-compose"):
        return ["docker-compose"]
    sys.exit("neither docker compose nor docker-compose is installed")


def up() -> int:
    """Build, start and wait. The exit code."""
    command = compose()
    # One after the other: what two services share is built once.
    for arguments in (["build"], ["up", "--detach"]):
        if subprocess.run([*command, *arguments], cwd=ROOT, timeout=BUILD_SECONDS, check=False).returncode:
            subprocess.run([*command, "logs", "--tail", "20"], cwd=ROOT, check=False)
            return 1
    deadline = time.monotonic() + HEALTHY_SECONDS
    states: dict[str, str] = {}
    while time.monotonic() < deadline:
        states = {service: state(command, service) for service in SERVICES}
        if all(each == "healthy" for each in states.values()):
            return 0
        time.sleep(0.5)
    print(f"not healthy after {HEALTHY_SECONDS:.0f} s: {states}", file=sys.stderr)
    subprocess.run([*command, "logs", "--tail", "20"], cwd=ROOT, check=False)
    return 1


def down() -> int:
    """Stop and remove everything. The exit code."""
    return subprocess.run([*compose(), "down", "--volumes"], cwd=ROOT, timeout=120, check=False).returncode


def containers(command: list[str], service: str) -> list[dict[str, Any]]:
    """What Docker knows of a service's containers."""
    listed = subprocess.run(
        [*command, "ps", "--quiet", service], cwd=ROOT, capture_output=True, text=True, check=False
    )
    ids = listed.stdout.split()
    if not ids:
        return []
    inspected = subprocess.run(["docker", "inspect", *ids], capture_output=True, text=True, check=True)
    found: list[dict[str, Any]] = json.loads(inspected.stdout)
    return found


def state(command: list[str], service: str) -> str:
    """The health of a service's one container."""
    for container in containers(command, service):
        status = container["State"]
        return str(status.get("Health", {}).get("Status", status["Status"]))
    return "absent"


if __name__ == "__main__":
    sys.exit({"up": up, "down": down}[sys.argv[1]]())
