"""Memory that large parcels are received into: used again, but never while anybody still has some of it."""

from __future__ import annotations

import gc
import threading

import pytest

from beamlike.distribution import reused_memory
from beamlike.distribution.fresh_memory import WORTH_REUSING, fresh_buffer
from beamlike.distribution.reused_memory import HUGE_PAGE, ReusedMemory

SIZE = 2 * HUGE_PAGE

pytestmark = pytest.mark.skipif(
    not reused_memory.IS_POSSIBLE or reused_memory._FREE is None, reason="this system cannot be lent memory"
)


def test_what_was_dropped_is_used_again() -> None:
    memory = ReusedMemory()
    first = memory.take(SIZE)
    assert memory.kept == 0
    del first
    assert memory.kept == SIZE
    again = memory.take(SIZE - 1)
    assert (again.nbytes, memory.kept) == (SIZE - 1, 0)
    again[:] = bytes(again.nbytes)


def test_the_smallest_that_fits_is_taken_and_none_that_is_much_too_large() -> None:
    memory = ReusedMemory()
    several = [memory.take(size) for size in (4 * SIZE, SIZE, 2 * SIZE)]
    del several
    one = memory.take(SIZE)
    assert memory.kept == 6 * SIZE
    another = memory.take(SIZE)
    assert memory.kept == 4 * SIZE
    third = memory.take(SIZE)
    assert memory.kept == 4 * SIZE, "of four times the size"
    del one, another, third


@pytest.mark.parametrize("what_is_left", [lambda view: view[5:9], lambda view: view.toreadonly()[-1:], lambda v: v.obj])
def test_it_is_not_used_again_while_some_of_it_is_left(what_is_left: object) -> None:
    memory = ReusedMemory()
    view = memory.take(SIZE)
    view[:] = b"a" * SIZE
    left = what_is_left(view)  # type: ignore[operator]
    del view
    assert memory.kept == 0
    other = memory.take(SIZE)
    other[:] = b"b" * SIZE
    assert set(bytes(left)) == {ord("a")}
    del left
    assert memory.kept == SIZE


def test_what_an_array_on_it_shows_stays_until_the_array_is_gone() -> None:
    numpy = pytest.importorskip("numpy")
    memory = ReusedMemory()
    view = memory.take(SIZE)
    view[:] = b"a" * SIZE
    array = numpy.frombuffer(view, dtype=numpy.uint8)[1:-1].reshape(2, -1)
    del view
    others = [memory.take(SIZE) for _ in range(3)]
    for other in others:
        other[:] = b"b" * SIZE
    assert (array == ord("a")).all()
    del array
    assert memory.kept == SIZE


def test_no_more_is_kept_than_the_bound() -> None:
    memory = ReusedMemory(most_kept=3 * SIZE)
    several = [memory.take(SIZE) for _ in range(5)]
    del several
    assert memory.kept == 3 * SIZE
    large = memory.take(4 * SIZE)
    del large
    assert memory.kept == 3 * SIZE


def test_the_oldest_makes_room_for_what_is_dropped_now() -> None:
    memory = ReusedMemory(most_kept=4 * SIZE)
    small = [memory.take(SIZE) for _ in range(4)]
    del small
    assert memory.kept == 4 * SIZE
    large = memory.take(3 * SIZE)
    del large
    assert memory.kept == 4 * SIZE
    again = memory.take(3 * SIZE)
    assert memory.kept == SIZE, "the large one was kept, in place of three"
    larger = memory.take(5 * SIZE)
    del larger
    assert memory.kept == SIZE, "what is larger than the bound takes nobody's place"
    del again


def test_what_is_dropped_by_the_collector_while_memory_is_taken_is_kept_as_well() -> None:
    memory = ReusedMemory()

    class Ring:
        def __init__(self) -> None:
            self.view, self.itself = memory.take(SIZE), self

    rings = [Ring() for _ in range(3)]
    gc.collect()
    del rings
    threads = [threading.Thread(target=lambda: [memory.take(SIZE) for _ in range(50)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    gc.collect()
    for thread in threads:
        thread.join(60)
    assert memory.kept <= reused_memory.MOST_KEPT + 4 * SIZE
    assert memory.kept % SIZE == 0


def test_what_garbage_reads_at_its_end_is_what_it_had_and_what_it_rescues_stays_its_own() -> None:
    memory = ReusedMemory()
    ends = []

    class Ring:
        def __init__(self) -> None:
            self.view, self.itself = memory.take(SIZE), self
            self.view[:] = b"a" * SIZE

        def __del__(self) -> None:
            ends.append((memory.kept, set(bytes(self.view))))
            rescued.append(self.view)

    rescued: list[memoryview] = []
    Ring()
    gc.collect()
    assert ends == [(0, {ord("a")})]
    other = memory.take(SIZE)
    other[:] = b"b" * SIZE
    assert set(bytes(rescued[0])) == {ord("a")}
    del other
    rescued.clear()
    assert memory.kept == 2 * SIZE


def test_only_large_memory_is_taken_from_it() -> None:
    small, _ = fresh_buffer(WORTH_REUSING - 1)
    large, view = fresh_buffer(WORTH_REUSING)
    assert type(small) is bytearray
    assert type(large) is memoryview
    assert large is view
    assert not large.readonly
    assert (large.format, large.nbytes) == ("B", WORTH_REUSING)
