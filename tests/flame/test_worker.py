"""What performs a call, as its caller and its pool see it."""

from __future__ import annotations

import sys
import threading

import beamlike as bl
from beamlike.kernel.group_leader import Output, Router, set_leader
from flame.outcome import Returned
from flame.worker import Cancel, perform
from tests.support.local_nodes import PATIENCE, down_reason, in_node, no_message, received


@in_node
async def test_what_the_function_prints_is_there_before_the_outcome() -> None:
    router = Router(sys.stdout, "stdout")

    async def talk() -> int:
        router.write("from afar\n")
        return 3

    set_leader(bl.self())
    answer_to = bl.alias()
    bl.spawn(perform, answer_to, talk, ())
    assert await received(2) == [Output("stdout", "from afar\n"), bl.Reply(answer_to.ref, Returned(3))]


@in_node
async def test_it_ends_after_the_work_that_it_was_told_to_cancel() -> None:
    running, may_end = threading.Event(), threading.Event()
    home = bl.self()

    def work() -> None:
        bl.send(home, "at work")
        running.set()
        may_end.wait(PATIENCE)

    worker, ref = bl.spawn_monitor(perform, bl.alias(), work, ())
    assert await bl.receive(timeout=PATIENCE) == "at work"
    bl.send(worker, Cancel())
    await no_message()
    may_end.set()
    assert await down_reason(ref) == "normal"


@in_node
async def test_it_pays_no_heed_to_strangers() -> None:
    answer_to = bl.alias()
    worker = bl.spawn(perform, answer_to, wait_for_word, (bl.self(),))
    function = await bl.receive(timeout=PATIENCE)
    bl.send(worker, "hello?")
    bl.send(function, "done")
    assert await bl.receive(timeout=PATIENCE) == bl.Reply(answer_to.ref, Returned("done"))


async def wait_for_word(home: bl.Pid) -> object:
    bl.send(home, bl.self())
    return await bl.receive()
