"""What only dewstack is asked: a large map, and how soon a saved file serves."""

import http.client
import os
import time
from pathlib import Path

FUNCTIONS, ROUTES_EACH = 200, 5
MARK = "as saved "


def write_large(directory: Path, rest_share: float) -> None:
    """A map with 200 functions and 1,000 routes; `rest_share` of the functions are behind the REST API (0 to 0.5)."""
    lines = [
        "service: large",
        "frameworkVersion: '*'",
        "provider: {name: aws, runtime: python3.11}",
        "functions:",
    ]
    for number in range(FUNCTIONS):
        lines += [f"  function{number}:", "    handler: hello.handler", "    events:"]
        for route in range(ROUTES_EACH):
            path = f"/service{number}/items{route}/{{id}}"
            event = f"http: 'GET {path}'" if number % 2 < 2 * rest_share else f"httpApi: 'GET {path}'"
            lines.append(f"      - {event}")
    directory.mkdir()
    (directory / "serverless.yml").write_text("\n".join(lines) + "\n")
    (directory / "hello.py").write_text(
        'def handler(event, context):\n    return {"statusCode": 200, "body": "hello"}\n'
    )


LAST_HTTP_ROUTE = f"/service{FUNCTIONS - 1}/items{ROUTES_EACH - 1}/7"
LAST_REST_ROUTE = f"/dev/service{FUNCTIONS - 2}/items{ROUTES_EACH - 1}/7"


def saved_to_served(port: int, path: str, file: Path, times: int = 10) -> list[float]:
    """Milliseconds from saving `file`, in which a number follows the mark, to the first answer that has it."""
    took = []
    source = file.read_text()
    begin = source.index(MARK) + len(MARK)
    end = begin + 1
    for number in range(times):
        draft = file.with_suffix(".draft")
        draft.write_text(source[:begin] + str(number % 10) + source[end:])
        saved = time.perf_counter()
        os.replace(draft, file)
        wanted = f"{MARK}{number % 10}".encode()
        while _body(port, path) != wanted:
            if time.perf_counter() - saved > 10:
                raise SystemExit(f"{file.name}: what was saved is not served after 10 s")
        took.append((time.perf_counter() - saved) * 1000)
        time.sleep(0.3)  # as people do: not in the quiet time of the save before
    return took


def _body(port: int, path: str) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path)
        return connection.getresponse().read()
    finally:
        connection.close()
