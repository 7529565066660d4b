"""The fields of forms: what a pool wants to know of its users, and which field an error is about."""

import re

from msgspec.structs import replace

from dewstack.cognito.errors import CognitoError
from dewstack.cognito.model import Settings, UserPool
from dewstack.cognito.oauth.page import Alert, Field

AUTOCOMPLETE = {
    "email": "email",
    "phone_number": "tel",
    "name": "name",
    "given_name": "given-name",
    "family_name": "family-name",
    "middle_name": "additional-name",
    "nickname": "nickname",
    "preferred_username": "nickname",
    "birthdate": "bday",
    "website": "url",
    "gender": "sex",
    "address": "street-address",
}
TYPES = {"email": "email", "phone_number": "tel", "birthdate": "date", "website": "url", "picture": "url"}
LABELS = {"email": "E-mail address", "phone_number": "Phone number", "birthdate": "Date of birth"}
HINTS = {"phone_number": "With the country's code, such as +14155550123."}
PASSWORD_RULES = {
    "RequireUppercase": "an upper-case letter",
    "RequireLowercase": "a lower-case letter",
    "RequireNumbers": "a digit",
    "RequireSymbols": "a symbol",
}
ABOUT = {
    "InvalidPasswordException": ("password", "NEW_PASSWORD"),
    "PasswordHistoryPolicyViolationException": ("password", "NEW_PASSWORD"),
    "UsernameExistsException": ("username",),
    "CodeMismatchException": ("code", "*"),
    "ExpiredCodeException": ("code", "*"),
    "EnableSoftwareTokenMFAException": ("UserCode",),
}
"""Which fields an error is about; `*` is a form's only one."""

UNFIT_PASSWORD = re.compile(r"^1 validation error detected: Value .*at '\w*[pP]assword'")
TOO_SHORT = "Password did not conform with policy: Password not long enough"
"""The API refuses what no pool can take before it looks at a pool's policy, in words for programs."""


def label_of(name: str) -> str:
    """What a form calls an attribute."""
    return LABELS.get(name) or name.removeprefix("custom:").replace("_", " ").capitalize()


def attribute_field(name: str, prefix: str = "") -> Field:
    """A field for an attribute that must be there."""
    return Field(
        name=prefix + name,
        label=label_of(name),
        type=TYPES.get(name, "text"),
        autocomplete=AUTOCOMPLETE.get(name, "off"),
        hint=HINTS.get(name, ""),
    )


def username_field(pool: UserPool, value: str = "", *, new: bool = False) -> Field:
    """The field that says who one is: a username, or whatever the pool lets people sign in with; for `new` users,
    what they are to be called."""
    own, aliases = pool.username_attributes, [] if new else pool.alias_attributes
    names = own or ["username", *(name for name in ("email", "phone_number") if name in aliases)]
    labels = [label_of(name) for name in names]
    label = " or ".join([labels[0], *(text[0].lower() + text[1:] for text in labels[1:])])
    kind = TYPES.get(names[0], "text") if len(names) == 1 else "text"
    return Field(name="username", label=label, type=kind, autocomplete="username", value=value)


def new_password(pool: UserPool, name: str = "password", label: str = "New password") -> Field:
    """A field for a password that is to be set, with the pool's rules under it."""
    return Field(
        name=name,
        label=label,
        type="password",
        autocomplete="new-password",
        hint=_rules(pool.password_policy),
    )


def _rules(policy: Settings) -> str:
    wanted = [text for key, text in PASSWORD_RULES.items() if policy.get(key)]
    length = f"At least {policy.get('MinimumLength', 8)} characters"
    if not wanted:
        return f"{length}."
    listed = ", ".join(wanted[:-1]) + (" and " if wanted[:-1] else "") + wanted[-1]
    return f"{length}, with {listed}."


def blamed(fields: tuple[Field, ...], error: CognitoError) -> tuple[tuple[Field, ...], Alert | None]:
    """The fields with the error at the one that it is about, or an alert where it is about none."""
    about, message = ABOUT.get(error.code, ()), error.message or error.code
    if UNFIT_PASSWORD.search(message):
        about, message = ABOUT["InvalidPasswordException"], TOO_SHORT
    for field in fields:
        if field.name in about or ("*" in about and len(fields) == 1):
            told = tuple(replace(each, error=message) if each is field else each for each in fields)
            return told, None
    return fields, Alert(message)
