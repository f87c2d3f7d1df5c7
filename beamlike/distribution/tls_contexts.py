"""The four SSL contexts: dialler and listener, with a certificate made on the spot or with those of an authority.

All speak TLS 1.3 and nothing older, since both ends are nodes of this library. No session is ever resumed: a resumed
one shows no certificate, and each connection is to prove its own.
"""

from __future__ import annotations

import re
import ssl
from pathlib import Path
from typing import Final

from beamlike.distribution.certificates import fingerprint, make_certificate
from beamlike.distribution.errors import UnusableCertificate
from beamlike.distribution.tls_option import Tls
from beamlike.kernel.record import frozen

_CERTIFICATE: Final = re.compile("-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)


@frozen
class Presented:
    """A listener's context, and the fingerprint of the certificate that it presents."""

    context: ssl.SSLContext
    fingerprint: bytes


# Self-made certificates: who the other side is, the handshake inside finds out.


def self_made() -> Presented:
    """CannotListen, with what to install, where no certificate can be made."""
    from tempfile import TemporaryDirectory  # a child makes none, and is to be up soon

    certificate = make_certificate()
    context = _context(ssl.PROTOCOL_TLS_SERVER)
    # OpenSSL reads certificates from files only. This one is its owner's, for a moment, and the key in it is sealed.
    with TemporaryDirectory(prefix="beamlike-") as directory:
        path = Path(directory) / "certificate.pem"
        path.write_bytes(certificate.pem)
        context.load_cert_chain(path, password=certificate.password)
    return Presented(context, certificate.fingerprint)


def trusting_anybody() -> ssl.SSLContext:
    context = _context(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


# Certificates of an authority.


def presenting(tls: Tls) -> Presented:
    """UnusableCertificate for a file that is missing or does not serve."""
    context = _context(ssl.PROTOCOL_TLS_SERVER)
    context.verify_mode = ssl.CERT_REQUIRED
    _load(context, tls)
    return Presented(context, _fingerprint_in(Path(tls.certificate)))


def showing(tls: Tls) -> ssl.SSLContext:
    """UnusableCertificate for a file that is missing or does not serve."""
    context = _context(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = tls.check_hostname
    _load(context, tls)
    return context


def _load(context: ssl.SSLContext, tls: Tls) -> None:
    try:
        # The empty password keeps OpenSSL from asking the terminal for one.
        context.load_cert_chain(tls.certificate, tls.key, password="")
        context.load_verify_locations(tls.authority)
    except OSError as error:  # of which ssl.SSLError is one
        raise UnusableCertificate(
            f"expected a certificate in {tls.certificate}, its key, without a password, in {tls.key or 'that file'}, "
            f"and an authority in {tls.authority}, all as PEM: {error}"
        ) from error


def _fingerprint_in(path: Path) -> bytes:
    """Of the first certificate in the file, which is the one that is presented."""
    block = _CERTIFICATE.search(path.read_text())
    assert block is not None, "it has been loaded"
    return fingerprint(ssl.PEM_cert_to_DER_cert(block[0]))


def _context(protocol: ssl._SSLMethod) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    if protocol == ssl.PROTOCOL_TLS_SERVER:
        context.num_tickets = 0
    return context
