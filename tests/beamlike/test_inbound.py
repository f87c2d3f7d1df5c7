"""What comes from another node, to processes of whatever thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import beamlike as bl
from beamlike.distribution.inbound import deliver
from beamlike.distribution.packing import batch
from beamlike.distribution.terms_codec import PickleCodec
from beamlike.distribution.wire import SignalCodec, Undelivered
from beamlike.kernel import current, signals
from beamlike.kernel.call import reply
from beamlike.kernel.node import LocalNode
from beamlike.kernel.question import Call
from beamlike.kernel.scheduler import Scheduler
from beamlike.kernel.signals import Signal
from beamlike.kernel.watched_inbox import watch_arrivals
from beamlike.loop_thread import LoopThread
from tests.support.captured_log import captured_log
from tests.support.local_nodes import down_reason, eventually, forever, in_node, process_of, received
from tests.support.second_scheduler import own_scheduler, second_scheduler, spawn_at

FAR = bl.Pid("far@127.0.0.1", 1)


def arrive(*sent: Signal) -> None:
    """Has these come from there, all at once."""
    node = current.current_node()
    there, here = (PickleCodec(), FAR.node, node.name), (PickleCodec(), node.name, FAR.node)
    codec, items = SignalCodec(*there), SignalCodec(*here)
    data = batch([codec.encode(signal).data for signal in sent])

    def interpret(item: Any) -> bool:
        signal = items.signal(item)
        assert not isinstance(signal, Undelivered)
        node.route(signal)
        return True

    deliver(node, items.items(data), FAR.node, interpret)


def sent_back() -> tuple[LocalNode, list[Signal]]:
    """The node, and what it sends there from now on."""
    node, sent = current.current_node(), list[Signal]()
    node.peer_up(FAR.node, sent.append, hidden=False)
    return node, sent


async def answers(witness: bl.Pid) -> None:
    bl.trap_exit(True)
    bl.send(witness, "ready")
    while True:
        message = await bl.receive()
        if isinstance(message, Call):
            reply(message, threading.get_ident())
        else:
            bl.send(witness, message)


def ask(target: bl.Pid, id: int) -> signals.Ask:
    return signals.Ask(FAR, target, Call(FAR, id, "who runs you?"))


@in_node
async def test_processes_of_another_thread_get_all_that_comes_for_them_in_order() -> None:
    _, sent = sent_back()
    async with second_scheduler() as second:
        pid = spawn_at(second, answers, bl.self())
        assert await received(1) == ["ready"]
        exit = signals.Exit(FAR, pid, "boom", linked=False)
        arrive(signals.Send(FAR, pid, 1), ask(pid, 7), exit, signals.Send(FAR, pid, ("last",)))
        assert await received(3) == [1, bl.Exit(FAR, "boom"), ("last",)]
        assert sent == [signals.Answer(pid, bl.Alias(FAR, 7), second.thread_id)]


@in_node
async def test_a_thread_is_woken_once_for_all_that_comes_for_its_processes() -> None:
    sent_back()
    async with second_scheduler() as second:
        pid = spawn_at(second, answers, bl.self())
        assert await received(1) == ["ready"]
        woken = counts_wakes(second)
        arrive(signals.Send(FAR, pid, 1), ask(pid, 7), signals.Send(FAR, pid, 2), signals.Send(FAR, pid, (3,)))
        assert woken() == 1
        assert await received(3) == [1, 2, (3,)]


def counts_wakes(scheduler: Scheduler) -> Callable[[], int]:
    """How often another thread has had the scheduler's loop call something since."""
    loop, wakes = scheduler.loop, list[object]()
    call = loop.call_soon_threadsafe

    def counting(*args: Any, **keywords: Any) -> Any:
        wakes.append(args)
        return call(*args, **keywords)

    loop.call_soon_threadsafe = counting  # type: ignore[method-assign, assignment]
    return lambda: len(wakes)


@in_node
async def test_an_answer_comes_to_who_waits_in_another_thread_and_for_that_call_only() -> None:
    _, sent = sent_back()
    server = bl.Pid(FAR.node, 2)

    async def asks(witness: bl.Pid) -> None:
        bl.send(witness, bl.self())
        bl.send(witness, await bl.GenServer.call(server, "question", timeout=None))

    async with second_scheduler() as second:
        spawn_at(second, asks, bl.self())
        [asker] = await received(1)
        await eventually(lambda: bool(sent))
        [question] = sent
        assert isinstance(question, signals.Ask)
        stale = signals.Answer(server, bl.Alias(asker, question.question.id + 1), "stale")
        arrive(stale, signals.Answer(server, bl.Alias(asker, question.question.id), "answer"))
        assert await received(1) == ["answer"]


@in_node
async def test_a_function_is_called_by_the_process_of_that_pid_and_its_value_the_answer() -> None:
    node, sent = sent_back()
    pid = bl.Pid(node.name, node.next_id())
    arrive(signals.Apply(FAR, pid, bl.self, (), False, bl.Ref(FAR.node, 8), None))
    await eventually(lambda: sent == [signals.Answer(pid, bl.Alias(FAR, 8), pid)])
    assert not bl.is_alive(pid)


@in_node
async def test_a_call_that_is_taken_back_in_the_same_block_does_not_run() -> None:
    node, sent = sent_back()
    pid, ref = bl.Pid(node.name, node.next_id()), bl.Ref(FAR.node, 8)
    arrive(
        signals.Apply(FAR, pid, bl.send, (bl.self(), "it ran"), False, ref, None),
        signals.Demonitor(FAR, pid, ref),
        signals.Send(FAR, bl.self(), "that is all"),
    )
    assert await received(1) == ["that is all"]
    await eventually(lambda: not bl.is_alive(pid))
    assert sent == []


class Broken:
    def arrived(self, message: Any) -> None:
        raise LookupError("of who watches what arrives")


@in_node
async def test_what_cannot_be_delivered_in_another_thread_keeps_nothing_else_from_it() -> None:
    async with second_scheduler() as second:
        watched, other = (spawn_at(second, answers, bl.self()) for _ in range(2))
        assert await received(2) == ["ready", "ready"]
        second.call(watch_arrivals, process_of(watched), (Broken(),))
        with captured_log("beamlike.distribution") as records:
            to_watched = [signals.Send(FAR, watched, number) for number in range(3)]
            arrive(*to_watched, signals.Send(FAR, other, "arrives"))
            assert "arrives" in await received(4)  # a watch hears of what stands in the queue
        assert f"what came for {watched} could not be delivered" in [record.getMessage() for record in records]


@in_node
async def test_who_asks_a_process_whose_loop_was_closed_is_told_that_it_is_none() -> None:
    _, sent = sent_back()
    thread = LoopThread("closed early")
    pid = spawn_at(await thread.run(own_scheduler()), forever)
    thread.stop()
    arrive(signals.Send(FAR, pid, "hello"), ask(pid, 7))
    assert sent == [signals.Down(pid, FAR, bl.Ref(FAR.node, 7), "noproc")]
    assert await down_reason(bl.monitor(pid)) == "noproc"
