"""An exit signal: the process is dead at once; its code is unwound, hears nothing more, and is closed if it goes on."""

from __future__ import annotations

import asyncio
import gc
import pickle
import weakref
from typing import Any

import pytest

import beamlike as bl
from beamlike.kernel import current
from beamlike.kernel.cancel_message import CancelMessage
from tests.support.captured_log import captured_log
from tests.support.local_nodes import (
    PATIENCE,
    down_reason,
    eventually,
    forever,
    in_node,
    local_node,
    no_message,
    process_of,
    settled,
)


@in_node
async def test_a_killed_process_is_dead_and_its_name_free_at_once_and_its_finally_runs_after() -> None:
    log: list[str] = []
    pid = bl.spawn(cleans_up, log)
    await settled()
    bl.register("server", pid)
    ref = bl.monitor(pid)
    bl.exit(pid, "kill")
    assert (bl.is_alive(pid), bl.whereis("server"), log) == (False, None, [])
    assert await bl.receive(timeout=0) == bl.Down(ref, pid, "killed")
    await eventually(lambda: log == ["cancelled: exit signal: killed", "finally"])


@in_node
async def test_who_is_ended_by_a_link_reads_whose_exit_it_was_and_what_to_do() -> None:
    log: list[str] = []
    crashing = bl.spawn(divides_by_zero)
    bl.register("divider", crashing)
    waiting = bl.spawn(links_and_cleans_up, crashing, log)
    await settled()
    bl.send(crashing, "go")
    await eventually(lambda: len(log) == 2)
    assert not bl.is_alive(waiting)
    assert log[0] == (
        f"cancelled: ended by the exit of {crashing} (divider), to which it is linked: ZeroDivisionError: division by "
        "zero; bl.trap_exit(True) makes it a message, spawn or start make no link"
    )


def test_what_a_cancel_by_an_exit_signal_says_travels_as_a_text_and_shows_as_one() -> None:
    error = asyncio.CancelledError(CancelMessage("boom", None))
    assert (str(error), repr(error)) == ("exit signal: boom", "CancelledError('exit signal: boom')")
    assert pickle.loads(pickle.dumps(error)).args == ("exit signal: boom",)


async def links_and_cleans_up(other: bl.Pid, log: list[str]) -> None:
    bl.link(other)
    await cleans_up(log)


async def divides_by_zero() -> None:
    await bl.receive()
    _ = 1 / 0


async def cleans_up(log: list[str]) -> None:
    try:
        await forever()
    except asyncio.CancelledError as error:
        log.append(f"cancelled: {error}")
        raise
    finally:
        log.append("finally")


@in_node
async def test_a_finally_that_waits_is_given_the_time_it_needs() -> None:
    log: list[str] = []
    pid = bl.spawn(cleans_up_slowly, log)
    await settled()
    bl.exit(pid, "boom")
    await eventually(lambda: log == ["slow finally"])


async def cleans_up_slowly(log: list[str]) -> None:
    try:
        await asyncio.sleep(PATIENCE)
    finally:
        await asyncio.sleep(0.01)
        log.append("slow finally")


@in_node
async def test_what_a_dead_process_sends_is_dropped() -> None:
    bl.register("witness", bl.self())
    pid = bl.spawn(sends_in_finally, bl.self(), bl.alias())
    await settled()
    bl.exit(pid, "boom")
    await no_message()


async def sends_in_finally(to: bl.Pid, alias: bl.Alias) -> None:
    try:
        await forever()
    finally:
        for address in (to, alias, "witness", ("witness", to.node)):
            bl.send(address, "from the dead")
        await asyncio.sleep(0)
        bl.send(to, "from the dead, later")


@in_node
async def test_a_process_that_ends_itself_runs_to_its_next_wait_and_is_heard_no_more() -> None:
    log: list[str] = []
    _, ref = bl.spawn_monitor(ends_itself, bl.self(), log)
    assert await down_reason(ref) == "boom"
    await settled()
    assert log == ["still running"]
    await no_message()


async def ends_itself(asker: bl.Pid, log: list[str]) -> None:
    bl.exit(bl.self(), "boom")
    log.append("still running")
    bl.send(asker, "from the dead")
    await bl.receive()
    log.append("after the wait")


@in_node
async def test_the_dead_make_no_new_ties() -> None:
    target = bl.spawn(forever)
    pid = bl.spawn(ties_in_finally, target)
    await settled()
    bl.exit(pid, "boom")
    await settled()
    assert process_of(target).links == frozenset()
    assert process_of(target).monitored_by == ()


async def ties_in_finally(target: bl.Pid) -> None:
    try:
        await forever()
    finally:
        bl.link(target)
        bl.monitor(target)


