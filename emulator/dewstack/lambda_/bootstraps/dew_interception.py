"""AWS's names lead to the emulator, over TLS that verifies; for the runtime in `python.py`, in the function's process.

Code that calls `https://cognito-idp.us-east-1.amazonaws.com/…` without an endpoint meets the emulator, and nothing
reaches AWS. What isn't asked for isn't loaded: `socket` and `ssl` are changed when somebody imports them.
"""

from __future__ import annotations

import sys

from dew_imports import when_imported  # type: ignore[import-not-found,unused-ignore]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

AWS_NAMES = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws", ".on.aws", ".amazoncognito.com")
SECONDS = 10.0


def is_aws_name(host: Any) -> bool:
    """Whether a host, in whatever form a program names it, is one of AWS's endpoints."""
    if isinstance(host, (bytes, bytearray)):
        host = bytes(host).decode("latin-1")
    return isinstance(host, str) and host.lower().rstrip(".").endswith(AWS_NAMES)


class Interception:
    """Where AWS's names lead instead: `secure` for HTTPS, `plain` for HTTP, both as `host:port`."""

    def __init__(self, secure: str, plain: str) -> None:
        self._places = {443: _address(secure), 80: _address(plain)}
        self._ports = {"https": 443, "http": 80}
        self._certificate = ""

    def install(self) -> None:
        """Change `socket` and `ssl`, once they are loaded."""
        when_imported("socket", self._change_socket)
        when_imported("ssl", self._change_ssl)

    def _led(self, socket: Any, host: Any, port: Any) -> tuple[str, int]:
        """The address for one of AWS's names. Raises socket.gaierror for a port behind which nothing is emulated."""
        number = self._ports.get(port, port)
        place = self._places.get(int(number)) if str(number).isdigit() else None
        if place is None:
            message = f"dewstack emulates nothing at {host}:{port}, and lets nothing out to AWS"
            raise socket.gaierror(socket.EAI_NONAME, f"{message} (dew up --allow-aws does)")
        return place

    def _change_socket(self, socket: Any) -> None:
        getaddrinfo, by_name, by_name_ex = socket.getaddrinfo, socket.gethostbyname, socket.gethostbyname_ex
        connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

        def led(host: Any, port: Any, *rest: Any, **named: Any) -> Any:
            if is_aws_name(host):
                host, port = self._led(socket, host, port)
            return getaddrinfo(host, port, *rest, **named)

        def address(given: Any) -> Any:
            if isinstance(given, tuple) and len(given) >= 2 and is_aws_name(given[0]):
                return self._led(socket, given[0], given[1])
            return given

        socket.getaddrinfo = led
        socket.gethostbyname = lambda host: by_name(self._places[443][0] if is_aws_name(host) else host)
        socket.gethostbyname_ex = lambda host: by_name_ex(self._places[443][0] if is_aws_name(host) else host)
        socket.socket.connect = lambda this, to: connect(this, address(to))
        socket.socket.connect_ex = lambda this, to: connect_ex(this, address(to))

    def _change_ssl(self, ssl: Any) -> None:
        context = ssl.SSLContext
        wrap_socket, wrap_bio = context.wrap_socket, context.wrap_bio

        def on_socket(
            this: Any, sock: Any, server_side: bool = False, do_handshake_on_connect: bool = True,
            suppress_ragged_eofs: bool = True, server_hostname: Any = None, session: Any = None,
        ) -> Any:  # fmt: skip
            self._trust(ssl, this, server_hostname)
            return wrap_socket(
                this,
                sock,
                server_side,
                do_handshake_on_connect,
                suppress_ragged_eofs,
                server_hostname,
                session,
            )

        def on_bio(
            this: Any, incoming: Any, outgoing: Any, server_side: bool = False,
            server_hostname: Any = None, session: Any = None,
        ) -> Any:  # fmt: skip
            self._trust(ssl, this, server_hostname)
            return wrap_bio(this, incoming, outgoing, server_side, server_hostname, session)

        context.wrap_socket, context.wrap_bio = on_socket, on_bio

    def _trust(self, ssl: Any, context: Any, name: Any) -> None:
        """Let a context that is to verify one of AWS's names know the emulator's authority as well."""
        if is_aws_name(name) and context.verify_mode != ssl.CERT_NONE:
            if not self._certificate:
                self._certificate = self._ask_for_certificate()
            context.load_verify_locations(cadata=self._certificate)

    def _ask_for_certificate(self) -> str:
        from http.client import HTTPConnection

        connection = HTTPConnection(*self._places[80], timeout=SECONDS)
        try:
            connection.request("GET", "/_dew/authority", headers={"Host": "localhost"})
            response = connection.getresponse()
            text = response.read().decode()
        finally:
            connection.close()
        if response.status != 200:
            sys.exit(f"the emulator doesn't show its certificate: {response.status} {text}")
        return text


def _address(text: str) -> tuple[str, int]:
    """`127.0.0.1:443`, or `[::1]:443`, as `socket` takes it."""
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)
