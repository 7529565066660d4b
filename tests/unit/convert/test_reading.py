"""What an application tells of itself when its own Python imports it."""

import sys
from pathlib import Path

import pytest

from dewstack.convert import project_python, read_application, reading
from dewstack.errors import UserError

APPLICATION = """
import views
from flask import Blueprint, Flask, session
from flask.views import MethodView

print("what it prints disturbs nobody")
admin = Blueprint("admin", __name__, url_prefix="/admin", cli_group=None)


class Items(MethodView):
    def get(self, name):
        return name


@admin.cli.command("tidy")
def tidy(): ...


def make(prefix="", *, debug=False):
    app = Flask("shop", static_folder="public")
    app.secret_key = "not told"
    app.config.update(DATABASE=app.instance_path + "/shop.db", MAX_CONTENT_LENGTH=7)
    app.config["SQLALCHEMY_DATABASE_URI"] = "postgresql://ada:not-told@db/shop"
    app.register_blueprint(admin)
    app.add_url_rule(f"{prefix}/<path:name>/raw", view_func=Items.as_view("items"))
    app.add_url_rule("/seen", "seen", views.seen, methods=["POST"], strict_slashes=False)
    app.before_request(views.look)

    @app.errorhandler(404)
    def nowhere(error):
        return "", 404

    return app
"""
VIEWS = "def seen():\n    return ''\n\n\ndef look(): ...\n"


@pytest.fixture(autouse=True)
def own_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the project's Python be the one of the tests."""
    monkeypatch.setenv("VIRTUAL_ENV", sys.prefix)


def test_an_application_is_read_as_flask_makes_it(tmp_path: Path) -> None:
    (tmp_path / "web.py").write_text(APPLICATION)
    (tmp_path / "views.py").write_text(VIEWS)
    (tmp_path / "public").mkdir()
    (tmp_path / "public/logo.txt").write_text("logo")
    app = read_application(tmp_path, "web:make('/x', debug=True)")
    assert (app.module, app.expression, app.name) == ("web", "make('/x', debug=True)", "shop")
    assert app.python == sys.version_info[:2]
    rules = {rule.endpoint: rule for rule in app.rules}
    assert (rules["items"].rule, rules["items"].greedy) == ("/x/<path:name>/raw", ("name",))
    assert (rules["seen"].methods, rules["seen"].strict_slashes) == (("OPTIONS", "POST"), False)
    assert ("get", 11) in [(place.name, place.line) for place in app.places["items"]]
    assert [Path(place.file).name for place in app.places["before_request"]] == ["views.py"]
    assert (app.blueprints, app.commands, app.error_codes) == (("admin",), ("tidy",), (404,))
    assert (app.static_files, app.static_bytes, app.secret_key) == (1, 4, True)
    assert app.settings["MAX_CONTENT_LENGTH"] == 7
    assert app.settings["SQLALCHEMY_DATABASE_URI"] == "postgresql"
    assert app.path_settings["DATABASE"].endswith("/shop.db")
    assert {Path(file).name for file in app.modules} == {"web.py", "views.py"}
    assert app.distributions["flask"].startswith("Flask==")
    assert "not told" not in repr(app) and "not-told" not in repr(app)


@pytest.mark.parametrize(
    ("target", "source", "module", "expression"),
    [
        ("shop", "application = Flask(__name__)", "shop", "application"),
        ("shop", "mine = Flask(__name__)", "shop", "mine"),
        ("shop", "def create_app():\n    return Flask(__name__)", "shop", "create_app()"),
        ("shop:make", "def make():\n    return Flask(__name__)", "shop", "make()"),
        ("shop.py:app", "app = Flask(__name__)", "shop", "app"),
    ],
)
def test_the_application_is_named_as_flask_finds_it(
    tmp_path: Path, target: str, source: str, module: str, expression: str
) -> None:
    (tmp_path / "shop.py").write_text(f"from flask import Flask\n{source}\n")
    app = read_application(tmp_path, target)
    assert (app.module, app.expression) == (module, expression)


def test_a_package_below_another_directory_is_imported_from_there(tmp_path: Path) -> None:
    (tmp_path / "src/shop").mkdir(parents=True)
    (tmp_path / "src/shop/__init__.py").touch()
    (tmp_path / "src/shop/web.py").write_text("from flask import Flask\napp = Flask(__name__)\n")
    app = read_application(tmp_path, "src/shop/web.py:app")
    assert (app.module, app.search_path) == ("shop.web", str(tmp_path / "src"))


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import nowhere\n", "ModuleNotFoundError at broken.py:1: No module named 'nowhere'"),
        ("raise KeyError('ADDRESS')\n", "KeyError at broken.py:1: 'ADDRESS'"),
        ("def create_app(needed): ...\n", "could not call it without arguments"),
        ("x = 1\n", "Failed to find Flask application"),
        ("import os\nos._exit(3)\n", "status 3"),
        ("raise SystemExit('stop')\n", "SystemExit at broken.py:1: stop"),
        ("def create_app(:\n", "SyntaxError"),
    ],
)
def test_what_can_t_be_imported_is_told_with_its_place(tmp_path: Path, code: str, said: str) -> None:
    (tmp_path / "broken.py").write_text(code)
    with pytest.raises(UserError) as refused:
        read_application(tmp_path, "broken")
    assert said in refused.value.message
    assert "Traceback" not in refused.value.message + refused.value.hint


def test_an_import_that_does_not_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "endless.py").write_text("import time\ntime.sleep(100)\n")
    monkeypatch.setattr(reading, "IMPORT_SECONDS", 1.0)
    with pytest.raises(UserError, match="isn't imported after 1 s"):
        read_application(tmp_path, "endless")


def test_the_project_s_own_virtualenv_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VIRTUAL_ENV")
    assert project_python(tmp_path) == sys.executable
    (tmp_path / "venv/bin").mkdir(parents=True)
    (tmp_path / "venv/bin/python").write_text("#!/bin/sh\nexit 5\n")
    assert project_python(tmp_path) == str(tmp_path / "venv/bin/python")
    with pytest.raises(UserError, match="can't be run: Permission denied"):
        read_application(tmp_path, "app")
