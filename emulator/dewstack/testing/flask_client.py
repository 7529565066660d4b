"""Flask's test client, whose requests go over HTTP to where the application really runs: behind API Gateway.

    @pytest.fixture
    def client(app, dew):
        app.test_client_class = gateway_client(dew.url)
        return app.test_client()

Cookies, redirects, forms, JSON and sessions are Flask's own, so an application's tests run as they are written.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPSConnection
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit, urlunsplit

from flask.testing import FlaskClient
from werkzeug.datastructures import EnvironHeaders, Headers
from werkzeug.wsgi import get_input_stream

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

SECONDS = 60.0
"""How long an answer may take."""
HOPS = frozenset({"connection", "host", "content-length", "transfer-encoding"})
"""Headers that belong to one connection."""
PRESERVE = "werkzeug.debug.preserve_context"


def gateway_client(url: str) -> type[FlaskClient]:
    """A class for `app.test_client_class` whose requests go to the API at `url`: `dew.url`, a REST API with stage."""
    return type("GatewayClient", (_GatewayClient,), {"gateway": url.rstrip("/")})


class _GatewayClient(FlaskClient):
    """Sends what Flask's client would give to the application.

    Inside `with client:`, after a request, `session`, `request` and `g` are what the application makes of the cookies
    that came back: its `before_request` functions run once more, in this process.
    """

    gateway = ""

    def run_wsgi_app(
        self, environ: "WSGIEnvironment", buffered: bool = False
    ) -> tuple[Iterable[bytes], str, Headers]:
        """Send one request; the answer's body, status and headers."""
        self._add_cookies_to_wsgi(environ)
        body, status, headers = self._exchange(environ)
        host = environ["HTTP_HOST"].partition(":")[0]
        self._update_cookies_from_response(host, environ["PATH_INFO"], headers.getlist("Set-Cookie"))
        if PRESERVE in environ:
            environ[PRESERVE](self._as_it_was(environ))
        return [body], status, headers

    def _exchange(self, environ: "WSGIEnvironment") -> tuple[bytes, str, Headers]:
        where = urlsplit(self.gateway)
        kind = HTTPSConnection if where.scheme == "https" else HTTPConnection
        sent_body = get_input_stream(environ).read()
        environ["wsgi.input"] = BytesIO(sent_body)  # request.form is read once more inside `with client:`
        connection = kind(where.netloc, timeout=SECONDS)
        sent = {name: value for name, value in EnvironHeaders(environ) if name.lower() not in HOPS}
        try:
            connection.request(
                environ["REQUEST_METHOD"],
                where.path + _target(environ),
                body=sent_body,
                headers=sent,
            )
            answer = connection.getresponse()
            body = answer.read()
            headers = Headers(self._local(name, value, environ) for name, value in answer.getheaders())
            return body, f"{answer.status} {answer.reason}", headers
        finally:
            connection.close()

    def _local(self, name: str, value: str, environ: "WSGIEnvironment") -> tuple[str, str]:
        """A header as the application, asked at the client's address, would have sent it."""
        if name.lower() == "location":
            where, gateway = urlsplit(value), urlsplit(self.gateway)
            path = where.path
            if gateway.path and path.startswith(f"{gateway.path}/"):
                path = path.removeprefix(gateway.path)
            same = where.netloc == gateway.netloc
            scheme, host = (environ["wsgi.url_scheme"], environ["HTTP_HOST"]) if same else where[:2]
            return name, urlunsplit((scheme, host, path, where.query, where.fragment))
        return name, value

    @contextmanager
    def _as_it_was(self, environ: "WSGIEnvironment") -> Iterator[Any]:
        """The context of the request after its answer, as the application would make it."""
        self._add_cookies_to_wsgi(environ)
        with self.application.request_context(environ) as context:
            self.application.preprocess_request()
            yield context


def _target(environ: "WSGIEnvironment") -> str:
    """Path and query, as they stand in a request line."""
    path = quote((environ["SCRIPT_NAME"] + environ["PATH_INFO"]).encode("latin-1"), safe="/!$&'()*+,:;=@~")
    query = environ.get("QUERY_STRING", "")
    return f"{path}?{query}" if query else path
