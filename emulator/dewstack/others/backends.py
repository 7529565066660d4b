"""Requests to moto's services and back, in process: moto's handlers are functions of a request and its URL.

moto is imported here and nowhere before (it takes a second), so everything here runs in worker threads.
"""

import os
import re
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import Any

from msgspec import Struct

from dewstack.config import Caller
from dewstack.http import Headers, Request, Response
from dewstack.others.bucket_policies import replace_permissions
from dewstack.others.errors import EntityTooLarge, missing
from dewstack.others.notices import COLLECTED, Notify, replace_buckets, replace_topics
from dewstack.wire.errors import not_emulated

MAX_BODY_BYTES = 80 * 1024 * 1024
"""The largest body that the emulator reads whole: what is longer has been cut off."""

_HANDLED_BY_US = frozenset({"authorization", "host", "user-agent", "transfer-encoding", "connection"})
"""Request headers that moto must not see as they are: it would read account and region from them."""
_NOT_HEADERS = frozenset({"status", "connection", "transfer-encoding"})
"""What moto puts among the response's headers and is none of ours to send."""
_BUCKET_HOST = re.compile(
    r"(?P<bucket>[a-z0-9][a-z0-9.-]+?)"
    r"(?:\.s3(?:[.-][a-z0-9-]+)*?)?\.(?:localhost(?:\.localstack\.cloud)?|amazonaws\.com)(?::\d+)?"
)
_BARE_HOST = re.compile(
    r"s3(?:[.-][a-z0-9-]+)*?\.(?:localhost(?:\.localstack\.cloud)?|amazonaws\.com)(?::\d+)?"
)

_ABSENT = re.compile(r"The (\w+) action")
"""How moto says which of a service's operations it does not have."""

_OURS = frozenset(
    {"apigateway", "apigatewayv2", "awslambda", "cloudformation", "cognitoidp", "core", "logs", "sts"}
)
"""Modules of moto's that stand for what dewstack emulates itself, and for no service at all."""

Handler = Callable[[Any, str, Any], tuple[int, Mapping[str, Any], Any]]


class Routes(Struct, frozen=True):
    """What one of moto's services answers: patterns of paths and their handlers, in moto's order."""

    table: tuple[tuple[re.Pattern[str], Handler], ...]

    def match(self, path: str) -> Handler | None:
        """The handler of a path, percent-encoded as it came."""
        return next((handler for pattern, handler in self.table if pattern.match(path)), None)


