"""What is told by a name alone: threads, schedulers, streams, WebSockets, addresses, downloads. A table."""

import ast
from collections.abc import Iterator

from msgspec import Struct

from dewstack.convert.model import Application, Finding
from dewstack.convert.source import Module, Source

EVERYWHERE, REQUESTS, START = "everywhere", "requests", "start"


class NameRule(Struct, frozen=True):
    """A finding for each use of one of `names`; a name that ends with `.` stands for all that begin so."""

    rule: str
    level: str
    names: tuple[str, ...]
    what: str
    on_aws: str
    instead: str
    where: str = EVERYWHERE


FROZEN = "An environment stands still once it has answered, and may never go on: what isn't done then is lost, or late"
RULES = (
    NameRule(
        "background",
        "breaks",
        (
            *(
                "threading.Thread",
                "threading.Timer",
                "multiprocessing.Process",
                "subprocess.Popen",
                "os.fork",
            ),
            *("concurrent.futures.ThreadPoolExecutor", "concurrent.futures.ProcessPoolExecutor"),
            *("asyncio.create_task", "asyncio.ensure_future", "flask_executor.Executor", "gevent.spawn"),
        ),
        "{name} works beside the request",
        FROZEN,
        "wait for it before answering; or send a message to a queue, whose `sqs` event runs another function",
        REQUESTS,
    ),
    NameRule(
        "background",
        "breaks",
        (
            *(
                "threading.Thread",
                "threading.Timer",
                "multiprocessing.Process",
                "subprocess.Popen",
                "os.fork",
            ),
            *("asyncio.create_task", "gevent.spawn"),
        ),
        "{name} is started along with the application",
        FROZEN,
        "a function of its own, with a `schedule` or `sqs` event",
        START,
    ),
    NameRule(
        "executor",
        "differs",
        (
            *("concurrent.futures.ThreadPoolExecutor", "concurrent.futures.ProcessPoolExecutor"),
            *("flask_executor.Executor",),
        ),
        "{name} lives as long as the application",
        FROZEN,
        "wait for what is submitted before answering; or send a message to a queue",
        START,
    ),
    NameRule(
        "semaphores",
        "breaks",
        ("multiprocessing.Pool", "multiprocessing.Queue", "multiprocessing.Lock", "multiprocessing.Manager"),
        "{name} needs shared memory",
        "OSError: [Errno 38] Function not implemented: Lambda has no /dev/shm",
        "threads, or multiprocessing.Process with a Pipe; or several invocations",
    ),
    NameRule(
        "scheduler",
        "breaks",
        ("apscheduler.schedulers.", "flask_apscheduler.APScheduler", "schedule.every", "rq_scheduler."),
        "{name} runs things at their time",
        "Nothing runs between requests, and every environment would run it once more",
        "a function with a `schedule` event: rate(5 minutes), cron(0 8 * * ? *)",
    ),
    NameRule(
        "worker",
        "differs",
        ("celery.Celery", "rq.Queue", "huey.RedisHuey", "dramatiq.actor"),
        "{name} needs workers that run all the time",
        "Messages are sent if the broker can be reached; nobody here takes them",
        "SQS, and a function with an `sqs` event for a worker",
    ),
    NameRule(
        "websocket",
        "breaks",
        ("flask_socketio.SocketIO", "flask_sock.Sock", "simple_websocket.Server", "geventwebsocket."),
        "{name} speaks WebSockets",
        "HTTP and REST APIs have no WebSockets: the upgrade is an ordinary request",
        "a WebSocket API: `websocket` events, a function for $connect, $disconnect and each route",
    ),
    NameRule(
        "streaming",
        "differs",
        ("flask.stream_with_context", "flask.stream_template", "flask.stream_template_string"),
        "a response is streamed",
        "apig-wsgi collects it: nothing arrives before all is there; 6 MB at most; endless ones run into the timeout",
        "answer whole; or a function URL with response streaming; or WebSockets",
    ),
    NameRule(
        "download",
        "differs",
        ("flask.send_file", "flask.send_from_directory"),
        "{name} answers with a file",
        "Works up to 6 MB (4.5 MB of binary content, which is base64); beyond, 500 (REST: 502)",
        "redirect to a presigned URL of S3",
        REQUESTS,
    ),
    NameRule(
        "upload-size",
        "differs",
        ("flask.request.files",),
        "uploads come through the application",
        "Works up to 4.5 MB (6 MB as base64); beyond, 413, and no line of the application runs",
        "let browsers upload to S3 by a presigned URL; its event runs a function",
        REQUESTS,
    ),
    NameRule(
        "remote-address",
        "note",
        ("flask.request.remote_addr", "flask.request.access_route"),
        "{name} says who asks",
        "Behind an HTTP API it is the caller's. Behind a REST API apig-wsgi takes X-Forwarded-For's first, which"
        " callers can make up",
        "request.environ['apig_wsgi.request_context']['identity']['sourceIp'] behind a REST API; behind CloudFront,"
        " X-Forwarded-For's last but one",
    ),
    NameRule(
        "proxy-fix",
        "note",
        ("werkzeug.middleware.proxy_fix.ProxyFix",),
        "ProxyFix reads X-Forwarded-*",
        "Right with x_for=1 and x_proto=1; API Gateway sends no X-Forwarded-Host and no X-Forwarded-Prefix",
        "without it the scheme and, behind an HTTP API, the address are right, too",
    ),
    NameRule(
        "exit",
        "differs",
        ("atexit.register",),
        "{name}: something is done at the end",
        "Lambda ends environments without a word: it never runs",
        "do it while answering",
    ),
    NameRule(
        "memory-limits",
        "differs",
        ("flask_limiter.Limiter",),
        "{name} counts requests",
        "In memory (memory://), each environment counts for itself: with ten of them, limits are ten times as high",
        "storage_uri of a Redis; or throttling by API Gateway (and usage plans of a REST API)",
    ),
    NameRule(
        "memory-cache",
        "differs",
        ("flask_caching.Cache", "cachelib."),
        "{name} keeps answers",
        "SimpleCache and FileSystemCache are each environment's own, and go with it",
        "ElastiCache (Redis) or DynamoDB; Cache-Control and CloudFront for whole answers",
    ),
    NameRule(
        "basic-auth",
        "differs",
        ("flask_httpauth.", "werkzeug.datastructures.WWWAuthenticate", "flask.request.authorization"),
        "{name}: the WWW-Authenticate header",
        "API Gateway renames it to x-amzn-Remapped-WWW-Authenticate: browsers don't ask for a password",
        "a page to sign in at, tokens, or Cognito",
    ),
    NameRule(
        "server",
        "note",
        ("waitress.serve", "gunicorn.", "gevent.pywsgi.WSGIServer", "eventlet.wsgi.server"),
        "{name} serves the application",
        "Nothing listens on a port: API Gateway does, Lambda starts and stops processes",
        "nothing: keep it for elsewhere, under if __name__ == '__main__'",
    ),
)


