"""Secure Remote Password as Cognito has it: SRP-6a in RFC 3526's 3072-bit group, with g = 2 and SHA-256.

Odd in it: numbers are hashed as Java's `BigInteger.toByteArray()` has them (`pad`), not at full length; the
identity has the pool's name before the username, x = H(pad(salt) | H(poolName | username | ":" | password)), where
the name is the pool's id without the region and the username is USER_ID_FOR_SRP, never an alias; the key is HKDF's
first 16 bytes, with u for salt; and the proof signs the timestamp as the server would write it, which is why AWS
refuses `Sep 05` as a wrong password. A device proves itself in the same way: its group's key stands for the pool's
name, its own key for the username.
"""

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from datetime import UTC, datetime

from msgspec import Struct

from dewstack.cognito.errors import InvalidParameterException

G = 2
N = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"
    "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F"
    "83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B"
    "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510"
    "15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7"
    "ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C"
    "BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF",
    16,
)
MULTIPLIER = int.from_bytes(hashlib.sha256(b"\0" + N.to_bytes(384, "big") + bytes([G])).digest(), "big")
"""SRP-6a's k = H(pad(N) | pad(g))."""
INFO = b"Caldera Derived Key"
PRIVATE_BITS = 256
LONGEST_PUBLIC = 2 * len(f"{N:x}")
HEXADECIMAL = re.compile("[0-9a-fA-F]+")
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
TIMESTAMP = re.compile(
    rf"(?i:{'|'.join(WEEKDAYS)}) ((?i:{'|'.join(MONTHS)})) (\d{{1,2}})"
    r" (\d\d):(\d\d):(\d\d) (?:UTC|GMT) (\d{4})",
    re.ASCII,
)
"""`EEE MMM d HH:mm:ss z yyyy`, read as leniently as AWS reads it: names in any case, the zone as it is."""


class Ephemeral(Struct, frozen=True):
    """The server's numbers of one sign-in: b, which stays here, and B = kv + g^b."""

    private: int
    public: int


class Identity(Struct, frozen=True):
    """Who proves themselves: a user of a pool, or a device of a group."""

    realm: str
    """The pool's name (`pool_name`), or DeviceGroupKey."""
    name: str
    """USER_ID_FOR_SRP, or DeviceKey."""

    @classmethod
    def of_user(cls, pool_id: str, username: str) -> "Identity":
        """A user, by their canonical username."""
        return cls(pool_name(pool_id), username)


class Claim(Struct, frozen=True):
    """A client's answer, read: what it says it knows, and about what."""

    secret_block: str
    """PASSWORD_CLAIM_SECRET_BLOCK as it came, base64."""
    timestamp: str
    """TIMESTAMP as AWS would write it: what has to have been signed."""
    issued: float
    """The same in seconds since the epoch."""
    signature: bytes
    """PASSWORD_CLAIM_SIGNATURE."""

    @classmethod
    def parse(cls, secret_block: str, timestamp: str, signature: str) -> "Claim":
        """Read the members of a PASSWORD_VERIFIER or DEVICE_PASSWORD_VERIFIER answer, which must all be there.

        Raises InvalidParameterException for a timestamp of another format and a signature that isn't base64; a
        SECRET_BLOCK that isn't is a wrong password, as on AWS.
        """
        moment = read_timestamp(timestamp)
        signed = unbase64(signature)
        if signed is None:
            raise InvalidParameterException(
                "Invalid PASSWORD_CLAIM_SIGNATURE format. Must be a Base64 string."
            )
        return cls(secret_block, write_timestamp(moment), moment.timestamp(), signed)


