"""Segments that are lent to another node of this machine. Both sides are in this process, which /proc leads to."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable
from functools import partial

import pytest

from beamlike.distribution.errors import PeerEnded, ProtocolError
from beamlike.distribution.shared_memory import MOST_SEGMENTS, SEGMENTS, WORTH_SHARING, Segment, Segments, SharedMemory
from beamlike.distribution.terms_codec import Buffer

pytestmark = pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="this system has no files without names")

CONTENT = bytes(range(256)) * (WORTH_SHARING // 128)


def joined(segments: Segments | None = None) -> tuple[SharedMemory, SharedMemory]:
    """One that lends, and one that borrows of it."""
    lender, borrower = SharedMemory(segments or Segments()), SharedMemory()
    offer = lender.offer()
    assert offer is not None
    assert borrower.reaches(*offer)
    lender.reached()
    return lender, borrower


def lend(lender: SharedMemory, content: bytes = CONTENT) -> Segment:
    segment = lender.lend(bytearray(content))
    assert segment is not None
    segment.memory[: len(content)] = content
    return segment


def test_what_is_lent_is_there_in_place_and_may_be_written_to_without_the_lender_seeing_it() -> None:
    lender, borrower = joined()
    segment = lend(lender)
    array = borrower.borrow(*segment.announced, lambda inode: None)
    assert array == CONTENT
    assert isinstance(array, memoryview)
    array[:3] = b"abc"
    assert segment.memory[:3] == CONTENT[:3]


def test_a_segment_comes_back_with_its_last_user_and_is_used_again() -> None:
    segments = Segments()
    lender, borrower = joined(segments)
    segment = lend(lender)
    array = borrower.borrow(*segment.announced, lender.returned)
    part = memoryview(array)[5:9]
    del array
    assert segments.lent == segment.capacity
    del part
    assert (segments.lent, segments.kept) == (0, segment.capacity)
    assert lend(lender) is segment


def test_what_garbage_reads_at_its_end_is_what_it_had_and_what_it_rescues_stays_its_own() -> None:
    segments = Segments()
    lender, borrower = joined(segments)
    ends = []

    class Ring:
        def __init__(self, array: Buffer) -> None:
            self.array, self.itself = array, self

        def __del__(self) -> None:
            ends.append((segments.kept, bytes(self.array)))
            rescued.append(self.array)

    rescued: list[Buffer] = []
    segment = lend(lender)
    Ring(borrower.borrow(*segment.announced, lender.returned))
    gc.collect()
    assert ends == [(0, CONTENT)]
    assert lend(lender, bytes(len(CONTENT))) is not segment
    assert rescued.pop() == CONTENT
    assert segments.kept == segment.capacity


def test_a_segment_is_taken_for_what_fills_half_of_it_at_least() -> None:
    segments = Segments()
    for size in (8 << 20, 4 << 20):
        taken = segments.take(size)
        assert taken is not None
        segments.returned(taken)
    assert [it.capacity for it in (segments.take(3 << 20), segments.take(3 << 20)) if it] == [4 << 20, 4 << 20]


def test_no_more_is_lent_or_kept_than_may_be() -> None:
    segments = Segments(most_lent=4 << 20, most_kept=2 << 20)
    lender, _ = joined(segments)
    lent = [lend(lender), lend(lender)]
    assert lender.lend(bytearray(CONTENT)) is None
    for segment in lent:
        lender.returned(segment.inode)
    assert (segments.lent, segments.kept) == (0, 2 << 20)


def test_the_oldest_makes_room_for_what_is_returned_now() -> None:
    segments = Segments(most_kept=8 << 20)
    small = [segments.take(2 << 20) for _ in range(4)]
    for segment in small:
        assert segment is not None
        segments.returned(segment)
    large = segments.take(6 << 20)
    assert large is not None
    segments.returned(large)
    assert segments.kept == 8 << 20
    assert segments.take(6 << 20) is large
    assert segments.take(2 << 20) is small[-1]
    larger = segments.take(10 << 20)
    assert larger is not None
    segments.returned(large)
    segments.returned(larger)
    assert segments.kept == large.capacity, "what is larger than the bound takes nobody's place"


def test_what_a_lost_node_may_still_have_mapped_is_not_used_again() -> None:
    segments = Segments()
    lender, borrower = joined(segments)
    array = borrower.borrow(*lend(lender).announced, lambda inode: None)
    lender.close()
    assert (segments.lent, segments.kept) == (0, 0)
    assert array == CONTENT


@pytest.mark.parametrize("buffer", [bytearray(WORTH_SHARING - 1), bytes(WORTH_SHARING)], ids=["small", "bytes"])
def test_what_is_small_or_to_become_bytes_goes_through_the_socket(buffer: bytes | bytearray) -> None:
    lender, _ = joined()
    assert lender.lend(buffer) is None


def test_a_node_that_cannot_read_the_offer_is_not_lent_to() -> None:
    lender, borrower = SharedMemory(), SharedMemory()
    offer = lender.offer()
    assert offer is not None
    pid, file, nonce = offer
    assert not borrower.reaches(pid, file, bytes(len(nonce)))
    assert not borrower.reaches(pid, 1_000_000, nonce)
    assert not lender.is_open
    lender.close()


def test_another_file_in_the_place_of_a_segment_is_a_protocol_error() -> None:
    lender, borrower = joined()
    file, inode, size = lend(lender).announced
    with pytest.raises(ProtocolError, match="found another file in its place"):
        borrower.borrow(file, inode + 1, size, lambda inode: None)
    with pytest.raises(ProtocolError, match="expected a segment of"):
        borrower.borrow(file, inode, size + (1 << 30), lambda inode: None)


def test_what_was_lent_by_a_process_that_has_ended_is_no_fault_of_its() -> None:
    lender, borrower = joined()
    _, inode, size = lend(lender).announced
    with pytest.raises(PeerEnded, match="it ended, or closed what it had lent"):
        borrower.borrow(1_000_000, inode, size, lambda inode: None)


def test_nothing_is_left_open_by_a_link_that_has_ended() -> None:
    gc.collect()
    before = len(os.listdir("/proc/self/fd"))
    segments = Segments(most_kept=0)
    lender, borrower = joined(segments)
    array = borrower.borrow(*lend(lender).announced, lambda inode: None)
    lender.close()
    del array
    assert len(os.listdir("/proc/self/fd")) <= before  # those of other tests may go meanwhile


@pytest.mark.parametrize("content", [b"", b"for somebody else"])
def test_numbers_that_are_somebody_elses_on_this_machine_lead_to_no_file_of_his(content: bytes) -> None:
    """An offer from another machine may name a pipe here: to open it could take for ever, to read it would be theft."""
    reading, writing = os.pipe()
    os.write(writing, content)
    assert not SharedMemory().reaches(os.getpid(), reading, b"n" * 16)
    os.close(writing)
    assert os.read(reading, 100) == content
    os.close(reading)


def in_a_fork(function: Callable[[], object]) -> str:
    """What the function returns in a forked child, as text."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.write(writing, str(function()).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        told = pipe.read()
    os.waitpid(child, 0)
    return told


