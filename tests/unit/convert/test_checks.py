"""What is found in the source of an application, and where."""

from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from dewstack.convert import Finding, find
from dewstack.convert.checks import calls
from dewstack.convert.model import LEVELS, Place
from tests.unit.convert.applications import application, rule


def found(tmp_path: Path, source: str, **told: Any) -> list[Finding]:
    """The findings of an application of one file."""
    file = tmp_path / "app.py"
    file.write_text(dedent(source))
    return find(application(tmp_path, modules=(str(file),), **told), tmp_path)


def rules_at(findings: list[Finding]) -> set[tuple[str, int]]:
    return {(finding.rule, finding.line) for finding in findings}


VIEW = "from flask import Flask, request, session\napp = Flask(__name__)\n@app.get('/')\ndef view():\n"
"""Four lines; a view's body begins at line 5."""


@pytest.mark.parametrize(
    ("body", "rule_name"),
    [
        ("open('x.txt', 'w')", "file"),
        ("open('x.txt', mode='ab')", "file"),
        ("import os; os.makedirs('uploads')", "file"),
        ("from pathlib import Path; Path('x').write_text('y')", "file"),
        ("from pathlib import Path; Path('x').open('w')", "file"),
        ("request.files['photo'].save('uploads/x')", "upload"),
        ("f = request.files.get('f'); f.save(f.filename)", "upload"),
        ("import sqlite3; sqlite3.connect('shop.db')", "sqlite"),
        ("import logging; logging.FileHandler('x.log')", "log-file"),
        ("from threading import Thread; Thread(target=print).start()", "background"),
        ("import threading as t; t.Timer(1, print).start()", "background"),
        ("import multiprocessing; multiprocessing.Pool()", "semaphores"),
        ("import time; time.sleep(31)", "long-request"),
        ("import time; time.sleep(1)", "sleep"),
        ("import requests; requests.get('http://x', timeout=60)", "long-request"),
        ("request.files", "upload-size"),
        ("request.remote_addr", "remote-address"),
        ("from flask import send_file; return send_file('x')", "download"),
        ("from flask import stream_with_context; return stream_with_context(x)", "streaming"),
        ("from flask import Response; return Response(str(x) for x in range(9))", "streaming"),
        ("from flask import current_app; current_app.config['X'] = 1", "settings"),
        ("import atexit; atexit.register(print)", "exit"),
        ("request.authorization", "basic-auth"),
    ],
)
def test_what_a_view_does_is_found_at_its_line(tmp_path: Path, body: str, rule_name: str) -> None:
    assert (rule_name, 5) in rules_at(found(tmp_path, f"{VIEW}    {body}\n"))


@pytest.mark.parametrize(
    "body",
    [
        "open('x.txt')",
        "open('x.txt', 'rb')",
        "open('/tmp/x.txt', 'w')",
        "import tempfile; open(tempfile.gettempdir() + '/x', 'w')",
        "import sqlite3; sqlite3.connect(':memory:')",
        "import sqlite3; sqlite3.connect('/tmp/shop.db')",
        "from pathlib import Path; Path('/tmp/x').write_text('y')",
        "form = object(); form.save()",
        "found = []; found.append(1)",
        "import requests; requests.get('http://x', timeout=5)",
        "return session['user']",
    ],
)
def test_what_is_the_same_on_lambda_is_not_found(tmp_path: Path, body: str) -> None:
    assert found(tmp_path, f"{VIEW}    {body}\n") == []


def test_the_instance_folder_is_another_matter_than_the_rest_of_the_disk(tmp_path: Path) -> None:
    [finding] = found(tmp_path, "import os\nos.makedirs(app.instance_path)\n")
    assert (finding.rule, finding.level, finding.line) == ("instance", "differs", 2)
    [finding] = found(tmp_path, "import os\nos.makedirs(app.instance_path)\n", instance_is_default=False)
    assert (finding.rule, finding.level) == ("file", "breaks")


