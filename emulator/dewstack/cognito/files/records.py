"""A user as a file tells of them (`dew users export`, `custom.dew.users`), read with every mistake found.

A password is an object with what is kept of it, or a text: the password itself, in a file that somebody wrote by
hand.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, get_args

from msgspec import Struct, field

from dewstack.cognito.model import Mfa, Password, User, UserPool, UserStatus
from dewstack.cognito.secrets.srp import pool_name

Document = dict[str, Any]
Path = tuple[str | int, ...]

FORMAT_VERSION = 1
STATUSES: tuple[str, ...] = get_args(UserStatus)
LINKS = "identities"
"""The attribute that tells of a user's identities at providers: the pool's own, which no file changes."""
APP = "SOFTWARE_TOKEN_MFA"
FACTORS = ("SMS_MFA", APP, "EMAIL_OTP")
HEXADECIMAL = re.compile("(?:[0-9a-f]{2}){1,512}")
NUMBER = re.compile("[0-9a-f]{1,768}")
SUB = re.compile("[0-9a-zA-Z-]{1,64}")
BASE32 = re.compile("[A-Z2-7]{16,128}=*")
MOST_EXPENSIVE = 2**20
"""Scrypt's n times r at most: a file must not make every sign-in take minutes."""


class Fault(Struct, frozen=True):
    """A mistake: where in the user's entry (`("attributes", "email")`), and what."""

    path: Path
    message: str


class UserRecord(Struct, kw_only=True):
    """A user's entry, in its types. What it leaves open is decided when the user is made."""

    username: str = ""
    sub: str | None = None
    attributes: dict[str, str] = field(default_factory=dict)
    status: UserStatus | None = None
    enabled: bool = True
    groups: list[str] = field(default_factory=list)
    mfa: Mfa = field(default_factory=Mfa)
    password: Password | None = None
    plain_password: str | None = None
    temporary: bool = False
    """Whether the password must be changed at the first sign-in."""
    created: float | None = None


class _Wrong(Exception):
    """A value that isn't what it should be, on its way to the entry's faults."""

    def __init__(self, message: str, *path: str | int) -> None:
        super().__init__(message)
        self.path = path


def _expect(condition: bool, message: str, *path: str | int) -> None:
    if not condition:
        raise _Wrong(message, *path)


def _text(value: Any) -> str:
    _expect(isinstance(value, str) and value != "", "expected a text")
    _expect("\0" not in value and _is_unicode(value), "a text can't hold NUL or half a character")
    return str(value)


