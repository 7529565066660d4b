"""Cognito's CSV of users, as GetCSVHeader describes it and import jobs read it.

It is RFC 4180 with one thing of its own: a comma within a value may have a backslash before it, which is how AWS
wants it, instead of quotes around the value. `\\\\` is then a backslash.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

USERNAME, MFA_ENABLED = "cognito:username", "cognito:mfa_enabled"
LONGEST_ROW = 16_000
"""Characters in a line, as AWS bounds them."""
FIELD = re.compile(r'"(?P<quoted>[^"]*(?:""[^"]*)*)"|(?P<plain>[^,\r\n\\]*(?:\\.?[^,\r\n\\]*)*)')
END = re.compile(r"(?P<comma>,)|\r\n|\n|\r|\Z")
ESCAPE = re.compile(r"\\([,\\])")


class CsvFault(Exception):
    """A mistake in the file: `line` and `column` from 1."""

    def __init__(self, line: int, column: int, message: str) -> None:
        super().__init__(message)
        self.line = line
        self.column = column
        self.message = message


class Cell(Struct, frozen=True):
    """A value and where it begins."""

    value: str
    line: int
    column: int


class CsvUser(Struct, frozen=True):
    """A line of the file: who, with which attributes; and where each value stands, by the column's name."""

    username: str
    attributes: dict[str, str]
    mfa: bool
    line: int
    places: dict[str, tuple[int, int]]


def header_of(attributes: Iterable[str]) -> list[str]:
    """CSVHeader: the pool's attributes but those that it sets itself, and the two columns of Cognito's own."""
    return [*(name for name in attributes if name not in ("sub", "identities")), MFA_ENABLED, USERNAME]


def rows(text: str) -> Iterator[list[Cell]]:
    """The lines of the file, empty ones left out. Raises CsvFault."""
    place, line, line_starts = 0, 1, 0
    text = text.removeprefix("\ufeff")
    while place < len(text):
        row, begun = [], line
        while True:
            match = FIELD.match(text, place)
            assert match is not None  # the second alternative matches nothing at all
            end = END.match(text, match.end())
            column = place - line_starts + 1
            if end is None or (match["plain"] or "").startswith('"'):
                raise CsvFault(
                    line, column, "a quote has to be closed, and a comma or a line's end to follow it"
                )
            row.append(Cell(_value(match), line, column))
            breaks = match[0].count("\n")
            if breaks:
                line += breaks
                line_starts = match.start() + match[0].rindex("\n") + 1
            place = end.end()
            if end["comma"] is None:
                break
        if place - line_starts > LONGEST_ROW:
            raise CsvFault(begun, 1, f"a line has at most {LONGEST_ROW:,} characters")
        line, line_starts = line + 1, place
        if len(row) > 1 or row[0].value:
            yield row


def _value(match: re.Match[str]) -> str:
    if match["quoted"] is not None:
        return match["quoted"].replace('""', '"')
    return ESCAPE.sub(r"\1", match["plain"])


def read_header(row: Sequence[Cell], expected: Sequence[str]) -> list[str]:
    """The names of the columns, in any order but all of them. Raises CsvFault."""
    names = [cell.value.strip() for cell in row]
    for cell, name in zip(row, names, strict=True):
        if name not in expected:
            raise CsvFault(
                cell.line, cell.column, f"there is no column '{name}'; known are {', '.join(expected)}"
            )
        if names.count(name) > 1:
            raise CsvFault(cell.line, cell.column, f"the column '{name}' is there twice")
    missing = [name for name in expected if name not in names]
    if missing:
        raise CsvFault(row[0].line, row[0].column, f"the header lacks {', '.join(missing)}")
    return names


def read_user(header: Sequence[str], row: Sequence[Cell]) -> CsvUser:
    """A line's user. Raises CsvFault."""
    first = row[0]
    if len(row) != len(header):
        more = "a comma within a value needs a backslash before it" if len(row) > len(header) else ""
        said = f"expected {len(header)} values, as the header has, not {len(row)}"
        raise CsvFault(first.line, first.column, f"{said}; {more}" if more else said)
    cells = dict(zip(header, row, strict=True))
    values = {name: cell.value for name, cell in cells.items() if cell.value and "\0" not in cell.value}
    for name, cell in cells.items():
        if "\0" in cell.value:
            raise CsvFault(cell.line, cell.column, f"{name}: a text can't hold the character NUL")
    for name in (MFA_ENABLED, "email_verified", "phone_number_verified"):
        if name in values:
            values[name] = values[name].lower()
            if values[name] not in ("true", "false"):
                cell = cells[name]
                raise CsvFault(cell.line, cell.column, f"{name}: expected true or false")
    for name in (USERNAME, MFA_ENABLED):
        if name not in values:
            raise CsvFault(cells[name].line, cells[name].column, f"{name}: a value is needed")
    return CsvUser(
        username=values.pop(USERNAME),
        mfa=values.pop(MFA_ENABLED) == "true",
        attributes=values,
        line=first.line,
        places={name: (cell.line, cell.column) for name, cell in cells.items()},
    )


def read(text: str, expected: Sequence[str]) -> Iterator[CsvUser]:
    """All users of a file. Raises CsvFault at the first mistake."""
    lines = rows(text)
    first = next(lines, None)
    if first is None:
        raise CsvFault(1, 1, f"the file is empty; its first line names the columns: {','.join(expected)}")
    header = read_header(first, expected)
    for row in lines:
        yield read_user(header, row)


def write(header: Sequence[str], users: Iterable[dict[str, str]]) -> str:
    """A file of users, each by the columns' names; values quoted or escaped where they need it."""
    lines = [header, *([user.get(name, "") for name in header] for user in users)]
    return "".join(",".join(map(_written, line)) + "\r\n" for line in lines)


def _written(value: str) -> str:
    if any(character in value for character in '"\r\n'):
        return '"' + value.replace('"', '""') + '"'
    return value.replace("\\", "\\\\").replace(",", "\\,")


def entries(text: str, expected: Sequence[str]) -> tuple[list[dict[str, object]], list[CsvUser]]:
    """The users as entries of a file (`records.read_user`), who have to reset their passwords as on AWS, and where
    each stands. Raises CsvFault."""
    users = list(read(text, expected))
    told: list[dict[str, object]] = [
        {
            "username": user.username,
            "attributes": user.attributes,
            "status": "RESET_REQUIRED",
            **({"mfa": {"enabled": ["SMS_MFA"]}} if user.mfa else {}),
        }
        for user in users
    ]
    return told, users


def place_of(user: CsvUser, path: Sequence[str | int]) -> tuple[int, int]:
    """Line and column of what a fault's path means."""
    name = USERNAME if not path or path[0] == "username" else str(path[-1])
    return user.places.get(name, (user.line, 1))
