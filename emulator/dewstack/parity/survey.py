"""The whole report: somebody signs up everywhere, all requests are sent everywhere, the answers are compared."""

import secrets
from collections.abc import Sequence
from typing import Any

from .comparing import Difference, compare
from .people import Guest, accompany, leave
from .places import Place
from .probes import Probe
from .rules import Fields, Normaliser
from .sending import Answer, fields_of, flat, send_all

Seen = dict[str, Fields]
"""What one target answered, by request."""


def survey(places: Sequence[Place], probes: Sequence[Probe]) -> list[Difference]:
    """How the answers of each target differ from those of the first. Raises AwsError, UserError."""
    guests: list[Guest] = []
    number = secrets.token_hex(6)
    try:
        guests += [accompany(place, number) for place in places]
        answers = send_all(places, probes, [guest.tokens for guest in guests])
    finally:
        for place, guest in zip(places, guests, strict=False):  # fewer guests where one could not be let in
            leave(place, guest)
    told = [
        _seen(place, guest, probes, own) for place, guest, own in zip(places, guests, answers, strict=True)
    ]
    names = dict.fromkeys(name for seen in told for name in seen)
    first = (places[0].name, told[0])
    return [
        difference
        for place, seen in zip(places[1:], told[1:], strict=True)
        for name in names
        for difference in compare(name, (first[0], first[1].get(name, {})), (place.name, seen.get(name, {})))
    ]


def _seen(place: Place, guest: Guest, probes: Sequence[Probe], answers: Sequence[Answer]) -> Seen:
    rules = Normaliser(place)
    steps: dict[str, Any] = {f"cognito: {name}": rules.value(told) for name, told in guest.steps.items()}
    steps["the stack: outputs"] = rules.value(dict(place.outputs))
    seen = {name: flat("", told) for name, told in steps.items()}
    return seen | {
        probe.name: fields_of(answer, rules) for probe, answer in zip(probes, answers, strict=True)
    }
