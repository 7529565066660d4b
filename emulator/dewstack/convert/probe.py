"""Runs in the project's own Python: imports the application as `flask --app` does and tells of it as JSON.

It knows nothing of dewstack and needs nothing but Flask 2.2 or newer. What the application prints goes to stderr.
"""

from __future__ import annotations

import inspect
import json
import os
import re
import sys
import traceback
from typing import Any

SETTINGS = (
    *("MAX_CONTENT_LENGTH", "SERVER_NAME", "APPLICATION_ROOT", "SESSION_TYPE", "CACHE_TYPE"),
    "SQLALCHEMY_DATABASE_URI",
)


def main() -> None:
    """Read `sys.argv[1]`, the application's name; write one JSON document to what was stdout."""
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    sys.path[0] = ""  # not the directory of this file
    try:
        told = _told(sys.argv[1])
    except BaseException as error:  # whatever the application raises, SystemExit too
        told = {"error": type(error).__name__, "message": str(error), "at": _at(error)}
    json.dump(told, answer)
    answer.flush()
    os._exit(0)  # threads of the application don't hold it


def _told(target: str) -> dict[str, Any]:
    project = os.getcwd()
    from flask import Flask
    from flask.cli import ScriptInfo, load_dotenv

    default_instance = Flask.auto_find_instance_path
    with _without_warnings():
        load_dotenv()
        app = ScriptInfo(app_import_path=target, set_debug_flag=False).load_app()
    module, expression = _expression(target, app)
    statics = _static_files(app)
    return {
        "target": target,
        "module": module,
        "expression": expression,
        "search_path": sys.path[0],
        "name": app.name,
        "python": list(sys.version_info[:2]),
        "flask": _version("flask"),
        "root_path": app.root_path,
        "instance_path": app.instance_path,
        "instance_is_default": app.instance_path == default_instance(app),
        "rules": [_rule(rule) for rule in app.url_map.iter_rules()],
        "places": _places(app),
        "blueprints": sorted(app.blueprints),
        "error_codes": sorted({code for codes in app.error_handler_spec.values() for code in codes if code}),
        "static_files": len(statics),
        "static_bytes": sum(statics),
        "secret_key": bool(app.secret_key),
        "session_interface": _qualified(type(app.session_interface)),
        "settings": _settings(app),
        "path_settings": {
            key: value
            for key, value in app.config.items()
            if isinstance(value, str) and value.startswith((project + os.sep, app.instance_path))
        },
        "extensions": sorted(map(str, app.extensions)),
        "commands": sorted(app.cli.commands),
        "modules": _modules(project),
        "env_files": [name for name in (".env", ".flaskenv") if os.path.isfile(name)],
        "distributions": _distributions(),
    }


def _without_warnings() -> Any:
    import warnings

    return warnings.catch_warnings()


def _expression(target: str, app: Any) -> tuple[str, str]:
    """The module and what in it gave the application."""
    from flask.cli import prepare_import

    path, _, name = re.split(r"(:)(?![\\/])", target, maxsplit=1) if ":" in target else (target, "", "")
    module_name = prepare_import(path)
    module = sys.modules[module_name]
    if not name:
        found = [key for key, value in vars(module).items() if value is app]
        factories = [key for key in ("create_app", "make_app") if callable(getattr(module, key, None))]
        return module_name, (found or [f"{key}()" for key in factories])[0]
    value = getattr(module, name, None) if name.isidentifier() else None
    return module_name, f"{name}()" if callable(value) and value is not app else name


def _rule(rule: Any) -> dict[str, Any]:
    converters = getattr(rule, "_converters", {})
    return {
        "rule": rule.rule,
        "endpoint": rule.endpoint,
        "methods": sorted(rule.methods or ()),
        "greedy": [key for key, each in converters.items() if not getattr(each, "part_isolating", True)],
        "strict_slashes": rule.strict_slashes is not False,
        "automatic_options": getattr(rule, "provide_automatic_options", True) is not False,
        "host": rule.host or rule.subdomain or "",
        "websocket": bool(rule.websocket),
        "build_only": bool(rule.build_only or rule.redirect_to),
    }


