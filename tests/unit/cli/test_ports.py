"""Which ports are taken, and by whom."""

import os
import socket
import sys

import pytest

from dewstack.cli.ports import is_free, owner


def test_a_port_that_somebody_listens_on_is_not_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert not is_free("127.0.0.1", port)
        if sys.platform == "linux":
            assert f"(pid {os.getpid()})" in (owner(port) or "")
    assert is_free("127.0.0.1", port)
    assert owner(port) is None


def test_port_0_is_always_free() -> None:
    assert is_free("127.0.0.1", 0)


@pytest.mark.skipif(not socket.has_ipv6, reason="needs IPv6")
def test_ipv6_addresses_are_understood() -> None:
    assert is_free("::1", 0)
