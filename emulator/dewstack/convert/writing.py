"""The files that let an application run on Lambda: a map, the handler, and what must be installed."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec import Struct

from dewstack.convert.checks.environment import variables
from dewstack.convert.model import Application, shown
from dewstack.convert.routes import Route, RoutedFunction, functions_by_endpoint
from dewstack.convert.source import Source, read_source
from dewstack.deploy.requirements import read_required
from dewstack.deploy.requirements.files import name_of

ADAPTER = "apig-wsgi>=2.19"
HANDLER = "lambda_handler"
OLDEST, NEWEST = (3, 10), (3, 14)
"""The Pythons that Lambda has runtimes of."""
REQUIREMENTS = "requirements.txt"
LOCKS = {"uv.lock": "uv add", "poetry.lock": "poetry add", "Pipfile.lock": "pipenv install"}
NOT_PACKED = ("**/__pycache__/**", ".dew/**", ".env*")
NOT_PACKED_IF_THERE = (".git", ".venv", "venv", "env", "node_modules", "tests")

RELATIVE = """\
@app.after_request
def relative(response):
    \"\"\"A redirect to the application itself names the path alone: it may be reached at another address.\"\"\"
    if response.location and response.location.startswith(request.host_url):
        response.location = "/" + response.location.removeprefix(request.host_url)
    return response

""".splitlines()


class Form(Struct, frozen=True):
    """How the application is to run: a function for each route or one for all, behind a REST or an HTTP API."""

    per_route: bool = False
    rest: bool = False


class Conversion(Struct, frozen=True):
    """What is to be written (`files`: contents by path, relative), and what to do by hand before (`first`)."""

    files: Mapping[str, str]
    functions: tuple[RoutedFunction, ...]
    first: tuple[str, ...] = ()


def convert(application: Application, directory: Path, form: Form, *, service: str) -> Conversion:
    """The files that run `application`, of the project in `directory`, as a service of this name.

    Raises UserError for a URL map that the API can't have.
    """
    functions = functions_by_endpoint(application, rest=form.rest) if form.per_route else [_whole(form)]
    requirements, first = _requirements(application, directory)
    files = {
        "serverless.yml": "\n".join(_map(application, directory, functions, form, service)) + "\n",
        f"{HANDLER}.py": "\n".join(_handler(application, directory, form)) + "\n",
        **({REQUIREMENTS: requirements} if requirements else {}),
    }
    return Conversion(files, tuple(functions), first)


def _whole(form: Form) -> RoutedFunction:
    routes = (Route("/", "ANY"), Route("/{proxy+}", "ANY")) if form.rest else (Route("*", ""),)
    return RoutedFunction("app", (), routes)


def runtime_of(application: Application) -> str:
    """The runtime of the project's Python, or the nearest that Lambda has."""
    return "python{}.{}".format(*min(max(tuple(application.python), OLDEST), NEWEST))


def uses_instance(application: Application) -> bool:
    """Whether something lies in the instance folder, or is to lie there."""
    inside = f"{application.instance_path}/"
    return application.instance_is_default and (
        any(value.startswith(inside) for value in application.path_settings.values())
        or Path(application.instance_path).is_dir()
    )


def _map(
    application: Application, directory: Path, functions: list[RoutedFunction], form: Form, service: str
) -> Iterator[str]:
    api, waits = ("a REST API", 29) if form.rest else ("an HTTP API", 30)
    yield f"# The Flask application {application.target} behind {api}: `dew up` runs it here, `dew deploy` on AWS."
    yield f"service: {service}"
    if ".env" in application.env_files:
        yield "useDotenv: true # ${env:NAME} looks into .env, too"
    yield ""
    yield "provider:"
    yield "  name: aws"
    yield f"  runtime: {runtime_of(application)}"
    yield "  region: ${opt:region, 'us-east-1'}"
    yield "  stage: ${opt:stage, 'dev'}"
    yield "  memorySize: 512 # MB; more memory also means more CPU"
    yield f"  timeout: {waits - 1} # seconds; the API waits {waits}"
    if form.rest:
        yield "  apiGateway:"
        yield "    binaryMediaTypes: ['*/*'] # images and downloads arrive as they are"
    yield from _environment(read_source(application, directory), service)
    yield ""
    yield "functions:"
    for function in functions:
        yield from _function(function, form)
    if application.commands:
        named = json.dumps([application.commands[0]])
        yield f"  command: # flask {application.commands[0]}: dew invoke command --data '{named}'"
        yield f"    handler: {HANDLER}.command"
        yield "    timeout: 300"
    yield ""
    yield "plugins:"
    yield f"  - serverless-python-requirements # {REQUIREMENTS}"
    yield ""
    yield "package: # what travels to AWS: all but this"
    yield "  patterns:"
    there = [f"{name}/**" for name in NOT_PACKED_IF_THERE if (directory / name).is_dir()]
    yield from (f"    - '!{pattern}'" for pattern in [*there, *NOT_PACKED])


def _environment(source: Source, service: str) -> Iterator[str]:
    """What the application asks `os.environ` for: what it must have is taken from the shell, the rest is a hint."""
    asked = sorted(variables(source).values(), key=lambda each: (not each.required, each.name))
    required = [each.name for each in asked if each.required]
    mark = "" if required else "# "
    yield f"  {mark}environment: # os.environ; and app.config, by FLASK_ and the setting's name"
    yield from (f"    {name}: ${{env:{name}}}" for name in required)
    yield from (f"  #   {each.name}: ${{env:{each.name}}}" for each in asked if not each.required)
    yield f"  #   FLASK_SECRET_KEY: ${{ssm:/{service}/secret-key}}"


