"""A recorded request or invocation that has failed: its error and its route's story together, and what in this very
request fits which cause."""

import base64
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from dewstack.errors import AwsError
from dewstack.explain.errors import Entry, UnknownError, explained, said_in
from dewstack.explain.model import Access, Story

Row = Mapping[str, Any]
ROUTED = ("http", "rest", "websocket")
LONGEST = 4_000
"""Characters of an answer that are looked at."""
Stories = Callable[[str], list[Story]]


def said_by(summary: Row, detail: Row) -> Iterator[str]:
    """All the texts by which a recorded failure tells what is wrong, the plainest first."""
    answer = detail.get("http_response") or {}
    headers = {str(name).lower(): str(value) for name, value in answer.get("headers", ())}
    if "www-authenticate" in headers:
        yield headers["www-authenticate"]
    if summary.get("error"):
        yield str(summary["error"])
    response = detail.get("response")
    if isinstance(response, dict) and response.get("errorMessage"):
        yield json.dumps(response)[:LONGEST]
    if answer and int(answer["status"]) >= 400:
        yield str(answer["body"])[:LONGEST]
        yield headers.get("x-amzn-errortype", "")


def is_said_by(summary: Row, detail: Row, wanted: set[str]) -> bool:
    """Whether a recorded failure tells of one of these errors."""
    return any(said_in(text) & wanted for text in said_by(summary, detail))


def explain_failure(summary: Row, detail: Row, stories: Stories) -> dict[str, Any]:
    """What `GET /_dew/explain?last=1` tells."""
    said = [text for text in said_by(summary, detail) if text]
    entries = {entry.id: entry for text in said for entry in _known(text)}
    story = _story(summary, stories)
    return {
        "summary": summary,
        "said": said,
        "candidates": [_filled(entry, summary, story) for entry in entries.values()],
        "found": list(_findings(summary, detail, story)),
        "route": story,
    }


def _filled(entry: Entry, summary: Row, story: Story | None) -> Entry:
    """The entry with its commands as they are to be typed for this failure."""
    given = {"ID": str(summary["id"])}
    if story is not None:
        given |= {"FUNCTION": story.function.key, "METHOD /path": f"'{story.api} {story.route}'"}
        if story.facts.access.function:
            given["AUTHORIZER"] = story.facts.access.function
    names = re.compile(rf"\b({'|'.join(map(re.escape, given))})(?![\w-])")
    causes = [
        replace(cause, find=names.sub(lambda found: given[found[1]], cause.find)) for cause in entry.causes
    ]
    return replace(entry, causes=causes)


def _known(text: str) -> list[Entry]:
    try:
        return explained(text)
    except UnknownError:
        return []


def _story(summary: Row, stories: Stories) -> Story | None:
    """The story of the route that was meant, if the map has it."""
    kind, route, function = summary.get("kind"), summary.get("route"), summary.get("function")
    asked = (
        f"{kind} {route}" if route and kind in ROUTED else f"url {function}" if kind == "url" else function
    )
    try:
        return next(iter(stories(asked)), None) if asked else None
    except AwsError:
        return None


def _findings(summary: Row, detail: Row, story: Story | None) -> Iterator[str]:
    """What in this request itself is remarkable, one sentence each."""
    request = detail.get("request")
    if story is None and summary.get("kind") in ("http", "rest") and not summary.get("function"):
        yield f"No route of the map takes {summary.get('method')} {summary.get('path')}: see 'dew routes'."
        return
    if story is None:
        return
    function = story.function
    access, status = story.facts.access, summary.get("status")
    if request is not None and status in (401, 403) and summary.get("function") is None:
        yield from _token_findings(access, request, float(summary.get("at") or 0))
    took = float(summary.get("duration_ms") or 0)
    if took >= function.timeout * 1000:
        yield f"The function ran into its timeout of {function.timeout} s (functions.{function.key}.timeout)."
    elif float(summary.get("total_ms") or 0) >= story.facts.timeout_ms:
        yield f"The gateway waited {story.facts.timeout_ms / 1000:g} s and gave up; the function went on."
    if summary.get("cold"):
        yield f"It was a cold start: {summary.get('init_ms')} ms of init before the handler began."
    if summary.get("error") and ":" in str(summary["error"]) and function.handler_at:
        yield f"The handler {function.handler} is at {function.handler_at}; its log: dew logs {function.key}"


def _token_findings(access: Access, request: Row, at: float) -> Iterator[str]:
    """What is the matter with the token, as far as its claims tell."""
    if access.kind not in ("jwt", "cognito"):
        return
    headers = {str(name).lower(): str(value) for name, value in request["headers"]}
    where, _, name = (access.identity_source or ["$request.header.Authorization"])[0].rpartition(".")
    if not where.endswith("header"):
        return
    source = name.lower()
    value = headers.get(source)
    if value is None:
        yield f"The request has no {source} header: nobody was told who calls."
        return
    claims = claims_of(value)
    if claims is None:
        yield f"What the {source} header holds is no JWT (three parts with dots in between)."
        return
    yield from _claim_findings(access, claims, at)


def _claim_findings(access: Access, claims: Row, at: float) -> Iterator[str]:
    issuer, audience = claims.get("iss"), claims.get("aud", claims.get("client_id"))
    meant = audience if isinstance(audience, list) else [audience]
    if access.issuer and not _same_issuer(str(issuer), access.issuer):
        yield f"The token's `iss` is {issuer}, and the authorizer trusts {access.issuer}."
    if access.audience and not set(meant) & set(access.audience):
        name = "aud" if "aud" in claims else "client_id"
        yield f"The token's `{name}` {audience!r} isn't in the authorizer's audience {access.audience}."
    if access.kind == "cognito":
        wanted = "access" if access.scopes else "id"
        if claims.get("token_use") != wanted:
            yield f"It is the {claims.get('token_use')} token, and this method takes the {wanted} token."
    scopes = str(claims.get("scope", "")).split()
    if access.scopes and not set(scopes) & set(access.scopes):
        yield f"The token's `scope` {scopes} has none of the route's scopes {access.scopes}."
    expires = claims.get("exp")
    if isinstance(expires, int | float) and expires <= at:
        yield f"The token expired {at - expires:.0f} s before the request came (its `exp`)."


def _same_issuer(given: str, wanted: str) -> bool:
    """Whether both name the same issuer: pools have several addresses here, and one id."""
    return given.rstrip("/").rpartition("/")[2] == wanted.rstrip("/").rpartition("/")[2]


def claims_of(value: str) -> dict[str, Any] | None:
    """The claims of a token in a header, not verified; None where there is none."""
    parts = value.strip().rpartition(" ")[2].split(".")
    if len(parts) != 3:
        return None
    try:
        claims = msgspec.json.decode(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError:
        return None
    return claims if isinstance(claims, dict) else None
