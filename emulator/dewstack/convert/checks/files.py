"""What an application writes to the disk, read-only on Lambda but for /tmp, which is each environment's own."""

import ast
from collections.abc import Iterator

from dewstack.convert.model import Application, Finding
from dewstack.convert.source import Module, Source

WRITERS = frozenset(
    "os.makedirs os.mkdir os.remove os.unlink os.rename os.replace shutil.copy shutil.copyfile shutil.copytree"
    " shutil.move shutil.rmtree".split()
)
"""Take the path they change as their last, or only, positional argument."""
METHODS = frozenset("write_text write_bytes mkdir touch unlink".split())
"""Of pathlib's paths."""
LOGS = frozenset(
    "logging.FileHandler logging.handlers.RotatingFileHandler logging.handlers.TimedRotatingFileHandler".split()
)
READ_ONLY = (
    "OSError: [Errno 30] Read-only file system. Only /tmp can be written, and each environment has its own"
)
ELSEWHERE = (
    "objects go to S3 (boto3's upload_fileobj), records to DynamoDB or a database; what is temporary to /tmp"
)
INSTANCE = (
    "lambda_handler.py has it at /tmp/instance, where it begins as it was packed; what is written there is one"
    " environment's own, and goes with it"
)
DATABASE = (
    "An SQLite file lies on a read-only disk, or in /tmp, where every environment has its own, empty at first and gone"
    " with it"
)
A_DATABASE = (
    "RDS or Aurora, or DynamoDB; for a look at it, /tmp with one environment (reservedConcurrency: 1); EFS is a disk"
    " that environments share"
)


def check_files(application: Application, source: Source) -> Iterator[Finding]:
    """Databases, uploads, directories, log files: whatever is written outside of /tmp."""
    databases = False
    for nodes in (source.within_requests(), source.at_start()):
        for module, node in nodes:
            if isinstance(node, ast.Call):
                for finding in _of_call(module, node):
                    databases = databases or finding.rule == "sqlite"
                    yield _in_instance(finding) if _names_instance(application, node) else finding
    yield from _settings(application, databases=databases)


def _names_instance(application: Application, call: ast.Call) -> bool:
    return application.instance_is_default and "instance_path" in ast.unparse(call)


def _in_instance(finding: Finding) -> Finding:
    what = f"{finding.what}, in the instance folder"
    return Finding("instance", "differs", finding.file, finding.line, what, INSTANCE, ELSEWHERE)


def _of_call(module: Module, call: ast.Call) -> Iterator[Finding]:
    name = module.dotted(call.func)
    told = _of_function(module, call, name)
    if told is None and isinstance(call.func, ast.Attribute) and name not in ("os.open", "webbrowser.open"):
        told = _of_method(module, call, call.func)
    if told is not None:
        yield Finding(told[0], "breaks", module.file, call.lineno, *told[1:])


def _of_function(module: Module, call: ast.Call, name: str) -> tuple[str, str, str, str] | None:
    """What a function known by its name does: rule, what, on AWS, instead."""
    first = call.args[0] if call.args else None
    if name == "sqlite3.connect" and not _is_elsewhere(module, first, ":memory:"):
        return "sqlite", "an SQLite database is opened", DATABASE, A_DATABASE
    if name in ("open", "io.open") and _writes(call, 1) and not _is_elsewhere(module, first):
        return "file", "a file is written", READ_ONLY, ELSEWHERE
    if name in WRITERS and not _is_elsewhere(module, call.args[-1] if call.args else None):
        return "file", f"{name} changes the disk", READ_ONLY, ELSEWHERE
    if name in LOGS and not _is_elsewhere(module, first):
        return "log-file", "a log is written to a file", READ_ONLY, "log to stderr: CloudWatch Logs has it"
    return None


def _of_method(module: Module, call: ast.Call, called: ast.Attribute) -> tuple[str, str, str, str] | None:
    """What a method of a path or an upload does, as far as its name tells."""
    if called.attr == "open" and _writes(call, 0) and not _is_elsewhere(module, called):
        return "file", "a file is written", READ_ONLY, ELSEWHERE
    if called.attr in METHODS and not _is_elsewhere(module, called):
        return "file", f"{called.attr}() changes the disk", READ_ONLY, ELSEWHERE
    first = call.args[0] if call.args else None
    if called.attr == "save" and _is_upload(call) and not _is_elsewhere(module, first):
        return "upload", "an upload is saved to the disk", READ_ONLY, ELSEWHERE
    return None


def _writes(call: ast.Call, position: int) -> bool:
    """Whether a mode is given, at `position` or by name, that writes."""
    given = call.args[position] if len(call.args) > position else None
    mode = next((each.value for each in call.keywords if each.arg == "mode"), given)
    return (
        isinstance(mode, ast.Constant) and isinstance(mode.value, str) and bool(set("wax+") & set(mode.value))
    )


def _is_elsewhere(module: Module, path: ast.AST | None, *allowed: str) -> bool:
    """Whether a path names /tmp (or what is allowed besides), as far as one can read it off."""
    for node in ast.walk(path) if path is not None else ():
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if node.value.startswith("/tmp") or node.value in allowed:
                return True
        elif isinstance(node, ast.Name | ast.Attribute) and module.dotted(node).startswith("tempfile."):
            return True
    return False


def _is_upload(call: ast.Call) -> bool:
    """`request.files["x"].save(…)`, `f.save(… f.filename)`: forms and models have a save() of their own."""
    text = ast.unparse(call).lower()
    return any(
        word in text for word in ("files", "file.", "filename", "upload", "attachment", "image.", "photo.")
    )


def _settings(application: Application, *, databases: bool) -> Iterator[Finding]:
    """What `app.config` places inside the project."""
    uri = str(application.settings.get("SQLALCHEMY_DATABASE_URI") or "")
    if uri.startswith("sqlite") and ":memory:" not in uri and not uri.startswith("sqlite:////tmp/"):
        what = "SQLALCHEMY_DATABASE_URI names an SQLite file"
        yield Finding("sqlite", "breaks", "", 0, what, DATABASE, A_DATABASE)
    for key, value in sorted(application.path_settings.items()):
        if databases and value.endswith((".sqlite", ".sqlite3", ".db")):
            yield Finding(
                *(
                    "sqlite-setting",
                    "differs",
                    "",
                    0,
                    f"{key} lies in the project: {value.rpartition('/')[2]}",
                ),
                *(DATABASE, f"FLASK_{key} in the map's environment names another place"),
            )
