"""A listener's end that is TLS or in clear, as the dialler wants it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beamlike.distribution.clear_or_tls import Clear, ClearOrTls
from beamlike.distribution.errors import TlsFailed
from tests.support.tls_pairs import carry, dialler, listener, received


def either() -> ClearOrTls:
    return ClearOrTls(listener())


def test_a_dialler_with_tls_gets_it() -> None:
    a, b = dialler(), either()
    assert not b.ready
    carry(a, b)
    assert b.ready
    assert a.fingerprint == b.fingerprint != b""
    a.write(b"hello")
    b.write(b"welcome")
    carry(a, b)
    assert (received(b), received(a)) == (b"hello", b"welcome")


def test_a_dialler_in_clear_gets_that() -> None:
    b = either()
    b.feed(b"\x00 a frame")
    assert b.ready
    assert b.fingerprint == b""
    assert received(b) == b"\x00 a frame"
    b.write(b"an answer")
    assert (b.take(), b.take()) == (b"an answer", b"")


def test_what_began_as_tls_does_not_go_on_in_clear() -> None:
    a, b = dialler(), either()
    carry(a, b)
    b.feed(b"\x00 in clear again")
    with pytest.raises(TlsFailed):
        received(b)


def test_before_the_first_byte_there_is_nothing() -> None:
    b = either()
    assert (b.ready, b.fingerprint, received(b), b.take()) == (False, b"", b"", b"")
    b.write(b"")
    with pytest.raises(AssertionError, match="not ready"):
        b.write(b"too early")


def test_a_peer_that_goes_without_a_word_is_at_its_end() -> None:
    b = either()
    b.feed(b"")
    with pytest.raises(EOFError):
        received(b)


@given(st.lists(st.binary(min_size=1, max_size=50), max_size=8), st.integers(1, 20))
def test_in_clear_what_goes_in_comes_out_and_then_the_end(fed: list[bytes], size: int) -> None:
    layer = Clear()
    for piece in fed:
        layer.feed(piece)
    assert received(layer, size) == b"".join(fed)
    layer.feed(b"")
    with pytest.raises(EOFError):
        received(layer)
