"""The certificate that a listener makes for itself at each start, so that a cluster needs no authority.

It says nothing of who presents it: that the handshake proves, by the secret and the certificate's fingerprint. So it
names nobody and never expires, and a clock that is wrong is in nobody's way. It lives as long as the node and is kept
nowhere: what is on no disk cannot be stolen from there, and no peer has to remember it.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import field
from datetime import UTC, datetime

from beamlike.distribution.errors import CannotListen
from beamlike.kernel.record import frozen


@frozen
class SelfMade:
    """A certificate with its private key, which only `password` opens."""

    fingerprint: bytes
    pem: bytes = field(repr=False)
    password: bytes = field(repr=False)


def fingerprint(der: bytes) -> bytes:
    """What the handshake binds itself to: the SHA-256 of a certificate."""
    return hashlib.sha256(der).digest()


def make_certificate() -> SelfMade:
    """CannotListen, with what to install, where `cryptography` is missing."""
    try:
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
    except ImportError as error:
        raise CannotListen(
            "listening for other machines needs TLS, and to make a certificate needs the extra `tls`: "
            "pip install 'beamlike[tls]', or give the node certificates of your own (tls=bl.Tls(...)), "
            "or listen on 127.0.0.1"
        ) from error
    key = ec.generate_private_key(ec.SECP256R1())
    nobody = x509.Name([])
    certificate = (
        x509.CertificateBuilder()
        .issuer_name(nobody)
        .subject_name(nobody)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2000, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(9999, 12, 31, tzinfo=UTC))
        .sign(key, hashes.SHA256())
    )
    password = secrets.token_urlsafe(32).encode()
    pem = certificate.public_bytes(Encoding.PEM) + key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(password)
    )
    return SelfMade(fingerprint(certificate.public_bytes(Encoding.DER)), pem, password)
