"""What the application as a whole brings: static files, commands, hosts, large bodies, environment files."""

import ast
from collections.abc import Iterator

from dewstack.convert.model import Application, Finding
from dewstack.convert.source import Source

PAYLOAD = 6 * 1024 * 1024
"""Bytes that an invocation may bring, and answer; binary content counts a third more, as base64."""


def check_application(application: Application, source: Source) -> Iterator[Finding]:
    """Static files, the application's own commands, hosts, MAX_CONTENT_LENGTH, databases behind a pool."""
    if application.static_files:
        size = f"{application.static_files}, {application.static_bytes / 1024:,.0f} KB"
        yield _finding(
            *("static", "note", f"static files ({size}) are served by the application"),
            "Works, up to 6 MB a file; every image and style sheet is an invocation, billed as such",
            "upload them to S3 behind CloudFront, as part of a deployment",
        )
    if application.commands:
        commands = ", ".join(f"flask {name}" for name in application.commands)
        yield _finding(
            *("commands", "differs", f"the application has commands of its own: {commands}"),
            "There is no shell. The function `command` of the map runs them: dew invoke command --data '[\"NAME\"]'",
            "what runs regularly is a `schedule` event; what prepares a database, part of a deployment",
        )
    yield from _addresses(application)
    yield from _serving(source)
    longest = application.settings.get("MAX_CONTENT_LENGTH")
    if isinstance(longest, int) and longest > PAYLOAD:
        yield _finding(
            *("large-bodies", "differs", f"MAX_CONTENT_LENGTH lets in {longest / 1024 / 1024:.0f} MB"),
            "413 from API Gateway beyond 10 MB, from Lambda beyond 6 MB (4.5 MB of binary content, which is base64)",
            "let browsers upload to S3 by a presigned URL",
        )
    uri = str(application.settings.get("SQLALCHEMY_DATABASE_URI") or "")
    if uri and not uri.startswith("sqlite"):
        yield _finding(
            *("connections", "differs", f"a pool of connections to a database ({uri.partition('+')[0]})"),
            "Every environment has a pool of its own: a hundred at once are a hundred pools",
            "NullPool, or a pool of one, and RDS Proxy before the database",
        )


def _addresses(application: Application) -> Iterator[Finding]:
    hosts = sorted({rule.host for rule in application.rules if rule.host})
    if hosts:
        yield _finding(
            *("hosts", "differs", f"rules are for hosts or subdomains: {', '.join(hosts)}"),
            "API Gateway doesn't route by host: its own address (….execute-api.REGION.amazonaws.com) matches none",
            "custom domains for each host, all leading to this API; Flask's URL map decides then",
        )
    name = application.settings.get("SERVER_NAME")
    if name:
        yield _finding(
            *("server-name", "differs", f"SERVER_NAME is {name}"),
            "url_for(…, _external=True) names it, whatever address was asked for",
            "a custom domain of this name, or FLASK_SERVER_NAME in the map's environment",
        )
    if any(rule.websocket for rule in application.rules):
        yield _finding(
            *("websocket", "breaks", "rules for WebSockets"),
            "HTTP and REST APIs have no WebSockets: the upgrade is an ordinary request",
            "a WebSocket API: `websocket` events, a function for $connect, $disconnect and each route",
        )


def _serving(source: Source) -> Iterator[Finding]:
    """`app.run()` where it would serve at import."""
    for module, node in source.at_start():
        if isinstance(node, ast.Call) and module.dotted(node.func) in ("app.run", "application.run"):
            yield Finding(
                *(
                    "serving",
                    "breaks",
                    module.file,
                    node.lineno,
                    "app.run() runs whenever the module is imported",
                ),
                "The function would start a server of its own instead of answering, and time out",
                'put it under if __name__ == "__main__"',
            )


def _finding(rule: str, level: str, what: str, on_aws: str, instead: str) -> Finding:
    return Finding(rule, level, "", 0, what, on_aws, instead)
