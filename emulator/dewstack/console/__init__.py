"""The console at `/_dew/`: pages for people, over the control API that `dew` uses too.

Plain ES modules without a build: `main.js` is the shell (routes, keyboard, theme), every page a module of its own
that exports `title` and `show(main, parameters, signal)`. Files are served from one table by name.
"""

from importlib.resources import files

from dewstack.http import Request, Response

POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
    b" base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
HEADERS = [
    (b"Cache-Control", b"no-cache"),
    (b"Content-Security-Policy", POLICY),
    (b"X-Content-Type-Options", b"nosniff"),
    (b"Referrer-Policy", b"no-referrer"),
]
HTML, CSS, SCRIPT = b"text/html; charset=utf-8", b"text/css; charset=utf-8", b"text/javascript; charset=utf-8"
SHELL = ("main", "theme", "dom", "api", "keys", "format")
PARTS = (
    "table",
    "dialogs",
    "list",
    "feed",
    "json",
    "editor",
    "chart",
    "timing",
    "sending",
    "pool",
    "breakeven",
    "wires",
    "tree",
    "sides",
    "python",
    "explanation",
)
"""What pages share."""
PAGES = (
    *("overview", "invocations", "invocation", "comparison", "load"),
    *("logs", "metrics", "users", "user", "tokens", "mail", "stacks", "configuration"),
)
STYLES = ("console", "pages", "load", "comparison")
FILES = {
    "/_dew/": ("console.html", HTML),
    "/_dew/mail": ("console.html", HTML),
    **{f"/_dew/{name}.js": (f"{name}.js", SCRIPT) for name in (*SHELL, *PARTS, *PAGES)},
    **{f"/_dew/{name}.css": (f"{name}.css", CSS) for name in STYLES},
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
        file = files(__package__).joinpath(name)
        if not file.is_file():
            return None
        return Response(200, file.read_bytes(), [(b"Content-Type", kind), *HEADERS])