def _places(app: Any) -> dict[str, list[dict[str, Any]]]:
    """Where the functions are that requests reach."""
    hooks = {
        "before_request": app.before_request_funcs,
        "after_request": app.after_request_funcs,
        "teardown": {
            **app.teardown_request_funcs,
            "application": app.teardown_appcontext_funcs,
        },
        "context": app.template_context_processors,
    }
    found = {endpoint: _place(view) for endpoint, view in app.view_functions.items()}
    for kind, by_blueprint in hooks.items():
        found[kind] = [
            place for functions in by_blueprint.values() for each in functions for place in _place(each)
        ]
    handlers = [
        handler
        for codes in app.error_handler_spec.values()
        for classes in codes.values()
        for handler in classes.values()
    ]
    found["error"] = [place for handler in handlers for place in _place(handler)]
    return found


def _place(view: Any) -> list[dict[str, Any]]:
    """Where a view is defined; a class's methods each."""
    view_class = getattr(view, "view_class", None)
    functions = [view]
    if view_class is not None:
        functions = [each for kind in view_class.__mro__ for each in vars(kind).values()]
    places = []
    for each in functions:
        code = getattr(inspect.unwrap(each), "__code__", None) if callable(each) else None
        if code is not None:
            places.append({"file": code.co_filename, "line": code.co_firstlineno, "name": each.__name__})
    return places


def _static_files(app: Any) -> list[int]:
    """The sizes of the files that Flask serves as they are, in bytes."""
    folders = {each.static_folder for each in (app, *app.blueprints.values()) if each.static_folder}
    return [
        os.path.getsize(os.path.join(place, name))
        for folder in folders
        for place, _, names in os.walk(folder)
        for name in names
        if os.path.isfile(os.path.join(place, name))
    ]


def _settings(app: Any) -> dict[str, Any]:
    """The settings that matter; of a database's address no more than its kind and a file."""
    found = {key: app.config[key] for key in SETTINGS if isinstance(app.config.get(key), (str, int))}
    uri = str(found.get("SQLALCHEMY_DATABASE_URI", ""))
    if uri:
        kind, _, rest = uri.partition(":")
        found["SQLALCHEMY_DATABASE_URI"] = f"{kind}:{rest}" if kind.startswith("sqlite") else kind
    return found


def _modules(project: str) -> list[str]:
    """The files of the project's own modules: not those of a virtualenv inside it."""
    outside = tuple({os.path.realpath(sys.prefix) + os.sep, os.path.realpath(sys.base_prefix) + os.sep})
    files = set()
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None) or ""
        real = os.path.realpath(file)
        inside = real.startswith(os.path.realpath(project) + os.sep) and not real.startswith(outside)
        if (
            file.endswith(".py")
            and inside
            and "site-packages" not in real
            and real != os.path.realpath(__file__)
        ):
            files.add(os.path.abspath(file))
    return sorted(files)


def _distributions() -> dict[str, str]:
    """Import names of what is loaded, with the requirement that brings each."""
    from importlib import metadata

    loaded = [(name, getattr(module, "__file__", None) or "") for name, module in list(sys.modules.items())]
    wanted = {name.partition(".")[0] for name, file in loaded if "-packages" in file}
    found: dict[str, str] = {}
    unclear = []
    for distribution in metadata.distributions():
        name = distribution.metadata["Name"]
        tops = (distribution.read_text("top_level.txt") or re.sub(r"[-.]", "_", name).lower()).split()
        for top in wanted.intersection(tops):
            found.setdefault(top, f"{name}=={distribution.version}")
        if not wanted.intersection(tops):
            unclear.append(distribution)
    for distribution in unclear if wanted - set(found) else ():  # their lists of files are long
        for top in {str(file).partition("/")[0].partition(".")[0] for file in distribution.files or ()}:
            if top in wanted:
                found.setdefault(top, f"{distribution.metadata['Name']}=={distribution.version}")
    return found


def _version(name: str) -> str:
    from importlib import metadata

    return metadata.version(name)


def _qualified(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def _at(error: BaseException) -> str:
    """The innermost line of the project's own that an error came through."""
    frames = traceback.extract_tb(error.__traceback__)
    foreign = ("<", __file__)
    own = [
        frame
        for frame in frames
        if "-packages" not in frame.filename and not frame.filename.startswith(foreign)
    ]
    own = [frame for frame in own if os.path.abspath(frame.filename).startswith(os.getcwd() + os.sep)]
    return f"{os.path.relpath(own[-1].filename)}:{own[-1].lineno}" if own else ""


if __name__ == "__main__":
    main()