class Backends:
    """moto's services by boto3's names, each loaded when it is first asked."""

    def __init__(self, default_account: str, notify: Notify | None = None) -> None:
        self._default_account = default_account
        self._notify = notify
        self._routes: dict[str, Routes] = {}
        self._lock = threading.Lock()

    def answer(self, service: str, caller: Caller, request: Request, *, signed: bool = True) -> Response:
        """moto's answer to `request`.

        Raises MotoMissing without the extra, NotEmulated for what moto does not have, EntityTooLarge.
        """
        if len(request.body) > MAX_BODY_BYTES:
            raise EntityTooLarge("Your proposed upload exceeds the maximum allowed size")
        routes = self._load(service)
        path = bucket_in_path(request) if service == "s3" else request.raw_path
        handler = routes.match(path)
        action = (request.header("x-amz-target") or "").rpartition(".")[2] or f"{request.method} {path}"
        if handler is None:
            raise not_emulated(service, action)
        host = (request.header("host") or "").strip() if service == "sqs" else ""
        # A queue's URL repeats where the request came to, and clients then send to that URL.
        origin = f"http://{host}" if host else f"https://{service}.{caller.region}.amazonaws.com"
        url = f"{origin}{path}?{request.query}" if request.query else f"{origin}{path}"
        normalized = self._normalized(service, caller, request, url, signed)
        collecting = COLLECTED.set([])
        try:
            response = self._run(service, action, handler, normalized, head=request.method == "HEAD")
            notices = COLLECTED.get()
        finally:
            COLLECTED.reset(collecting)
        if notices and self._notify is not None:
            self._notify(notices)
        return response

    def forget(self) -> None:
        """Drop everything that moto holds: its state is the process's own, and would outlive this emulator."""
        loaded = sys.modules.get("moto.core.base_backend")
        if self._routes and loaded is not None:
            loaded.BackendDict.reset()

    def _run(self, service: str, action: str, handler: Handler, request: Any, *, head: bool) -> Response:
        from werkzeug.exceptions import HTTPException

        try:
            status, headers, body = handler(request, request.raw_url, request.headers)
        except HTTPException as error:
            status, headers, body = error.code or 500, dict(error.get_headers()), error.get_body()
        except NotImplementedError as error:
            named = _ABSENT.search(str(error))
            raise not_emulated(service, named[1] if named else action) from error
        dropped = _NOT_HEADERS if head else _NOT_HEADERS | {"content-length"}
        kept: Headers = [
            (str(name).encode("latin-1"), str(value).encode("latin-1", "replace"))
            for name, value in headers.items()
            if str(name).lower() not in dropped
        ]
        return Response(int(status), _bytes(body), kept)

    def _normalized(self, service: str, caller: Caller, request: Request, url: str, signed: bool) -> Any:
        from moto.core.request import Request as MotoRequest

        headers: dict[str, str] = {}
        for raw_name, raw_value in request.headers:
            name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
            if name.lower() not in _HANDLED_BY_US and not name.lower().startswith("x-moto-"):
                headers[name] = f"{headers[name]},{value}" if name in headers else value
        headers["x-moto-account-id"] = caller.account_id
        headers["User-Agent"] = "dewstack"
        if signed:
            key = caller.access_key_id or caller.account_id
            scope = f"{key}/20000101/{caller.region}/{service}/aws4_request"
            headers["Authorization"] = (
                f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=local"
            )
        return MotoRequest.from_primitives(request.method, url, headers, request.body)

    def _load(self, service: str) -> Routes:
        if service not in self._routes:
            with self._lock:
                if service not in self._routes:
                    self._routes[service] = self._compile(service)
        return self._routes[service]

    def _compile(self, service: str) -> Routes:
        module = self.module(service, "urls")
        if service == "s3":
            replace_buckets(import_module("moto.s3.notifications"))
            replace_permissions(import_module("moto.s3.models").FakeBucket)
        if service == "sns":  # nobody has subscribed before it is loaded
            replace_topics(import_module("moto.sns.models").Subscription)
        return Routes(
            tuple((re.compile(path.format("")), handler) for path, handler in module.url_paths.items())
        )

    def module(self, service: str, part: str) -> Any:
        """A module of moto's for a service: its `models`, its `urls`. Raises as `answer` does."""
        name = service.replace("-", "")
        if not re.fullmatch(r"[a-z0-9]+", name) or name in _OURS:
            raise not_emulated(service or "unknown", part)
        try:
            _drop_missing_profile()
            import_module("moto")
            _settle()
            return import_module(f"moto.{name}.{part}")
        except ModuleNotFoundError as error:
            absent = error.name or ""
            if absent == f"moto.{name}" or absent == f"moto.{name}.{part}":
                raise not_emulated(service, part) from error
            raise missing(service, absent.partition(".")[0]) from error


def _settle() -> None:
    """Keep moto from starting containers, and from refusing a region that is younger than it is; let its IAM have AWS's
    own policies, which roles are given."""
    config = import_module("moto.core.config").default_user_config
    config["iam"]["load_aws_managed_policies"] = True
    config["batch"]["use_docker"] = config["lambda"]["use_docker"] = False
    os.environ.setdefault("MOTO_ALLOW_NONEXISTENT_REGION", "true")


def _drop_missing_profile() -> None:
    """Take an `AWS_PROFILE` that does not exist out of this process's environment: moto makes sessions of boto3's,
    which refuse to be made with it, and nobody else here could use it either."""
    from botocore.exceptions import ProfileNotFound
    from botocore.session import Session

    try:
        Session().get_scoped_config()
    except ProfileNotFound:
        for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
            os.environ.pop(name, None)


def bucket_in_path(request: Request) -> str:
    """The path of an S3 request with the bucket in it, where a client put that into the host."""
    host = (request.header("host") or "").lower()
    if _BARE_HOST.fullmatch(host):
        return request.raw_path
    found = _BUCKET_HOST.fullmatch(host)
    return f"/{found['bucket']}{request.raw_path}" if found else request.raw_path


def _bytes(body: str | bytes | Iterable[bytes]) -> bytes:
    if isinstance(body, str):
        return body.encode()
    return body if isinstance(body, bytes) else b"".join(body)
