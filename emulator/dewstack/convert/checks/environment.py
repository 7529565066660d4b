"""Variables of the environment: a function has those that the map gives it, and none of a shell or of `.env`."""

import ast
from collections.abc import Iterator, Mapping

from msgspec import Struct

from dewstack.convert.model import Application, Finding
from dewstack.convert.source import Module, Source

GIVEN = frozenset("PATH HOME TMPDIR LANG TZ PYTHONPATH".split())
"""What a function has anyway, beside `AWS_` and `LAMBDA_`."""
ON_AWS = "A function has the variables that the map's `environment` gives it, none of a shell's, and no .env"
INSTEAD = "`environment` of the map: NAME: ${env:NAME}, or ${ssm:…} for what is secret"


class Variable(Struct, frozen=True):
    """One variable, where it is first asked for, and whether there is nothing else to take."""

    name: str
    file: str
    line: int
    required: bool


def variables(source: Source) -> Mapping[str, Variable]:
    """The variables that an application asks `os.environ` for, by name."""
    found: dict[str, Variable] = {}
    for module in source.modules:
        for node in ast.walk(module.tree):
            name, required = _asked(module, node)
            if name and name not in GIVEN and not name.startswith(("AWS_", "LAMBDA_")):
                known = found.get(name)
                if known is None or (required and not known.required):
                    found[name] = Variable(name, module.file, getattr(node, "lineno", 1), required)
    return found


def check_environment(application: Application, source: Source) -> Iterator[Finding]:
    """Each variable that is asked for, and files of variables."""
    for variable in variables(source).values():
        level, what = ("breaks", "must be set") if variable.required else ("differs", "is asked for")
        place = (variable.file, variable.line)
        yield Finding("environment", level, *place, f"the variable {variable.name} {what}", ON_AWS, INSTEAD)
    if application.env_files:
        files = " and ".join(application.env_files)
        what = f"{files} {'is' if len(application.env_files) == 1 else 'are'} read by Flask's command"
        yield Finding(
            "env-file", "differs", "", 0, what, ON_AWS, f"`useDotenv: true` in the map, and {INSTEAD}"
        )


def _asked(module: Module, node: ast.AST) -> tuple[str, bool]:
    """`os.environ["NAME"]` (required), `os.environ.get("NAME")` and `os.getenv("NAME")`: the name."""
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        return (_text(node.slice) if module.dotted(node.value) == "os.environ" else ""), True
    if isinstance(node, ast.Call) and node.args:
        asks = module.dotted(node.func) in ("os.environ.get", "os.getenv")
        return (_text(node.args[0]) if asks else ""), False
    return "", False


def _text(node: ast.AST) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
