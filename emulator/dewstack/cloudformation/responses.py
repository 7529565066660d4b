"""Where custom resources answer, and wait conditions are told to go on: URLs that nobody can guess.

On AWS they are pre-signed URLs of S3 buckets. So they are here for functions that can call AWS by its own names; others
get a URL of the emulator's. https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requesttypes.html
"""

import asyncio
import json
import re
import threading
from concurrent.futures import Future
from typing import Any

from dewstack.cloudformation.model import Stack
from dewstack.config import Config
from dewstack.http import Request, Response, json_response
from dewstack.ids import random_string, uuid4

PATH = "/_aws/cloudformation/responses/"
_HOST = "cloudformation-custom-resource-response-{region}.s3.amazonaws.com"
_ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_TOKEN = re.compile(r"/(?:_aws/cloudformation/responses/)?([A-Za-z0-9]{48})")
MAX_BYTES = 4096
"""What a custom resource may answer, as on AWS."""


class Responses:
    """What was said at each URL, whether somebody waits for it already or not."""

    def __init__(self, config: Config) -> None:
        self._origin = f"http://127.0.0.1:{config.aws_port}"
        self._names = not config.allow_aws
        self._said: dict[str, list[dict[str, Any]]] = {}
        self._changed: dict[str, Future[None]] = {}
        self._lock = threading.Lock()

    def open(self) -> str:
        """A new place to answer at."""
        token = random_string(48, _ALPHABET)
        self.reopen(token)
        return token

    def reopen(self, token: str) -> None:
        """Hear what is said at this place, which may be of another day."""
        with self._lock:
            self._said.setdefault(token, [])
            self._changed.setdefault(token, Future())

    def close(self, token: str) -> None:
        """Hear nothing more."""
        with self._lock:
            self._said.pop(token, None)
            self._changed.pop(token, None)

    def url(self, token: str) -> str:
        """The emulator's own URL of a place."""
        return f"{self._origin}{PATH}{token}"

    def url_for_functions(self, token: str, stack: Stack, *, by_name: bool) -> str:
        """The URL of a place, for a function that may call AWS by name or else not."""
        if not (by_name and self._names):
            return self.url(token)
        host = _HOST.format(region=stack.region.replace("-", ""))
        return f"https://{host}/{token}?AWSAccessKeyId=AKIA{'0' * 16}&Expires=4102444800&Signature={uuid4()}"

    async def said(self, token: str, count: int = 1) -> list[dict[str, Any]]:
        """What was said at a place, once there is so much of it. Wait for no longer than you must."""
        while True:
            with self._lock:
                said = list(self._said[token])
                changed = self._changed[token]
            if len(said) >= count:
                return said
            await asyncio.wrap_future(changed)

    def heard(self, token: str) -> int:
        """How often something was said at a place."""
        with self._lock:
            return len(self._said.get(token, ()))

    def is_response(self, host: str, path: str) -> bool:
        """Whether a request is meant for here."""
        return path.startswith(PATH) or host.startswith("cloudformation-custom-resource-response-")

    def take(self, request: Request) -> Response:
        """Keep what is said; the answer is S3's to a PUT."""
        found = _TOKEN.fullmatch(request.raw_path)
        token = found[1] if found else ""
        if request.method != "PUT" or len(request.body) > MAX_BYTES:
            return json_response(400, {"message": f"PUT an answer of {MAX_BYTES} bytes at most"})
        try:
            answer = json.loads(request.body)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            return json_response(400, {"message": "The answer must be a JSON object"})
        with self._lock:
            if token not in self._said:
                return json_response(403, {"message": "Nobody waits for an answer here"})
            self._said[token].append(answer)
            changed, self._changed[token] = self._changed[token], Future()
        if not changed.done():
            changed.set_result(None)
        return Response(200, b"", [])