def _is_unicode(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _username(record: UserRecord, value: Any) -> None:
    record.username = _text(value)
    _expect(len(value) <= 128, "a username has at most 128 characters")


def _sub(record: UserRecord, value: Any) -> None:
    _expect(SUB.fullmatch(_text(value)) is not None, "expected a UUID")
    record.sub = value


def _attributes(record: UserRecord, value: Any) -> None:
    _expect(isinstance(value, dict), "expected attributes by name: {email: ada@example.com}")
    for name, text in value.items():
        if isinstance(text, bool):  # email_verified: true
            text = str(text).lower()
        elif isinstance(text, int):
            text = str(text)
        right = isinstance(text, str) and "\0" not in text and _is_unicode(text)
        _expect(right and isinstance(name, str), "expected a text", name)
        record.attributes[name] = text


def _status(record: UserRecord, value: Any) -> None:
    _expect(value in STATUSES, f"expected one of {', '.join(STATUSES)}")
    record.status = value


def _flag(name: str) -> Callable[[UserRecord, Any], None]:
    def read(record: UserRecord, value: Any) -> None:
        _expect(isinstance(value, bool), "expected true or false")
        setattr(record, name, value)

    return read


def _groups(record: UserRecord, value: Any) -> None:
    _expect(isinstance(value, list), "expected a list of groups' names")
    for index, name in enumerate(value):
        right = isinstance(name, str) and 0 < len(name) <= 128 and "\0" not in name
        _expect(right and _is_unicode(name), "expected a group's name", index)
    record.groups = sorted(set(value))


def _mfa(record: UserRecord, value: Any) -> None:
    _expect(isinstance(value, dict), "expected {enabled: [...], preferred: ...}")
    for name in value:
        _expect(name in ("enabled", "preferred", "totpSecret"), "unknown key", name)
    enabled, preferred, secret = value.get("enabled", []), value.get("preferred"), value.get("totpSecret")
    factors = f"expected factors of {', '.join(FACTORS)}"
    _expect(isinstance(enabled, list) and all(factor in FACTORS for factor in enabled), factors, "enabled")
    _expect(preferred is None or preferred in enabled, "expected one of those enabled", "preferred")
    right = secret is None or (isinstance(secret, str) and BASE32.fullmatch(secret) is not None)
    _expect(right, "expected an authenticator app's secret in base32", "totpSecret")
    _expect(
        APP not in enabled or secret is not None,
        f"{APP} needs the authenticator app's secret, totpSecret",
        "enabled",
    )
    record.mfa = Mfa(enabled=list(enabled), preferred=preferred, totp_secret=secret)


def _password(record: UserRecord, value: Any) -> None:
    if isinstance(value, str):
        _expect(value != "" and _is_unicode(value), "a password can't be empty, or hold half a character")
        record.plain_password = value
        return
    number = isinstance(value, int | float)
    _expect(not number, "expected a text: put a password that looks like a number in quotes")
    _expect(isinstance(value, dict), "expected a password, or what an export tells of one")
    scrypt, srp = value.get("scrypt"), value.get("srp")
    whole = isinstance(scrypt, dict) and isinstance(srp, dict) and len(value) == 2
    _expect(whole, "expected {scrypt: {...}, srp: {...}}, as an export has it")
    assert isinstance(scrypt, dict) and isinstance(srp, dict)
    for name in ("salt", "digest"):
        _expect(_is(HEXADECIMAL, scrypt.get(name)), "expected hexadecimal digits", "scrypt", name)
    for name in ("salt", "verifier"):
        _expect(_is(NUMBER, srp.get(name)), "expected hexadecimal digits", "srp", name)
    _expect(_is(HEXADECIMAL, srp["salt"]), "expected hexadecimal digits", "srp", "salt")
    _expect(isinstance(srp.get("pool"), str), "expected the pool's id without its region", "srp", "pool")
    record.password = Password(
        salt=scrypt["salt"],
        digest=scrypt["digest"],
        cost=_cost(scrypt),
        srp_salt=srp["salt"],
        srp_verifier=srp["verifier"],
        srp_pool=srp["pool"],
    )


def _cost(scrypt: dict[str, Any]) -> tuple[int, int, int]:
    n, r, p = (scrypt.get(name) for name in "nrp")
    numbers = all(isinstance(each, int) and not isinstance(each, bool) and each > 0 for each in (n, r, p))
    _expect(numbers, "expected scrypt's cost n, r and p", "scrypt")
    assert isinstance(n, int) and isinstance(r, int) and isinstance(p, int)
    _expect(n >= 2 and n & (n - 1) == 0, "n has to be a power of 2", "scrypt", "n")
    _expect(n * r <= MOST_EXPENSIVE and p <= 4, "scrypt's cost is out of bounds", "scrypt")
    return n, r, p


def _is(pattern: re.Pattern[str], value: Any) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _created(record: UserRecord, value: Any) -> None:
    try:
        record.created = datetime.fromisoformat(_text(value)).timestamp()
    except (ValueError, OverflowError, OSError) as error:
        raise _Wrong("expected a time, 2026-01-31T12:00:00+00:00") from error


MEMBERS: dict[str, Callable[[UserRecord, Any], None]] = {
    "username": _username,
    "sub": _sub,
    "attributes": _attributes,
    "status": _status,
    "enabled": _flag("enabled"),
    "groups": _groups,
    "mfa": _mfa,
    "password": _password,
    "temporary": _flag("temporary"),
    "created": _created,
}


def read_user(entry: Any) -> tuple[UserRecord, list[Fault]]:
    """An entry in its types, and what is wrong with it."""
    record = UserRecord()
    if not isinstance(entry, dict):
        return record, [Fault((), "expected a user: {username: ...}")]
    faults = []
    for name, value in entry.items():
        if name not in MEMBERS:
            faults.append(Fault((name,), f"unknown key; a user has {', '.join(MEMBERS)}"))
            continue
        try:
            MEMBERS[name](record, value)
        except _Wrong as wrong:
            faults.append(Fault((name, *wrong.path), str(wrong)))
    if "username" not in entry:
        faults.append(Fault((), "a user needs a username"))
    return record, faults


def write_user(pool: UserPool, user: User, *, with_totp: bool) -> Document:
    """A user's entry: all that is theirs, but no password in clear, and the authenticator app's secret only where
    it is asked for."""
    entry: Document = {"username": user.username}
    if user.sub != user.username:
        entry["sub"] = user.sub
    attributes = {name: value for name, value in user.attributes.items() if name != LINKS}
    entry |= {"attributes": attributes, "status": user.status}
    if not user.enabled:
        entry["enabled"] = False
    if user.groups:
        entry["groups"] = user.groups
    mfa = _write_mfa(user.mfa, with_totp=with_totp)
    if mfa:
        entry["mfa"] = mfa
    if user.password is not None:
        entry["password"] = _write_password(pool, user.password)
    entry["created"] = datetime.fromtimestamp(user.created, UTC).isoformat(timespec="seconds")
    return entry


def _write_password(pool: UserPool, password: Password) -> Document:
    n, r, p = password.cost
    return {
        "scrypt": {"salt": password.salt, "digest": password.digest, "n": n, "r": r, "p": p},
        "srp": {
            "salt": password.srp_salt,
            "verifier": password.srp_verifier,
            "pool": password.srp_pool or pool_name(pool.id),
        },
    }


def _write_mfa(mfa: Mfa, *, with_totp: bool) -> Document:
    enabled = [factor for factor in mfa.enabled if with_totp or factor != APP]
    told: Document = {"enabled": enabled} if enabled else {}
    if mfa.preferred in enabled:
        told["preferred"] = mfa.preferred
    if with_totp and mfa.totp_secret:
        told["totpSecret"] = mfa.totp_secret
    return told
