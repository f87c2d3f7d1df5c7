"""Calls between nodes in two operating-system processes: what the caller hears, and what becomes of the work."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest

import beamlike as bl
import nodes
from beamlike.kernel import current
from beamlike.kernel.group_leader import Output, set_leader
from tests.support.child_node import with_child_node
from tests.support.far_work import among_peers, computes, its_end, nothing_is_left, works
from tests.support.local_nodes import PATIENCE, down_reason, forever, no_message
from tests.support.peers import Peers

# The end of the caller is the end of the work.


def test_a_time_limit_ends_the_work(tmp_path: Path) -> None:
    @with_child_node
    async def run(child: nodes.Child) -> None:
        await nothing_is_left(child.node)  # what does the work is loaded there: it begins in time
        with pytest.raises(bl.rpc.CallTimedOut, match=r"^works on near-.* gave no result within 5 s$"):
            await bl.rpc.call(child.node, works, bl.self(), tmp_path / "left", timeout=5)
        assert (await bl.receive(timeout=PATIENCE)).node == child.node
        await its_end(tmp_path / "left", "cancelled")
        await nothing_is_left(child.node)

    run()


def test_a_cancel_ends_the_work(tmp_path: Path) -> None:
    @with_child_node
    async def run(child: nodes.Child) -> None:
        calling = asyncio.create_task(bl.rpc.call(child.node, works, bl.self(), tmp_path / "left"))
        await bl.receive(timeout=PATIENCE)
        calling.cancel()
        with pytest.raises(asyncio.CancelledError):
            await calling
        await its_end(tmp_path / "left", "cancelled")
        await nothing_is_left(child.node)

    run()


@pytest.mark.parametrize("reason", ["kill", "boom", "shutdown"])
def test_an_exit_signal_to_the_caller_ends_the_work(tmp_path: Path, reason: str) -> None:
    @with_child_node
    async def run(child: nodes.Child) -> None:
        caller = bl.spawn(bl.rpc.call, child.node, works, bl.self(), tmp_path / "left")
        worker = bl.monitor(await bl.receive(timeout=PATIENCE))
        bl.exit(caller, reason)
        assert await down_reason(worker) == "killed"
        await its_end(tmp_path / "left", "cancelled")
        await nothing_is_left(child.node)

    run()


def test_work_whose_caller_is_a_child_task_ends_with_its_process(tmp_path: Path) -> None:
    @with_child_node
    async def run(child: nodes.Child) -> None:
        me, left = bl.self(), tmp_path / "left"

        async def calls_in_a_task() -> None:
            await asyncio.gather(bl.rpc.call(child.node, works, me, left))

        caller = bl.spawn(calls_in_a_task)
        await bl.receive(timeout=PATIENCE)
        bl.exit(caller, "kill")
        await its_end(left, "cancelled")
        await nothing_is_left(child.node)

    run()


def test_a_thread_over_there_is_interrupted(tmp_path: Path) -> None:
    @with_child_node
    async def run(child: nodes.Child) -> None:
        await nothing_is_left(child.node)  # what does the work is loaded there: it begins in time
        with pytest.raises(bl.rpc.CallTimedOut):
            await bl.rpc.call(child.node, bl.blocking, computes, bl.self(), tmp_path / "left", timeout=5)
        await its_end(tmp_path / "left", "interrupted")

    run()


@with_child_node
async def test_what_runs_in_a_thread_over_there_holds_nobody_up(child: nodes.Child) -> None:
    def waits_for_the_gate() -> str:
        while not getattr(sys, "gate_of_the_test", False):
            time.sleep(0.001)  # a plain function that waits is what the test is about
        return "open"

    blocked = bl.rpc.send_request(child.node, bl.blocking, waits_for_the_gate)
    await bl.rpc.call(child.node, setattr, sys, "gate_of_the_test", True, timeout=PATIENCE)
    assert await bl.rpc.receive_response(blocked, PATIENCE) == "open"


def test_the_loss_of_the_callers_node_ends_the_work(tmp_path: Path) -> None:
    async def test(peers: Peers) -> None:
        caller, worker = await peers.start("caller"), await peers.start("worker")
        me, left = bl.self(), tmp_path / "left"
        await bl.connect(worker.node)
        await caller.call(bl.spawn, bl.rpc.call, worker.node, works, me, left)
        pid = await bl.receive(timeout=PATIENCE)
        assert pid.node == worker.node
        caller.kill()
        assert await down_reason(bl.monitor(pid)) in ("killed", "noproc")
        await its_end(left, "cancelled")

    among_peers(test)


@with_child_node
async def test_work_that_nobody_waits_for_any_more_when_it_comes_is_not_begun(child: nodes.Child) -> None:
    await bl.rpc.call(child.node, bl.self)
    request = bl.rpc.send_request(child.node, bl.send, bl.self(), "begun")
    request.abandon()
    await nothing_is_left(child.node)


# Outcomes.


class Unpaid(Exception):
    def __init__(self, who: str, amount: int) -> None:
        super().__init__(f"{who} owes {amount}")
        self.who = who


class Holds(Exception):
    """Cannot travel."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.lock = threading.Lock()


