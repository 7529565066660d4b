"""The reference service with the console, and something to see in it: people, requests, refusals."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from dewstack.console import Console
from dewstack.testing import Dew, start
from tests.e2e.installing import install_in

ROOT = Path(__file__).parents[2]
PASSWORD = "Difference-1"
ANN, BOB = f"ann.{os.getpid()}@example.com", f"bob.{os.getpid()}@example.com"


@contextmanager
def world() -> Iterator[Dew]:
    """Ann is confirmed and has looked at her profile; Bob has signed up; somebody without a token was refused."""
    with start(ROOT, pages=Console()) as dew, httpx.Client(base_url=dew.url) as client:
        for email in (ANN, BOB):
            body = {"email": email, "password": PASSWORD, "name": email.partition(".")[0].title()}
            assert client.post("/auth/register", json=body).status_code < 300
        code = dew.mail(ANN)[-1].code
        assert client.post("/auth/confirm", json={"email": ANN, "code": code}).is_success
        tokens = client.post("/auth/login", json={"email": ANN, "password": PASSWORD}).json()
        headers = {"Authorization": f"Bearer {tokens['accessToken']}"}
        assert client.get("/auth/profile", headers=headers).is_success
        assert client.get("/auth/profile").status_code == 401
        assert client.post("/auth/login", json={"email": ANN, "password": "Wrong-1234"}).is_client_error
        yield dew


def ask(dew: Dew, path: str, **parameters: Any) -> Any:
    """What the control API answers."""
    return httpx.get(f"{dew.aws_url}/_dew/{path}", params=parameters).raise_for_status().json()


def axe_script() -> str:
    """axe-core, installed on first use."""
    here = Path(__file__).parent
    install_in(here)
    return (here / "node_modules" / "axe-core" / "axe.min.js").read_text()
