"""`dew users export` and `dew users import`: the users of a pool in a file, to be shared by a team."""

import json
import os
import sys
import tempfile
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dewstack.cli.control import ControlApi, connect
from dewstack.cli.output import json_option, notice, print_json
from dewstack.cli.user_pools import pool_id, pool_option
from dewstack.errors import UserError

if TYPE_CHECKING:
    from dewstack.cognito.files.importing import ImportReport
    from dewstack.service.users import UserSource

HINT = "Nobody was imported. Correct the file and import it again."
HAPPENED = {
    "created": "created",
    "replaced": "replaced",
    "unchanged": "unchanged",
    "different": "left as they are",
}
MOST_NAMED = 10


@click.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
@click.option(
    "--format", "kind", type=click.Choice(["json", "csv"]), help="Default: by FILE's ending, or JSON."
)
@click.option("--with-totp", is_flag=True, help="Tell the secrets of authenticator apps too.")
@pool_option
def export_users(file: Path | None, kind: str | None, with_totp: bool, pool: str) -> None:
    """Write the users into FILE, or to stdout: attributes, groups and passwords, as hashes.

    CSV is what Cognito imports; it has neither passwords nor groups.

    \b
    Examples:
      dew users export users.json
      dew users export users.csv
      dew users export | jq '.users[].username'
    """
    as_csv = kind == "csv" or (kind is None and file is not None and file.suffix.lower() == ".csv")
    api = connect()
    document = api.get("users", pool=pool_id(api, pool), **({"totp": "1"} if with_totp else {}))
    text = _csv(api, document) if as_csv else json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    if file is None or str(file) == "-":
        sys.stdout.write(text)
        return
    _write_private(file, text)
    count = len(document["users"])
    click.echo(f"Wrote {count} {'user' if count == 1 else 'users'} to {file}, which only you may read.")


def _csv(api: ControlApi, document: dict[str, Any]) -> str:
    from dewstack.cognito.files import csv_file

    target = document["pool"]["id"]
    header = api.call("cognito-idp", "GetCSVHeader", UserPoolId=target)["CSVHeader"]
    settings = api.call("cognito-idp", "DescribeUserPool", UserPoolId=target)["UserPool"]
    named_by = settings.get("UsernameAttributes") or []
    users = []
    for user in document["users"]:
        attributes = user["attributes"]
        address = next((attributes[kind] for kind in named_by if attributes.get(kind)), None)
        mfa = "true" if user.get("mfa", {}).get("enabled") else "false"
        name = address or user["username"]
        users.append({**attributes, csv_file.USERNAME: name, csv_file.MFA_ENABLED: mfa})
    return csv_file.write(header, users)


def _write_private(file: Path, text: str) -> None:
    """Save a file that only its owner may read, whole or not at all. Raises UserError."""
    try:
        descriptor, draft = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")  # made with mode 0600
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as written:
                written.write(text)
            Path(draft).replace(file)
        except BaseException:
            with suppress(OSError):
                Path(draft).unlink()
            raise
    except OSError as error:
        raise UserError(f"{file} can't be written: {error.strerror}") from error


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--replace", "replacing", is_flag=True, help="Make users who are there already as the file has them."
)
@pool_option
@json_option
def import_users(file: Path, replacing: bool, pool: str, as_json: bool) -> None:
    """Make the users of FILE (JSON, YAML or Cognito's CSV): all of them, or none if there is a mistake.

    Who is in the pool already stays as they are.

    \b
    Examples:
      dew users import users.json
      dew users import users.csv
      dew users import users.json --replace
    """
    from dewstack.seeds import problems_of, with_entries
    from dewstack.service.problems import MapError, ProblemAt
    from dewstack.service.users import read_user_file

    api = connect()
    target = pool_id(api, pool)

    def header() -> list[str]:
        told: list[str] = api.call("cognito-idp", "GetCSVHeader", UserPoolId=target)["CSVHeader"]
        return told

    try:
        source = with_entries(read_user_file(file, str(file)), header)
    except ProblemAt as problem:
        raise UserError(f"{problem.position}: {problem.message}", hint=HINT) from None
    report = _load(api, target, source, "replace" if replacing else "compare")
    if problems := problems_of(source, report):
        raise MapError(problems, hint=HINT)
    if as_json:
        told = [{"username": each.username, "happened": each.happened} for each in report.outcomes]
        print_json({"pool": target, "users": told, "groups": report.groups})
        return
    _print(report, source, target)


def _load(api: ControlApi, target: str, source: "UserSource", mode: str) -> "ImportReport":
    import msgspec

    from dewstack.cognito.files.importing import ImportReport

    wanted = {"pool": target, "users": source.entries, "groups": source.groups, "mode": mode}
    return msgspec.convert(api.post("users", wanted), ImportReport)


def _print(report: "ImportReport", source: "UserSource", target: str) -> None:
    counts = Counter[str](outcome.happened for outcome in report.outcomes)
    told = ", ".join(f"{counts[name]} {words}" for name, words in HAPPENED.items() if counts[name])
    click.echo(f"{source.name} into {target}: {told or 'no users'}.")
    if report.groups:
        click.echo(f"Groups made: {', '.join(report.groups)}.")
    if differing := [each.username for each in report.outcomes if each.happened == "different"]:
        notice(f"Different in the pool, and left so: {_names(differing)}. --replace takes the file's.")
    if foreign := [each.username for each in report.outcomes if each.needs_password]:
        notice(
            f"Exported from another pool ({source.source_id or 'unknown'}): {_names(foreign)} can sign in with a "
            "password (USER_PASSWORD_AUTH), and from then on by SRP too."
        )


def _names(names: list[str]) -> str:
    more = f" and {len(names) - MOST_NAMED:,} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more
