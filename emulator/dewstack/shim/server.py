"""Flask's development server, which here also keeps what WSGI forgets: header lines as they were sent."""

import sys
from typing import TYPE_CHECKING, Any

import click
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler
from werkzeug.serving import make_server as make_wsgi_server

from dewstack.shim.events import HEADER_LINES

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment


class RequestHandler(WSGIRequestHandler):
    """Leaves the header lines in the environ, for the events of REST APIs: they keep every name's spelling."""

    def make_environ(self) -> "WSGIEnvironment":
        """The WSGI environ of the request at hand."""
        environ = super().make_environ()
        environ[HEADER_LINES] = list(self.headers.items())
        return environ

    def log(self, type: str, message: str, *args: Any) -> None:
        """A line of the log, coloured on a terminal only: in a file the colours would be noise."""
        if not sys.stderr.isatty():
            args = tuple(click.unstyle(each) if isinstance(each, str) else each for each in args)
        super().log(type, message, *args)


def make_server(app: "WSGIApplication", host: str, port: int) -> BaseWSGIServer:
    """A server for `app`, a thread for each connection, not yet serving. Port 0 takes a free one. Raises OSError."""
    return make_wsgi_server(host, port, app, threaded=True, request_handler=RequestHandler)
