"""Recursive loops: a function that, through others or not, invokes itself again and again.

AWS counts in the trace header's Lineage (`Lineage=1:e547cb94:3`: a function's mark, and how often it has passed the
event on), and drops what would be the seventeenth invocation of a function in one chain. There the SDK carries the
header; here the credentials of an environment tell which event it is serving.
"""

import re
import zlib

from dewstack.lambda_.errors import RecursiveInvocationException

MOST_INVOCATIONS = 16
TERMINATE = "Terminate"
_LINEAGE = re.compile(r";?Lineage=1:([0-9a-f:|]*)")


def passed_on(trace_id: str, arn: str) -> str:
    """The trace header of what the function `arn` sends while it serves an event with this trace header."""
    counts = _counts(trace_id)
    counts[_mark(arn)] = counts.get(_mark(arn), 0) + 1
    lineage = "|".join(f"{mark}:{count}" for mark, count in counts.items())
    return f"{_LINEAGE.sub('', trace_id)};Lineage=1:{lineage}"


def is_loop(trace_id: str, arn: str) -> bool:
    """Whether the function `arn` has been invoked in this chain as often as it may be."""
    return _counts(trace_id).get(_mark(arn), 0) >= MOST_INVOCATIONS


def refusal() -> RecursiveInvocationException:
    """What the caller of an invocation too many is told."""
    return RecursiveInvocationException(
        "Lambda has detected your function being invoked in a recursive loop with other Amazon Web Services resources"
        " and stopped your function's invocation."
    )


def _mark(arn: str) -> str:
    """A function's mark: eight hexadecimal digits."""
    return f"{zlib.crc32(arn.encode()):08x}"


def _counts(trace_id: str) -> dict[str, int]:
    found = _LINEAGE.search(trace_id)
    entries = found[1].split("|") if found and found[1] else []
    return {mark: int(count) for mark, _, count in (entry.partition(":") for entry in entries)}
