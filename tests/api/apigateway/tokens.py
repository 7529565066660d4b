"""Tokens and key sets of a made-up issuer."""

import base64
import json
from functools import cache
from typing import Any


@cache
def key(kid: str) -> Any:
    from joserfc.jwk import RSAKey

    return RSAKey.generate_key(2048, {"kid": kid, "use": "sig"})


def jwks(*kids: str) -> dict[str, Any]:
    return {"keys": [key(kid).as_dict(private=False) | {"alg": "RS256"} for kid in kids]}


def segment(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def sign(claims: dict[str, Any], kid: str = "one", **protected: Any) -> str:
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512

    header = {"alg": "RS256", "kid": kid} | protected
    algorithm = {"RS256": SHA256, "RS384": SHA384, "RS512": SHA512}[header["alg"]]()
    message = f"{segment(header)}.{segment(claims)}"
    signature = key(kid).private_key.sign(message.encode(), PKCS1v15(), algorithm)
    return f"{message}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"
