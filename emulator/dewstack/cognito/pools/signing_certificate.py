"""GetSigningCertificate: the certificate of a pool's SAML requests, made when it is first asked for."""

import base64
import datetime
from typing import Any

from msgspec import Struct

from dewstack.clock import Clock
from dewstack.cognito.directory import Directory
from dewstack.cognito.model import UserPool
from dewstack.cognito.tokens.keys import new_pems
from dewstack.config import Caller
from dewstack.wire import operation

Params = dict[str, Any]

_YEARS = 10


class SigningCertificate(Struct, frozen=True):
    """A certificate in DER, and its key in PEM."""

    certificate: bytes
    key: str


class SigningCertificates:
    """GetSigningCertificate, and the key for whoever signs."""

    def __init__(self, directory: Directory, clock: Clock) -> None:
        self._directory = directory
        self._clock = clock
        self._kept = directory.of_pool("signing-certificates", SigningCertificate)

    @operation("GetSigningCertificate")
    def get_signing_certificate(self, caller: Caller, params: Params) -> Params:
        """The certificate, in base64 without a frame. The first call for a pool takes about half a second."""
        kept = self.of(self._directory.pool(caller, params["UserPoolId"]))
        return {"Certificate": base64.b64encode(kept.certificate).decode()}

    def of(self, pool: UserPool) -> SigningCertificate:
        """The pool's certificate and key. Call it in a worker thread."""
        kept = self._kept.get(*pool.key)
        if kept is None:
            made = _make(pool, self._clock.time())
            with self._directory.transaction():
                kept = self._kept.get(*pool.key) or made
                self._kept.put(kept, *pool.key)
        return kept


def _make(pool: UserPool, now: float) -> SigningCertificate:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.x509.oid import NameOID

    pem, _ = new_pems()
    key = serialization.load_pem_private_key(pem.encode(), password=None)
    assert isinstance(key, RSAPrivateKey)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, pool.id)])
    start = datetime.datetime.fromtimestamp(int(now), datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=365 * _YEARS))
        .sign(key, hashes.SHA256())
    )
    return SigningCertificate(certificate.public_bytes(serialization.Encoding.DER), pem)
