"""Whose a container is: labels that say which emulator made it, and for which function."""

import contextlib
import os

LABEL = "dewstack.emulator"
"""Its value: the process id of the emulator, and when that process began."""
FUNCTION_LABEL = "dewstack.function"


def emulator() -> str:
    """This emulator, as a label says it."""
    return f"{os.getpid()} {_began(os.getpid())}"


def _began(pid: int) -> str:
    """When a process began, in the kernel's own count; nothing where that can't be known, `over` for one that has ended
    and that nobody has asked after yet."""
    with contextlib.suppress(OSError, IndexError), open(f"/proc/{pid}/stat") as file:
        facts = file.read().rpartition(")")[2].split()
        return "over" if facts[0] in "ZX" else facts[19]
    return ""


def lives(label: str) -> bool:
    """Whether the emulator that a label names is there still."""
    pid, _, began = label.partition(" ")
    try:
        os.kill(int(pid), 0)
    except PermissionError:
        pass
    except (OSError, ValueError):
        return False
    return _began(int(pid)) == began
