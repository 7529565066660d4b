"""Which function an integration's or an authorizer's URI means, and how long it is waited for."""

import re
from collections.abc import Callable, Mapping

FUNCTION_ARN = re.compile(
    r"arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[A-Za-z0-9_-]{1,64}(?::(?:\$LATEST|[A-Za-z0-9_-]{1,128}))?"
)
LONG_FORM = re.compile(
    r"arn:aws[a-z-]*:apigateway:[a-z0-9-]+:lambda:path/[0-9-]+/functions/(.+)/(?:response-streaming-)?invocations"
)
STAGE_VARIABLE = re.compile(r"\$\{stageVariables\.(\w+)\}")


Patience = Callable[[str, float], float | None]
"""How many seconds a function with this ARN is waited for, when so many are configured; None is for ever."""


def as_configured(arn: str, seconds: float) -> float | None:
    """The patience of AWS."""
    return seconds


def function_arn(uri: str, stage_variables: Mapping[str, str] | None = None) -> str | None:
    """The ARN of the function that `uri` means, in its plain or its `apigateway` form, or None.

    `${stageVariables.name}` is filled in; a variable that the stage doesn't have becomes empty.
    """
    variables = stage_variables or {}
    uri = STAGE_VARIABLE.sub(lambda match: variables.get(match[1], ""), uri)
    long_form = LONG_FORM.fullmatch(uri)
    arn = long_form[1] if long_form else uri
    return arn if FUNCTION_ARN.fullmatch(arn) else None


def valid_uri(uri: str) -> bool:
    """Whether `uri` means a function, or may once its stage variables are filled in."""
    return function_arn(uri) is not None or bool(STAGE_VARIABLE.search(uri))
