"""Blocks and parcels, as the bytes of a stream that may be cut and damaged anywhere."""

from __future__ import annotations

import gc
import struct
import weakref
from collections.abc import Iterator
from itertools import zip_longest
from zlib import crc32

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beamlike.distribution.batches import (
    BATCH,
    CLOSE,
    FRAGMENT,
    FRAGMENT_SIZE,
    LARGEST_BLOCK,
    READ_SIZE,
    TICK,
    BlockReader,
    Parcel,
    block,
    fragment,
)
from beamlike.distribution.errors import ProtocolError
from beamlike.distribution.terms_codec import Buffer


def joined(parts: list[Buffer]) -> bytes:
    return b"".join(parts)


def read(reader: BlockReader, stream: bytes, sizes: Iterator[int]) -> list[tuple[int, object]]:
    """What comes out of a stream that is read in pieces of these sizes, as a socket fills the buffers."""
    out: list[tuple[int, object]] = []
    while stream:
        piece, stream = (lambda size: (stream[:size], stream[size:]))(next(sizes))
        read_in = 0
        for buffer in reader.buffers():
            part = piece[read_in : read_in + buffer.nbytes]
            buffer[: len(part)] = part
            read_in += len(part)
        stream = piece[read_in:] + stream
        for kind, content in reader.received(read_in):
            out.append((kind, [bytes(it) for it in content.buffers] if isinstance(content, Parcel) else bytes(content)))
    return out


def header(size: int, kind: int, change: int = 0) -> bytes:
    """Of a block whose content is no matter; `change` befalls its size on the way."""
    return struct.pack(">IIIB", size ^ change, crc32(struct.pack(">I", size)), 0, kind)


def forever(size: int) -> Iterator[int]:
    while True:
        yield size


payloads = st.binary(max_size=60)
sizes = st.lists(st.integers(1, 5000), min_size=1).map(lambda sizes: iter([*sizes, *[100_000] * 10_000]))


@given(st.lists(st.tuples(st.sampled_from([BATCH, TICK, CLOSE]), payloads), max_size=6), sizes)
def test_blocks_come_out_the_same_however_the_stream_is_cut(
    blocks: list[tuple[int, bytes]], cuts: Iterator[int]
) -> None:
    stream = b"".join(joined(block(kind, payload)) for kind, payload in blocks)
    assert read(BlockReader(), stream, cuts) == blocks


@settings(max_examples=60)
@given(st.lists(st.integers(0, 3 * FRAGMENT_SIZE), min_size=1, max_size=3), payloads, sizes)
def test_a_parcel_comes_out_whole_however_the_stream_is_cut(
    lengths: list[int], payload: bytes, cuts: Iterator[int]
) -> None:
    buffers = [bytes([number + 1]) * length for number, length in enumerate(lengths)]
    parts = [
        joined(fragment(7, buffer[at : at + FRAGMENT_SIZE]))
        for buffer in buffers
        for at in range(0, len(buffer), FRAGMENT_SIZE)
    ]
    stream = joined(block(BATCH, payload)).join([b"", *parts, b""])
    reader = BlockReader()
    reader.announce(7, Parcel([len(buffers[0]), *(-len(buffer) for buffer in buffers[1:])]))
    out = read(reader, stream, cuts)
    assert [content for kind, content in out if kind == FRAGMENT] == ([buffers] if parts else [])
    assert [content for kind, content in out if kind == BATCH] == [payload] * (len(parts) + 1)


def test_parcels_may_come_in_turns() -> None:
    reader = BlockReader()
    for number in (1, 2):
        reader.announce(number, Parcel([2]))
    stream = b"".join(joined(fragment(number, bytes([number]))) for number in (1, 2, 1, 2))
    assert read(reader, stream, forever(1)) == [(FRAGMENT, [b"\1\1"]), (FRAGMENT, [b"\2\2"])]


@given(
    st.sampled_from([block(BATCH, b"some items"), fragment(7, b"a part"), block(TICK), block(CLOSE, b"bye")]),
    st.data(),
    st.integers(1, 255),
    sizes,
)
def test_a_damaged_byte_is_found_out_by_the_end_of_its_block(
    parts: list[Buffer], data: st.DataObject, change: int, cuts: Iterator[int]
) -> None:
    damaged = bytearray(joined(parts))
    damaged[data.draw(st.integers(0, len(damaged) - 1))] ^= change
    reader = BlockReader()
    reader.announce(7, Parcel([1 << 20]))
    assert read(reader, joined(block(TICK)), cuts) == [(TICK, b"")]
    with pytest.raises(ProtocolError):
        read(reader, bytes(damaged), cuts)


@given(st.binary(max_size=60), st.data(), st.integers(1, 255))
def test_a_damaged_batch_is_not_taken_the_short_way(payload: bytes, data: st.DataObject, change: int) -> None:
    stream = bytearray(joined(block(BATCH, payload)))
    reader = BlockReader()
    reader.buffers()[0][: len(stream)] = stream
    content = reader.whole_batch(len(stream))
    assert content is not None
    assert bytes(content) == payload
    # The CRC of the size is not looked at: the size is that of what came.
    place = data.draw(st.integers(0, len(stream) - 1).filter(lambda place: place not in range(4, 8)))
    reader.buffers()[0][place] ^= change
    assert reader.whole_batch(len(stream)) is None


