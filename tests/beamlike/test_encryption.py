"""Which links are inside TLS, and the files of those who bring their own certificates."""

from __future__ import annotations

import stat
import sys
from pathlib import Path
from types import NoneType

import pytest

from beamlike.distribution import tls_contexts
from beamlike.distribution.certificates import make_certificate
from beamlike.distribution.clear_or_tls import ClearOrTls
from beamlike.distribution.encryption import Encryption
from beamlike.distribution.errors import CannotListen, UnusableCertificate
from beamlike.distribution.tls_layer import TlsLayer
from beamlike.distribution.tls_option import Tls, TlsOption, check_option
from tests.support.authorities import Authority
from tests.support.tls_pairs import carry

NEAR, FAR = "127.0.0.1", "192.0.2.7"


@pytest.mark.parametrize(
    ("option", "host", "inside"),
    [(None, NEAR, False), (None, FAR, True), ("always", NEAR, True), ("always", FAR, True)],
)
def test_a_dialler_uses_tls_between_machines_and_where_it_is_told_to(
    option: TlsOption, host: str, inside: bool
) -> None:
    assert (Encryption(option).dial(host, "b@h") is not None) is inside


@pytest.mark.parametrize(
    ("option", "listens_at", "comes_from", "layer"),
    [
        (None, NEAR, NEAR, NoneType),
        (None, "0.0.0.0", NEAR, ClearOrTls),
        (None, "0.0.0.0", FAR, TlsLayer),
        (None, "::", FAR, TlsLayer),
        ("always", NEAR, NEAR, TlsLayer),
        ("always", "0.0.0.0", FAR, TlsLayer),
    ],
)
def test_a_listener_takes_in_clear_only_what_comes_from_its_own_machine(
    option: TlsOption, listens_at: str, comes_from: str, layer: type
) -> None:
    encryption = Encryption(option)
    encryption.prepare_to_listen(listens_at)
    assert type(encryption.accept(comes_from)) is layer


def test_whom_a_node_dials_is_told_to_nobody_unless_a_certificate_is_to_be_for_that_host(tmp_path: Path) -> None:
    unnamed = Encryption().dial(FAR, "b@db.internal")
    named = Encryption(Authority(tmp_path).tls()).dial(FAR, "b@db.internal")
    assert unnamed is not None
    assert named is not None
    assert b"db.internal" not in unnamed.take()
    assert b"db.internal" in named.take()


def test_certificates_of_an_authority_are_used_within_the_machine_too(tmp_path: Path) -> None:
    encryption = Encryption(Authority(tmp_path).tls())
    encryption.prepare_to_listen(NEAR)
    assert isinstance(encryption.dial(NEAR, "b@h"), TlsLayer)
    assert isinstance(encryption.accept(NEAR), TlsLayer)


def test_an_option_that_is_none_is_an_error_that_names_those_there_are() -> None:
    with pytest.raises(ValueError, match=r"expected tls=None, 'always' or bl\.Tls\(\.\.\.\), got 'sometimes'"):
        check_option("sometimes")


# Certificates made on the spot.


def test_without_the_package_that_makes_certificates_listening_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography", None)
    Encryption().prepare_to_listen(NEAR)
    assert Encryption().dial(FAR, "b@h") is not None
    with pytest.raises(CannotListen, match=r"pip install 'beamlike\[tls\]'"):
        Encryption().prepare_to_listen("0.0.0.0")


def test_a_certificate_shows_no_key_and_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    certificate = make_certificate()
    assert "PRIVATE KEY" not in repr(certificate)
    assert certificate.password.decode() not in repr(certificate)
    tls_contexts.self_made()
    assert list(tmp_path.iterdir()) == []


def test_while_openssl_reads_it_the_file_is_its_owners_and_the_key_in_it_sealed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[tuple[int, bytes]] = []

    def look(path: Path, _pem: bytes) -> int:
        seen.append((stat.S_IMODE(path.parent.stat().st_mode), _pem))
        return original(path, _pem)

    original = Path.write_bytes
    monkeypatch.setattr(Path, "write_bytes", look)
    tls_contexts.self_made()
    [(mode, pem)] = seen
    assert mode == 0o700
    assert b"BEGIN ENCRYPTED PRIVATE KEY" in pem


