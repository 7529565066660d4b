"""Passwords: the pool's policy, the hash that is kept of one, and what SRP will need of it.

No password is kept. Two things are derived from it when it is set: a salted scrypt digest, which the password
flows verify against, and SRP's salt and verifier, which cannot be made later. The verifier is a plain SHA-256
and one exponentiation (1 ms) away from the password, so a scrypt much dearer than that would slow down every
sign-in and protect nothing; hence its cost, half a mebibyte and 1 ms. It is kept beside each digest, so it can be
raised without losing a user.
"""

import hashlib
import hmac
import secrets
import string
from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from dewstack.cognito.errors import InvalidParameterException, InvalidPasswordException
from dewstack.cognito.model import Password, User
from dewstack.cognito.secrets.srp import Identity, pool_name, verifier

COST = (2**9, 8, 1)
SYMBOLS = "^$*.[]{}()?\"!@#%&/\\,><':;|_~`=+-"
SHORTEST = 6


def _has(alphabet: str) -> Callable[[str], bool]:
    return lambda password: any(character in alphabet for character in password)


def _has_symbol(password: str) -> bool:
    return any(character in SYMBOLS for character in password) or " " in password.strip(" ")


RULES: tuple[tuple[str, str, Callable[[str], bool]], ...] = (
    ("RequireUppercase", "Password must have uppercase characters", _has(string.ascii_uppercase)),
    ("RequireLowercase", "Password must have lowercase characters", _has(string.ascii_lowercase)),
    ("RequireNumbers", "Password must have numeric characters", _has(string.digits)),
    ("RequireSymbols", "Password must have symbol characters", _has_symbol),
)


def check_policy(
    policy: dict[str, Any], password: str, *, wording: str = "policy", member: str = "password"
) -> None:
    """Refuse a password that breaks the policy; only the first broken rule is told, as AWS does.

    `wording` is what AWS calls the policy in this operation ("policy" or "password policy"), `member` the
    request's member that holds the password. Raises InvalidPasswordException; InvalidParameterException below
    the six characters that no policy may go under.
    """
    if len(password) < SHORTEST:
        raise InvalidParameterException(
            f"1 validation error detected: Value at '{member}' failed to satisfy constraint: "
            f"Member must have length greater than or equal to {SHORTEST}"
        )
    fault = None
    if len(password) < policy.get("MinimumLength", 8):
        fault = "Password not long enough"
    else:
        fault = next((text for key, text, holds in RULES if policy.get(key) and not holds(password)), None)
    if fault:
        raise InvalidPasswordException(f"Password did not conform with {wording}: {fault}")


def generate(policy: dict[str, Any]) -> str:
    """A random temporary password that every policy of that length accepts."""
    classes = (string.ascii_uppercase, string.ascii_lowercase, string.digits, "!@#$%&*+-_=?")
    length = max(policy.get("MinimumLength", 8), 12)
    characters = [secrets.choice(alphabet) for alphabet in classes]
    characters += [secrets.choice("".join(classes)) for _ in range(length - len(characters))]
    secrets.SystemRandom().shuffle(characters)
    return "".join(characters)


def derive(pool_id: str, username: str, password: str) -> Password:
    """All that is kept of a new password. Milliseconds of CPU: call it in a worker thread."""
    salt, srp_salt = secrets.token_bytes(16), secrets.token_bytes(16)
    identity = Identity.of_user(pool_id, username)
    return Password(
        salt=salt.hex(),
        digest=_digest(password, salt, COST).hex(),
        cost=COST,
        srp_salt=srp_salt.hex(),
        srp_verifier=f"{verifier(identity, password, srp_salt):x}",
    )


def at_home(pool_id: str, user: User, password: str) -> Callable[[User], User] | None:
    """What makes an imported password, which has just proved right, work for SRP in this pool too; None where it
    does already. As slow as `derive`."""
    kept = user.password
    if kept is None or kept.srp_pool in ("", pool_name(pool_id)):
        return None
    derived = derive(pool_id, user.username, password)
    return lambda now: replace(now, password=derived) if now.password == kept else now


def matches(kept: Password | None, password: str) -> bool:
    """Whether `password` is the one that was kept. With none kept the work is the same and the answer no.

    Milliseconds of CPU: call it in a worker thread.
    """
    if kept is None:
        _digest(password, b"\0" * 16, COST)
        return False
    digest = _digest(password, bytes.fromhex(kept.salt), kept.cost)
    return hmac.compare_digest(digest, bytes.fromhex(kept.digest))


def is_reused(policy: dict[str, Any], user: User | None, password: str) -> bool:
    """Whether `password` is one of the user's last ones, of which PasswordHistorySize says how many count, the present
    one included. The work is the same for every user, and for nobody.

    Up to 24 times as slow as `matches`: call it in a worker thread, outside of transactions.
    """
    size = policy.get("PasswordHistorySize") or 0
    kept = [user.password, *user.past_passwords][:size] if user else []
    padded = [*kept, *[None] * (size - len(kept))]
    return any([matches(one, password) for one in padded])


def succession(policy: dict[str, Any], user: User, kept: Password) -> dict[str, Any]:
    """The fields of a user whose password becomes `kept`: the one before it goes into the history, if there is one."""
    size = policy.get("PasswordHistorySize") or 0
    past = [*([user.password] if user.password else []), *user.past_passwords]
    return {"password": kept, "past_passwords": past[:size]}


def _digest(password: str, salt: bytes, cost: tuple[int, int, int]) -> bytes:
    n, r, p = cost
    return hashlib.scrypt(password.encode(), salt=salt, n=n, r=r, p=p, maxmem=256 * n * r * p, dklen=32)
