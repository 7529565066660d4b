"""Velocity Template Language as API Gateway's mapping templates use it: `#set #if #foreach #define #stop #break`.

Templates are the API's, what they read is a client's: nothing but the methods named in `methods` can be called, and
every rendering is bounded in steps, in loops and in size.
"""

from dewstack.apigateway.rest_api.velocity.errors import TemplateError
from dewstack.apigateway.rest_api.velocity.parser import parse
from dewstack.apigateway.rest_api.velocity.template import Template
from dewstack.apigateway.rest_api.velocity.values import JsonList, Missing, Object

__all__ = ["JsonList", "Missing", "Object", "Template", "TemplateError", "parse"]
