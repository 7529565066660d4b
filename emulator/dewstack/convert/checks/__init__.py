"""What will be otherwise on Lambda: one function for each kind of thing, over the application and its source."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from dewstack.convert.checks.application import check_application
from dewstack.convert.checks.calls import check_names
from dewstack.convert.checks.environment import check_environment
from dewstack.convert.checks.files import check_files
from dewstack.convert.checks.sessions import check_sessions
from dewstack.convert.checks.sign_in import check_sign_in
from dewstack.convert.checks.state import check_state
from dewstack.convert.checks.waiting import check_waiting
from dewstack.convert.model import LEVELS, Application, Finding
from dewstack.convert.source import Source, read_source

Check = Callable[[Application, Source], Iterable[Finding]]
CHECKS: tuple[Check, ...] = (
    *(check_state, check_files, check_environment, check_sessions),
    *(check_names, check_waiting, check_sign_in, check_application),
)


def find(application: Application, directory: Path) -> list[Finding]:
    """What differs for `application`, whose project lies in `directory`: what breaks first, each line once."""
    source = read_source(application, directory)
    seen: dict[tuple[str, str, int], Finding] = {}
    for finding in _all(application, source):
        seen.setdefault((finding.rule, finding.file, finding.line), finding)
    return sorted(seen.values(), key=lambda each: (LEVELS.index(each.level), each.file, each.line))


def _all(application: Application, source: Source) -> Iterator[Finding]:
    for check in CHECKS:
        yield from check(application, source)
