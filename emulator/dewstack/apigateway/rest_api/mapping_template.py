"""Mapping templates, read once for all methods that have the same. Velocity is loaded for those that need it."""

import re
from functools import lru_cache
from typing import Protocol

from dewstack.apigateway.rest_api.exchange import Exchange
from dewstack.apigateway.rest_api.rendering import Overrides

SPECIAL = re.compile(r"[$#\\]")


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
    from dewstack.apigateway.rest_api.velocity_template import VelocityTemplate

    return VelocityTemplate(source)