def test_a_large_batch_gets_memory_of_its_size_and_no_longer_than_it_needs_it() -> None:
    large = bytes(3 * READ_SIZE)
    reader = BlockReader()
    stream = joined(block(BATCH, large)) + joined(block(BATCH, b"small"))
    assert read(reader, stream, forever(70_000)) == [(BATCH, large), (BATCH, b"small")]
    assert reader.buffers()[0].nbytes == READ_SIZE


@pytest.mark.parametrize(
    ("stream", "words"),
    [
        (header(LARGEST_BLOCK + 1, BATCH), f"got {LARGEST_BLOCK + 1} of kind 16"),
        (header(3, FRAGMENT), "a fragment with its number, got 3 bytes"),
        (header(1, BATCH, change=1 << 20), "the size of a block was damaged"),
        (joined(block(40, b"x")), "of kind 40"),
        (joined(fragment(9, b"x")), "got one of 9"),
        (joined(fragment(7, b"xxx")), "no more bytes of a parcel than were announced, got 3"),
    ],
)
def test_what_is_no_block_is_a_protocol_error(stream: bytes, words: str) -> None:
    reader = BlockReader()
    reader.announce(7, Parcel([2]))
    with pytest.raises(ProtocolError, match=words):
        read(reader, stream, forever(1000))


def test_a_number_that_is_under_way_announces_no_other_parcel() -> None:
    reader = BlockReader()
    reader.announce(7, Parcel([2]))
    with pytest.raises(ProtocolError, match="another number than 7"):
        reader.announce(7, Parcel([2]))


@given(st.binary(max_size=100))
def test_garbage_is_refused_or_waited_out(garbage: bytes) -> None:
    try:
        out = read(BlockReader(), garbage, forever(7))
    except ProtocolError:
        return
    assert all(kind in (BATCH, TICK, CLOSE) for kind, _ in out)


def test_bytes_arrive_as_bytes_and_arrays_as_memory_that_may_be_written() -> None:
    parcel = Parcel([1, 3, -3])
    assert [type(buffer) for buffer in parcel.buffers] == [bytearray, bytearray, bytes]
    parcel.next(1)[:] = msgpack.packb(1)
    for content in (b"abc", b"def"):
        parcel.next(3)[:] = content
    assert (parcel.is_whole, parcel.buffers[1:]) == (True, [bytearray(b"abc"), b"def"])


def transfer(number: int, parts: list[bytes]) -> list[bytes]:
    """The fragments of a parcel."""
    return [
        joined(fragment(number, part[start : start + FRAGMENT_SIZE]))
        for part in parts
        for start in range(0, len(part), FRAGMENT_SIZE)
    ]


@given(
    cuts=st.lists(st.sampled_from([1, 12, 13, 17, 18, FRAGMENT_SIZE - 1, FRAGMENT_SIZE + 17, READ_SIZE, 1 << 20])),
    between=st.lists(st.tuples(st.integers(0, 9), st.sampled_from([b"", b"small", b"x" * 70_000])), max_size=4),
    other=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_what_comes_between_the_fragments_of_a_parcel_is_read_as_well(
    cuts: list[int], between: list[tuple[int, bytes]], other: bool
) -> None:
    """Whatever was foreseen, and wherever the reads end."""
    parts = [bytes([number]) * size for number, size in enumerate((5 * FRAGMENT_SIZE + 7, 3, 2 * FRAGMENT_SIZE))]
    others = transfer(2, [b"b" * 300_000]) if other else []
    blocks = transfer(1, parts)
    blocks[6:] = [each for pair in zip_longest(blocks[6:], others, fillvalue=b"") for each in pair]
    expected = {each: 0 for _, each in between}
    for place, content in sorted(between, reverse=True):
        blocks.insert(min(place, len(blocks)), joined(block(BATCH, content)))
        expected[content] += 1
    reader = BlockReader()
    reader.announce(1, Parcel([len(part) for part in parts]))
    reader.announce(2, Parcel([300_000]))
    sizes = iter([*cuts, *[READ_SIZE] * 4, *[1 << 20] * 1000])
    out = read(reader, b"".join(blocks), sizes)
    assert [content for kind, content in out if kind == FRAGMENT and content != [b"b" * 300_000]] == [parts]
    came = [content for kind, content in out if kind == BATCH]
    assert {each: came.count(each) for each in expected} == expected


def test_what_was_foreseen_keeps_no_memory_of_a_parcel_that_was_delivered() -> None:
    size = 8 * FRAGMENT_SIZE
    reader, parcel = BlockReader(), Parcel([size])
    reader.announce(1, parcel)
    gone = weakref.ref(parcel.buffers[0].obj)  # type: ignore[union-attr]
    [(kind, _)] = read(reader, b"".join(transfer(1, [b"a" * size])), forever(1 << 20))
    assert kind == FRAGMENT
    del parcel
    gc.collect()
    assert gone() is None
