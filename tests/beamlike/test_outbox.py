"""What leaves an outbox, read as the other side reads it: in which order, and how soon."""

from __future__ import annotations

import mmap
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import combinations
from threading import Thread

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beamlike.distribution.batches import BATCH, FRAGMENT_SIZE, LARGEST_BLOCK, BlockReader, Parcel
from beamlike.distribution.outbox import BATCH_SIZE, Outbox, Pair
from beamlike.distribution.packing import Packed
from beamlike.distribution.parcels import COPIED_AT_ONCE, PARCEL
from beamlike.distribution.shared_memory import Segment
from beamlike.distribution.terms_codec import LARGE, Buffer
from tests.support.soak import count

SMALL, MIDDLING = 10, LARGE - 100


@dataclass
class Reader:
    """The other side. `arrived` holds the numbers of what came whole, those of what went ahead as negative ones."""

    arrived: list[int] = field(default_factory=list)
    largest_batch: int = 0
    _blocks: BlockReader = field(default_factory=BlockReader)

    def take(self, outbox: Outbox) -> bool:
        """Reads what is to be written next. False if nothing is."""
        stream = memoryview(b"".join(outbox.take()))
        while stream:
            read = 0
            for buffer in self._blocks.buffers():
                part = stream[read : read + buffer.nbytes]
                buffer[: len(part)] = part
                read += len(part)
            stream = stream[read:]
            for kind, content in self._blocks.received(read):
                self._look_at(kind, content)
            if not stream:
                return True
        return False

    def take_all(self, outbox: Outbox) -> list[int]:
        while self.take(outbox):
            pass
        return self.arrived

    def _look_at(self, kind: int, content: memoryview | Parcel) -> None:
        if isinstance(content, Parcel):
            data, *buffers = content.buffers
            self._arrive(msgpack.unpackb(data), b"".join(buffers))
            return
        assert kind == BATCH
        self.largest_batch = max(self.largest_batch, len(content))
        for item in msgpack.unpackb(content, strict_map_key=False):
            match item:
                case [msgpack.ExtType(), ahead]:
                    self.arrived.append(-int(ahead))
                case [int(kind), int(number), list(sizes)]:
                    assert kind == PARCEL
                    self._blocks.announce(number, Parcel(sizes))
                case _:
                    self._arrive(item, b"")

    def _arrive(self, item: list[object], beside: bytes) -> None:
        number, padding = item
        assert isinstance(number, int)
        assert isinstance(padding, bytes)
        assert set(padding + beside) <= {number % 256}
        self.arrived.append(number)


def packed(number: int, size: int, beside: bool = False, ahead: bool = False) -> Packed:
    """An item that shows its number and has about this size, in a buffer of its own if it is `beside`."""
    padding = bytes([number % 256]) * size
    data = msgpack.packb([number, b"" if beside else padding])
    return Packed(data, (padding,) if beside else (), (b"%d" % number,) if ahead else ())


def put(outbox: Outbox, pair: Pair, item: Packed) -> None:
    """As a link does with a signal."""
    outbox.put_ahead(item.ahead)
    outbox.put(pair, item)


def post(outbox: Outbox, pair: Pair, item: Packed) -> None:
    """As a link does with a small message between processes."""
    if outbox.lanes or len(item.data) > LARGE:
        outbox.put(pair, item)
    else:
        outbox.put_item(item.data)


@dataclass(frozen=True)
class Sent:
    pair: Pair
    size: int
    beside: bool = False
    ahead: bool = False

    def item(self, number: int) -> Packed:
        return packed(number, self.size, self.beside, self.ahead)

    @property
    def way(self) -> Callable[[Outbox, Pair, Packed], None]:
        return put if self.beside or self.ahead else post


PAIRS = st.tuples(st.sampled_from([1, 2]), st.sampled_from([7, 8, "shell", "logger"]))
SENT = st.builds(Sent, PAIRS, st.sampled_from([SMALL, MIDDLING]), st.just(False), st.booleans()) | st.builds(
    Sent, PAIRS, st.integers(LARGE, 3 * FRAGMENT_SIZE), st.booleans(), st.booleans()
)
TAKES = st.integers(1, 4)


def may_meet(one: Pair, other: Pair) -> bool:
    """Whether both may go from the same process to the same process."""
    (source, target), (other_source, other_target) = one, other
    return source == other_source and (
        target == other_target or isinstance(target, str) or isinstance(other_target, str)
    )


