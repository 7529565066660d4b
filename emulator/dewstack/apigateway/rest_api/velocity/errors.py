"""How the rendering of a template may end before its end."""

from dewstack.apigateway.rest_api.rendering import TemplateError

__all__ = ["Break", "Stop", "TemplateError"]


class Stop(Exception):
    """`#stop`: the rendering ends here, with what it has."""


class Break(Exception):
    """`#break`: the loop ends here."""