STATE = """\
from itertools import count
from flask import Flask
app = Flask(__name__)
visits = 0
cart = {}
numbers = count()
handlers = {}
LIMIT = 7


def register(kind):
    handlers[kind] = 1


register("a")


@app.post("/")
def view():
    global visits
    visits += 1
    cart["x"] = next(numbers)
    local = {}
    local["x"] = LIMIT
    return helper()


def helper():
    cart.setdefault("y", []).append(1)
    return cart


def shadow(cart):
    cart["z"] = 1
"""


def test_state_in_modules_is_found_where_requests_write_it(tmp_path: Path) -> None:
    findings = found(tmp_path, STATE)
    assert rules_at(findings) == {("module-state", line) for line in (21, 22, 29)}
    assert all(finding.level == "differs" and finding.file == "app.py" for finding in findings)


def test_a_function_that_no_request_reaches_may_change_what_it_likes(tmp_path: Path) -> None:
    findings = found(tmp_path, STATE.replace("return helper()", "return {}"))
    assert rules_at(findings) == {("module-state", 21), ("module-state", 22)}


def test_views_that_no_decorator_names_are_found_by_their_place(tmp_path: Path) -> None:
    source = "from flask import request\nseen = []\n\ndef view():\n    seen.append(1)\n"
    assert found(tmp_path, source) == []
    places = {"view": (Place(str(tmp_path / "app.py"), 4, "view"),)}
    assert rules_at(found(tmp_path, source, places=places)) == {("module-state", 5)}


def test_modules_that_are_imported_later_are_read_too(tmp_path: Path) -> None:
    (tmp_path / "work.py").write_text("import time\n\ndef heavy():\n    time.sleep(40)\n")
    findings = found(tmp_path, f"{VIEW}    from work import heavy\n    heavy()\n")
    assert [(finding.file, finding.line, finding.rule) for finding in findings] == [
        ("work.py", 4, "long-request")
    ]


@pytest.mark.parametrize(
    ("line", "rule_name"),
    [
        ("app.secret_key = 'dev'", "secret-key"),
        ("app.config['SECRET_KEY'] = 'dev'", "secret-key"),
        ("app.config.from_mapping(SECRET_KEY='dev')", "secret-key"),
        ("app.config.update({'SECRET_KEY': 'dev'})", "secret-key"),
        ("app.secret_key = __import__('os') and os.urandom(16)", "random-secret-key"),
        ("app.config['SECRET_KEY'] = secrets.token_hex()", "random-secret-key"),
    ],
)
def test_a_key_in_the_source_and_a_random_one_are_told_apart(
    tmp_path: Path, line: str, rule_name: str
) -> None:
    assert rules_at(found(tmp_path, f"import os, secrets\n{line}\n")) == {(rule_name, 2)}


def test_a_key_from_outside_is_as_it_should_be_once_the_map_names_it(tmp_path: Path) -> None:
    assert rules_at(found(tmp_path, "import os\napp.secret_key = os.environ['KEY']\n")) == {
        ("environment", 2)
    }


def test_variables_that_must_be_set_are_told_from_those_that_may(tmp_path: Path) -> None:
    source = """
    import os
    from os import environ, getenv
    a = os.environ.get("A", "x")
    b = getenv("B")
    c = environ["C"]
    a = os.environ["A"]
    home, region = os.environ["HOME"], os.environ["AWS_REGION"]
    os.environ["D"] = "set"
    """
    findings = found(tmp_path, source)
    assert {(each.level, each.line, each.what.split()[2]) for each in findings} == {
        ("breaks", 7, "A"),
        ("differs", 5, "B"),
        ("breaks", 6, "C"),
    }


def test_sessions_without_a_key_and_sessions_on_a_server(tmp_path: Path) -> None:
    used = f"{VIEW}    return session['user']\n"
    assert rules_at(found(tmp_path, used, secret_key=False)) == {("no-secret-key", 5)}
    kept = {"session_interface": "flask_session.FileSystem", "settings": {"SESSION_TYPE": "filesystem"}}
    assert [each.level for each in found(tmp_path, used, **kept)] == ["breaks"]
    kept["settings"] = {"SESSION_TYPE": "redis"}
    assert [each.level for each in found(tmp_path, used, **kept)] == ["note"]