@in_node
async def test_the_mailbox_of_the_dead_is_empty() -> None:
    found: list[object] = []
    pid = bl.spawn(looks_in_finally, found)
    await settled()
    bl.send(pid, "passed over")
    await settled()
    bl.exit(pid, "boom")
    await eventually(lambda: found == ["nothing"])


async def looks_in_finally(found: list[object]) -> None:
    try:
        await bl.receive(lambda message: message == "wanted")
    finally:
        try:
            found.append(await bl.receive(timeout=0))
        except TimeoutError:
            found.append("nothing")


@in_node
async def test_code_that_is_unwound_still_knows_its_node() -> None:
    names: list[str] = []
    pid = bl.spawn_link(asks_in_finally, names)
    bl.trap_exit(True)
    async with local_node("other@127.0.0.1"):
        await settled()
        bl.exit(pid, "boom")
        await eventually(lambda: names == ["test@127.0.0.1"])


async def asks_in_finally(names: list[str]) -> None:
    current.enter_node(None)
    try:
        await forever()
    finally:
        names.append(current.current_node().name)


# Code that does not stop.


def give_little_time() -> None:
    current.current_node().unwind_seconds = 0.02


@in_node
async def test_code_that_swallows_the_cancel_is_closed_and_reported() -> None:
    give_little_time()
    log: list[str] = []
    pid, ref = bl.spawn_monitor(swallows, log)
    await settled()
    process: Any = process_of(pid)
    with captured_log("beamlike.process") as records:
        bl.exit(pid, "boom")
        assert await down_reason(ref) == "boom"
        await eventually(process.done)
    [record] = records
    assert "ended for reason 'boom', but its code did not stop within 0.02 s" in record.getMessage()
    assert record.exc_info is None
    assert log == ["swallowed", "closed"]
    assert process.cancelled()


async def swallows(log: list[str]) -> None:
    try:
        while True:
            try:
                await bl.receive()
            except asyncio.CancelledError:
                log.append("swallowed")
    finally:
        log.append("closed")


@in_node
async def test_a_bare_except_around_receive_does_not_hold_the_loop_when_its_process_is_killed() -> None:
    give_little_time()

    async def catches_all() -> None:
        while True:
            try:  # noqa: SIM105
                await bl.receive()
            except:  # noqa: E722 - as careless code has it
                pass

    pid = bl.spawn(catches_all)
    await settled()
    process: Any = process_of(pid)
    with captured_log("beamlike.process") as records:
        bl.exit(pid, "kill")
        await eventually(process.done)
    [record] = records
    assert record.getMessage().endswith("it swallowed even GeneratorExit, and is never run again")
    assert record.exc_info is None


@in_node
async def test_an_error_that_code_raises_when_it_is_closed_is_logged_with_its_traceback() -> None:
    give_little_time()

    async def fails_when_closed() -> None:
        try:
            await swallows([])
        finally:
            raise RuntimeError("of its own")

    pid = bl.spawn(fails_when_closed)
    await settled()
    with captured_log("beamlike.process") as records:
        bl.exit(pid, "kill")
        await eventually(lambda: len(records) == 2)
    assert records[0].getMessage() == f"closing the code of {pid} raised"
    assert "of its own" in str(records[0].exc_info)
    assert records[1].getMessage().endswith("it is closed now")


@in_node
async def test_the_dead_end_nobody_and_their_calls_fail_at_once() -> None:
    other, failures = bl.spawn(forever), list[str]()

    async def acts_in_finally() -> None:
        try:
            await forever()
        finally:
            bl.exit(other, "kill")
            try:
                await bl.GenServer.call(other, "hello?")
            except bl.CallFailed as error:
                failures.append(str(error))

    pid = bl.spawn(acts_in_finally)
    await settled()
    bl.exit(pid, "kill")
    await eventually(lambda: bool(failures))
    assert failures[0].endswith("the process that asks has ended, and nobody hears it any more")
    assert bl.is_alive(other)


@in_node
async def test_code_that_refuses_the_first_closing_only_is_freed() -> None:
    give_little_time()
    kept: list[weakref.ref[Any]] = []

    class Large:
        pass

    async def waits_in_finally() -> None:
        large = Large()
        kept.append(weakref.ref(large))
        try:
            await swallows([])
        finally:
            await asyncio.sleep(3600)

    pid = bl.spawn(waits_in_finally)
    await settled()
    with captured_log("beamlike.process"):
        bl.exit(pid, "kill")
        await eventually(lambda: gc.collect() >= 0 and kept[0]() is None)


