"""Who may call a view, decided in Python: works as it is, and is what an authorizer of API Gateway takes over."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator

from dewstack.convert.model import Application, Finding
from dewstack.convert.source import Function, Module, Source, first_line

GUARD = re.compile(
    r"(login|auth|token|jwt|admin|role|permission|user)\w*_required|requires?_\w+|.*\.login_required$"
)
SIGNS = re.compile(
    r"session|current_user|Authorization|authorization|user_id|g\.user|verify_jwt", re.IGNORECASE
)
REFUSES = re.compile(r"\babort\(|\bredirect\(|\b40[13]\b|Unauthorized|Forbidden")
ON_AWS = "Works as it is. The function runs, and is paid for, for those who are refused, too"
INSTEAD = (
    "a Cognito user pool and an authorizer (provider.httpApi.authorizers, type: jwt) ask before a function runs; who it"
    " is stands in request.environ['apig_wsgi.request_context']['authorizer']"
)
EXTENSIONS = {
    "flask_login": "Flask-Login",
    "login_manager": "Flask-Login",
    "flask-jwt-extended": "Flask-JWT-Extended",
    "security": "Flask-Security",
}


def check_sign_in(application: Application, source: Source) -> Iterator[Finding]:
    """Decorators like `login_required`, and `before_request` hooks that let nobody pass who isn't signed in."""
    guarded: dict[str, list[str]] = defaultdict(list)
    own = {
        function.name
        for module in source.modules
        for function in module.functions
        if id(function) in source.reached and _is_guard(module, function)
    }
    first: dict[str, tuple[str, int]] = {}
    for module in source.modules:
        for function in module.functions:
            for decorator in function.decorator_list:
                name = module.dotted(decorator.func if isinstance(decorator, ast.Call) else decorator)
                short = name.rpartition(".")[2]
                if short in own or GUARD.fullmatch(short):
                    guarded[short].append(function.name)
                    first.setdefault(short, _defined(source, short) or (module.file, decorator.lineno))
    for name, views in guarded.items():
        file, line = first[name]
        yield Finding("sign-in", "note", file, line, f"@{name} guards {_listed(views)}", ON_AWS, INSTEAD)
    yield from _hooks(application, source)
    if not guarded and (
        used := sorted({EXTENSIONS[each] for each in application.extensions if each in EXTENSIONS})
    ):
        yield Finding("sign-in", "note", "", 0, f"{used[0]} decides who somebody is", ON_AWS, INSTEAD)


def _defined(source: Source, name: str) -> tuple[str, int] | None:
    """Where the project itself defines a function."""
    for module in source.modules:
        for function in module.functions:
            if function.name == name:
                return module.file, function.lineno
    return None


def _is_guard(module: Module, function: Function) -> bool:
    """Whether a function is a decorator that lets nobody pass who isn't signed in."""
    inner = [node for node in function.body if isinstance(node, Function)]
    return len(function.args.args) == 1 and any(_lets_pass(module, each) for each in inner)


def _hooks(application: Application, source: Source) -> Iterator[Finding]:
    hooks = {(place.line, place.name) for place in application.places.get("before_request", ())}
    for module in source.modules:
        for function in module.functions:
            if (first_line(function), function.name) in hooks and _lets_pass(module, function):
                what = f"{function.name}() lets nobody pass who isn't signed in, before each request"
                yield Finding("sign-in", "note", module.file, function.lineno, what, ON_AWS, INSTEAD)


def _lets_pass(module: Module, function: Function) -> bool:
    text = ast.unparse(function)
    return bool(SIGNS.search(text) and REFUSES.search(text))


def _listed(views: list[str]) -> str:
    return ", ".join(views[:6]) + (f" and {len(views) - 6} more" if len(views) > 6 else "")
