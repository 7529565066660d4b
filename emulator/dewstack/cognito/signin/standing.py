"""Whether somebody who has proved who they are may sign in at all."""

from dewstack.cognito import errors
from dewstack.cognito.model import User


def check_standing(user: User, now: float) -> None:
    """Refuse who may not sign in (yet). `now` is in seconds since the epoch. Raises what AWS answers."""
    if not user.enabled:
        raise errors.NotAuthorizedException("User is disabled.")
    if user.status == "UNCONFIRMED":
        raise errors.UserNotConfirmedException()
    if user.status == "RESET_REQUIRED":
        raise errors.PasswordResetRequiredException()
    if user.temporary_until is not None and now >= user.temporary_until:
        raise errors.NotAuthorizedException(
            "Temporary password has expired and must be reset by an administrator."
        )
