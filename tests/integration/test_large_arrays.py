"""Arrays between two nodes of one machine, through shared memory and through the socket."""

from __future__ import annotations

import asyncio
import gc
import pickle

import pytest

import beamlike as bl
import nodes
from beamlike.distribution import shared_memory
from beamlike.distribution.shared_memory import SEGMENTS
from tests.support.child_node import with_child_node

SIZE = 3 << 20

Seen = tuple[str, int, bytes]


async def mirror() -> None:
    """Tells in what memory an array came and how it begins, writes to it, and sends it back."""
    while True:
        sender, content = await bl.receive()
        view = memoryview(content)
        seen = type(view.obj).__name__, len(view), bytes(view[:3])
        if not view.readonly:
            view[0] = 7
        bl.send(sender, (seen, pickle.PickleBuffer(view)))
        del content, view


async def reflected(mirror: bl.Pid, content: object) -> tuple[Seen, memoryview]:
    bl.send(mirror, (bl.self(), content))
    seen, back = await bl.receive(timeout=20)
    return seen, memoryview(back)


async def mirror_on(child: nodes.Child) -> bl.Pid:
    """It has answered once, so both nodes know whether they can share."""
    pid = bl.spawn(mirror, node=child.node)
    await reflected(pid, bytearray(1))
    return pid


@pytest.mark.skipif(not hasattr(shared_memory.os, "memfd_create"), reason="this system has no files without names")
@with_child_node
async def test_an_array_is_mapped_in_place_and_each_side_writes_to_its_own(child: nodes.Child) -> None:
    pid = await mirror_on(child)
    array = bytearray(b"abc" * (SIZE // 3))
    seen, back = await reflected(pid, pickle.PickleBuffer(array))
    assert seen == ("mmap", len(array), b"abc")
    assert (back[:3].tobytes(), array[:3]) == (b"\7bc", b"abc")
    assert type(back.obj).__name__ == "mmap"


@pytest.mark.skipif(not hasattr(shared_memory.os, "memfd_create"), reason="this system has no files without names")
@with_child_node
async def test_the_memory_of_an_array_is_free_again_when_the_other_node_has_dropped_it(child: nodes.Child) -> None:
    pid, kept = await mirror_on(child), SEGMENTS.kept
    for _ in range(5):
        _, back = await reflected(pid, pickle.PickleBuffer(bytearray(SIZE)))
        del back
    async with asyncio.timeout(10):
        while SEGMENTS.lent:
            await reflected(pid, bytearray(1))  # what the child gives back has come before its answer
    assert SEGMENTS.kept <= kept + 2 * (4 << 20)


class Unreadable:
    def __init__(self, array: bytearray) -> None:
        self.array = array

    def __reduce_ex__(self, protocol: object) -> tuple[object, ...]:
        return fail, (pickle.PickleBuffer(self.array),)


def fail(array: object) -> None:
    raise RuntimeError(f"no use for a {type(array).__name__}")


@pytest.mark.skipif(not hasattr(shared_memory.os, "memfd_create"), reason="this system has no files without names")
@with_child_node
async def test_the_memory_of_what_cannot_be_decoded_is_free_again_at_once(child: nodes.Child) -> None:
    pid = await mirror_on(child)
    await bl.rpc.call(child.node, gc.disable, timeout=20)
    bl.send(pid, Unreadable(bytearray(SIZE)))
    with pytest.raises(RuntimeError, match="no use for a memoryview"):
        await bl.rpc.call(child.node, id, Unreadable(bytearray(SIZE)), timeout=20)
    async with asyncio.timeout(20):
        while SEGMENTS.lent:
            await reflected(pid, bytearray(1))


@with_child_node
async def test_an_array_comes_through_the_socket_where_no_more_is_lent(child: nodes.Child) -> None:
    pid = await mirror_on(child)
    most, SEGMENTS._most_lent = SEGMENTS._most_lent, 0
    kept, SEGMENTS._kept = SEGMENTS._kept, []
    try:
        seen, _ = await reflected(pid, pickle.PickleBuffer(bytearray(SIZE)))
    finally:
        SEGMENTS._most_lent, SEGMENTS._kept = most, kept
    assert seen == (f"c_char_Array_{SIZE}", SIZE, bytes(3))


@with_child_node
async def test_an_array_and_the_messages_around_it_arrive_in_order(child: nodes.Child) -> None:
    pid = await mirror_on(child)
    for content in (b"before", pickle.PickleBuffer(bytearray(SIZE)), bytes(SIZE), b"after"):
        bl.send(pid, (bl.self(), content))
    sizes = [(await bl.receive(timeout=20))[0][1] for _ in range(4)]
    assert sizes == [6, SIZE, SIZE, 5]


async def keeper() -> None:
    """Keeps the last two arrays that came, and tells all that is in them."""
    kept: list[memoryview] = []
    while True:
        sender, content = await bl.receive()
        kept = [*kept[-1:], memoryview(content)[1:-1]]
        del content
        bl.send(sender, [set(bytes(view)) for view in kept])


@with_child_node
async def test_an_array_that_came_through_the_socket_stays_as_it_is_when_others_come(child: nodes.Child) -> None:
    pid = bl.spawn(keeper, node=child.node)
    most, SEGMENTS._most_lent = SEGMENTS._most_lent, 0
    kept, SEGMENTS._kept = SEGMENTS._kept, []
    try:
        told = []
        for number in range(6):
            bl.send(pid, (bl.self(), pickle.PickleBuffer(bytearray([number]) * SIZE)))
            told.append(await bl.receive(timeout=60))
    finally:
        SEGMENTS._most_lent, SEGMENTS._kept = most, kept
    assert told == [[{0}], *([{number - 1}, {number}] for number in range(1, 6))]
