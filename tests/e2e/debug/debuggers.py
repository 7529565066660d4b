"""What debuggers speak: the Debug Adapter Protocol of debugpy, and the inspector protocol of Node.js."""

import base64
import json
import os
import socket
import struct
import time
import urllib.request
from pathlib import Path
from typing import Any

SECONDS = 30.0


def connect(port: int) -> socket.socket:
    """A connection to a debugger that may not listen yet."""
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=SECONDS)
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


class PythonDebugger:
    """A client of debugpy, as VS Code is one."""

    def __init__(self, port: int) -> None:
        self._socket = connect(port)
        self._stream = self._socket.makefile("rwb")
        self._number = 0
        self._events: list[dict[str, Any]] = []
        self.ask("initialize", clientID="test", adapterID="debugpy", pathFormat="path", linesStartAt1=True)
        self._attach = self._send("attach", justMyCode=True)
        self.event("initialized")

    def break_at(self, file: Path, line: int) -> None:
        """Set a breakpoint, and let the program go on."""
        answer = self.ask("setBreakpoints", source={"path": str(file)}, breakpoints=[{"line": line}])
        assert answer["breakpoints"][0]["verified"], answer
        self.ask("configurationDone")

    def stop(self) -> tuple[str, int]:
        """Wait until the program stops; the file's name and the line."""
        thread = self.event("stopped")["threadId"]
        self._thread = thread
        frame = self.ask("stackTrace", threadId=thread)["stackFrames"][0]
        return Path(frame["source"]["path"]).name, frame["line"]

    def go_on(self) -> None:
        """Continue."""
        self.ask("continue", threadId=self._thread)

    def close(self) -> None:
        """Detach."""
        self._stream.close()
        self._socket.close()

    def ask(self, command: str, **arguments: Any) -> Any:
        """The answer to a request; events that come before it are kept."""
        number = self._send(command, **arguments)
        while True:
            message = self._receive()
            if message["type"] == "response" and message["request_seq"] == number:
                assert message["success"], message
                return message.get("body")

    def event(self, name: str) -> dict[str, Any]:
        """The next event of this name."""
        while True:
            for message in self._events:
                if message["event"] == name:
                    self._events.remove(message)
                    body: dict[str, Any] = message.get("body") or {}
                    return body
            self._receive()

    def _send(self, command: str, **arguments: Any) -> int:
        self._number += 1
        body = json.dumps(
            {"seq": self._number, "type": "request", "command": command, "arguments": arguments}
        ).encode()
        self._stream.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._stream.flush()
        return self._number

    def _receive(self) -> dict[str, Any]:
        size = 0
        while line := self._stream.readline().strip():
            if line.lower().startswith(b"content-length:"):
                size = int(line.split(b":")[1])
        assert size, "the debugger hung up"
        message: dict[str, Any] = json.loads(self._stream.read(size))
        if message["type"] == "event":
            self._events.append(message)
        return message


class NodeDebugger:
    """A client of Node.js's inspector, as Chrome is one."""

    def __init__(self, port: int) -> None:
        connect(port).close()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list", timeout=SECONDS) as answer:
            url = json.load(answer)[0]["webSocketDebuggerUrl"]
        self._socket = connect(port)
        self._stream = self._socket.makefile("rwb")
        self._open(url.removeprefix(f"ws://127.0.0.1:{port}"), port)
        self._number = 0
        self._events: list[dict[str, Any]] = []
        self._scripts: dict[str, str] = {}
        self.ask("Runtime.enable")
        self.ask("Debugger.enable")

    def _open(self, path: str, port: int) -> None:
        key = base64.b64encode(os.urandom(16)).decode()
        head = (
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n"
        )
        self._stream.write(head.encode())
        self._stream.flush()
        assert b" 101 " in self._stream.readline()
        while self._stream.readline().strip():
            pass

    def break_at(self, file: Path, line: int) -> None:
        """Set a breakpoint in a file that Node.js runs."""
        answer = self.ask("Debugger.setBreakpointByUrl", lineNumber=line - 1, url=file.as_uri())
        assert answer["breakpointId"]

    def stop(self) -> tuple[str, int]:
        """Wait until the program stops; the file's name and the line."""
        place = self.event("Debugger.paused")["callFrames"][0]["location"]
        return self._scripts[place["scriptId"]].rpartition("/")[2], place["lineNumber"] + 1

    def go_on(self) -> None:
        """Continue."""
        self.ask("Debugger.resume")

    def close(self) -> None:
        """Detach."""
        self._stream.close()
        self._socket.close()

    def ask(self, method: str, **params: Any) -> Any:
        """The answer to a request; events that come before it are kept."""
        self._number += 1
        self._write(json.dumps({"id": self._number, "method": method, "params": params}).encode())
        while True:
            message = self._read()
            if message.get("id") == self._number:
                assert "error" not in message, message
                return message["result"]

    def event(self, name: str) -> dict[str, Any]:
        """The next event of this name."""
        while True:
            for message in self._events:
                if message["method"] == name:
                    self._events.remove(message)
                    params: dict[str, Any] = message["params"]
                    return params
            self._read()

    def _write(self, text: bytes) -> None:
        size = bytes([len(text) | 128]) if len(text) < 126 else b"\xfe" + struct.pack(">H", len(text))
        self._stream.write(b"\x81" + size + bytes(4) + text)  # a mask of zeros
        self._stream.flush()

    def _read(self) -> dict[str, Any]:
        _, size = self._stream.read(2)
        if size == 126:
            [size] = struct.unpack(">H", self._stream.read(2))
        elif size == 127:
            [size] = struct.unpack(">Q", self._stream.read(8))
        message: dict[str, Any] = json.loads(self._stream.read(size))
        if message.get("method") == "Debugger.scriptParsed":
            self._scripts[message["params"]["scriptId"]] = message["params"]["url"]
        elif "method" in message:
            self._events.append(message)
        return message
