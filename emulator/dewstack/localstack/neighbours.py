"""The services that LocalStack has itself (S3, DynamoDB, SQS, …), as dewstack asks for those it does not emulate."""

import http.client
import threading
from importlib import import_module
from typing import Any

from dewstack.config import Caller
from dewstack.errors import AwsError
from dewstack.http import Headers, Request, Response
from dewstack.others.backends import Backends

_HOP = frozenset({b"connection", b"content-length", b"host", b"keep-alive", b"transfer-encoding"})
"""Headers that belong to one connection, and are made anew for the next."""
ANSWER_SECONDS = 120.0


class NeighbourUnreachable(AwsError):
    """LocalStack's own gateway did not answer."""

    code = "ServiceUnavailable"
    status = 503


class Neighbours(Backends):
    """LocalStack's gateway, over its own port, where moto would be. Called in worker threads; connections are kept.

    What is deployed in these services lives as long as LocalStack does, so nothing has to be made again.
    """

    def __init__(self, account_id: str, host: str, port: int) -> None:
        super().__init__(account_id)
        self._address = (host, port)
        self._kept: list[http.client.HTTPConnection] = []
        self._lock_of_kept = threading.Lock()

    def answer(self, service: str, caller: Caller, request: Request, *, signed: bool = True) -> Response:
        """LocalStack's answer to `request`. Raises NeighbourUnreachable."""
        headers = _headers(service, caller, request, f"{self._address[0]}:{self._address[1]}", signed=signed)
        target = f"{request.raw_path}?{request.query}" if request.query else request.raw_path
        with self._lock_of_kept:
            kept = self._kept.pop() if self._kept else self._connect()
        try:
            try:
                answer = _exchange(kept, request.method, target, request.body, headers)
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
                kept.close()  # it was idle for too long; the request has not arrived
                answer = _exchange(kept, request.method, target, request.body, headers)
        except (OSError, http.client.HTTPException) as error:
            kept.close()
            raise NeighbourUnreachable(f"LocalStack does not answer for {service}: {error}") from error
        with self._lock_of_kept:
            self._kept.append(kept)
        return answer

    def forget(self) -> None:
        """Close the connections that wait for the next request. The state is LocalStack's, and stays."""
        with self._lock_of_kept:
            while self._kept:
                self._kept.pop().close()

    def module(self, service: str, part: str) -> Any:
        """A module of moto's, which LocalStack's IAM keeps its roles in, too."""
        return import_module(f"moto.{service.replace('-', '')}.{part}")

    def _connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(*self._address, timeout=ANSWER_SECONDS)


def _exchange(
    connection: http.client.HTTPConnection, method: str, target: str, body: bytes, headers: Headers
) -> Response:
    connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
    for name, value in headers:
        connection.putheader(name.decode("latin-1"), value)
    connection.endheaders(body or None)
    answer = connection.getresponse()
    content = answer.read()
    kept = [
        (name.encode("latin-1"), value.encode("latin-1"))
        for name, value in answer.getheaders()
        if name.lower().encode("latin-1") not in _HOP
        or (method == "HEAD" and name.lower() == "content-length")
    ]
    return Response(answer.status, content, kept)


def _headers(service: str, caller: Caller, request: Request, address: str, *, signed: bool) -> Headers:
    """The request's headers, signed for the caller's account: LocalStack reads account and region off them."""
    headers = [
        (name, value)
        for name, value in request.headers
        if name.lower() not in _HOP and not (signed and name.lower() == b"authorization")
    ]
    host = request.header("host") if service == "s3" else None
    headers.append((b"Host", (host or address).encode("latin-1")))
    if request.body or request.method in ("POST", "PUT", "PATCH"):
        headers.append((b"Content-Length", b"%d" % len(request.body)))
    if signed:
        scope = f"{caller.account_id}/20000101/{caller.region}/{service}/aws4_request"
        credential = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=local"
        headers.append((b"Authorization", credential.encode("latin-1")))
    return headers
