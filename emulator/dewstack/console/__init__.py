"""The console at `/_dew/`: pages for people, over the control API that `dew` uses too."""

from importlib.resources import files

from dewstack.http import Request, Response

POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
    b" base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = [
    (b"Cache-Control", b"no-cache"),
    (b"Content-Security-Policy", POLICY),
    (b"X-Content-Type-Options", b"nosniff"),
    (b"Referrer-Policy", b"no-referrer"),
]
FILES = {
    "/_dew/": ("console.html", b"text/html; charset=utf-8"),
    "/_dew/mail": ("console.html", b"text/html; charset=utf-8"),
    "/_dew/console.js": ("console.js", b"text/javascript; charset=utf-8"),
    "/_dew/console.css": ("console.css", b"text/css; charset=utf-8"),
}


class Console:
    """The pages, as a mount of the control API: a response, or None for what is not a page."""

    def __call__(self, request: Request) -> Response | None:
        """The page or file at the request's path. `/_dew/mail` is a page for browsers and JSON for the rest."""
        found = FILES.get(request.raw_path)
        if found is None or request.method != "GET":
            return None
        name, kind = found
        if request.raw_path == "/_dew/mail" and "text/html" not in (request.header("accept") or ""):
            return None
        content = files(__package__).joinpath(name).read_bytes()
        return Response(200, content, [(b"Content-Type", kind), *HEADERS])
