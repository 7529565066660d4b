"""A client of Cognito's SRP, written after amazon-cognito-identity-js 6.3 (AuthenticationHelper.js), in its way: all
numbers pass through hexadecimal text. It shares nothing with the server, so that the two can disagree."""

import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import UTC, datetime

N_HEX = (
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"
    "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F"
    "83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B"
    "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510"
    "15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7"
    "ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C"
    "BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF"
)
BIG_N = int(N_HEX, 16)
WEEK = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
YEAR = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def padded(number: int) -> str:
    """`padHex`."""
    text = f"{number:x}"
    text = text if len(text) % 2 == 0 else f"0{text}"
    return f"00{text}" if text[0] in "89abcdef" else text


def hashed(text: str) -> str:
    """`hexHash`."""
    return hashlib.sha256(bytes.fromhex(text)).hexdigest()


def now_string(now: datetime | None = None) -> str:
    """`getNowString`."""
    now = now or datetime.now(UTC)
    return f"{WEEK[now.weekday()]} {YEAR[now.month - 1]} {now.day} {now:%H:%M:%S} UTC {now.year}"


@dataclass
class SrpClient:
    """One handshake of a user (of the pool named `pool_name`) or of a device (of the group whose key that is)."""

    pool_name: str
    password: str
    small_a: int = 0x1F2E3D4C5B6A79880123456789ABCDEF
    large_a: str = field(init=False)

    def __post_init__(self) -> None:
        self.large_a = f"{pow(2, self.small_a, BIG_N):x}"

    def key(self, username: str, srp_b: str, salt: str) -> bytes:
        """`getPasswordAuthenticationKey`."""
        big_b, k = int(srp_b, 16), int(hashed(f"00{N_HEX}02"), 16)
        u = int(hashed(padded(int(self.large_a, 16)) + padded(big_b)), 16)
        inner = hashlib.sha256(f"{self.pool_name}{username}:{self.password}".encode()).hexdigest()
        x = int(hashed(padded(int(salt, 16)) + inner), 16)
        s = pow(big_b - k * pow(2, x, BIG_N), self.small_a + u * x, BIG_N)
        prk = hmac.new(bytes.fromhex(padded(u)), bytes.fromhex(padded(s)), hashlib.sha256).digest()
        return hmac.new(prk, b"Caldera Derived Key" + chr(1).encode(), hashlib.sha256).digest()[:16]

    def signature(self, username: str, parameters: dict[str, str], timestamp: str) -> str:
        """PASSWORD_CLAIM_SIGNATURE over a challenge's parameters."""
        key = self.key(username, parameters["SRP_B"], parameters["SALT"])
        block = base64.b64decode(parameters["SECRET_BLOCK"])
        message = self.pool_name.encode() + username.encode() + block + timestamp.encode()
        return base64.b64encode(hmac.new(key, message, hashlib.sha256).digest()).decode()

    def answer(self, parameters: dict[str, str], timestamp: str | None = None) -> dict[str, str]:
        """ChallengeResponses to PASSWORD_VERIFIER."""
        timestamp = timestamp or now_string()
        username = parameters["USER_ID_FOR_SRP"]
        return {
            "USERNAME": username,
            "PASSWORD_CLAIM_SECRET_BLOCK": parameters["SECRET_BLOCK"],
            "PASSWORD_CLAIM_SIGNATURE": self.signature(username, parameters, timestamp),
            "TIMESTAMP": timestamp,
        }

    def device_verifier(self, device_key: str, salt: int) -> dict[str, str]:
        """`generateHashDevice`: DeviceSecretVerifierConfig for ConfirmDevice."""
        inner = hashlib.sha256(f"{self.pool_name}{device_key}:{self.password}".encode()).hexdigest()
        verifier = pow(2, int(hashed(padded(salt) + inner), 16), BIG_N)
        return {
            "PasswordVerifier": base64.b64encode(bytes.fromhex(padded(verifier))).decode(),
            "Salt": base64.b64encode(bytes.fromhex(padded(salt))).decode(),
        }
