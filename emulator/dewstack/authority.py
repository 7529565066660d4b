"""The certificate authority by which AWS's names lead to the emulator from inside its functions.

It lives as long as the emulator, its key never leaves memory, and nobody but the emulator's own environments is told of
it. Its certificate may vouch for AWS's names alone (name constraints, RFC 5280).
"""

import datetime
import ipaddress
import os
import secrets
import ssl
import tempfile
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.x509 import Certificate, CertificateBuilder, KeyUsage, Name

AWS_NAMES = ("amazonaws.com", "amazonaws.com.cn", "api.aws", "on.aws", "amazoncognito.com")
"""What the names of AWS's endpoints end with."""
LIFETIME = datetime.timedelta(days=365)
BACKDATED = datetime.timedelta(days=1)
MOST_NAMES = 512
"""How many names are vouched for at once: beyond, all are forgotten and made again when asked for."""


def is_aws_name(name: str) -> bool:
    """Whether a host is one of AWS's endpoints."""
    return name.lower().rstrip(".").endswith(tuple("." + suffix for suffix in AWS_NAMES))


class Authority:
    """Makes itself on first use (0.1 s), and a certificate per name on a client's first word of it (a millisecond)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._issuer: tuple[EllipticCurvePrivateKey, Certificate] | None = None
        self._contexts: dict[str, ssl.SSLContext] = {}

    def certificate(self) -> str:
        """The authority's own certificate, PEM. Not for the loop."""
        from cryptography.hazmat.primitives.serialization import Encoding

        with self._lock:
            return self._made()[1].public_bytes(Encoding.PEM).decode()

    def context(self) -> ssl.SSLContext:
        """How a server speaks TLS for every name of AWS's that a client asks for, and for no other."""
        context = _server_context()
        context.sni_callback = self._answer
        return context

    def _answer(self, connection: Any, name: str | None, _context: object) -> int | None:
        """ssl's callback: the client has said whom it wants."""
        if not name or not is_aws_name(name):
            return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        connection.context = self._context_for(name.lower())
        return None

    def _context_for(self, name: str) -> ssl.SSLContext:
        with self._lock:
            known = self._contexts.get(name)
            if known is None:
                if len(self._contexts) >= MOST_NAMES:
                    self._contexts.clear()
                known = self._contexts[name] = self._vouched(name)
            return known

    def _vouched(self, name: str) -> ssl.SSLContext:
        from cryptography import x509
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
        from cryptography.x509.oid import ExtendedKeyUsageOID

        issuer_key, issuer = self._made()
        key = ec.generate_private_key(ec.SECP256R1())
        builder = (
            _builder(_name(name[:64]), issuer.subject, key)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False
            )
        )
        certificate = _signed(builder, issuer_key)
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        context = _server_context()
        # ssl reads files only.
        handle, path = tempfile.mkstemp(suffix=".pem")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(private + certificate.public_bytes(Encoding.PEM))
            context.load_cert_chain(path)
        finally:
            os.unlink(path)
        return context

    def _made(self) -> tuple["EllipticCurvePrivateKey", "Certificate"]:
        if self._issuer is None:
            self._issuer = _new_issuer()
        return self._issuer


def _new_issuer() -> tuple["EllipticCurvePrivateKey", "Certificate"]:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(f"dewstack {secrets.token_hex(4)}")
    addresses = [x509.IPAddress(ipaddress.ip_network(every)) for every in ("0.0.0.0/0", "::/0")]
    constraints = x509.NameConstraints([x509.DNSName(suffix) for suffix in AWS_NAMES], addresses)
    builder = (
        _builder(name, name, key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(constraints, critical=True)
        .add_extension(_signs_certificates(), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return key, _signed(builder, key)


def _builder(subject: "Name", issuer: "Name", key: "EllipticCurvePrivateKey") -> "CertificateBuilder":
    """A certificate in the making, valid from yesterday: a movable clock may have been moved back."""
    from cryptography import x509

    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + LIFETIME)
    )


def _signed(builder: "CertificateBuilder", key: "EllipticCurvePrivateKey") -> "Certificate":
    from cryptography.hazmat.primitives.hashes import SHA256

    return builder.sign(key, SHA256())


def _name(text: str) -> "Name":
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _signs_certificates() -> "KeyUsage":
    from cryptography.x509 import KeyUsage

    return KeyUsage(
        key_cert_sign=True,
        crl_sign=True,
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _server_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context
