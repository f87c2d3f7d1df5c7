"""TLS without sockets: two ends joined in memory, and what a stranger may send instead."""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Iterator
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beamlike.distribution.errors import TlsFailed
from beamlike.distribution.frames import HANDSHAKE_CAP as FRAME_CAP
from beamlike.distribution.frames import HELLO, REFUSE, frame
from beamlike.distribution.handshake_frames import encode_refusal
from beamlike.distribution.refusal import Status
from beamlike.distribution.tls_layer import HANDSHAKE_CAP, TlsLayer
from tests.support.authorities import DAY, Authority
from tests.support.tls_pairs import carry, dialler, joined, listener, received


@pytest.fixture
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def failure(layer: TlsLayer) -> str:
    with pytest.raises(TlsFailed) as caught:
        layer.read_into(memoryview(bytearray(10)))
    return str(caught.value)


# Plaintext to ciphertext and back.


def test_what_is_written_at_one_end_is_read_at_the_other_and_not_in_between() -> None:
    a, b = joined()
    for near, far in ((a, b), (b, a)):
        near.write(b"swordfish")
        sent = near.take()
        assert b"swordfish" not in sent
        far.feed(memoryview(sent))
        assert received(far) == b"swordfish"


@given(st.lists(st.binary(max_size=40_000), max_size=4), st.integers(1, 50_000), st.integers(1, 50_000))
def test_any_pieces_come_out_whole_whatever_pieces_the_network_and_the_reader_make(
    written: list[bytes], cut: int, size: int
) -> None:
    a, b = ENDS
    for piece in written:
        a.write(piece)
    came = b""
    for piece in pieces(a.take(), cut):
        b.feed(memoryview(piece))
        came += received(b, size)
    assert came == b"".join(written)


def pieces(stream: bytes, size: int) -> Iterator[bytes]:
    return (stream[at : at + size] for at in range(0, len(stream), size))


ENDS = joined()


def test_a_reader_with_little_room_gets_as_much_as_fits() -> None:
    a, b = joined()
    a.write(b"x" * 40_000)
    b.feed(memoryview(a.take()))
    buffer = memoryview(bytearray(30_000))
    assert [b.read_into(buffer), b.read_into(buffer), b.read_into(buffer)] == [30_000, 10_000, 0]


def test_agreeing_byte_by_byte_works_too() -> None:
    a, b = dialler(), listener()
    while not (a.ready and b.ready):
        for near, far in ((a, b), (b, a)):
            for byte in pieces(near.take(), 1):
                far.feed(memoryview(byte))
    assert a.fingerprint == b.fingerprint


# Who is at the other end.


def test_both_ends_see_the_fingerprint_of_the_listeners_certificate() -> None:
    a, b = joined()
    assert a.ready
    assert b.ready
    assert a.fingerprint == b.fingerprint
    assert len(a.fingerprint) == hashlib.sha256().digest_size


def test_each_listener_makes_another_certificate() -> None:
    assert joined()[0].fingerprint != joined()[0].fingerprint


def test_before_the_fingerprint_is_known_nothing_can_be_read() -> None:
    a, b = dialler(), listener()
    b.feed(memoryview(a.take()))
    a.feed(memoryview(b.take()))
    assert a.ready
    a.write(b"hello")
    assert not b.ready
    assert received(b) == b""
    b.feed(memoryview(a.take()))
    assert b.ready
    assert received(b) == b"hello"


def test_the_fingerprint_is_that_of_the_certificate_in_the_file(authority: Authority) -> None:
    tls = authority.tls()
    _, b = joined(authority.tls(), tls)
    with open(tls.certificate) as file:
        assert b.fingerprint == hashlib.sha256(ssl.PEM_cert_to_DER_cert(file.read())).digest()


# Certificates of an authority.


def test_two_nodes_of_one_authority_agree(authority: Authority) -> None:
    a, b = joined(authority.tls("10.9.9.9"), authority.tls())
    a.write(b"hello")
    carry(a, b)
    assert received(b) == b"hello"
    assert a.fingerprint == b.fingerprint


def test_a_listener_of_another_authority_is_refused(authority: Authority) -> None:
    a, b = joined(authority.tls(), Authority(authority.path, "another").tls())
    assert "the other side's certificate is not acceptable" in failure(a)
    assert "does not know the authority" in failure(b)


def test_a_dialler_of_another_authority_is_refused(authority: Authority) -> None:
    foreign = Authority(authority.path, "another").tls()
    mixed = type(foreign)(certificate=foreign.certificate, key=foreign.key, authority=authority.file)
    a, b = joined(mixed, authority.tls())
    assert "does not know the authority" in failure(a)
    assert "the other side's certificate is not acceptable" in failure(b)


def test_a_dialler_without_a_certificate_is_refused(authority: Authority) -> None:
    a, b = joined(None, authority.tls())
    assert "this node has none to show" in failure(a)
    assert "shows no certificate, and has to" in failure(b)


def test_a_certificate_for_another_host_is_refused_unless_hosts_are_not_checked(authority: Authority) -> None:
    elsewhere = authority.tls("10.9.9.9")
    a, b = joined(authority.tls(), elsewhere)
    assert "IP address mismatch, certificate is not valid for '127.0.0.1'" in failure(a)
    assert "does not accept this node's certificate" in failure(b)
    assert all(end.ready for end in joined(authority.tls(check_hostname=False), elsewhere))


def test_a_host_can_be_a_name(authority: Authority) -> None:
    a, b = dialler(authority.tls(), "b@db.internal"), listener(authority.tls("db.internal"))
    carry(a, b)
    assert a.ready


