"""Sessions: those in signed cookies work on Lambda if all environments have one key; those in files or memory don't."""

import ast
from collections.abc import Iterator

from dewstack.convert.model import Application, Finding
from dewstack.convert.source import Module, Source

RANDOM = frozenset(
    "os.urandom secrets.token_bytes secrets.token_hex secrets.token_urlsafe uuid.uuid4 random.random".split()
)
SHARED = frozenset("redis memcached mongodb sqlalchemy dynamodb".split())
"""Session types (Flask-Session's) that keep them on a server."""
COOKIES = "flask.sessions.SecureCookieSessionInterface"


def check_sessions(application: Application, source: Source) -> Iterator[Finding]:
    """The key that signs cookies, and where sessions are kept."""
    for module in source.modules:
        for node in ast.walk(module.tree):
            value = _secret(module, node)
            if value is not None:
                yield from _key(module, value)
    if application.session_interface != COOKIES:
        yield from _interface(application)
    elif not application.secret_key:
        for module, node in source.within_requests():
            if isinstance(node, ast.Name) and module.dotted(node) == "flask.session":
                yield Finding(
                    *("no-secret-key", "breaks", module.file, node.lineno),
                    "session is used, and there is no SECRET_KEY",
                    "RuntimeError: the session is unavailable, as with flask run",
                    "FLASK_SECRET_KEY in the map's environment, from ${ssm:…}",
                )
                return


def _secret(module: Module, node: ast.AST) -> ast.expr | None:
    """The value that a node gives to SECRET_KEY."""
    if isinstance(node, ast.Assign):
        for target in node.targets:
            if isinstance(target, ast.Attribute) and target.attr == "secret_key":
                return node.value
            if isinstance(target, ast.Subscript) and _is_key(target.slice):
                return node.value
            if isinstance(target, ast.Name) and target.id == "SECRET_KEY":
                return node.value
    elif isinstance(node, ast.Dict):
        return next((value for key, value in zip(node.keys, node.values, strict=True) if _is_key(key)), None)
    elif isinstance(node, ast.Call):
        return next((each.value for each in node.keywords if each.arg == "SECRET_KEY"), None)
    return None


def _is_key(node: ast.AST | None) -> bool:
    return isinstance(node, ast.Constant) and node.value == "SECRET_KEY"


def _key(module: Module, value: ast.expr) -> Iterator[Finding]:
    instead = (
        "FLASK_SECRET_KEY in the map's environment, from ${ssm:…}: one key for all environments, in no file"
    )
    if any(isinstance(node, ast.Call) and module.dotted(node.func) in RANDOM for node in ast.walk(value)):
        yield Finding(
            *(
                "random-secret-key",
                "breaks",
                module.file,
                value.lineno,
                "SECRET_KEY is made anew at each start",
            ),
            "Every execution environment has another key: who is logged in at one is a stranger to the next",
            instead,
        )
    elif isinstance(value, ast.Constant) and value.value:
        yield Finding(
            *("secret-key", "differs", module.file, value.lineno, "SECRET_KEY stands in the source"),
            "It works (cookie sessions need no server), and whoever reads the package can sign in as anybody",
            instead,
        )


def _interface(application: Application) -> Iterator[Finding]:
    kind = str(application.settings.get("SESSION_TYPE") or "")
    if kind in SHARED:
        yield Finding(
            *("server-sessions", "note", "", 0, f"sessions are kept in {kind}"),
            "They work where functions reach that server: in its VPC, or by its public address",
            "Flask's own sessions, in signed cookies, need no server",
        )
    else:
        yield Finding(
            *("server-sessions", "breaks", "", 0, f"sessions are kept by {application.session_interface}"),
            "What is kept in files or in memory is one environment's own: sessions come and go",
            "Flask's own sessions, in signed cookies; or Redis, or DynamoDB",
        )