@settings(max_examples=count(80, 5000), deadline=None)
@given(st.lists(SENT | TAKES, max_size=30))
def test_all_arrives_once_and_in_order_between_each_two_whatever_is_large(history: list[Sent | int]) -> None:
    outbox, reader, sent = Outbox(), Reader(), dict[int, Sent]()
    for number, step in enumerate(history, start=1):
        if isinstance(step, Sent):
            step.way(outbox, step.pair, step.item(number))
            sent[number] = step
        else:
            for _ in range(step):
                reader.take(outbox)
    arrived = reader.take_all(outbox)
    assert sorted(number for number in arrived if number > 0) == list(sent)
    place = {number: at for at, number in enumerate(arrived)}
    for earlier, later in combinations(sent, 2):
        if may_meet(sent[earlier].pair, sent[later].pair):
            assert place[earlier] < place[later]
        if sent[earlier].ahead:
            assert place[-earlier] < min(place[earlier], place[later])
    assert (len(outbox), outbox.small, outbox.large, outbox.lanes) == (0, 0, 0, {})


def test_a_small_item_of_another_pair_leaves_before_a_parcel_has_ended() -> None:
    outbox, reader = Outbox(), Reader()
    outbox.put((1, 7), packed(1, 10 * FRAGMENT_SIZE, beside=True))
    reader.take(outbox)
    outbox.put((2, 7), packed(2, SMALL))
    reader.take(outbox)
    assert reader.arrived == [2]
    assert reader.take_all(outbox) == [2, 1]


def test_a_small_item_waits_for_a_parcel_of_its_own_pair_only() -> None:
    outbox, reader = Outbox(), Reader()
    outbox.put((1, 7), packed(1, 10 * FRAGMENT_SIZE, beside=True))
    pairs: list[Pair] = [(1, 7), (1, 8), (1, "shell"), (2, "shell")]
    for number, pair in enumerate(pairs, start=2):
        outbox.put(pair, packed(number, SMALL))
    assert reader.take_all(outbox) == [3, 5, 1, 2, 4]


def test_a_parcel_waits_for_the_small_items_of_its_pair_that_were_sent_before() -> None:
    outbox, reader = Outbox(), Reader()
    for number in range(1, 20):
        outbox.put((1, 7), packed(number, MIDDLING))
    outbox.put((1, 7), packed(20, LARGE, beside=True))
    assert reader.take_all(outbox) == list(range(1, 21))


def test_parcels_of_several_pairs_go_in_turns() -> None:
    outbox, reader = Outbox(), Reader()
    outbox.put((1, 7), packed(1, 100 * FRAGMENT_SIZE, beside=True))
    outbox.put((2, 7), packed(2, 2 * FRAGMENT_SIZE, beside=True))
    for _ in range(8):
        reader.take(outbox)
    assert reader.arrived == [2]


def test_what_is_encoded_later_waits_for_what_goes_ahead_though_its_lane_is_free() -> None:
    outbox, reader = Outbox(), Reader()
    put(outbox, (1, 7), packed(1, LARGE, beside=True))
    for number in range(2, 20):
        post(outbox, (2, 8), packed(number, MIDDLING))
    put(outbox, (3, 9), packed(20, SMALL, ahead=True))
    put(outbox, (1, 7), packed(21, SMALL))
    arrived = reader.take_all(outbox)
    assert arrived.index(-20) < arrived.index(21)


@pytest.mark.parametrize("sizes", [[MIDDLING] * 1200 + [0] * 200_000, [MIDDLING] * 1200], ids=["uneven", "even"])
def test_however_much_waits_no_batch_is_large(sizes: list[int]) -> None:
    outbox, reader = Outbox(), Reader()
    for number, size in enumerate(sizes):
        outbox.put((1, 7), packed(number, size))
    assert reader.take_all(outbox) == list(range(len(sizes)))
    assert reader.largest_batch <= 4 * BATCH_SIZE


def test_what_waits_behind_a_parcel_leaves_in_small_batches_too() -> None:
    outbox, reader = Outbox(), Reader()
    outbox.put((1, 7), packed(0, LARGE, beside=True))
    many = LARGEST_BLOCK // MIDDLING + 10
    for number in range(1, many):
        outbox.put((1, 7), packed(number, MIDDLING))
    assert reader.take_all(outbox) == list(range(many))
    assert reader.largest_batch <= 2 * BATCH_SIZE


def test_thousands_of_parcels_may_be_under_way() -> None:
    outbox, reader = Outbox(), Reader()
    for number in range(3000):
        outbox.put((number, 7), packed(number, LARGE, beside=True))
    assert sorted(reader.take_all(outbox)) == list(range(3000))
    assert outbox.lanes == {}


def test_the_bytes_that_wait_are_counted() -> None:
    outbox = Outbox()
    small, large = packed(1, SMALL), packed(2, LARGE, beside=True)
    outbox.put((1, 7), small)
    outbox.put((1, 8), large)
    outbox.put((1, 8), small)
    assert len(outbox) == 2 * small.size + large.size
    outbox.take()
    assert len(outbox) == large.size + small.size - FRAGMENT_SIZE + (FRAGMENT_SIZE - len(large.data))


