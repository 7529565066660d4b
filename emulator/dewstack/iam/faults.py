"""What can be wrong with a request's signature, whatever the protocol that tells it. Raised, never told as such."""

from typing import ClassVar


class Fault(Exception):
    """A request that isn't signed as it must be. `code` is AWS's name of it where errors are exceptions."""

    code: ClassVar[str]

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Missing(Fault):
    """No signature at all."""

    code = "MissingAuthenticationTokenException"


class Incomplete(Fault):
    """A signature that lacks a part, or whose form is wrong."""

    code = "IncompleteSignatureException"


class Mismatch(Fault):
    """A signature that isn't of this request, secret or time."""

    code = "InvalidSignatureException"


class Unrecognized(Fault):
    """A key that nobody holds, or another session's token."""

    code = "UnrecognizedClientException"


class Expired(Fault):
    """A session that has ended."""

    code = "ExpiredTokenException"


INVALID_TOKEN = "The security token included in the request is invalid."
EXPIRED_TOKEN = "The security token included in the request is expired"
UNKNOWN_KEY = "The AWS Access Key Id you provided does not exist in our records."
"""S3's words for a key that nobody holds."""
MISSING_TOKEN = "Missing Authentication Token"
