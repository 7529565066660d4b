"""A document, typed: its files are written, its commands run in one shell, what they print is compared.

`…` in a document stands for whatever is there, alone on a line for any lines. Ports are free ones.
"""

import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

from tests.free_ports import free_ports

BLOCK = re.compile(r"^```(?P<kind>\w+)(?: (?P<file>\S+))?\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
PORTS = {"3000": "--port", "4566": "--aws-port", "8000": "--frontend-port", "5000": "--port"}
SERVERS = {"dew up": ("3000", "4566", "8000"), "dew flask": ("5000",), "flask --app app run": ("5000",)}
READS = re.compile(r"dew (?:routes|logs|metrics)|curl (?!.* --json )")
"""What may be asked twice."""
RUNTIME = f"runtime: python{sys.version_info[0]}.{sys.version_info[1]}"
"""What the packages of these tests are for."""
DONE = "the command is done, its status is"
SECONDS = 30.0


class Shell:
    """A bash that commands are typed into, one after the other."""

    def __init__(self, directory: Path) -> None:
        here = os.path.dirname(sys.executable)
        self._process = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            cwd=directory,
            env={
                **os.environ,
                "PATH": f"{here}:{os.environ['PATH']}",
                "HOME": str(directory),
                "VIRTUAL_ENV": sys.prefix,
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, command: str) -> str:
        """What `command` prints. One that fails fails the test."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(f"{command}\nprintf '\\n%s %s\\n' '{DONE}' $?\n")
        self._process.stdin.flush()
        lines: list[str] = []
        for line in self._process.stdout:
            if line.startswith(DONE):
                assert line == f"{DONE} 0\n", f"{command}\n{''.join(lines)}"
                return "".join(lines).strip("\n")
            lines.append(line)
        raise AssertionError(f"the shell has ended at {command}")

    def close(self) -> None:
        """End it, and what still runs."""
        assert self._process.stdin is not None
        self._process.stdin.write("dew down; kill $(jobs -p)\n")
        self._process.stdin.close()
        with self._process:
            self._process.wait(timeout=SECONDS)


def type_along(shell: Shell, document: str) -> None:
    """Do all that a document says."""
    first = free_ports(len(PORTS))
    ports = {name: str(first + offset) for offset, name in enumerate(PORTS)}
    for name, port in ports.items():
        document = document.replace(f"127.0.0.1:{name}", f"127.0.0.1:{port}")
    for block in BLOCK.finditer(document):
        if block["file"]:
            shell.run(f'mkdir -p "$(dirname {block["file"]})"')
            text = block["text"].replace("runtime: python3.11", RUNTIME)
            shell.run(f"cat > {block['file']} <<'END OF FILE'\n{text}END OF FILE")
        elif block["kind"] == "console":
            for command, said in commands(block["text"]):
                run(shell, command, said, ports)


def commands(block: str) -> list[tuple[str, str]]:
    """The commands of a console block, each with what it is said to print."""
    typed = re.split(r"^\$ ", re.sub(r"\\\n +", "", block), flags=re.MULTILINE)[1:]
    pairs = (one.partition("\n") for one in typed)
    return [(command, printed.strip("\n")) for command, _, printed in pairs]


def matches(said: list[str], printed: list[str]) -> bool:
    """Whether the lines of a document say what was printed."""
    if not said:
        return not printed
    if said[0] == "…":
        return any(matches(said[1:], printed[more:]) for more in range(len(printed) + 1))
    line = ".*".join(map(re.escape, said[0].split("…")))
    return bool(printed) and bool(re.fullmatch(line, printed[0].rstrip())) and matches(said[1:], printed[1:])


def wait_for(port: str) -> None:
    """Return once something listens there."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", int(port))) == 0:
                return
        time.sleep(0.02)
    raise AssertionError(f"nothing listens at {port}")


def run(shell: Shell, command: str, said: str, ports: dict[str, str]) -> None:
    """Run one command and compare. What is saved takes effect a moment later: reading is tried until then."""
    words = next((words for words in SERVERS if command.startswith(words)), "")
    options = " ".join(f"{PORTS[name]} {ports[name]}" for name in SERVERS.get(words, ()))
    typed = command.replace(words, f"{words} {options}") if words else command
    deadline = time.monotonic() + SECONDS
    printed = shell.run(typed)
    while (
        not matches(said.splitlines(), printed.splitlines())
        and READS.match(command)
        and time.monotonic() < deadline
    ):
        printed = shell.run(typed)
    assert matches(said.splitlines(), printed.splitlines()), f"$ {command}\n{printed}"
    if words and command.endswith("&"):
        wait_for(ports["5000"])
