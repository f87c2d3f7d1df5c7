"""A certificate authority of a test's own, and what it signs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from beamlike.distribution.tls_option import Tls

DAY = timedelta(days=1)


@dataclass
class Authority:
    """`path` is where its files go."""

    path: Path
    name: str = "our authority"

    def __post_init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._subject = _subject(self.name)
        self.file = self.path / f"{self.name}.pem"
        certificate = self._signed(self._subject, self._key.public_key(), x509.BasicConstraints(True, 0), -DAY, DAY)
        self.file.write_bytes(certificate.public_bytes(Encoding.PEM))

    def tls(
        self, host: str = "127.0.0.1", *, since: timedelta = -DAY, until: timedelta = DAY, check_hostname: bool = True
    ) -> Tls:
        """A new certificate for a node of this host, valid from and until then, seen from now."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([_general_name(host)])
        certificate = self._signed(_subject("a node"), key.public_key(), names, since, until)
        stem = self.path / f"{self.name} {certificate.serial_number}"
        certificate_file, key_file = stem.with_suffix(".crt"), stem.with_suffix(".key")
        certificate_file.write_bytes(certificate.public_bytes(Encoding.PEM))
        key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return Tls(certificate=certificate_file, key=key_file, authority=self.file, check_hostname=check_hostname)

    def _signed(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePublicKey,
        extension: x509.ExtensionType,
        since: timedelta,
        until: timedelta,
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder().issuer_name(self._subject).subject_name(subject).public_key(key)
        builder = builder.serial_number(x509.random_serial_number()).add_extension(extension, critical=True)
        return builder.not_valid_before(now + since).not_valid_after(now + until).sign(self._key, hashes.SHA256())


def _subject(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)
