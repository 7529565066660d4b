"""Variables of modules that requests write: every environment has its own, and takes it along when it goes."""

import ast
from collections.abc import Iterator

from dewstack.convert.model import Application, Finding
from dewstack.convert.source import Function, Module, Source

CHANGES = frozenset(
    "add append appendleft clear discard extend insert pop popitem popleft remove setdefault update".split()
)
MADE = frozenset(
    "dict list set collections.defaultdict collections.Counter collections.deque collections.OrderedDict"
    " itertools.count queue.Queue queue.SimpleQueue".split()
)
REMEMBERS = frozenset(
    {"functools.lru_cache", "functools.cache", "cachetools.cached", "cachetools.func.ttl_cache"}
)
ON_AWS = (
    "Each execution environment is a process of its own: it sees only what it has written itself, and loses it"
    " when Lambda ends it"
)
INSTEAD = "keep it where all environments look: DynamoDB, a database, ElastiCache"


def check_state(application: Application, source: Source) -> Iterator[Finding]:
    """Globals and containers of modules that a request writes, caches in memory, settings changed by a request."""
    for module in source.modules:
        variables = _variables(module)
        for function in module.functions:
            if id(function) in source.reached:
                yield from _written(module, function, variables)
    for module, node in source.within_requests():
        if _changes_settings(module, node):
            yield _finding("settings", module, node, "a request changes app.config", "differs")
    for module in source.modules:
        for function in module.functions:
            yield from _remembered(module, function)


def _variables(module: Module) -> dict[str, bool]:
    """The variables at a module's top, and whether each holds something that can be changed in place."""
    found: dict[str, bool] = {}
    for statement in module.tree.body:
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        if isinstance(statement, ast.AnnAssign):
            targets = [statement.target]
        value = getattr(statement, "value", None)
        for target in targets:
            if isinstance(target, ast.Name):
                found[target.id] = _is_container(module, value)
    return found


def _is_container(module: Module, value: ast.AST | None) -> bool:
    if isinstance(value, ast.Call):
        return module.dotted(value.func) in MADE
    return isinstance(value, ast.Dict | ast.List | ast.Set | ast.ListComp | ast.DictComp | ast.SetComp)


def _written(module: Module, function: Function, variables: dict[str, bool]) -> Iterator[Finding]:
    declared = {name for node in ast.walk(function) if isinstance(node, ast.Global) for name in node.names}
    own = _own_names(function) - declared
    seen: set[str] = set()
    for node in ast.walk(function):
        for name in _targets(node):
            if name not in seen and (name in declared or (variables.get(name) and name not in own)):
                seen.add(name)
                yield _finding(
                    "module-state", module, node, f"{function.name}() writes {name}, a variable of the module"
                )


def _own_names(function: Function) -> set[str]:
    """Names that are the function's own: its arguments, and what it assigns."""
    arguments = function.args
    names = {each.arg for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
    return names | {
        node.id
        for node in ast.walk(function)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }


def _targets(node: ast.AST) -> Iterator[str]:
    """The names that a node assigns, or changes what they hold."""
    targets: list[ast.expr] = []
    if isinstance(node, ast.Assign | ast.Delete):
        targets = list(node.targets)
    elif isinstance(node, ast.AugAssign | ast.AnnAssign):
        targets = [node.target]
    elif isinstance(node, ast.Call):
        yield from _changed_by(node)
    for target in targets:
        while isinstance(target, ast.Subscript | ast.Attribute):
            target = target.value
        if isinstance(target, ast.Name):
            yield target.id


def _changed_by(call: ast.Call) -> Iterator[str]:
    """`X.append(…)`, and `next(X)`."""
    called = call.func
    if isinstance(called, ast.Attribute) and called.attr in CHANGES:
        holder: ast.expr = called.value
        while isinstance(holder, ast.Subscript):
            holder = holder.value
        if isinstance(holder, ast.Name):
            yield holder.id
    elif isinstance(called, ast.Name) and called.id == "next":
        yield from (each.id for each in call.args[:1] if isinstance(each, ast.Name))


def _changes_settings(module: Module, node: ast.AST) -> bool:
    targets: list[ast.expr] = []
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, ast.AugAssign):
        targets = [node.target]
    changed = [module.dotted(target.value) for target in targets if isinstance(target, ast.Subscript)]
    return any(name.endswith(("app.config", ".current_app.config")) for name in changed)


def _remembered(module: Module, function: Function) -> Iterator[Finding]:
    for decorator in function.decorator_list:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        if module.dotted(called) in REMEMBERS:
            yield _finding(
                "cache", module, decorator, f"{function.name}() remembers its answers in memory", "note"
            )


def _finding(rule: str, module: Module, node: ast.AST, what: str, level: str = "differs") -> Finding:
    line = getattr(node, "lineno", 1)
    return Finding(rule, level, module.file, line, what, ON_AWS, INSTEAD)
