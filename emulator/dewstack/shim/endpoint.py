"""Where Cognito and the rest of AWS are: an endpoint, asked over HTTP for what a boto3 client does not know."""

import asyncio
import json
import re
import time
import urllib.request
from collections.abc import Mapping
from typing import Any

from dewstack.clock import Clock

POOL_ISSUER = re.compile(r"https?://[^/]+/([\w-]+_[0-9A-Za-z]+)")
TIMEOUT_SECONDS = 5.0
CLOCK_FRESH_SECONDS = 1.0


class EndpointClock(Clock):
    """The emulator's time, which its control API may have moved; the local one where the endpoint has none."""

    def __init__(self, url: str) -> None:
        self._url = f"{url}/_dew/clock"
        self._moved = 0.0
        self._expires = 0.0

    def time(self) -> float:
        """Seconds since the epoch."""
        if time.monotonic() >= self._expires:
            # The control API answers to this machine's own names alone; between containers there are others.
            self._moved = float((get_json(self._url, {"Host": "localhost"}) or {}).get("offset", 0.0))
            self._expires = time.monotonic() + CLOCK_FRESH_SECONDS
        return time.time() + self._moved


class EndpointKeys:
    """The keys of the user pools at an endpoint, by issuer: what a JWT authorizer verifies with."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def __call__(self, issuer: str) -> Mapping[str, Any] | None:
        """A pool's JWKS document, or None when it is not one of the endpoint's pools."""
        pool = POOL_ISSUER.fullmatch(issuer.rstrip("/"))
        if pool is None:
            return None
        return await asyncio.to_thread(get_json, f"{self._url}/{pool[1]}/.well-known/jwks.json")

    def issuer(self, pool_arn: str) -> str:
        """The issuer of a pool's tokens. Raises ValueError when the endpoint has no such pool."""
        pool = pool_arn.rpartition("/")[2]
        document = get_json(f"{self._url}/{pool}/.well-known/openid-configuration")
        if document is None:
            raise ValueError(f"there is no user pool {pool}")
        return str(document["issuer"])


def get_json(url: str, headers: Mapping[str, str] | None = None) -> dict[str, Any] | None:
    """The JSON object at `url`, or None when there is none."""
    request = urllib.request.Request(url, headers=dict(headers or {}))
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=TIMEOUT_SECONDS) as response:
            document = json.load(response)
    except (OSError, ValueError):
        return None
    return document if isinstance(document, dict) else None
