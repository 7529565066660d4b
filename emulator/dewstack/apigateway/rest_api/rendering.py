"""What comes of rendering a mapping template: what it overrides, or what is wrong with it."""

from collections.abc import Mapping

from msgspec import Struct, field


class TemplateError(Exception):
    """A template that cannot be read or rendered; the message says where and why."""


class Overrides(Struct, frozen=True):
    """What a rendering has put into `$context.responseOverride`, and into `$context.requestOverride`: what of the
    integration's `header`, `path` and `querystring` is otherwise than mapped."""

    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    request: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
