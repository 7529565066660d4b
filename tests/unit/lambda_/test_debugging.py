"""Which port each debugged function gets, and who waits for it how long."""

import socket

import pytest

from dewstack.errors import UserError
from dewstack.lambda_.debugging import Debugging
from tests.free_ports import free_ports

ARN = "arn:aws:lambda:us-east-1:000000000000:function:"


def test_each_function_has_a_port_of_its_own() -> None:
    debugging, port = Debugging(), free_ports(3)
    debugging.choose({"a": "nodejs22.x", "b": "python3.12", "c": "nodejs20.x"}, port)
    assert debugging.ports == {"a": port, "b": port + 1, "c": port + 2}


def test_a_debugged_function_is_waited_for_without_end() -> None:
    debugging = Debugging()
    assert debugging.patience(f"{ARN}a", 29.0) == 29.0
    debugging.choose({"a": "nodejs22.x"}, free_ports(3))
    assert debugging.patience(f"{ARN}a", 29.0) is None
    assert debugging.patience(f"{ARN}a:live", 29.0) is None
    assert debugging.patience(f"{ARN}ab", 29.0) == 29.0
    assert "a" in debugging and "ab" not in debugging


def test_a_port_that_is_taken_is_named_but_ones_own_is_kept() -> None:
    debugging = Debugging()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UserError, match=f"port {port}"):
            debugging.choose({"a": "nodejs22.x"}, port)
    debugging.choose({"a": "nodejs22.x"}, port)
    with socket.create_server(("127.0.0.1", port)):
        debugging.choose({"a": "nodejs22.x"}, port)


def test_a_runtime_without_a_debugger_is_refused() -> None:
    with pytest.raises(UserError, match=r"ruby3\.3"):
        Debugging().choose({"a": "ruby3.3"})
