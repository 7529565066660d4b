"""Calls in boto3's shapes to moto's services, without a socket: botocore's client, whose requests stay here."""

import os
import threading
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

from dewstack.config import Caller
from dewstack.errors import AwsError, ValidationError
from dewstack.http import Request, Response
from dewstack.others.backends import Backends
from dewstack.others.errors import service_error
from dewstack.wire.errors import not_emulated


class Clients:
    """botocore's clients, one for each service, account and region."""

    def __init__(self, backends: Backends, endpoint_url: str) -> None:
        self._backends = backends
        self._endpoint_url = endpoint_url
        self._clients: dict[tuple[str, str, str], Any] = {}
        self._session: Any = None
        """One for all: it lists what botocore knows, which takes a tenth of a second."""
        self._lock = threading.Lock()

    def call(self, service: str, operation: str, params: dict[str, Any], caller: Caller) -> dict[str, Any]:
        """Call an operation. Raises the AwsError that moto answered, with its code and status."""
        from botocore import xform_name
        from botocore.exceptions import ClientError, ParamValidationError

        client = self._client(service, caller)
        method = getattr(client, xform_name(operation), None)
        if method is None:
            raise not_emulated(service, operation)
        try:
            answer: dict[str, Any] = method(**params)
        except ClientError as error:
            raise _raised(error.response) from error
        except ParamValidationError as error:
            raise ValidationError(str(error)) from error
        answer.pop("ResponseMetadata", None)
        return {name: value.read() if hasattr(value, "read") else value for name, value in answer.items()}

    def _client(self, service: str, caller: Caller) -> Any:
        key = (service, caller.account_id, caller.region)
        with self._lock:
            if key not in self._clients:
                self._clients[key] = self._make(service, caller)
            return self._clients[key]

    def _make(self, service: str, caller: Caller) -> Any:
        from botocore.config import Config
        from botocore.exceptions import UnknownServiceError

        if self._session is None:
            self._session = _session()
        try:
            client = self._session.create_client(
                service,
                region_name=caller.region,
                endpoint_url=self._endpoint_url,
                aws_access_key_id=caller.account_id,
                aws_secret_access_key="local",
                config=Config(retries={"max_attempts": 0}, s3={"addressing_style": "path"}),
            )
        except UnknownServiceError as error:
            raise not_emulated(service, "") from error

        def send(request: Any, **_: Any) -> Any:
            return _response(request.url, self._backends.answer(service, caller, _request(request)))

        client.meta.events.register("before-send", send)
        return client


def _session() -> Any:
    """A session which nothing of the user's own AWS configuration leads elsewhere, or lets fail."""
    from botocore.session import Session

    nowhere = (None, None, os.devnull, None)
    profile = (None, None, None, None)
    return Session(session_vars={"profile": profile, "config_file": nowhere, "credentials_file": nowhere})


class _Raw(BytesIO):
    """A body as botocore reads it."""

    def stream(self, **_: Any) -> Any:
        """All of it."""
        yield self.read()


def _request(prepared: Any) -> Request:
    url = urlsplit(prepared.url)
    body = prepared.body or b""
    if hasattr(body, "read"):
        body = body.read()
    headers = [(b"Host", url.netloc.encode())]
    for name, value in prepared.headers.items():
        text = value if isinstance(value, bytes) else str(value).encode("latin-1")
        headers.append((name.encode("latin-1"), text))
    content = body.encode() if isinstance(body, str) else bytes(body)
    return Request(prepared.method, url.path or "/", url.query, headers, content)


def _response(url: str, response: Response) -> Any:
    from botocore.awsrequest import AWSResponse, HeadersDict

    headers: Any = HeadersDict(
        {name.decode("latin-1"): value.decode("latin-1") for name, value in response.headers}
    )
    raw: Any = _Raw(response.body)
    return AWSResponse(url, response.status, headers, raw)


def _raised(response: Any) -> AwsError:
    error = response.get("Error", {})
    status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400))
    return service_error(str(error.get("Code", "Unknown")), str(error.get("Message", "")), status)
