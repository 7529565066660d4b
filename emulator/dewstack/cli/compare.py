"""`dew compare`: a request as Flask would see it beside the event of API Gateway, and what differs."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dewstack.cli.control import ControlApi
from dewstack.cli.output import json_option, print_json
from dewstack.errors import UserError
from dewstack.project import find_project, running_or_refuse

if TYPE_CHECKING:
    from dewstack.compare import Compared

SHOWN = 60
"""Characters of a value in the table."""


def _asked(method: str, path: str, headers: tuple[str, ...], data: str | None) -> dict[str, Any]:
    lines = []
    for header in headers:
        name, colon, value = header.partition(":")
        if not colon or not name.strip():
            raise click.UsageError(f"-H {header!r}: expected 'Name: value'")
        lines.append([name.strip(), value.strip()])
    given = {name.lower() for name, _ in lines}
    if data is not None and "content-type" not in given:
        lines.append(["Content-Type", "application/json"])
    return {"method": method.upper(), "path": path, "headers": lines, "body": data or ""}


def _lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The documents of a file, with their line numbers. Raises UserError."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} can't be read: {error}", exit_code=2) from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            document = json.loads(line)
        except ValueError as error:
            raise UserError(f"{path}:{number}: not JSON: {error}", exit_code=2) from error
        if not isinstance(document, dict):
            raise UserError(f"{path}:{number}: expected an object", exit_code=2)
        yield number, document


def _comparable(detail: dict[str, Any]) -> bool:
    """Whether it was a request to an API, not an invocation by something else."""
    return detail["request"] is not None and detail["summary"]["kind"] in ("http", "rest")


def _details(
    api: ControlApi, wanted: dict[str, Any] | None, file: Path | None, last: int
) -> Iterator[dict[str, Any]]:
    """What is to be compared: a request that is sent now, those of a file, or the newest that were recorded."""
    if wanted is not None:
        yield api.post("invocations/send", wanted)
    elif file is not None:
        for number, document in _lines(file):
            if "summary" in document:
                if _comparable(document):
                    yield document
            elif "method" in document and "path" in document:
                yield api.post("invocations/send", document)
            else:
                raise UserError(
                    f"{file}:{number}: expected a request (method, path, headers, body), or what 'dew record' writes",
                    exit_code=2,
                )
    else:
        rows = api.get("invocations", limit=str(last))["invocations"]
        for row in reversed(rows):
            detail = api.get("invocation", id=str(row["id"]))
            if _comparable(detail):
                yield detail


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"


def _print(compared: "Compared", *, brief: bool) -> None:
    row = compared.summary
    head = f"{row['method']} {row['path']} → {row['status']}"
    verdict = (
        click.style("the same", fg="green") if compared.same else click.style("differs", fg="red", bold=True)
    )
    click.echo(f"{click.style(head, bold=True)}  {verdict}")
    if not brief:
        for title, code in (("In Flask", compared.flask.code), ("In Lambda", compared.handler)):
            click.echo(
                f"\n{click.style(title, dim=True)}\n{code or 'No route of the map wants this request.'}"
            )
        click.echo()
        if compared.event is None:
            click.echo(f"API Gateway answered by itself ({row['error']}): no function was reached.\n")
        width = max((len(pair.flask) for pair in compared.mapping), default=0)
        for pair in compared.mapping:
            note = click.style(f"  # {pair.note}", dim=True) if pair.note else ""
            click.echo(f"{pair.flask:<{width}}  {pair.event} = {_short(pair.value)}{note}")
    for title, found in (("event", compared.event_differences), ("response", compared.response_differences)):
        for one in (each for each in found if not each.reason):
            click.echo(f"  {title} {one.field}: Flask {_short(one.flask)}, API Gateway {_short(one.gateway)}")


def _at(path: tuple[str, ...] | None) -> str:
    return ".".join(path) if path else "-"


def _print_payloads(compared: "Compared") -> None:
    """The same request in both formats: what is where, and what is otherwise."""
    payloads = compared.payloads
    if payloads is None:
        why = (
            "REST APIs have payload 1.0 alone"
            if compared.summary["kind"] == "rest"
            else "no event was made of it"
        )
        click.echo(f"\n{why}: there is nothing to compare.")
        return
    moved = [each for each in payloads.moved if not each.same]
    click.echo(f"\nPayload 1.0 and 2.0 differ in {len(moved)} fields:")
    for each in moved:
        click.echo(f"\n{click.style(each.note, dim=True)}")
        for version, path, value in ("1.0", each.v1, each.v1_value), ("2.0", each.v2, each.v2_value):
            click.echo(f"  {version}  {_at(path)}{f' = {_short(value)}' if path else ''}")


def _tell(compared: "list[Compared]", *, brief: bool, payloads: bool, as_json: bool) -> None:
    if as_json:
        print_json([each.told() for each in compared])
        return
    for each in compared:
        _print(each, brief=brief or payloads)
        if payloads:
            _print_payloads(each)
    if brief:
        differing = sum(not each.same for each in compared)
        click.echo(f"{len(compared)} compared, {differing} differ")


@click.command("compare")
@click.argument("method", required=False)
@click.argument("path", required=False)
@click.option(
    "-H", "--header", "headers", multiple=True, help="A header: 'Name: value'. Can be given more than once."
)
@click.option(
    "-d", "--data", help="The body; with it a Content-Type of application/json, unless there is another."
)
@click.option(
    "--file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Requests, a JSON document a line; or a session that 'dew record --out' has written.",
)
@click.option("--last", type=click.IntRange(1, 1000), help="The newest that were recorded.")
@click.option("--payload", "payloads", is_flag=True, help="Show the request as payload 1.0 and as 2.0.")
@json_option
def command(
    method: str | None,
    path: str | None,
    headers: tuple[str, ...],
    data: str | None,
    file: Path | None,
    last: int | None,
    payloads: bool,
    as_json: bool,
) -> None:
    """Compare what Flask and a Lambda function see of a request, and what their clients get.

    Left is `flask.request` as the view of 'dew flask' has it, right the event that API Gateway made. The handler runs
    once: what it answered is given to both. Ids and times apart, every field has to be the same; the exit code is 1
    where one is not. The service has to run: dew up.

    \b
    Examples:
      dew compare GET '/notes?tag=a&tag=b'
      dew compare POST /auth/login -d '{"email": "ada@example.com"}'
      dew compare GET /notes --payload
      dew compare --last 20
      dew compare --file session.jsonl --json
    """
    ways = [method is not None, file is not None, last is not None]
    if sum(ways) != 1 or (method is not None and path is None):
        raise click.UsageError("give one of: METHOD PATH, --file FILE, --last N")
    from dewstack.compare import Comparison
    from dewstack.shim.embedded import find_endpoint

    run = running_or_refuse(find_project())
    api = ControlApi(run)
    wanted = _asked(method, path, headers, data) if method is not None and path is not None else None
    with closing(Comparison(find_endpoint(None, {}, None, run.aws_url))) as comparison:
        compared = [comparison.compare(each) for each in _details(api, wanted, file, last or 0)]
    _tell(compared, brief=wanted is None, payloads=payloads, as_json=as_json)
    if not all(each.same for each in compared):
        raise click.exceptions.Exit(1)