@in_node
async def test_what_cannot_be_cancelled_harms_only_whoever_awaits_it() -> None:
    class Stubborn(asyncio.Future[None]):
        def cancel(self, msg: object = None) -> bool:
            raise ValueError("not me")

    async def awaits_it() -> None:
        try:
            await Stubborn()
        finally:
            ends.append("unwound")

    ends: list[str] = []
    pid, ref = bl.spawn_monitor(awaits_it)
    await settled()
    with captured_log("beamlike.process") as records:
        bl.exit(pid, "kill")
    assert await down_reason(ref) == "killed"
    await eventually(lambda: ends == ["unwound"])
    assert records[0].getMessage() == f"what {pid} awaited could not be cancelled"


@in_node
async def test_what_code_sends_while_it_is_closed_is_dropped_and_it_still_is_who_it_was() -> None:
    give_little_time()
    selves: list[bl.Pid] = []

    async def sends_when_closed(to: bl.Pid) -> None:
        try:
            await forever()
        finally:
            try:
                await bl.receive()
            finally:
                selves.append(bl.self())
                bl.send(to, "from the dead")

    pid = bl.spawn(sends_when_closed, bl.self())
    await settled()
    bl.exit(pid, "kill")
    await eventually(lambda: bool(selves))
    assert selves == [pid]
    await no_message()


@in_node
async def test_the_time_is_limited_of_a_process_too_that_kills_itself_and_goes_on_waiting() -> None:
    give_little_time()
    ends: list[str] = []

    async def waits_stubbornly() -> None:
        while True:
            try:
                await asyncio.get_running_loop().create_future()
            except asyncio.CancelledError:
                ends.append("swallowed")

    async def kills_itself(stubborn: asyncio.Task[None]) -> None:
        bl.exit(bl.self(), "kill")
        try:
            await stubborn
        finally:
            ends.append("closed")

    stubborn = asyncio.create_task(waits_stubbornly())
    bl.spawn(kills_itself, stubborn)
    await eventually(lambda: "closed" in ends)
    stubborn.get_coro().close()
    stubborn.cancel()


@in_node
async def test_code_that_stops_in_time_is_not_reported_afterwards() -> None:
    give_little_time()
    pid = bl.spawn(forever)
    await settled()
    with captured_log("beamlike.process") as records:
        bl.exit(pid, "boom")
        await asyncio.sleep(0.05)
    assert records == []


@in_node
async def test_a_process_is_freed_at_its_end_without_the_garbage_collector() -> None:
    class Large:
        pass

    async def holds(large: Large) -> None:
        bl.send(bl.self(), large)
        await asyncio.sleep(0)
        await bl.receive(lambda message: message == "end", timeout=3600)

    large = Large()
    gone = weakref.ref(large)
    gc.disable()
    try:
        pid, ref = bl.spawn_monitor(holds, large)
        process = weakref.ref(process_of(pid))
        del large
        await settled()
        bl.send(pid, "end")
        assert await down_reason(ref) == "normal"
        await settled()
        assert (gone(), process()) == (None, None)
    finally:
        gc.enable()


@in_node
async def test_code_that_swallows_even_its_closing_never_runs_again() -> None:
    give_little_time()
    turns: list[int] = []
    pid = bl.spawn(swallows_everything, turns)
    await eventually(lambda: bool(turns))
    process: Any = process_of(pid)
    with captured_log("beamlike.process") as records:
        bl.exit(pid, "boom")
        await eventually(process.done)
    [record] = records
    assert record.getMessage().endswith("it swallowed even GeneratorExit, and is never run again")
    seen = len(turns)
    await asyncio.sleep(0.02)
    assert len(turns) == seen
    assert process.done()
    turns.append(-1)  # lets the forgotten coroutine go


async def swallows_everything(turns: list[int]) -> None:
    while -1 not in turns:
        turns.append(len(turns))
        try:
            await asyncio.sleep(0.001)
        except BaseException:
            turns.append(len(turns))


@in_node
async def test_a_finally_that_waits_too_long_is_closed_where_it_waits() -> None:
    give_little_time()
    log: list[str] = []
    pid = bl.spawn(waits_for_ever_in_finally, log)
    await settled()
    with captured_log("beamlike.process") as records:
        bl.exit(pid, "kill")
        await eventually(lambda: bool(records))
    assert log == ["waiting", "closed"]


async def waits_for_ever_in_finally(log: list[str]) -> None:
    try:
        await forever()
    finally:
        log.append("waiting")
        try:
            await bl.receive()
        finally:
            log.append("closed")


@pytest.mark.parametrize("reason", ["kill", "boom"])
@in_node
async def test_a_process_that_never_ran_ends_without_running(reason: str) -> None:
    ran: list[bool] = []
    pid = bl.spawn(lambda: ran.append(True))
    bl.exit(pid, reason)
    await settled()
    assert ran == []
