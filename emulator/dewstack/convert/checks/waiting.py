"""Requests that take longer than API Gateway waits: 30 seconds behind an HTTP API, 29 behind a REST API."""

import ast
from collections.abc import Iterator

from dewstack.convert.model import Application, Finding
from dewstack.convert.source import Source

LONGEST = 29
"""Seconds."""
ASKS = frozenset("get post put patch delete head request".split())
CLIENTS = ("requests.", "httpx.", "urllib3.", "urllib.request.urlopen", "subprocess.")
INSTEAD = (
    "put the work into a queue (an `sqs` event of another function, up to 15 minutes) and answer 202 at once"
)


def check_waiting(application: Application, source: Source) -> Iterator[Finding]:
    """Sleeps and time limits of more than a gateway waits; pauses that are paid for."""
    for module, node in source.within_requests():
        if not isinstance(node, ast.Call):
            continue
        name = module.dotted(node.func)
        if name in ("time.sleep", "gevent.sleep"):
            seconds = _number(node.args[0]) if node.args else None
            long = seconds is not None and seconds > LONGEST
            yield Finding(
                *(
                    "long-request" if long else "sleep",
                    "breaks" if long else "note",
                    module.file,
                    node.lineno,
                ),
                f"a request sleeps{f' for {seconds:g} s' if seconds is not None else ''}",
                "API Gateway answers 503 (REST: 504) after 30 (29) s; the function runs on until its own timeout"
                if long
                else "The environment serves nobody else meanwhile, and every millisecond is billed",
                INSTEAD,
            )
        elif name.startswith(CLIENTS):
            seconds = next((_number(each.value) for each in node.keywords if each.arg == "timeout"), None)
            if seconds is not None and seconds > LONGEST:
                yield Finding(
                    *("long-request", "differs", module.file, node.lineno, f"{name} may take {seconds:g} s"),
                    "API Gateway answers 503 (REST: 504) after 30 (29) s; the function runs on until its own timeout",
                    "a shorter limit, so that the application itself can answer; or a queue",
                )


def _number(node: ast.AST) -> float | None:
    return (
        float(node.value) if isinstance(node, ast.Constant) and isinstance(node.value, int | float) else None
    )
