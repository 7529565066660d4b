"""SIGKILL between, and amid, any two requests: what was acknowledged is there, and nothing is half there."""

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dewstack.clock import Clock
from dewstack.cognito import Cognito
from dewstack.config import Caller, Config
from dewstack.errors import AwsError
from dewstack.store import Store
from tests.e2e.crash.people import NEW_PASSWORD, PASSWORD
from tests.whole import check_whole

PEOPLE = Path(__file__).parent / "people.py"
KILLED_AFTER = (1, 7, 23, 60)
"""Acknowledged steps, per life of the process: the kill then falls anywhere into the next six users' requests."""


def acknowledged_until_killed(directory: Path, attempt: int, steps: int) -> list[list[str]]:
    """Run the process, kill it after `steps` lines; every line it wrote until it was dead."""
    command = [sys.executable, str(PEOPLE), str(directory), str(attempt)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(steps)]
        process.kill()
        lines += process.stdout.readlines()
    # Only a whole line is an acknowledgement.
    return [line.split() for line in lines if line.endswith("\n")]


async def signs_in(cognito: Cognito, client_id: str, name: str, password: str) -> bool:
    parameters = {"USERNAME": name, "PASSWORD": password}
    params = {"ClientId": client_id, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": parameters}
    try:
        await cognito.operations["InitiateAuth"](Caller(), params)
    except AwsError as error:
        assert error.code in ("NotAuthorizedException", "UserNotConfirmedException"), error
        return False
    return True


async def check(cognito: Cognito, said: dict[str, dict[str, str]]) -> None:
    """Whether everybody of whom something was said is as far as it was said, or further."""
    caller, call = Caller(), cognito.operations
    pool_id = call["ListUserPools"](caller, {"MaxResults": 1})["UserPools"][0]["Id"]
    client_id = call["ListUserPoolClients"](caller, {"UserPoolId": pool_id})["UserPoolClients"][0]["ClientId"]
    for name, steps in said.items():
        user: dict[str, Any] = call["AdminGetUser"](caller, {"UserPoolId": pool_id, "Username": name})
        if "CONFIRMED" in steps:
            assert user["UserStatus"] == "CONFIRMED"
            with_new = await signs_in(cognito, client_id, name, NEW_PASSWORD)
            with_old = await signs_in(cognito, client_id, name, PASSWORD)
            assert with_new is not with_old
            assert with_new or "CHANGED" not in steps
        if token := steps.get("REFRESH"):
            params = {
                "ClientId": client_id,
                "AuthFlow": "REFRESH_TOKEN_AUTH",
                "AuthParameters": {"REFRESH_TOKEN": token},
            }
            assert "AuthenticationResult" in await call["InitiateAuth"](caller, params)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_killed_between_any_two_requests_no_acknowledged_user_is_lost(tmp_path):
    said: dict[str, dict[str, str]] = {}
    for attempt, steps in enumerate(KILLED_AFTER):
        for step, name, *rest in acknowledged_until_killed(tmp_path, attempt, steps):
            said.setdefault(name, {})[step] = rest[0] if rest else ""
        store = Store(tmp_path / "state.db")
        cognito = Cognito(store, Clock(), Config())
        check_whole(cognito)
        asyncio.run(check(cognito, said))
        store.close()
    assert sum("CHANGED" in steps for steps in said.values()) > 5