def pad(number: int) -> bytes:
    """A number as a positive big-endian two's complement: a zero byte goes before a set top bit."""
    return number.to_bytes(number.bit_length() // 8 + 1, "big")


def power(base: int, exponent: int) -> int:
    """base^exponent mod N: about 1 ms at 256 bits, during which other threads run.

    Without gmpy2 (it has wheels for all platforms we name) it is Python's own `pow`: the same number, but 5 to 10 ms
    with the interpreter's lock held.
    """
    try:
        import gmpy2
    except ImportError:
        return pow(base, exponent, N)
    with gmpy2.context(allow_release_gil=True):
        return int(gmpy2.powmod(base, exponent, N))


def pool_name(pool_id: str) -> str:
    """What SRP calls the pool: its id without the region."""
    return pool_id.split("_", 1)[1]


def verifier(identity: Identity, password: str, salt: bytes) -> int:
    """v = g^x mod N: what is kept of a password. As slow as `power`."""
    inner = hashlib.sha256(f"{identity.realm}{identity.name}:{password}".encode()).digest()
    x = hashlib.sha256(pad(int.from_bytes(salt, "big")) + inner).digest()
    return power(G, int.from_bytes(x, "big"))


def read_public(text: str) -> int:
    """A client's SRP_A. Raises InvalidParameterException for what is no hexadecimal number.

    AWS answers a multiple of N with a challenge like any other; its proof is never right (`session_key`).
    """
    fault = None
    if not HEXADECIMAL.fullmatch(text):
        fault = f"satisfy regular expression pattern: ^{HEXADECIMAL.pattern}$"
    elif len(text) > LONGEST_PUBLIC:
        fault = f"have length less than or equal to {LONGEST_PUBLIC}"
    if fault:
        shown = text[:LONGEST_PUBLIC]
        raise InvalidParameterException(
            f"1 validation error detected: Value '{shown}' at 'sRPA' failed to satisfy constraint: Member must {fault}"
        )
    return int(text, 16)


def hexadecimal(number: int) -> str:
    """A number as SALT and SRP_B have it: `BigInteger.toString(16)`, without leading zeros. Clients pad it again."""
    return f"{number:x}"


def ephemeral(kept: int) -> Ephemeral:
    """New numbers for a sign-in against the verifier `kept`. As slow as `power`."""
    while True:
        private = secrets.randbits(PRIVATE_BITS)
        public = (MULTIPLIER * kept + power(G, private)) % N
        if private and public:
            return Ephemeral(private, public)


def session_key(client_public: int, server: Ephemeral, kept: int) -> bytes | None:
    """The key that only a client who knows the password has too; None where the client's A, or a verifier
    that is none, would make it known to everybody. Twice as slow as `power`."""
    if client_public % N == 0 or kept % N == 0:
        return None
    u = int.from_bytes(hashlib.sha256(pad(client_public) + pad(server.public)).digest(), "big")
    if u == 0:
        return None
    secret = power(client_public * power(kept, u) % N, server.private)
    extracted = hmac.digest(pad(u), pad(secret), "sha256")
    return hmac.digest(extracted, INFO + b"\x01", "sha256")[:16]


def signature(key: bytes, identity: Identity, secret_block: bytes, timestamp: str) -> bytes:
    """What PASSWORD_CLAIM_SIGNATURE has to be."""
    signed = identity.realm.encode() + identity.name.encode() + secret_block + timestamp.encode()
    return hmac.digest(key, signed, "sha256")


def proves(claim: Claim, identity: Identity, client_public: int, server: Ephemeral, kept: int) -> bool:
    """Whether the claim's signer knows the password. As slow as `session_key`, right or wrong."""
    key = session_key(client_public, server, kept)
    block = unbase64(claim.secret_block)
    right = signature(key or secrets.token_bytes(16), identity, block or b"", claim.timestamp)
    return hmac.compare_digest(right, claim.signature) and key is not None and block is not None


def read_timestamp(text: str) -> datetime:
    """A TIMESTAMP. AWS's reading is lenient: a padded day or a wrong weekday isn't a fault of format, but the text
    signed is then not the one that is checked. Raises InvalidParameterException."""
    match = TIMESTAMP.fullmatch(text)
    try:
        if match is None:
            raise ValueError(text)
        day, hour, minute, second, year = map(int, match.groups()[1:])
        return datetime(year, MONTHS.index(match[1].capitalize()) + 1, day, hour, minute, second, tzinfo=UTC)
    except ValueError as error:
        raise InvalidParameterException(
            "TIMESTAMP format should be EEE MMM d HH:mm:ss z yyyy in english."
        ) from error


def write_timestamp(moment: datetime) -> str:
    """A moment in UTC as TIMESTAMP has it, `Wed Apr 5 22:42:34 UTC 2017`, in any locale."""
    weekday, month = WEEKDAYS[moment.weekday()], MONTHS[moment.month - 1]
    return f"{weekday} {month} {moment.day} {moment:%H:%M:%S} UTC {moment.year}"


def read_verifier(password_verifier: str, salt: str) -> tuple[int, int]:
    """A device's DeviceSecretVerifierConfig, base64: its verifier and salt as numbers.

    Raises InvalidParameterException for what is none.
    """
    raw, raw_salt = unbase64(password_verifier), unbase64(salt)
    number = int.from_bytes(raw or b"", "big")
    if not raw_salt or not 0 < number < N:
        raise InvalidParameterException("Invalid device secret verifier config.")
    return number, int.from_bytes(raw_salt, "big")


def unbase64(text: str) -> bytes | None:
    """The bytes that base64 stands for, or None where it isn't any."""
    try:
        return base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return None