def test_decorators_that_let_nobody_pass_are_what_an_authorizer_is(tmp_path: Path) -> None:
    source = """
    from flask import Flask, g, redirect
    app = Flask(__name__)

    def login_required(view):
        return view

    @app.get("/a")
    @login_required
    def a(): ...

    @app.get("/b")
    @login_required
    def b(): ...
    """
    [finding] = found(tmp_path, source)
    assert (finding.rule, finding.line, finding.what) == ("sign-in", 5, "@login_required guards a, b")


def test_a_decorator_of_any_name_that_lets_nobody_pass_is_one(tmp_path: Path) -> None:
    source = """
    from functools import wraps
    from flask import Flask, abort, session
    app = Flask(__name__)

    def staff(view):
        @wraps(view)
        def inner(*args):
            if session.get("role") != "staff":
                abort(403)
            return view(*args)
        return inner

    def loud(view):
        @wraps(view)
        def inner(*args):
            return view(*args).upper()
        return inner

    @app.get("/a")
    @staff
    @loud
    def a(): ...
    """
    assert [each.what for each in found(tmp_path, source)] == ["@staff guards a"]


def test_a_hook_that_lets_nobody_pass_is_found_and_one_that_only_looks_is_not(tmp_path: Path) -> None:
    source = """
    from flask import Flask, abort, g, session
    app = Flask(__name__)

    @app.before_request
    def who():
        g.user = session.get("user")

    @app.before_request
    def guard():
        if g.user is None:
            abort(401)
    """
    file = str(tmp_path / "app.py")
    hooks = (Place(file, 5, "who"), Place(file, 9, "guard"))
    assert rules_at(found(tmp_path, source, places={"before_request": hooks})) == {("sign-in", 10)}


@pytest.mark.parametrize(
    ("told", "rule_name"),
    [
        ({"static_files": 2, "static_bytes": 4096}, "static"),
        ({"commands": ("init-db",)}, "commands"),
        ({"env_files": (".env", ".flaskenv")}, "env-file"),
        ({"rules": (rule("/", host="api.example.com"),)}, "hosts"),
        ({"rules": (rule("/", websocket=True),)}, "websocket"),
        ({"settings": {"SERVER_NAME": "shop.example"}}, "server-name"),
        ({"settings": {"MAX_CONTENT_LENGTH": 16 * 1024 * 1024}}, "large-bodies"),
        ({"settings": {"SQLALCHEMY_DATABASE_URI": "sqlite:///shop.db"}}, "sqlite"),
        ({"settings": {"SQLALCHEMY_DATABASE_URI": "postgresql+psycopg"}}, "connections"),
        ({"extensions": ("login_manager",)}, "sign-in"),
    ],
)
def test_what_the_application_says_of_itself(tmp_path: Path, told: dict[str, Any], rule_name: str) -> None:
    assert [each.rule for each in found(tmp_path, "", **told)] == [rule_name]


def test_a_server_that_would_start_at_import_is_found(tmp_path: Path) -> None:
    assert rules_at(found(tmp_path, "app = make()\napp.run()\n")) == {("serving", 2)}
    assert found(tmp_path, "if __name__ == '__main__':\n    app.run()\n") == []


def test_a_thread_that_starts_with_the_application(tmp_path: Path) -> None:
    source = "import threading\ndef create_app():\n    threading.Thread(target=print).start()\n"
    assert rules_at(found(tmp_path, source)) == {("background", 3)}


def test_what_breaks_comes_first_and_nothing_twice(tmp_path: Path) -> None:
    findings = found(tmp_path, f"{VIEW}    x = request.remote_addr; open('x', 'w'); request.remote_addr\n")
    assert [finding.level for finding in findings] == ["breaks", "note"]


def test_every_rule_of_the_table_says_all(tmp_path: Path) -> None:
    for each in calls.RULES:
        assert each.level in LEVELS
        assert each.names and each.what and each.on_aws and each.instead
        name = each.names[0] + ("x" if each.names[0].endswith(".") else "")
        module, _, attribute = name.rpartition(".")
        body = f"from {module} import {attribute} as z\n"
        text = f"from flask import Flask\napp = Flask(__name__)\n{body}@app.get('/')\ndef v():\n    z\n"
        if each.where == calls.START:
            text = f"{body}z\n"
        assert each.rule in {finding.rule for finding in found(tmp_path, text)}, name
