"""Users of files into user pools: the map's (`custom.dew.users`) when it is deployed, and a file's by command."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from dewstack.config import Caller
from dewstack.service import MapError, Problem, Service
from dewstack.service.problems import KeyPath, Position, ProblemAt
from dewstack.service.users import UserSource

if TYPE_CHECKING:
    from dewstack.cognito.files.importing import ImportReport, UserFiles

POOL = "AWS::Cognito::UserPool"


def seed(files: "UserFiles", caller: Caller, service: Service, resources: Iterable[Mapping[str, Any]]) -> int:
    """Make the map's users in its pools; who is there already stays as they are. How many were made.

    Raises MapError with every mistake and nothing made of a source that has one. It may take seconds.
    """
    pools = {
        each["LogicalResourceId"]: each["PhysicalResourceId"]
        for each in resources
        if each["ResourceType"] == POOL and each.get("PhysicalResourceId")
    }
    problems: list[Problem] = []
    made = 0
    for source in service.users:
        try:
            pool_id = _pool_of(source, pools)
            opened = with_entries(source, lambda: files.csv_header(caller, pool_id))  # noqa: B023 - called at once
        except ProblemAt as problem:
            problems.append(Problem(*problem.position, "custom.dew.users", problem.message))
            continue
        report = files.import_users(caller, pool_id, opened.entries, opened.groups, "add")
        problems += problems_of(opened, report)
        made += sum(outcome.happened == "created" for outcome in report.outcomes)
    if problems:
        raise MapError(problems, hint="Where there is a mistake, nobody was made; what is deployed goes on.")
    return made


def _pool_of(source: UserSource, pools: Mapping[str, str]) -> str:
    """The physical id of the source's pool. Raises ProblemAt."""
    if source.pool is not None:
        if source.pool not in pools:
            known = ", ".join(pools) or "none"
            raise ProblemAt(source.at, f"the map has no user pool '{source.pool}'; it has {known}")
        return pools[source.pool]
    if len(pools) != 1:
        message = "the map has several user pools: name one of them, pool: " + " or ".join(pools)
        raise ProblemAt(source.at, message if pools else f"the map has no user pool, no {POOL} resource")
    return next(iter(pools.values()))


def with_entries(source: UserSource, header: Callable[[], Sequence[str]]) -> UserSource:
    """The source with its entries, which for a CSV file need the pool's `header`. Raises ProblemAt."""
    if source.csv is None:
        return source
    from dewstack.cognito.files import csv_file

    try:
        entries, users = csv_file.entries(source.csv, header())
    except csv_file.CsvFault as fault:
        raise ProblemAt(Position(source.name, fault.line, fault.column), fault.message) from None

    def place(path: KeyPath) -> tuple[Position, str]:
        _, index, *rest = path
        return Position(source.name, *csv_file.place_of(users[int(index)], rest)), ""

    return replace(source, entries=entries, place=place)


def problems_of(source: UserSource, report: "ImportReport") -> list[Problem]:
    """The mistakes that an import found, each at its place."""
    faults: list[tuple[KeyPath, str]] = [
        (("groups", *fault.path), fault.message) for fault in report.group_faults
    ]
    faults += [(("users", fault.index, *fault.path), fault.message) for fault in report.faults]
    problems = []
    for path, message in faults:
        position, key = source.place(path)
        problems.append(Problem(*position, key, message))
    return problems