def test_nothing_is_left_of_an_outbox_that_was_cleared() -> None:
    outbox = Outbox()
    for number in range(3):
        outbox.put((number, 7), packed(number, number * LARGE, beside=True))
    outbox.take()
    outbox.clear()
    assert (len(outbox), outbox.take(), outbox.lanes) == (0, [], {})


def test_threads_may_send_while_another_takes() -> None:
    outbox, reader = Outbox(), Reader()
    numbers = [range(at, at + 300) for at in (1000, 2000, 3000)]

    def send(mine: range) -> None:
        for number in mine:
            size = LARGE + number if number % 10 == 0 else SMALL
            outbox.put((mine.start, 7), packed(number, size))

    threads = [Thread(target=send, args=(mine,)) for mine in numbers]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        reader.take(outbox)
    arrived = reader.take_all(outbox)
    assert [list(filter(mine.__contains__, arrived)) for mine in numbers] == [list(mine) for mine in numbers]
    assert outbox.lanes == {}


def test_the_reader_of_these_tests_is_not_fooled() -> None:
    outbox = Outbox()
    outbox.put_item(msgpack.packb([5, bytes([6])]))
    with pytest.raises(AssertionError):
        Reader().take_all(outbox)


def test_nobodys_signals_reach_a_child_before_its_spawn() -> None:
    outbox, reader = Outbox(), Reader()
    outbox.put((1, 7), packed(0, LARGE, beside=True), child=7)
    outbox.put((2, 7), packed(1, 0))
    outbox.put((2, 8), packed(2, 0))
    outbox.put((2, 7), packed(3, 0))
    arrived = reader.take_all(outbox)
    assert arrived.index(0) < arrived.index(1) < arrived.index(3)
    assert arrived.index(2) < arrived.index(0)
    assert (outbox.unborn, outbox.lanes) == ({}, {})


class Copier:
    """Gives segments that are no more than memory."""

    def __call__(self, buffer: Buffer) -> Segment:
        return Segment(0, 0, mmap.mmap(-1, len(buffer)), len(buffer))


def test_a_parcel_is_copied_only_by_who_says_so() -> None:
    outbox = Outbox()
    outbox.lend = Copier()
    outbox.put((1, 7), Packed(b"head", [bytearray(5 * COPIED_AT_ONCE)]))
    assert outbox.take(copying=False) == []  # its first stride
    waits = outbox.large
    for number in range(100):
        outbox.put_item(b"%d" % number)
        assert outbox.take(copying=False)
    assert (outbox.copies, outbox.large) == (True, waits)
    assert [outbox.take() for _ in range(4)] == [[]] * 4
    assert outbox.take()
    assert not outbox.copies


def test_nothing_is_copied_any_more_for_a_link_that_is_closed() -> None:
    outbox = Outbox()
    outbox.lend = Copier()
    outbox.put((1, 7), Packed(b"head", [bytearray(5 * COPIED_AT_ONCE)]))
    outbox.take()
    outbox.clear()
    assert not outbox.copies


def test_who_sends_to_names_as_well_does_not_overtake_a_spawn_either() -> None:
    outbox, reader = Outbox(), Reader()
    outbox.put((1, 7), packed(0, LARGE, beside=True), child=7)
    outbox.put((2, "name"), packed(1, LARGE, beside=True))
    outbox.put((2, 7), packed(2, 0))
    outbox.put((2, "name"), packed(3, 0))
    arrived = reader.take_all(outbox)
    assert arrived.index(0) < arrived.index(2)
    assert [it for it in arrived if it] == [1, 2, 3]
    assert outbox.lanes == {}


def test_two_that_wait_for_each_others_children_do_not_wait_for_ever() -> None:
    outbox, reader = Outbox(), Reader()
    for parent, child in ((1, 17), (2, 18)):
        outbox.put((parent, "name"), packed(parent * 10, LARGE, beside=True))
        outbox.put((parent, child), packed(parent * 10 + 1, LARGE, beside=True), child=child)
    outbox.put((1, 18), packed(12, 0))
    outbox.put((2, 17), packed(22, 0))
    assert sorted(reader.take_all(outbox)) == [10, 11, 12, 20, 21, 22]


def test_copying_goes_on_while_nothing_can_be_written() -> None:
    outbox = Outbox()
    outbox.lend = Copier()
    outbox.put((1, 7), Packed(b"head", [bytearray(5 * COPIED_AT_ONCE)]))
    assert outbox.take() == []
    for _ in range(5):
        assert outbox.copies
        outbox.copy_on()
    assert not outbox.copies
    assert outbox.take()
    assert (outbox.take(), outbox.lanes, outbox.large) == ([], {}, 0)
