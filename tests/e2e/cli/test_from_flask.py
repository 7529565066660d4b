"""`dew init --from-flask`: an application becomes a service that answers as it did."""

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from dewstack.testing import Dew, start
from dewstack.testing.flask_client import gateway_client

APPLICATION = '''\
"""What a Flask application does with requests, a little of each."""
from flask import Blueprint, Flask, jsonify, redirect, request, session, url_for

shop = Blueprint("shop", __name__, url_prefix="/shop")


def create_app(greeting="Hello"):
    app = Flask(__name__, static_folder="files")
    app.secret_key = "dev"
    app.register_blueprint(shop)

    @app.get("/")
    def index():
        return f"{greeting}, {session.get('user', 'stranger')}!"

    @app.post("/log-in")
    def log_in():
        session["user"] = request.form["user"]
        return redirect(url_for("index"))

    @app.get("/about/")
    def about():
        return url_for("about").removeprefix("/dev")

    @app.errorhandler(418)
    def teapot(error):
        return {"error": "teapot"}, 418

    return app


@shop.route("/items/<int:number>", methods=["GET", "PUT", "DELETE"])
def item(number):
    if number == 418:
        from flask import abort

        abort(418)
    return jsonify(number=number, method=request.method, body=request.get_data(as_text=True))


@shop.get("/search")
def search():
    answer = jsonify(terms=request.args.getlist("q"), agent=request.headers["X-Agent"])
    answer.set_cookie("last", request.args["q"])
    answer.set_cookie("seen", "1")
    return answer


@shop.get("/tree/<path:where>")
def tree(where):
    return where


@shop.post("/echo")
def echo():
    return request.get_data(), 201, {"Content-Type": "application/octet-stream"}


@shop.post("/upload")
def upload():
    file = request.files["photo"]
    return {"name": file.filename, "bytes": list(file.read()), "kind": request.form["kind"]}
'''
IMAGE = bytes(range(256))


def init(
    directory: Path, *arguments: str, stdin: int = subprocess.DEVNULL
) -> "subprocess.CompletedProcess[str]":
    """Run `dew init --from-flask` there."""
    command = [sys.executable, "-P", "-m", "dewstack.cli", "init", "--from-flask", *arguments]
    environ = {**os.environ, "VIRTUAL_ENV": sys.prefix}
    return subprocess.run(
        command, cwd=directory, stdin=stdin, capture_output=True, text=True, timeout=60, env=environ
    )


def make(directory: Path) -> Path:
    """Write the application."""
    directory.mkdir(exist_ok=True)
    (directory / "web.py").write_text(APPLICATION)
    (directory / "files").mkdir()
    (directory / "files/logo.png").write_bytes(IMAGE)
    return directory