def raises(make: Callable[[], BaseException]) -> NoReturn:
    raise make()


async def raises_async(make: Callable[[], BaseException]) -> NoReturn:
    await asyncio.sleep(0)
    raise make()


@pytest.mark.parametrize("function", [raises, raises_async])
def test_an_exception_comes_as_itself_with_its_traceback(function: Callable[..., Any]) -> None:
    @with_child_node
    async def run(child: nodes.Child) -> None:
        with pytest.raises(Unpaid, match="Ada owes 3") as caught:
            await bl.rpc.call(child.node, function, lambda: Unpaid("Ada", 3), timeout=PATIENCE)
        assert caught.value.who == "Ada"
        cause = str(caught.value.__cause__)
        assert "    raise make()\n" in cause
        assert child.node in cause
        assert "performing.py" not in cause

    run()


@with_child_node
async def test_an_exception_that_cannot_travel_is_told_by_name_and_text(child: nodes.Child) -> None:
    with pytest.raises(bl.RemoteError, match=r"Holds: held fast .*cannot be pickled") as caught:
        await bl.rpc.call(child.node, raises, lambda: Holds("held fast"), timeout=PATIENCE)
    assert "raise make()" in str(caught.value.__cause__)


@with_child_node
async def test_an_exception_whose_class_is_not_here_is_told_by_name_and_text(child: nodes.Child) -> None:
    def raises_what_exists_there_only() -> NoReturn:
        import types

        module = types.ModuleType("only_there")
        exec("class Gone(Exception): pass", module.__dict__)
        module.Gone.__module__ = "only_there"
        sys.modules["only_there"] = module
        raise module.Gone("elsewhere")

    with pytest.raises(bl.RemoteError, match=r"only_there\.Gone: elsewhere"):
        await bl.rpc.call(child.node, raises_what_exists_there_only, timeout=PATIENCE)


def interrupted() -> NoReturn:
    raise KeyboardInterrupt


async def ends_itself(reason: Any) -> None:
    bl.exit(bl.self(), reason)
    await forever()


async def is_cancelled() -> None:
    raise asyncio.CancelledError


@pytest.mark.parametrize(
    ("function", "args", "reason"),
    [
        (sys.exit, (3,), "SystemExit: 3"),
        (ends_itself, ("kill",), "killed"),
        (ends_itself, (("some", "reason"),), ("some", "reason")),
        (is_cancelled, (), "cancelled"),
    ],
)
def test_work_that_is_ended_has_no_outcome_but_a_reason(function: Any, args: tuple[Any, ...], reason: Any) -> None:
    @with_child_node
    async def run(child: nodes.Child) -> None:
        with pytest.raises(bl.rpc.CallEnded) as caught:
            await bl.rpc.call(child.node, function, *args, timeout=PATIENCE)
        assert caught.value.reason == reason
        assert await bl.rpc.call(child.node, sum, [1, 2], timeout=PATIENCE) == 3

    run()


@with_child_node
async def test_a_keyboard_interrupt_over_there_interrupts_nobody_here(child: nodes.Child) -> None:
    with pytest.raises(bl.rpc.CallEnded, match="KeyboardInterrupt") as caught:
        await bl.rpc.call(child.node, interrupted, timeout=PATIENCE)
    assert isinstance(caught.value.__cause__, KeyboardInterrupt)
    assert await bl.rpc.call(child.node, sum, [1, 2], timeout=PATIENCE) == 3


@with_child_node
async def test_a_wish_to_exit_for_a_reason_is_the_callers_to_catch(child: nodes.Child) -> None:
    with pytest.raises(bl.ProcessExit) as caught:
        await bl.rpc.call(child.node, raises, lambda: bl.ProcessExit(("shutdown", 1)), timeout=PATIENCE)
    assert caught.value.reason == ("shutdown", 1)


@with_child_node
async def test_a_node_that_is_lost_meanwhile_may_have_done_it(child: nodes.Child) -> None:
    with pytest.raises(bl.rpc.NodeLost, match="lost during kill, which may or may not have run there") as caught:
        await bl.rpc.call(child.node, os.kill, 0, signal.SIGKILL, timeout=PATIENCE)
    assert caught.value.node == child.node


@with_child_node
async def test_a_function_that_cannot_travel_is_refused_before_anything_is_sent(child: nodes.Child) -> None:
    lock = threading.Lock()
    for function, args in ((lambda: lock, ()), (print, (lock,))):
        with pytest.raises(bl.UnencodableTerm, match="lock"):
            await bl.rpc.call(child.node, function, *args, timeout=PATIENCE)
    await nothing_is_left(child.node)


