"""What an environment sees of the disk on Linux: a `/tmp` of its own, its code read-only, its layers at `/opt`."""

import io
import os
import sys
import tempfile
import zipfile
from pathlib import Path

import pytest

from dewstack.lambda_.guard import Guard
from dewstack.lambda_.isolation import Isolation

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="mount namespaces are Linux's")

REGISTER = """
exec python3 -c '
import http.client, os
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
api.request("POST", "/2020-01-01/extension/register", "{\\"events\\": []}", {"Lambda-Extension-Name": "note"})
answer = api.getresponse()
answer.read()
name = {"Lambda-Extension-Identifier": answer.headers["Lambda-Extension-Identifier"]}
api.request("GET", "/2020-01-01/extension/event/next", headers=name)
api.getresponse()'
"""
NAME = "of-a-function-of-dewstack"
SOURCE = f"""
import os, tempfile
def handler(event, context):
    path = os.path.join('/tmp', '{NAME}')
    with open(path, 'a') as file:
        file.write('x')
    found = [os.path.getsize(path), tempfile.gettempdir(), 'TMPDIR' in os.environ, os.getcwd()]
    for place in (os.environ['LAMBDA_TASK_ROOT'] + '/f.py', 'new'):
        try:
            open(place, 'w').close()
            found.append(place)
        except OSError as error:
            found.append(error.strerror)
    return found
"""


def test_this_machine_lets_environments_have_it(tmp_path):
    guard = Guard()
    assert Isolation(guard.temporary).possible
    assert not Isolation(guard.temporary, wanted=False).possible
    guard.close()


def test_tmp_is_an_environments_own_and_its_code_is_read_only(functions):
    functions.write("f.py", SOURCE)
    for name in ("f", "g"):
        functions.create(name, "f.handler")
    code = str(functions.directory)
    refused = ["Read-only file system"] * 2
    assert functions.invoke("f")["Payload"] == [1, "/tmp", False, code, *refused]
    assert functions.invoke("f")["Payload"] == [2, "/tmp", False, code, *refused]
    assert functions.invoke("g")["Payload"] == [1, "/tmp", False, code, *refused]
    assert not Path("/tmp", NAME).exists()


def test_a_spare_process_gets_it_too(functions, monkeypatch):
    monkeypatch.setattr("dewstack.lambda_.spares.IDLE_SECONDS", 0.0)
    functions.function("import boto3\n" + SOURCE)

    async def keep():
        functions.service.keep_spares()

    functions._runner.run(keep())
    spares = functions.service.invoker.spares
    functions.wait_until(lambda: any(spare.names() for spare in spares.waiting))
    (spare,) = spares.waiting
    pid = spare._process.pid
    assert functions.invoke("f")["Payload"][:3] == [1, "/tmp", False]
    assert functions.environments("f")[0].pid == pid
    assert functions.invoke("f")["Payload"][4] == "Read-only file system"


@pytest.mark.node
def test_node_gets_it_too(functions):
    functions.write(
        "n.cjs",
        "const fs = require('node:fs'); exports.handler = async () => {"
        " fs.writeFileSync('/tmp/n', 'x'); try { fs.writeFileSync(__filename, ''); } catch (e) { return e.code; } };",
    )
    functions.create("n", "n.handler", Runtime="nodejs20.x")
    assert functions.invoke("n")["Payload"] == "EROFS"
    assert not Path("/tmp/n").exists()


def layer(functions, name: str, files: dict[str, str]) -> str:
    """Publish a layer; its version's ARN."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for path, text in files.items():
            about = zipfile.ZipInfo(path)
            about.external_attr = 0o755 << 16
            archive.writestr(about, text)
    params = {"LayerName": name, "Content": {"ZipFile": content.getvalue()}}
    return functions.call("PublishLayerVersion", **params)["LayerVersionArn"]  # type: ignore[no-any-return]


@pytest.mark.parametrize("count", [1, 2])
def test_layers_lie_one_over_the_other_at_opt(functions, count):
    layers = [
        layer(functions, "under", {"data/which": "under", "data/a, b:c": "odd"}),
        layer(functions, "over", {"data/which": "over"}),
    ][:count]
    source = """
import os
def handler(event, context):
    try:
        open('/opt/new', 'w')
    except OSError as error:
        return [open('/opt/data/which').read(), sorted(os.listdir('/opt/data')), error.strerror]
"""
    functions.function(source, Layers=layers)
    which, names, refused = functions.invoke("f")["Payload"]
    assert (which, refused) == ("under" if count == 1 else "over", "Read-only file system")
    assert names == ["a, b:c", "which"]


def test_extensions_share_it_with_their_function(functions):
    arn = layer(functions, "watch", {"extensions/note": "#!/bin/sh\necho noted >/tmp/noted\n" + REGISTER})
    source = """
import os, time
def handler(event, context):
    limit = time.monotonic() + 5
    while not os.path.exists('/tmp/noted') and time.monotonic() < limit:
        time.sleep(0.01)
    return os.path.exists('/tmp/noted')
"""
    functions.function(source, Layers=[arn], Timeout=6)
    assert functions.invoke("f")["Payload"] is True
    assert not Path("/tmp/noted").exists()


def test_nothing_of_it_is_left(functions):
    functions.function(SOURCE)
    functions.invoke("f")
    root = functions.service.invoker._guard.temporary.root
    assert os.listdir(root)
    functions.service.close()
    assert not os.path.exists(root)


def test_without_it_functions_see_the_machines_disk(make_lambda):
    functions = make_lambda(isolation=False)
    functions.function(SOURCE.replace("'/tmp'", "tempfile.gettempdir()"))
    size, temporary, told, _, code, new = functions.invoke("f")["Payload"]
    assert (size, told, new) == (1, True, "new")
    assert temporary != tempfile.gettempdir()
    assert code == str(functions.directory / "f.py")
