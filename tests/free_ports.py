"""Ports for what must be told its port beforehand."""

import random
import socket

HANDED_OUT_BY_SYSTEMS = 32768
"""Where the ports begin that Linux gives to whoever asks for any, which another test may do at any time."""
FIRST = 15000


def free_ports(count: int = 1) -> int:
    """The first of `count` neighbouring ports that nobody uses, and that no system hands out by itself."""
    while True:
        port = random.randrange(FIRST, HANDED_OUT_BY_SYSTEMS - count)
        if all(is_free(port + offset) for offset in range(count)):
            return port


def is_free(port: int) -> bool:
    """Whether a server could listen there now."""
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
