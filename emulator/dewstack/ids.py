"""Identifiers in the shapes AWS gives them, from the system's random source."""

import base64
import hashlib
import os
import secrets
import string

LOWER_ALNUM = string.ascii_lowercase + string.digits
BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


def random_string(length: int, alphabet: str = LOWER_ALNUM) -> str:
    """`length` characters of `alphabet` (of at most 256), unpredictable and each as likely as any other."""
    even = 256 - 256 % len(alphabet)
    chosen: list[str] = []
    while len(chosen) < length:
        chosen += [alphabet[byte % len(alphabet)] for byte in os.urandom(2 * length) if byte < even]
    return "".join(chosen[:length])


def uuid4() -> str:
    """A random UUID: request ids, user subs, token ids."""
    text = os.urandom(16).hex()
    variant = "89ab"[int(text[16], 16) & 3]
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{variant}{text[17:20]}-{text[20:]}"


def temporary_key_id() -> str:
    """An access key id of temporary credentials: its last six characters follow from the others, so that any dewstack
    knows its own kind again, whatever run it comes from."""
    head = random_string(10, BASE32)
    return f"ASIA{head}{_mark(head)}"


def is_temporary_key_id(text: str) -> bool:
    """Whether `temporary_key_id` made it, here or elsewhere. One of AWS's looks like it once in 10^9."""
    return len(text) == 20 and text.startswith("ASIA") and text[14:] == _mark(text[4:14])


def _mark(head: str) -> str:
    return base64.b32encode(hashlib.sha256(f"dewstack {head}".encode()).digest()).decode()[:6]


def api_id() -> str:
    """An API Gateway API id: ten lower-case letters and digits."""
    return random_string(10)


def user_pool_id(region: str) -> str:
    """A Cognito user pool id: the region, an underscore, nine letters and digits."""
    return f"{region}_{random_string(9, string.ascii_letters + string.digits)}"


def client_id() -> str:
    """A Cognito app client id: 26 lower-case letters and digits."""
    return random_string(26)


def function_url_id(account_id: str, region: str, function: str, qualifier: str) -> str:
    """What a function URL's host begins with: 32 lower-case letters and digits out of what the URL belongs to, the same
    on every machine and after every deployment, so that pages may keep it. AWS draws one at random."""
    digest = hashlib.sha256("\0".join((account_id, region, function, qualifier)).encode()).digest()
    number = int.from_bytes(digest, "big")
    letters: list[str] = []
    while len(letters) < 32:
        number, rest = divmod(number, len(LOWER_ALNUM))
        letters.append(LOWER_ALNUM[rest])
    return "".join(letters)


def extended_request_id() -> str:
    """API Gateway's short request id, as `JCJJxhz4PHcEJgQ=`."""
    return base64.b64encode(secrets.token_bytes(11)).decode()
