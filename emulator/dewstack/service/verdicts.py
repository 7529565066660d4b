"""What a violation of the schema amounts to in a map, and how it is said."""

import re

from .events import COMPILED_EVENTS, METHODS, ROUTE_FORM
from .legacy import RETIRED_RUNTIMES
from .problems import KeyPath, Severity, did_you_mean
from .schema import Violation, event_types

STAGE_FORM = "can't be a stage's name: letters, digits and hyphens only"
_OWN_EVENTS = [(kind,) for kind in COMPILED_EVENTS]


def _is_of_another_event(path: KeyPath) -> bool:
    """Whether `path` is in an event that isn't emulated, and is named as such anyway."""
    return path[:1] == ("functions",) and path[2:3] == ("events",) and path[4:5] not in _OWN_EVENTS


def _is_compiled(path: KeyPath) -> bool:
    """Whether the template is made of what is at `path`."""
    return path[:1] in (("provider",), ("functions",), ("layers",), ("resources",))


def severity_of(
    violation: Violation, mode: object, strict: bool, unknown_keys: Severity = "warning"
) -> Severity | None:
    """What a violation amounts to, by the map's own `configValidationMode` if it has one; `unknown_keys` without one.

    The mode lets names and words pass that the schema doesn't know. What is of the wrong shape where a template is
    made of it can't be let pass.
    """
    if len(violation.path) > 4 and _is_of_another_event(violation.path) and not violation.about_key:
        return "warning" if strict else None  # that the event won't happen is said anyway
    if violation.kind in ("type", "required", "range") and _is_compiled(violation.path):
        return "error"
    if _is_retired(violation):
        return "warning"
    by_mode: dict[object, Severity | None] = {"warn": "warning", "off": None, "error": "error"}
    if strict:
        return "error"
    if mode in by_mode:
        return by_mode[mode]
    in_a_family = re.match("'(python|nodejs|java|dotnet|ruby|go|provided)", violation.shown)
    newer_runtime = violation.path[-1:] == ("runtime",) and in_a_family
    if violation.kind == "key":
        return unknown_keys
    return "warning" if newer_runtime else "error"


def _is_retired(violation: Violation) -> bool:
    return violation.path[-1:] == ("runtime",) and violation.shown.strip("'") in RETIRED_RUNTIMES


_FORMS = {
    "http": "isn't a route: write 'METHOD /path'",
    "httpApi": f"isn't a route: {ROUTE_FORM}",
    "method": f"isn't a method: {', '.join(METHODS)} or '*'",
    "path": "isn't a path: '/…', or '*' for all",
    "service": "can't be a service's name: letters, digits and hyphens, at least two, a letter first",
    "stage": STAGE_FORM,
}
"""What a form is for people, where the schema can only say that a pattern doesn't match."""


def wording_of(violation: Violation) -> str:
    """The schema's message, or a plainer one."""
    path = violation.path
    if violation.kind == "pattern" and path[-1:] and violation.shown and path[-1] in _FORMS:
        return f"{violation.shown} {_FORMS[str(path[-1])]}"
    if _is_retired(violation):
        return f"{violation.shown} is retired on AWS, where a deployment of it is refused"
    if violation.about_key and len(path) == 5 and path[0] == "functions" and path[2] == "events":
        return f"unknown event type{did_you_mean(str(path[-1]), event_types())}"
    return violation.message
