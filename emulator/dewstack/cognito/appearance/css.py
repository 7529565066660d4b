"""The CSS that the classic hosted UI takes: rules for a fixed set of classes, and nothing that loads or runs."""

import re

from dewstack.cognito.errors import InvalidParameterException

CLASSES = frozenset(
    f".{name}-customizable"
    for name in (
        *("background", "banner", "errorMessage", "idpButton", "idpDescription", "inputField", "label"),
        *("legalText", "logo", "passwordCheck-notValid", "passwordCheck-valid", "redirect", "socialButton"),
        *("submitButton", "textDescription"),
    )
)
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_RULE = re.compile(r"\s*([^{}]+?)\s*\{([^{}]*)\}")
_STATE = re.compile(r":(hover|focus|active|disabled)$")
_NEVER = re.compile(r"[<\\@]|url\s*\(|expression\s*\(|javascript:", re.IGNORECASE)


def check(css: str) -> None:
    """Refuse other classes, and what could load or run something. Raises InvalidParameterException."""
    text = _COMMENT.sub(" ", css)
    if _NEVER.search(text):
        raise InvalidParameterException("The CSS contains content that is not allowed.")
    end = 0
    while match := _RULE.match(text, end):
        end = match.end()
        for selector in match[1].split(","):
            name = _STATE.sub("", selector.strip())
            if name not in CLASSES:
                raise InvalidParameterException(
                    f"The CSS class {name} is not in the list of allowed classes."
                )
    if text[end:].strip():
        raise InvalidParameterException("The CSS could not be parsed.")
