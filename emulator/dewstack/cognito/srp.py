"""Secure Remote Password as Cognito has it: SRP-6a in RFC 3526's 3072-bit group, with g = 2 and SHA-256.

x = H(pad(salt) | H(poolName | username | ":" | password)), where the pool's name is its id without the region
and the username is the canonical one (USER_ID_FOR_SRP), never an alias.
"""

import hashlib

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


def pad(number: int) -> bytes:
    """A number as a positive big-endian two's complement: a zero byte goes before a set top bit."""
    return number.to_bytes(number.bit_length() // 8 + 1, "big")


def verifier(pool_id: str, username: str, password: str, salt: bytes) -> int:
    """v = g^x mod N. About 4 ms during which no other Python thread runs."""
    pool_name = pool_id.split("_", 1)[1]
    identity = hashlib.sha256(f"{pool_name}{username}:{password}".encode()).digest()
    x = hashlib.sha256(pad(int.from_bytes(salt, "big")) + identity).digest()
    return pow(G, int.from_bytes(x, "big"), N)
