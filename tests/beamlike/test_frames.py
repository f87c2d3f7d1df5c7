import pytest
from hypothesis import given
from hypothesis import strategies as st

from beamlike.distribution.errors import ProtocolError
from beamlike.distribution.frames import ACCEPT, HANDSHAKE_CAP, PROOF, FrameReader, frame

frames = st.lists(st.tuples(st.integers(0, 255), st.binary(max_size=50)), max_size=6)


@given(frames, st.data())
def test_frames_come_out_the_same_however_the_stream_is_cut(sent: list[tuple[int, bytes]], data: st.DataObject) -> None:
    stream = b"".join(frame(kind, payload) for kind, payload in sent)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    reader = FrameReader(HANDSHAKE_CAP)
    pieces = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert [one for piece in pieces for one in reader.read(piece)] == sent


def test_frames_come_out_byte_by_byte() -> None:
    reader = FrameReader(HANDSHAKE_CAP)
    stream = frame(PROOF, b"abc") + frame(ACCEPT)
    assert [one for byte in stream for one in reader.read(bytes([byte]))] == [(PROOF, b"abc"), (ACCEPT, b"")]


def test_the_tail_waits_for_its_rest() -> None:
    reader = FrameReader(HANDSHAKE_CAP)
    assert list(reader.read(frame(ACCEPT) + frame(PROOF, b"abc")[:-1])) == [(ACCEPT, b"")]
    assert list(reader.read(b"c")) == [(PROOF, b"abc")]


def test_a_frame_above_the_cap_is_refused_by_its_header_alone() -> None:
    with pytest.raises(ProtocolError, match="at most 1024 bytes, got one of 1025"):
        list(FrameReader(HANDSHAKE_CAP).read(frame(PROOF, bytes(1025))[:5]))


def test_the_cap_may_rise_between_two_frames_of_one_read() -> None:
    reader = FrameReader(10)
    frames = reader.read(frame(ACCEPT) + frame(PROOF, bytes(100)))
    assert next(frames) == (ACCEPT, b"")
    reader.cap = 100
    assert next(frames) == (PROOF, bytes(100))


def test_what_comes_behind_the_frames_is_handed_on() -> None:
    reader = FrameReader(HANDSHAKE_CAP)
    list(reader.read(frame(ACCEPT) + b"the"))
    assert (reader.rest(), reader.rest()) == (b"the", b"")
