"""The files that run an application: a map that loads, a handler that Python takes."""

import ast
from pathlib import Path
from typing import Any

import pytest
import yaml

from dewstack.convert import Form, convert
from dewstack.service import load
from tests.unit.convert.applications import application, rule

RULES = (rule("/", "index"), rule("/items/<int:number>", "shop.item", "GET", "PUT"))


def files(tmp_path: Path, form: Form, **told: Any) -> dict[str, str]:
    app = application(tmp_path, **{"rules": RULES, **told})
    return dict(convert(app, tmp_path, form, service="shop").files)


@pytest.mark.parametrize(
    ("form", "routes"),
    [
        (Form(), {"app": ["*"]}),
        (Form(rest=True), {"app": ["ANY /", "ANY /{proxy+}"]}),
        (
            Form(per_route=True),
            {"index": ["GET /"], "shopItem": ["GET /items/{number}", "PUT /items/{number}"]},
        ),
        (Form(True, True), {"index": ["GET /"], "shopItem": ["GET /items/{number}", "PUT /items/{number}"]}),
    ],
)
def test_the_map_loads_and_has_the_routes(tmp_path: Path, form: Form, routes: dict[str, list[str]]) -> None:
    for name, text in files(tmp_path, form).items():
        (tmp_path / name).write_text(text)
    service = load(tmp_path, options={}, environ={})
    assert {
        key: [event.route_key for event in function.events] for key, function in service.functions.items()
    } == routes
    assert service.provider.runtime == "python3.12"
    assert {function.handler for function in service.functions.values()} == {"lambda_handler.handler"}


@pytest.mark.parametrize("form", [Form(), Form(rest=True)])
@pytest.mark.parametrize(
    ("module", "expression", "line"),
    [
        ("app", "app", "from app import app"),
        ("shop.web", "application", "from shop.web import application as app"),
        ("shop", "create_app()", "app = create_app()"),
        ("shop", "create_app('prod', debug=False)", "app = create_app('prod', debug=False)"),
    ],
)
@pytest.mark.parametrize("source", ["", "src"])
@pytest.mark.parametrize("instance", [False, True])
def test_the_handler_makes_the_application_as_flask_does(
    tmp_path: Path, form: Form, module: str, expression: str, line: str, source: str, instance: bool
) -> None:
    told: dict[str, Any] = {"commands": ("init-db",), "search_path": str(tmp_path / source)}
    if instance:
        told["path_settings"] = {"DATABASE": f"{tmp_path}/instance/shop.sqlite"}
    code = files(tmp_path, form, module=module, expression=expression, **told)["lambda_handler.py"]
    tree = ast.parse(code)
    assert line in [text.partition("  #")[0] for text in code.splitlines()]
    assert ('sys.path.insert(0, str(Path(__file__).parent / "src"))' in code) is bool(source)
    assert ('INSTANCE = Path("/tmp/instance")' in code) is instance
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    imported = {
        alias.asname or alias.name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert imported <= used, "what is imported is used"


def test_an_application_of_a_python_that_lambda_has_not_gets_the_nearest(tmp_path: Path) -> None:
    for python, runtime in (((3, 8), "python3.10"), ((3, 13), "python3.13"), ((3, 99), "python3.14")):
        text = files(tmp_path, Form(), python=python)["serverless.yml"]
        assert yaml.safe_load(text)["provider"]["runtime"] == runtime


def test_variables_that_must_be_set_are_in_the_map(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("import os\nos.environ['ADDRESS']\nos.environ.get('LEVEL')\n")
    told = {"modules": (str(tmp_path / "app.py"),), "env_files": (".env",)}
    text = files(tmp_path, Form(), **told)["serverless.yml"]
    assert yaml.safe_load(text)["useDotenv"] is True
    assert yaml.safe_load(text)["provider"]["environment"] == {"ADDRESS": "${env:ADDRESS}"}
    assert "  #   LEVEL: ${env:LEVEL}\n" in text


def test_commands_have_a_function(tmp_path: Path) -> None:
    made = files(tmp_path, Form(), commands=("init-db",))
    assert yaml.safe_load(made["serverless.yml"])["functions"]["command"] == {
        "handler": "lambda_handler.command",
        "timeout": 300,
    }
    assert "def command(event, context):" in made["lambda_handler.py"]


def test_what_is_there_but_no_part_of_the_application_is_not_packed(tmp_path: Path) -> None:
    (tmp_path / ".venv").mkdir()
    patterns = yaml.safe_load(files(tmp_path, Form())["serverless.yml"])["package"]["patterns"]
    assert patterns == ["!.venv/**", "!**/__pycache__/**", "!.dew/**", "!.env*"]


@pytest.mark.parametrize(
    ("there", "text", "first"),
    [
        ({}, "Flask==3.1.3\napig-wsgi>=2.19\n", ()),
        ({"requirements.txt": "flask"}, "flask\napig-wsgi>=2.19\n", ()),
        ({"requirements.txt": "flask\napig_wsgi==2.20\n"}, None, ()),
        ({"pyproject.toml": "[project]\ndependencies = ['flask>=3']\n"}, "flask>=3\napig-wsgi>=2.19\n", ()),
        ({"uv.lock": "[[package]]\nname='x'\nsource={virtual='.'}\n"}, None, ("uv add apig-wsgi",)),
        ({"poetry.lock": "[[package]]\nname='apig-wsgi'\nversion='2.20'\n"}, None, ()),
    ],
)
def test_requirements_are_written_where_one_keeps_them(
    tmp_path: Path, there: dict[str, str], text: str | None, first: tuple[str, ...]
) -> None:
    for name, content in there.items():
        (tmp_path / name).write_text(content)
    (tmp_path / "app.py").write_text("import json\nfrom flask import Flask\n")
    app = application(
        tmp_path,
        modules=(str(tmp_path / "app.py"),),
        distributions={"flask": "Flask==3.1.3", "click": "click==8.1"},
    )
    made = convert(app, tmp_path, Form(), service="shop")
    assert made.files.get("requirements.txt") == text
    assert made.first == first
