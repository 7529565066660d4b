"""The source of an application, parsed: its functions, what names mean in it, and what requests reach."""

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from dewstack.convert.model import Application, shown

Function = ast.FunctionDef | ast.AsyncFunctionDef
ROUTES = frozenset("route get post put patch delete".split())
HOOKS = frozenset(
    "before_request before_app_request after_request after_app_request teardown_request teardown_app_request"
    " teardown_appcontext errorhandler app_errorhandler context_processor app_context_processor".split()
)
"""What decorates a function that requests reach."""


class Module:
    """One file. `imports` maps names to what they were imported as: `{"Thread": "threading.Thread"}`."""

    def __init__(self, file: str, tree: ast.Module) -> None:
        self.file = file
        self.tree = tree
        self.functions = [node for node in ast.walk(tree) if isinstance(node, Function)]
        self.imports = dict(_imports(tree))

    def dotted(self, node: ast.AST) -> str:
        """What an expression names: `Thread` is `threading.Thread`, `db.x` stays; empty where it names nothing."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return ".".join(["", *reversed(parts)]) if parts else ""
        return ".".join([self.imports.get(node.id, node.id), *reversed(parts)])


class Source:
    """The project's own modules. `reached` has the functions that requests come through."""

    def __init__(self, modules: Iterable[Module], roots: frozenset[tuple[str, int]] = frozenset()) -> None:
        self.modules = list(modules)
        self._named: dict[str, list[tuple[Module, Function]]] = defaultdict(list)
        for module in self.modules:
            for function in module.functions:
                self._named[function.name].append((module, function))
        self.reached: set[int] = set()
        self._spread(
            (module, function)
            for module in self.modules
            for function in module.functions
            if (module.file, first_line(function)) in roots or _is_root(function)
        )

    def _spread(self, roots: Iterable[tuple[Module, Function]]) -> None:
        waiting = list(roots)
        while waiting:
            module, function = waiting.pop()
            if id(function) in self.reached:
                continue
            self.reached.add(id(function))
            for node in ast.walk(function):
                if isinstance(node, Function) and node is not function:
                    waiting.append((module, node))
                elif isinstance(node, ast.Name | ast.Attribute):
                    name = node.id if isinstance(node, ast.Name) else node.attr
                    waiting += self._named.get(name, ())

    def within_requests(self) -> Iterator[tuple[Module, ast.AST]]:
        """Every node of the functions that requests reach, once."""
        for module in self.modules:
            yield from ((module, node) for node in self._nodes(module.tree, inside=False, reached=True))

    def at_start(self) -> Iterator[tuple[Module, ast.AST]]:
        """Every node that runs when the application is made: modules, factories and what they call."""
        for module in self.modules:
            yield from ((module, node) for node in self._nodes(module.tree, inside=False, reached=False))

    def _nodes(self, node: ast.AST, *, inside: bool, reached: bool) -> Iterator[ast.AST]:
        inside = inside or id(node) in self.reached
        if not inside and is_main(node):
            return
        if inside is reached:
            yield node
        for child in ast.iter_child_nodes(node):
            yield from self._nodes(child, inside=inside, reached=reached)


def first_line(function: Function) -> int:
    """Where a function begins for Python: at its first decorator."""
    return min([function.lineno, *(each.lineno for each in function.decorator_list)])


def is_main(node: ast.AST) -> bool:
    """Whether a node is `if __name__ == "__main__"`: what is under it never runs in a function."""
    return isinstance(node, ast.If) and ast.unparse(node.test).startswith("__name__ ==")


def read_source(application: Application, directory: Path) -> Source:
    """The modules that the application has loaded, and what these import inside functions."""
    modules: dict[str, Module] = {}
    waiting = [Path(file) for file in application.modules]
    search = [Path(application.search_path), directory]
    while waiting:
        path = waiting.pop()
        file = shown(path, directory)
        if file in modules or not path.is_file():
            continue
        try:
            modules[file] = Module(file, ast.parse(path.read_bytes()))
        except (SyntaxError, ValueError, OSError):
            continue  # what Python can't load, it hasn't loaded: a module of another Python
        names = {name.lstrip(".") for name in modules[file].imports.values()}
        waiting += [found for name in names for found in _files(name, [path.parent, *search])]
    roots = {
        (shown(place.file, directory), place.line)
        for places in application.places.values()
        for place in places
    }
    return Source((modules[file] for file in sorted(modules)), frozenset(roots))


def _files(name: str, places: Iterable[Path]) -> Iterator[Path]:
    """The files of the project that `name` (`shop.views.index`) may be, or be in."""
    parts = name.split(".")
    for place in places:
        for depth in range(len(parts), 0, -1):
            stem = place.joinpath(*parts[:depth])
            yield from (each for each in (stem.with_suffix(".py"), stem / "__init__.py") if each.is_file())


def _imports(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield (
                    alias.asname or alias.name.split(".")[0],
                    alias.name if alias.asname else alias.name.split(".")[0],
                )
        elif isinstance(node, ast.ImportFrom):
            origin = "." * node.level + (node.module or "")
            for alias in node.names:
                joined = f"{origin}{alias.name}" if origin.endswith(".") else f"{origin}.{alias.name}"
                yield alias.asname or alias.name, joined


def _is_root(function: Function) -> bool:
    for decorator in function.decorator_list:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        if isinstance(called, ast.Attribute) and called.attr in ROUTES | HOOKS:
            return True
    return False
