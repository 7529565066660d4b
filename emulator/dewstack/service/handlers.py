"""Checks that a Python handler (`handlers/login.handler`) is there: reads the file, never imports it."""

import ast
import re
from pathlib import Path

from msgspec import Struct

from .problems import Severity, did_you_mean


class HandlerProblem(Struct, frozen=True):
    """What is wrong with a handler. A file with a syntax error only warns: Lambda itself reports it well."""

    message: str
    severity: Severity = "error"


def check_handler(directory: Path, handler: str) -> HandlerProblem | None:
    """Look for the function of a `python*` handler under `directory`; None when it is there (or may be)."""
    module, dot, function = handler.rpartition(".")
    if not dot or not module or not function:
        return HandlerProblem(f"'{handler}' isn't a handler: write 'path/to/module.function'")
    path = Path(directory, module.replace(".", "/"))
    found = next(
        (each for each in (path.with_name(path.name + ".py"), path / "__init__.py") if each.is_file()), None
    )
    if found is None:
        return HandlerProblem(_missing_file(directory, path, handler))
    try:
        text = found.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        return HandlerProblem(f"{found.relative_to(directory)} can't be read: {error}")
    if re.search(
        rf"^(?:(?:async )?def|class) {re.escape(function)}\b|^{re.escape(function)} *[:=]", text, re.M
    ):
        return None
    return _look_closer(text, str(found.relative_to(directory)), function)


SUFFIXES = (".py", "/__init__.py", ".mjs", ".js", ".cjs", ".ts", ".mts")
DEFINES = (
    r"^(?:(?:async )?def|class) {0}\b",
    r"^{0} *[:=]",
    r"^export (?:default )?(?:const|let|var|async function|function) {0}\b",
    r"^(?:module\.)?exports\.{0}\b",
)


def handler_place(directory: Path, handler: str) -> str | None:
    """Where the function of a handler is defined, `handlers/items.py:10`; its file where the line can't be told, None
    where there is no such file in `directory`."""
    module, _, function = handler.rpartition(".")
    root = directory.resolve()
    stem = module if "/" in module else module.replace(".", "/")
    for suffix in SUFFIXES:
        file = (root / f"{stem}{suffix}").resolve()
        if not stem or not file.is_relative_to(root) or not file.is_file():
            continue
        name = str(file.relative_to(root))
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return name
        for pattern in DEFINES:
            found = re.search(pattern.format(re.escape(function)), text, re.M)
            if found:
                return f"{name}:{text.count(chr(10), 0, found.start()) + 1}"
        return name
    return None


def _missing_file(directory: Path, path: Path, handler: str) -> str:
    name = path.relative_to(directory)
    message = f"there is no file {name}.py for the handler '{handler}'"
    if path.parent.is_dir():
        return message + did_you_mean(path.name, [each.stem for each in path.parent.glob("*.py")])
    return message


def _look_closer(text: str, file: str, function: str) -> HandlerProblem | None:
    try:
        module = ast.parse(text)
    except SyntaxError as error:
        return HandlerProblem(f"{file}:{error.lineno}: {error.msg}", "warning")
    names, functions, open_ended = set[str](), list[str](), False
    for statement in _top_level(module.body):
        found, star = _bound_names(statement)
        names |= found
        open_ended |= star
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef) and not statement.name.startswith(
            "_"
        ):
            functions.append(statement.name)
    if function in names or open_ended or "__getattr__" in names:
        return None
    listed = ", ".join(dict.fromkeys(functions)) or "no public function"
    return HandlerProblem(f"{file} has no function '{function}'; it has: {listed}")


def _top_level(body: list[ast.stmt]) -> list[ast.stmt]:
    """The statements that run at import in the module's namespace, those inside of if, try and with too."""
    found: list[ast.stmt] = []
    for statement in body:
        found.append(statement)
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        for block in ("body", "orelse", "finalbody"):
            found += _top_level(getattr(statement, block, []))
        for handler in getattr(statement, "handlers", []):
            found += _top_level(handler.body)
    return found


def _bound_names(statement: ast.stmt) -> tuple[set[str], bool]:
    """The names a statement binds, and whether it may bind others that can't be known (`import *`)."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {statement.name}, False
    if isinstance(statement, ast.Import | ast.ImportFrom):
        names = {alias.asname or alias.name.split(".")[0] for alias in statement.names}
        return names, "*" in names
    if isinstance(statement, ast.Assign | ast.AnnAssign):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        bound = {each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)}
        return bound, False
    return set(), False