def check_names(application: Application, source: Source) -> Iterator[Finding]:
    """Every use of a name of the table, at its line."""
    for where, nodes in ((REQUESTS, source.within_requests()), (START, source.at_start())):
        rules = [rule for rule in RULES if rule.where in (where, EVERYWHERE)]
        for module, node in nodes:
            if isinstance(node, ast.Name | ast.Attribute):
                yield from _found(module, node, rules)
            elif isinstance(node, ast.Call):
                yield from _called(module, node, where)


def _found(module: Module, node: ast.Name | ast.Attribute, rules: list[NameRule]) -> Iterator[Finding]:
    name = module.dotted(node)
    for rule in rules:
        if any(name == each or (each.endswith(".") and name.startswith(each)) for each in rule.names):
            shown = name.removeprefix("flask.")
            yield Finding(
                *(rule.rule, rule.level, module.file, node.lineno),
                *(rule.what.format(name=shown), rule.on_aws, rule.instead),
            )


def _called(module: Module, call: ast.Call, where: str) -> Iterator[Finding]:
    """Responses made of a generator; `app.run` where it would serve at import."""
    name = module.dotted(call.func)
    first = call.args[0] if call.args else None
    generated = isinstance(first, ast.GeneratorExp) or _is_generator(module, first)
    if where == REQUESTS and name in ("flask.Response", "flask.current_app.response_class") and generated:
        rule = next(each for each in RULES if each.rule == "streaming")
        yield Finding(rule.rule, rule.level, module.file, call.lineno, rule.what, rule.on_aws, rule.instead)


def _is_generator(module: Module, node: ast.AST | None) -> bool:
    """Whether a node calls a function of the module that yields."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        return False
    named = [each for each in module.functions if each.name == node.func.id]
    return any(isinstance(inner, ast.Yield | ast.YieldFrom) for each in named for inner in ast.walk(each))
