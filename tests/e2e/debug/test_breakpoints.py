"""`dew up --debug`: a debugger attaches, its breakpoints are hit, and nothing times out meanwhile."""

import json
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from tests.e2e.cli.service import FREE_PORTS, Project, get
from tests.e2e.debug.debuggers import NodeDebugger, PythonDebugger
from tests.free_ports import free_ports

pytestmark = pytest.mark.node

PAUSE = 1.3
"""Seconds at a breakpoint: longer than the functions' timeout."""
PYTHON = "def handler(event, context):\n    word = 'python'\n    return {'statusCode': 200, 'body': word}\n"
NODE = (
    "exports.handler = async () => {\n  const word = 'node';\n  return { statusCode: 200, body: word };\n};\n"
)
TYPESCRIPT = (
    "interface Word {\n  text: string;\n}\n\n"
    "export const handler = async (): Promise<object> => {\n  const word: Word = { text: 'typescript' };\n"
    "  return { statusCode: 200, body: word.text };\n};\n"
)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    project = Project(tmp_path / "debugged")
    project.directory.mkdir()
    functions = {
        "python": {"handler": "python.handler", "runtime": "python3.11"},
        "node": {"handler": "node.handler", "runtime": "nodejs20.x"},
        "typescript": {"handler": "typescript.handler", "runtime": "nodejs20.x"},
    }
    entries = {
        key: {**function, "events": [{"httpApi": f"GET /{key}"}, {"http": f"GET {key}"}]}
        for key, function in functions.items()
    }
    provider = {"name": "aws", "timeout": 1}
    service = {"service": "debugged", "provider": provider, "functions": entries}
    project.write("serverless.yml", json.dumps(service))
    project.write("python.py", PYTHON)
    project.write("node.js", NODE)
    project.write("typescript.ts", TYPESCRIPT)
    yield project
    project.dew("down")


def pause(debugger: NodeDebugger | PythonDebugger, ask: Callable[[], tuple[int, str]]) -> tuple[str, int]:
    """Where a request stops; it is let go after a while, and must be answered."""
    with ThreadPoolExecutor(1) as executor:
        request = executor.submit(ask)
        place = debugger.stop()
        began = time.monotonic()
        assert not request.done()
        while time.monotonic() - began < PAUSE:
            time.sleep(0.05)
        debugger.go_on()
        status, body = request.result(timeout=30)
        assert status == 200, body
    return place


def test_a_breakpoint_in_python_is_hit(project: Project) -> None:
    port = free_ports()
    run = project.up("--debug", "python", f"--debug-port={port}")
    url = f"{run['service_url']}/python"
    with closing(PythonDebugger(port)) as debugger:
        debugger.break_at(project.directory / "python.py", 3)
        assert pause(debugger, lambda: get(url)) == ("python.py", 3)
    assert get(url) == (200, "python")


def test_a_breakpoint_in_node_is_hit(project: Project) -> None:
    port = free_ports()
    run = project.up("--debug", "node", f"--debug-port={port}")
    url = f"{run['service_url']}/node"
    with closing(NodeDebugger(port)) as debugger:
        debugger.break_at(project.directory / "node.js", 3)
        assert pause(debugger, lambda: get(url)) == ("node.js", 3)
    assert get(url) == (200, "node")


def test_a_breakpoint_in_typescript_is_hit_by_its_source_map(project: Project) -> None:
    port = free_ports()
    run = project.up("--debug", "typescript", f"--debug-port={port}")
    bundle = project.directory / ".dew/build/typescript/typescript.cjs"
    mapping = json.loads(bundle.with_name(bundle.name + ".map").read_text())
    assert (bundle.parent / mapping["sources"][0]).resolve() == project.directory / "typescript.ts"
    line = bundle.read_text().splitlines().index("  return { statusCode: 200, body: word.text };") + 1
    url = f"{run['service_url']}/dev/typescript"
    with closing(NodeDebugger(port)) as debugger:
        debugger.break_at(bundle, line)
        assert pause(debugger, lambda: get(url)) == ("typescript.cjs", line)


def test_functions_have_a_debugger_each_and_keep_it_when_they_are_saved(project: Project) -> None:
    port = free_ports(2)
    run = project.up("--debug", "node", "--debug", "typescript", f"--debug-port={port}")
    for each in (port, port + 1):
        NodeDebugger(each).close()
    project.write("node.js", NODE.replace("'node'", "'saved'"))
    deadline = time.monotonic() + 20
    while get(f"{run['service_url']}/node") != (200, "saved"):
        assert time.monotonic() < deadline
    with closing(NodeDebugger(port)) as debugger:
        debugger.break_at(project.directory / "node.js", 2)
        assert pause(debugger, lambda: get(f"{run['service_url']}/node")) == ("node.js", 2)


def test_what_cannot_be_debugged_is_said(project: Project) -> None:
    unknown = project.dew("up", *FREE_PORTS, "--debug", "nobody")
    assert unknown.returncode == 1
    assert "--debug nobody: there is no such function" in unknown.stderr
    assert "there are python, node, typescript" in unknown.stderr
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = project.dew("up", *FREE_PORTS, "--debug", "node", f"--debug-port={port}")
    assert refused.returncode == 1
    assert f"port {port}" in refused.stderr and "--debug-port" in refused.stderr
