"""Mapping templates, read once for all methods that have the same. Velocity is loaded for those that need it."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Protocol

from msgspec import Struct, field

from dewstack.apigateway.rest_api.exchange import Exchange

SPECIAL = re.compile(r"[$#\\]")


class Overrides(Struct, frozen=True):
    """What a rendering has put into `$context.responseOverride`."""

    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class MappingTemplate(Protocol):
    """A template, ready to render."""

    def render(self, exchange: Exchange, body: str) -> tuple[str, Overrides]:
        """What it makes of a body, and what it overrides. Raises TemplateError."""


class Constant:
    """A template that says the same to everybody."""

    def __init__(self, text: str) -> None:
        self._said = text, Overrides()

    def render(self, exchange: Exchange, body: str) -> tuple[str, Overrides]:
        """Its text."""
        return self._said


@lru_cache(maxsize=1024)
def mapping_template(source: str) -> MappingTemplate:
    """The template `source`. Raises TemplateError where it cannot be read."""
    if not SPECIAL.search(source):
        return Constant(source)
    from dewstack.apigateway.rest_api.templates import VelocityTemplate

    return VelocityTemplate(source)
