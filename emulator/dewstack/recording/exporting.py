"""A row as something to keep: the event as a fixture, or a test that runs as it is."""

import json
from typing import Any

TEST = '''\
"""Recorded by dewstack: {title}. Run it with pytest where the serverless.yml is."""

import json

EVENT = json.loads(
    r"""
{event}
"""
)


def test_{name}(dew):
    answer = dew.client("lambda").invoke(FunctionName={function!r}, Payload=json.dumps(EVENT))
    assert answer.get("FunctionError") is {error!r}
    told = json.loads(answer["Payload"].read() or "null")
{checks}
'''


def as_event(summary: dict[str, Any], detail: dict[str, Any]) -> str:
    """The event, as JSON."""
    return json.dumps(detail["event"], indent=2, ensure_ascii=False) + "\n"


def as_pytest(summary: dict[str, Any], detail: dict[str, Any]) -> str:
    """A test by pytest and dewstack's fixture, which expects of the function what it has answered."""
    response, failed = detail["response"], bool(summary["error"])
    words = summary["route"] or summary["function"] or "request"
    name = (
        "".join(letter if letter.isalnum() and letter.isascii() else "_" for letter in words)
        .strip("_")
        .lower()
    )
    if isinstance(response, dict) and "statusCode" in response:
        checks = f'    assert told["statusCode"] == {response["statusCode"]!r}'
    elif isinstance(response, dict) and failed:
        checks = f'    assert told["errorType"] == {response.get("errorType")!r}'
    else:
        checks = f"    assert told == {response!r}"
    return TEST.format(
        title=f"{words}, answered by {summary['function']}",
        event=json.dumps(detail["event"], indent=2),
        name=name or "request",
        function=summary["function"],
        error="Unhandled" if failed else None,
        checks=checks,
    )