def _function(function: RoutedFunction, form: Form) -> Iterator[str]:
    comment = "" if function.endpoints else " # every request: Flask's own URL map decides"
    yield f"  {function.key}:{comment}"
    yield f"    handler: {HANDLER}.handler"
    yield "    events:"
    for route in function.routes:
        if route.path == "*":
            yield "      - httpApi: '*'"
        elif form.rest:
            yield f"      - http: {route.method} {route.path}"
        else:
            yield f"      - httpApi: {route.method} {route.path}"


def _handler(application: Application, directory: Path, form: Form) -> Iterator[str]:
    instance = uses_instance(application)
    below = shown(application.search_path, directory)
    elsewhere = below not in (".", str(directory))
    yield '"""The Flask application on Lambda: apig-wsgi makes a WSGI request of each event."""'
    yield ""
    if instance:
        yield "import shutil"
    if elsewhere:
        yield "import sys"
    if instance or elsewhere:
        yield "from pathlib import Path"
        yield ""
    yield "from apig_wsgi import make_lambda_handler"
    yield f"from flask import {'Flask, ' if instance else ''}request"
    yield ""
    if elsewhere:
        yield f'sys.path.insert(0, str(Path(__file__).parent / "{below}"))'
        yield ""
    if instance:
        folder = shown(application.instance_path, directory)
        yield f'PACKED = Path(__file__).parent / "{folder}"'
        yield 'INSTANCE = Path("/tmp/instance")'
        yield ""
        yield "# The disk is read-only but for /tmp, which each environment has for itself and loses when it ends."
        yield "# So the instance folder begins as it was packed, and what is written there is seen by nobody else."
        yield "if PACKED.is_dir():"
        yield "    shutil.copytree(PACKED, INSTANCE, dirs_exist_ok=True)"
        yield "INSTANCE.mkdir(exist_ok=True)"
        yield "Flask.auto_find_instance_path = lambda app: str(INSTANCE)"
        yield ""
    yield from _application(application, late=instance or elsewhere)
    yield 'app.config.from_prefixed_env()  # FLASK_SECRET_KEY of the map\'s environment is app.config["SECRET_KEY"]'
    yield ""
    yield ""
    yield from RELATIVE
    yield from _entry(form)
    if application.commands:
        yield from _command(application)


def _application(application: Application, *, late: bool) -> Iterator[str]:
    """Import it, or make it, as `flask --app` would."""
    mark = "  # noqa: E402" if late else ""
    name, call, arguments = application.expression.partition("(")
    bare = name.split(".")[0]
    if call:
        yield f"from {application.module} import {bare}{mark}"
        yield ""
        yield f"app = {name}({arguments}"
    elif name == "app":
        yield f"from {application.module} import app{mark}"
        yield ""
    else:
        yield f"from {application.module} import {bare} as app{mark}"
        yield ""


def _entry(form: Form) -> Iterator[str]:
    if not form.rest:
        yield "handler = make_lambda_handler(app, binary_support=True)"
        return
    yield ""
    yield "def below_stage(environ, start_response):"
    yield '    """A REST API is reached below its stage (`/dev`): url_for has to know."""'
    yield '    event = environ["apig_wsgi.full_event"]'
    yield '    environ["SCRIPT_NAME"] = event["requestContext"]["path"].removesuffix(event["path"]).rstrip("/")'
    yield "    return app(environ, start_response)"
    yield ""
    yield ""
    yield "handler = make_lambda_handler(below_stage, binary_support=True)"


def _command(application: Application) -> Iterator[str]:
    yield ""
    yield ""
    yield "def command(event, context):"
    name = application.commands[0]
    yield f'    """A command of the application: `["{name}"]` is `flask {name}`."""'
    yield "    done = app.test_cli_runner().invoke(args=event)"
    yield '    return {"exit_code": done.exit_code, "output": done.output}'


def _requirements(application: Application, directory: Path) -> tuple[str, tuple[str, ...]]:
    """What requirements.txt is to say (empty: as it is), and what to run first where a tool keeps the list."""
    file = directory / REQUIREMENTS
    required = read_required(directory)
    complete = required is not None and any(name_of(line) == "apig-wsgi" for line in required.lines)
    if file.is_file():
        text = file.read_text(encoding="utf-8")
        return "" if complete else "\n".join([*text.splitlines(), ADAPTER, ""]), ()
    command = next((command for lock, command in LOCKS.items() if (directory / lock).is_file()), "")
    if command:
        return "", () if complete else (f"{command} apig-wsgi",)
    lines = list(required.lines) if required is not None else _imported(application, directory)
    return "\n".join([*lines, *([] if complete else [ADAPTER]), ""]), ()


def _imported(application: Application, directory: Path) -> list[str]:
    """The packages that the project's own modules import, as they are installed."""
    source = read_source(application, directory)
    names = {name.split(".")[0] for module in source.modules for name in module.imports.values()}
    return sorted({application.distributions[name] for name in names if name in application.distributions})