@with_child_node
async def test_a_result_that_cannot_travel_is_an_error_that_says_what_to_do(child: nodes.Child) -> None:
    with pytest.raises(
        bl.UnencodableTerm, match=r"the result of \w+ on near-.* cannot be sent: .*lock.*return its pid"
    ):
        await bl.rpc.call(child.node, threading.Lock, timeout=PATIENCE)
    await nothing_is_left(child.node)


@pytest.mark.parametrize("make", [bytes, bytearray, lambda size: [size] * size, lambda size: "x" * size])
def test_a_result_above_the_limit_stays_where_it_is(make: Callable[[int], Any]) -> None:
    @with_child_node
    async def run(child: nodes.Child) -> None:
        with pytest.raises(bl.rpc.ResultTooLarge, match=r"at most 1000 bytes from .*, got one of \d+: ") as caught:
            await bl.rpc.call(child.node, make, 2000, timeout=PATIENCE, max_result=1000)
        assert 2000 < caught.value.size < 9000
        assert len(await bl.rpc.call(child.node, make, 100, timeout=PATIENCE, max_result=1000)) == 100

    run()


@with_child_node
async def test_what_is_printed_comes_before_an_exception_too(child: nodes.Child) -> None:
    def talks_and_fails() -> NoReturn:
        print("far away")
        raise ValueError("and gone")

    set_leader(bl.self())
    with pytest.raises(ValueError, match="and gone"):
        await bl.rpc.call(child.node, talks_and_fails, timeout=PATIENCE)
    assert await bl.receive(timeout=0) == Output("stdout", "far away\n")


@with_child_node
async def test_much_that_is_printed_comes_before_a_short_value(child: nodes.Child) -> None:
    """Although a large message lets small ones pass."""

    def talks_at_length(text: str) -> int:
        print(text, end="")
        return 1

    text = "much " * 200_000 + "and \N{SNOWMAN}" * 100_000
    set_leader(bl.self())
    assert await bl.rpc.call(child.node, talks_at_length, text, timeout=PATIENCE) == 1
    set_leader(None)
    printed = ""
    while len(printed) < len(text):
        printed += (await bl.receive(timeout=0)).text
    assert printed == text
    await no_message()


# Many calls.


@with_child_node
async def test_each_call_has_a_fresh_process_and_waits_for_no_other(child: nodes.Child) -> None:
    """All of them are there before any ends."""

    async def meets(count: int) -> bl.Pid:
        met = sys.__dict__.setdefault("those_that_met", [])
        met.append(bl.self())
        if len(met) == count:
            for pid in met:
                bl.send(pid, "all are here")
        await bl.receive()
        return bl.self()

    calls = [bl.rpc.call(child.node, meets, 200, timeout=PATIENCE) for _ in range(200)]
    pids = await asyncio.gather(*calls)
    assert len({*pids}) == 200
    await nothing_is_left(child.node)


@with_child_node
async def test_a_call_may_call_back(child: nodes.Child) -> None:
    async def asks_back(node: str, number: int) -> int:
        return -await bl.rpc.call(node, negative, number)

    assert await bl.rpc.call(child.node, asks_back, bl.self().node, 5, timeout=PATIENCE) == 5


def negative(number: int) -> int:
    return -number


@with_child_node
async def test_a_cast_runs_and_its_end_is_nobodys_business(child: nodes.Child) -> None:
    bl.rpc.cast(child.node, bl.send, bl.self(), "cast")
    bl.rpc.multicast([child.node, "nowhere@127.0.0.1", child.node], bl.send, bl.self(), "multicast")
    assert [await bl.receive(timeout=PATIENCE) for _ in range(3)] == ["cast", "multicast", "multicast"]
    await nothing_is_left(child.node)


@with_child_node
async def test_large_results_wait_for_room_and_none_is_lost(child: nodes.Child) -> None:
    """More of them at once than the connection holds."""
    await bl.rpc.call(child.node, holds_at_most, 1 << 20, timeout=PATIENCE)
    calls = [bl.rpc.call(child.node, bytes, 2 << 20, timeout=PATIENCE) for _ in range(30)]
    assert {len(result) for result in await asyncio.gather(*calls)} == {2 << 20}
    items = bl.rpc.stream(child.node, large_items, 30, timeout=PATIENCE)
    assert [len(item) async for item in items] == [2 << 20] * 30
    await nothing_is_left(child.node)


def holds_at_most(size: int) -> None:
    """On all connections of this node."""
    for outlet in current.current_node().outlets.values():
        outlet.congestion.bound = size  # type: ignore[attr-defined]


def large_items(number: int) -> Iterator[bytes]:
    for _ in range(number):
        yield bytes(2 << 20)
