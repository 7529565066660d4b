"""What a new user is called: the given name, or a UUID where an address stands in for the username."""

from dewstack import ids
from dewstack.cognito import errors
from dewstack.cognito.directory import Directory
from dewstack.cognito.model import UserPool
from dewstack.cognito.schema import EMAIL, PHONE_NUMBER

FORMATS = {"email": EMAIL, "phone_number": PHONE_NUMBER}
NAMES = {"email": "an email", "phone_number": "a phone number"}


def address_kind(pool: UserPool, name: str) -> str | None:
    """Which of the pool's username attributes `name` is: `email`, `phone_number`, or None."""
    return next((kind for kind in pool.username_attributes if FORMATS[kind].fullmatch(name)), None)


class Naming:
    """The rules for usernames of new users."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def name(self, pool: UserPool, given: str, attributes: dict[str, str]) -> tuple[str, dict[str, str]]:
        """The username and attributes of a user who is made as `given`. Raises InvalidParameterException."""
        if not pool.username_attributes:
            self._refuse_alias_format(pool, given)
            return given, attributes
        kind = address_kind(pool, given)
        if kind is None:
            wanted = " or ".join(NAMES[kind] for kind in NAMES if kind in pool.username_attributes)
            either = "either " if len(pool.username_attributes) > 1 else ""
            raise errors.InvalidParameterException(f"Username should be {either}{wanted}.")
        if pool.fold(attributes.get(kind, given)) != pool.fold(given):
            raise errors.InvalidParameterException(f"Username and {kind} do not match.")
        return ids.uuid4(), {**attributes, kind: given}

    def check_free(
        self, pool: UserPool, given: str, attributes: dict[str, str], message: str = "User already exists"
    ) -> None:
        """Refuse a name that is taken. Raises UsernameExistsException."""
        for kind in pool.username_attributes:
            value = attributes.get(kind)
            if value and self._directory.having(pool, kind, value):
                raise errors.UsernameExistsException(f"An account with the given {kind} already exists.")
        if not pool.username_attributes and self._directory.user_by_key(pool, pool.fold(given)):
            raise errors.UsernameExistsException(message)

    def _refuse_alias_format(self, pool: UserPool, given: str) -> None:
        if "email" in pool.alias_attributes and EMAIL.fullmatch(given):
            raise errors.InvalidParameterException(
                "Username cannot be of email format, since user pool is configured for email alias."
            )
        if "phone_number" in pool.alias_attributes and PHONE_NUMBER.fullmatch(given):
            raise errors.InvalidParameterException(
                "Username cannot be of phone number format, "
                "since user pool is configured for phone number alias."
            )