# Certificates of an authority.


def test_the_key_may_stand_in_the_file_of_the_certificate(tmp_path: Path) -> None:
    tls = Authority(tmp_path).tls()
    assert tls.key is not None
    together = tmp_path / "together.pem"
    together.write_bytes(Path(tls.key).read_bytes() + Path(tls.certificate).read_bytes())
    joined = Tls(certificate=together, authority=tls.authority)
    assert tls_contexts.presenting(joined).fingerprint == tls_contexts.presenting(tls).fingerprint


@pytest.mark.parametrize("which", ["certificate", "key", "authority"])
@pytest.mark.parametrize("content", [None, "no PEM"])
def test_a_file_that_is_missing_or_no_pem_is_an_error_that_names_it(
    tmp_path: Path, which: str, content: str | None
) -> None:
    tls = Authority(tmp_path).tls()
    file = Path(getattr(tls, which))
    file.unlink() if content is None else file.write_text(content)
    for read in (tls_contexts.presenting, tls_contexts.showing):
        with pytest.raises(UnusableCertificate) as caught:
            read(tls)
        assert str(file) in str(caught.value)


def test_a_key_that_wants_a_password_is_an_error_and_no_question_at_the_terminal(tmp_path: Path) -> None:
    sealed = tmp_path / "sealed.pem"
    sealed.write_bytes(make_certificate().pem)
    with pytest.raises(UnusableCertificate, match="its key, without a password"):
        tls_contexts.showing(Tls(certificate=sealed, authority=Authority(tmp_path).file))


# Renewal.


def fingerprint_presented(encryption: Encryption) -> bytes:
    layer = encryption.accept(FAR)
    assert layer is not None
    return layer.fingerprint


def renew(tls: Tls, by: Tls) -> None:
    assert tls.key is not None
    assert by.key is not None
    Path(tls.key).write_bytes(Path(by.key).read_bytes())
    Path(tls.certificate).write_bytes(Path(by.certificate).read_bytes())


def test_a_certificate_that_is_renewed_is_presented_without_a_restart(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    tls, renewed = authority.tls(), authority.tls()
    encryption = Encryption(tls)
    encryption.prepare_to_listen(NEAR)
    before = fingerprint_presented(encryption)
    assert fingerprint_presented(encryption) == before
    renew(tls, by=renewed)
    assert fingerprint_presented(encryption) == tls_contexts.presenting(renewed).fingerprint != before


def test_while_a_certificate_is_half_renewed_the_old_one_is_presented_and_the_log_says_so_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tls = Authority(tmp_path).tls()
    encryption = Encryption(tls)
    encryption.prepare_to_listen(NEAR)
    before = fingerprint_presented(encryption)
    Path(tls.certificate).write_text("half of")
    assert fingerprint_presented(encryption) == fingerprint_presented(encryption) == before
    [record] = caplog.records
    assert "what was read before stays in use: expected a certificate in" in record.getMessage()


def test_a_dialler_shows_its_renewed_certificate(tmp_path: Path) -> None:
    authority, elsewhere = Authority(tmp_path), Authority(tmp_path, "another")
    tls = Tls(certificate=tmp_path / "mine.crt", key=tmp_path / "mine.key", authority=authority.file)
    renew(tls, by=elsewhere.tls())
    encryption, other = Encryption(tls), Encryption(authority.tls())
    other.prepare_to_listen(FAR)
    assert not agree(encryption, other)
    renew(tls, by=authority.tls())
    assert agree(encryption, other)


def agree(dialling: Encryption, listening: Encryption) -> bool:
    near, far = dialling.dial(FAR, "b@127.0.0.1"), listening.accept(FAR)
    assert near is not None
    assert far is not None
    carry(near, far)
    return far.ready