@pytest.mark.parametrize(
    ("since", "until", "what"), [(-2 * DAY, -DAY, "has expired"), (DAY, 2 * DAY, "is not valid yet")]
)
def test_a_certificate_of_another_time_is_refused_with_a_word_on_clocks(
    authority: Authority, since: object, until: object, what: str
) -> None:
    wrong = authority.tls(since=since, until=until)  # type: ignore[arg-type]
    for a, b in (joined(authority.tls(), wrong), reversed(joined(wrong, authority.tls()))):
        assert f"the other side's certificate {what}" in failure(a)
        assert "UTC by this machine's clock" in failure(a)
        assert "clock" in failure(b)


# What is no TLS, or was changed.


def test_frames_in_clear_are_answered_in_clear_with_the_reason() -> None:
    b = listener()
    b.feed(memoryview(frame(HELLO, b"...")))
    assert "the dialler goes without TLS" in failure(b)
    assert b.take() == frame(REFUSE, encode_refusal(Status.TLS_REQUIRED))


def test_an_answer_in_clear_is_no_tls() -> None:
    a = dialler()
    a.feed(memoryview(frame(REFUSE, encode_refusal(Status.MALFORMED))))
    assert "the node there listens without TLS" in failure(a)


def test_a_peer_that_hangs_up_before_tls_is_agreed_on_leaves_words_behind() -> None:
    for end in (dialler(), listener()):
        end.feed(memoryview(b""))
        assert "closed the connection before TLS was agreed on" in failure(end)


def test_a_peer_of_an_older_version_is_refused() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    b = listener()
    carry(TlsLayer(context), b)
    assert "expected TLS 1.3" in failure(b)


@given(st.data())
def test_a_bit_changed_on_the_way_is_noticed(data: st.DataObject) -> None:
    a, b = joined()
    a.write(b"transfer 1")
    sent = bytearray(a.take())
    bit = data.draw(st.integers(0, 8 * len(sent) - 1))
    sent[bit // 8] ^= 1 << bit % 8
    b.feed(memoryview(sent))
    try:
        assert received(b) == b""  # a length that was changed waits for more
    except TlsFailed:
        assert b.take()  # an alert tells the other side


def test_a_record_that_comes_twice_is_noticed() -> None:
    a, b = joined()
    a.write(b"transfer 1")
    sent = a.take()
    b.feed(memoryview(sent + sent))
    assert b.read_into(memoryview(bytearray(100))) == len(b"transfer 1")
    for _ in range(2):
        assert failure(b) == "what came was changed on its way"
        b.feed(sent)


def test_the_end_of_the_connection_comes_after_what_was_sent() -> None:
    a, b = joined()
    a.write(b"last words")
    b.feed(memoryview(a.take()))
    b.feed(b"")
    buffer = memoryview(bytearray(100))
    assert b.read_into(buffer) == len(b"last words")
    for _ in range(2):
        with pytest.raises(EOFError):
            b.read_into(buffer)


def test_the_last_word_of_the_other_side_is_the_end_though_it_does_not_hang_up() -> None:
    stranger, incoming, outgoing = plain_dialler()
    layer = listener()
    while not layer.ready:
        with suppress(ssl.SSLWantReadError):
            stranger.do_handshake()
        layer.feed(outgoing.read())
        incoming.write(layer.take())
    with suppress(ssl.SSLWantReadError):
        stranger.unwrap()
    layer.feed(outgoing.read())
    for _ in range(2):
        with pytest.raises(EOFError):
            layer.read_into(memoryview(bytearray(10)))


def plain_dialler() -> tuple[ssl.SSLObject, ssl.MemoryBIO, ssl.MemoryBIO]:
    """A TLS of somebody else's, and what goes into it and comes out."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    return context.wrap_bio(incoming, outgoing), incoming, outgoing


# Bounds.


@given(st.lists(st.binary(min_size=1, max_size=3000), min_size=1, max_size=8))
def test_whatever_a_stranger_sends_is_refused_within_the_cap(stream: list[bytes]) -> None:
    for end in (dialler(), listener()):
        for piece in (b"\x16\x03\x01", *stream):
            end.feed(memoryview(piece))
        assert not end.ready
        assert received_or_failed(end) == b""
        if sum(map(len, stream)) > HANDSHAKE_CAP:
            failure(end)


def received_or_failed(end: TlsLayer) -> bytes:
    try:
        return received(end)
    except TlsFailed:
        return b""


def test_no_more_than_the_cap_is_kept_of_a_stranger() -> None:
    b = listener()
    b.feed(memoryview(b"\x16\x03\x01\x40\x00" + b"\x01\x00\x3f\xfc" + b"x" * 1900))
    b.feed(memoryview(b"x" * 100_000))
    assert f"within {HANDSHAKE_CAP} bytes" in failure(b)
    assert b._incoming.pending <= HANDSHAKE_CAP


def test_agreement_takes_much_less_than_the_cap() -> None:
    sizes = {"a": 0, "b": 0}

    def note(end: str, stream: bytes) -> bytes:
        sizes[end] += len(stream)
        return stream

    carry(dialler(), listener(), lambda stream: note("a", stream), lambda stream: note("b", stream))
    assert 0 < max(sizes.values()) < HANDSHAKE_CAP / 2


def test_with_tls_and_the_frames_of_a_proof_a_stranger_is_heard_for_4_kib_at_most() -> None:
    record, header, proof_takes = 22, len(frame(HELLO)), 2
    assert HANDSHAKE_CAP + proof_takes * (record + header + FRAME_CAP) <= 4096
