"""Time-based one-time passwords as authenticator apps make them: RFC 6238 with SHA-1, six digits, 30 seconds."""

import base64
import hashlib
import hmac
import secrets

STEP_SECONDS = 30
SECRET_BYTES = 32
WINDOW = 1
"""How many steps a clock may be off, either way."""


def new_secret() -> str:
    """A secret for an app, base32: AWS's SecretCode, 52 characters."""
    return base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode().rstrip("=")


def step_at(moment: float) -> int:
    """The time step of a moment in seconds since the epoch."""
    return int(moment // STEP_SECONDS)


def code(secret: str, step: int) -> str:
    """The six digits that an app with this secret shows in a step."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.digest(key, step.to_bytes(8, "big"), hashlib.sha1)
    offset = digest[-1] & 15
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**6:06d}"


def matching_step(secret: str, given: str, moment: float) -> int | None:
    """The time step around `moment` whose code was given, or None. All steps are compared, whichever is right."""
    now = step_at(moment)
    steps = range(now - WINDOW, now + WINDOW + 1)
    right = [step for step in steps if hmac.compare_digest(code(secret, step).encode(), given.encode())]
    return right[-1] if right else None