def beginning(array: Buffer) -> bytes:
    return bytes(array[:3])


def test_a_forked_child_does_not_write_where_its_parent_does() -> None:
    kept = SEGMENTS.take(2 << 20)
    assert kept is not None
    SEGMENTS.returned(kept)
    before = SEGMENTS.kept
    assert in_a_fork(lambda: (SEGMENTS.kept, SEGMENTS.lent)) == "(0, 0)"
    assert SEGMENTS.kept == before >= kept.capacity


def test_what_is_mapped_when_a_child_is_forked_is_not_used_again_and_counts_as_lent_no_longer_than_it_is() -> None:
    segments = Segments()
    lender, borrower = joined(segments)
    segment = lend(lender)
    array = borrower.borrow(*segment.announced, lender.returned)
    assert in_a_fork(partial(beginning, array)) == str(CONTENT[:3])
    assert segments.lent == segment.capacity
    del array
    assert (segments.lent, segments.kept, lender.lends) == (0, 0, False)


def test_what_is_mapped_when_a_fork_is_over_is_used_again() -> None:
    segments = Segments()
    lender, borrower = joined(segments)
    in_a_fork(os.getpid)
    segment = lend(lender)
    array = borrower.borrow(*segment.announced, lender.returned)
    del array
    assert lend(lender) is segment


def test_a_forked_child_gives_nothing_back_of_what_its_parent_borrowed() -> None:
    lender, borrower = joined()
    returned: list[int] = []
    arrays = [borrower.borrow(*lend(lender).announced, returned.append)]

    def dropped() -> list[int]:
        arrays.clear()
        return returned

    assert in_a_fork(dropped) == "[]"
    lender.close()


def test_no_more_files_are_lent_than_a_node_can_spare() -> None:
    lender, _ = joined()
    lent = [lender.lend(bytearray(WORTH_SHARING)) for _ in range(MOST_SEGMENTS + 1)]
    assert lent.count(None) == 1
    lender.close()
