"""A mapping template, read once and rendered for each request."""

from typing import Any

from dewstack.apigateway.rest_api.velocity.errors import Break, Stop, TemplateError
from dewstack.apigateway.rest_api.velocity.nodes import Scope, render_all
from dewstack.apigateway.rest_api.velocity.parser import parse


class Template:
    """The template `source`. Raises TemplateError where it cannot be read."""

    def __init__(self, source: str) -> None:
        self._nodes = parse(source)

    def render(self, names: dict[str, Any]) -> str:
        """What the template says, given what its names stand for; `names` and what it holds may be changed by it.

        Raises TemplateError.
        """
        out: list[str] = []
        try:
            render_all(self._nodes, Scope(names), out)
        except (Stop, Break):
            pass
        except RecursionError:
            raise TemplateError("the template is nested too deeply") from None
        return "".join(out)