def load(directory: Path) -> Flask:
    """The application itself, in this process."""
    spec = importlib.util.spec_from_file_location("web", directory / "web.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "web", module)
        spec.loader.exec_module(module)
        app: Flask = module.create_app("Ahoy")
    return app


@contextmanager
def converted(directory: Path, *options: str) -> Iterator[Dew]:
    """The application as a service, running."""
    done = init(make(directory), "web:create_app('Ahoy')", *options)
    assert done.returncode == 0, done.stderr
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VIRTUAL_ENV", sys.prefix)
        with start(directory) as dew:
            yield dew


FORMS = {
    "one function, HTTP API": [],
    "one function, REST API": ["--rest-api"],
    "per route, HTTP API": ["--per-route"],
    "per route, REST API": ["--per-route", "--rest-api"],
}


@pytest.fixture(scope="module", params=FORMS)
def clients(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[FlaskClient, FlaskClient]]:
    """The application asked directly, and by way of the gateway."""
    directory = tmp_path_factory.mktemp("web")
    options = FORMS[request.param]
    with converted(directory, *options) as dew:
        url = f"{dew.url}/dev" if "--rest-api" in options else dew.url
        app = load(directory)
        yield app.test_client(), gateway_client(url)(app)


def told(answer: TestResponse) -> dict[str, Any]:
    """What an answer says, apart from what servers add, and the address that it was asked at."""
    headers = {name: answer.headers.get(name) for name in ("Content-Type", "Cache-Control", "Vary")}
    where = answer.headers.get("Location", "").removeprefix("http://localhost")
    cookies = sorted(cookie.partition(";")[0] for cookie in answer.headers.getlist("Set-Cookie"))
    body = answer.data if not where else b""
    return {"status": answer.status_code, "body": body, "to": where, "cookies": cookies, **headers}


@pytest.mark.parametrize(
    ("method", "path", "options"),
    [
        ("GET", "/", {}),
        ("GET", "/about", {}),
        ("GET", "/shop/items/7", {}),
        ("GET", "/shop/items/seven", {}),
        ("GET", "/shop/items/418", {}),
        ("PUT", "/shop/items/7", {"json": {"a": "ü"}}),
        ("DELETE", "/shop/items/7", {}),
        ("GET", "/shop/search?q=a+b&q=c%26d&q=%C3%BC", {"headers": {"X-Agent": "test"}}),
        ("GET", "/shop/tree/a/b%20c/d", {}),
        ("POST", "/shop/echo", {"data": IMAGE}),
        ("POST", "/shop/upload", {"data": {"kind": "png", "photo": (str(Path(__file__)), "photo.png")}}),
        ("GET", "/files/logo.png", {}),
        ("GET", "/files/none.png", {}),
    ],
)
def test_the_service_answers_as_the_application_does(
    clients: tuple[FlaskClient, FlaskClient],
    method: str,
    path: str,
    options: dict[str, Any],
    request: pytest.FixtureRequest,
) -> None:
    direct, through = clients
    if path == "/about" and "per route, HTTP API" in request.node.name:
        assert through.get(path).json == {"message": "Not Found"}, "the report says so"
        assert through.get("/about/").text == direct.get("/about/").text
        return
    assert told(through.open(path, method=method, buffered=True, **options)) == told(
        direct.open(path, method=method, buffered=True, **options)
    )


def test_sessions_last_and_redirects_are_followed(clients: tuple[FlaskClient, FlaskClient]) -> None:
    for client in clients:
        assert client.post("/log-in", data={"user": "Ada"}).status_code == 302
        assert client.post("/log-in", data={"user": "Ada"}, follow_redirects=True).text == "Ahoy, Ada!"
        with client.session_transaction() as session:
            assert session["user"] == "Ada"
            session["user"] = "Grace"
        assert client.get("/").text == "Ahoy, Grace!"
        with client:
            client.get("/")
            from flask import session as of_the_request

            assert of_the_request["user"] == "Grace"


def test_the_report_comes_before_anything_is_written(tmp_path: Path) -> None:
    make(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    checked = init(tmp_path, "web", "--check")
    assert checked.returncode == 0, checked.stderr
    assert "web.py:9  SECRET_KEY stands in the source" in checked.stdout
    assert sorted(tmp_path.rglob("*")) == before


def test_a_check_fails_when_something_breaks(tmp_path: Path) -> None:
    make(tmp_path)
    with (tmp_path / "web.py").open("a") as file:
        file.write("\n\n@shop.post('/note')\ndef note():\n    open('notes.txt', 'a').write('x')\n")
    checked = init(tmp_path, "web", "--check", "--json")
    assert checked.returncode == 1
    told = json.loads(checked.stdout)
    [finding] = [each for each in told["findings"] if each["level"] == "breaks"]
    assert (finding["rule"], finding["file"]) == ("file", "web.py")
    assert told["functions"] == {"app": ["*"]} and told["files"] == []


def test_nothing_is_replaced_without_being_asked(tmp_path: Path) -> None:
    make(tmp_path)
    (tmp_path / "serverless.yml").write_text("service: mine\n")
    refused = init(tmp_path, "web")
    assert (refused.returncode, "serverless.yml is there already" in refused.stderr) == (1, True)
    assert not (tmp_path / "lambda_handler.py").exists()
    assert init(tmp_path, "web", "--overwrite").returncode == 0
    assert "mine" not in (tmp_path / "serverless.yml").read_text()
    again = init(tmp_path, "web")
    assert "Everything is there already" in again.stdout


@pytest.mark.parametrize(("typed", "replaced"), [("y", True), ("n", False)])
def test_somebody_at_the_keyboard_is_asked(tmp_path: Path, typed: str, replaced: bool) -> None:
    make(tmp_path)
    (tmp_path / "lambda_handler.py").write_text("mine = True\n")
    ours, theirs = os.openpty()
    os.write(ours, f"{typed}\n".encode())
    try:
        done = init(tmp_path, "web", stdin=theirs)
    finally:
        os.close(ours)
        os.close(theirs)
    assert "lambda_handler.py is there already. Replace it?" in done.stdout
    assert ("mine" not in (tmp_path / "lambda_handler.py").read_text()) is replaced
    assert (done.returncode, (tmp_path / "serverless.yml").exists()) == (0 if replaced else 1, replaced)


def test_requirements_get_what_is_missing_and_keep_the_rest(tmp_path: Path) -> None:
    make(tmp_path)
    (tmp_path / "requirements.txt").write_text("flask>=3 # ours\n")
    assert init(tmp_path, "web").returncode == 0
    assert (tmp_path / "requirements.txt").read_text() == "flask>=3 # ours\napig-wsgi>=2.19\n"


def test_what_can_t_be_imported_is_told_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("import os\n\nos.environ['DATABASE_ADDRESS']\n")
    refused = init(tmp_path, "broken", "--check")
    assert refused.returncode == 1
    assert "broken can't be imported: KeyError at broken.py:3: 'DATABASE_ADDRESS'" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_options_of_a_flask_application_need_one(tmp_path: Path) -> None:
    command = [sys.executable, "-P", "-m", "dewstack.cli", "init", "--check"]
    refused = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert (refused.returncode, "go with --from-flask" in refused.stderr) == (2, True)


def test_commands_of_the_application_are_a_function_of_their_own(tmp_path: Path) -> None:
    make(tmp_path)
    with (tmp_path / "web.py").open("a") as file:
        file.write("\n\n@shop.cli.command('restock')\ndef restock():\n    print('restocked')\n")
    assert init(tmp_path, "web").returncode == 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VIRTUAL_ENV", sys.prefix)
        with start(tmp_path) as dew:
            answer = dew.client("lambda").invoke(
                FunctionName=f"{dew.service.name}-dev-command", Payload=b'["shop", "restock"]'
            )
            assert json.load(answer["Payload"]) == {"exit_code": 0, "output": "restocked\n"}


def test_what_is_converted_runs_on_flask_again(tmp_path: Path) -> None:
    assert init(make(tmp_path), "web:create_app('Ahoy')", "--per-route", "--rest-api").returncode == 0
    base = "/dev"
    code = (
        "from dewstack.shim import create_app\n"
        "client = create_app().test_client()\n"
        f"print(client.post('{base}/log-in', data={{'user': 'Ada'}}).headers['Location'])\n"
        f"print(client.get('{base}/').text)\n"
    )
    environ = {**os.environ, "VIRTUAL_ENV": sys.prefix}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, env=environ)
    assert (done.stdout, done.stderr) == (f"{base}/\nAhoy, Ada!\n", "")
