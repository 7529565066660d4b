"""What a REST API says where no method is: AWS takes the request for one that should be signed.

Without an `Authorization` header the signature is missing; with one, it is read as AWS Signature Version 4. The
texts are those that deployed APIs answer; they carry the header's hash, never the header.
"""

import base64
import hashlib

from dewstack.apigateway.rest_api.exchange import Exchange
from dewstack.apigateway.rest_api.refusals import (
    MISSING_AUTHENTICATION_TOKEN,
    WRONG_SIGNATURE,
    Refused,
    incomplete_signature,
)

PARTS = ("Credential", "Signature", "SignedHeaders")
HASHED = "(hashed with SHA-256 and encoded with Base64)"


def no_such_method(exchange: Exchange) -> Refused:
    """The refusal of a request that no method is for."""
    authorization = exchange.header("authorization")
    if not authorization:
        return Refused(MISSING_AUTHENTICATION_TOKEN)
    complaint = _complaint(authorization, exchange)
    return Refused(incomplete_signature(complaint) if complaint else WRONG_SIGNATURE)


def _complaint(authorization: str, exchange: Exchange) -> str:
    """What a signature lacks; '' for one that has all its parts."""
    _, space, parameters = authorization.strip().partition(" ")
    pairs = [pair.strip() for pair in parameters.split(",")] if space else []
    if any("=" not in pair for pair in pairs):
        what = f"Invalid key=value pair (missing equal-sign) in Authorization header {HASHED}"
        return f"{what}: '{_hash(authorization)}'."
    given = {pair.partition("=")[0] for pair in pairs}
    missing = [f"Authorization header requires '{part}' parameter." for part in PARTS if part not in given]
    if exchange.header("x-amz-date") is None and exchange.header("date") is None:
        missing.append("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
    if not missing:
        return ""
    return f"{' '.join(missing)} {HASHED.capitalize()} Authorization={_hash(authorization)}"


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
