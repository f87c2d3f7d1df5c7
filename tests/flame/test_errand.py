"""The end of an errand is the end of its code."""

from __future__ import annotations

import asyncio
import threading
import traceback
from collections.abc import Callable
from typing import Any

import beamlike as bl
from flame.errand import CALLED_OFF, Errand
from flame.outcome import Ended, Outcome, Raised, Returned
from tests.support.local_nodes import PATIENCE, eventually, in_node, no_message, settled


async def ended(errand: Errand) -> Outcome:
    while (result := errand.outcome(await bl.receive(timeout=PATIENCE))) is None:
        pass
    return result


async def outcome(function: Callable[..., Any], *args: Any) -> Outcome:
    return await ended(Errand(function, *args))


@in_node
async def test_an_async_function_runs_in_a_process_of_its_own() -> None:
    async def pid(offset: int) -> tuple[bl.Pid, int]:
        return bl.self(), offset + 1

    result = await outcome(pid, 1)
    assert isinstance(result, Returned)
    assert result.value[1] == 2
    assert result.value[0] != bl.self()


@in_node
async def test_a_plain_function_runs_in_a_thread_of_such_a_process() -> None:
    def where() -> tuple[int, bl.Pid]:
        return threading.get_ident(), bl.self()

    result = await outcome(where)
    assert isinstance(result, Returned)
    assert result.value[0] != threading.get_ident()
    assert result.value[1] != bl.self()


@in_node
async def test_what_a_plain_function_returns_is_awaited_in_the_loop() -> None:
    async def thread() -> int:
        return threading.get_ident()

    assert await outcome(lambda: thread()) == Returned(threading.get_ident())


@in_node
async def test_an_exception_is_told_with_the_users_frames_only() -> None:
    def plain() -> None:
        raise KeyError("plain")

    async def in_loop() -> None:
        raise KeyError("in loop")

    for function in (plain, in_loop):
        result = await outcome(function)
        assert isinstance(result, Raised)
        assert isinstance(result.info.exception, KeyError)
        assert result.info.traceback.count("  File ") == 1
        assert f"in {function.__name__}" in result.info.traceback


@in_node
async def test_a_function_that_wants_to_exit_ends_nothing_but_itself() -> None:
    async def leave() -> None:
        raise SystemExit(3)

    def leave_too() -> None:
        raise SystemExit(3)

    assert await outcome(leave) == Ended("SystemExit(3)")
    assert await outcome(leave_too) == Ended("SystemExit(3)")


@in_node
async def test_a_stop_iteration_is_an_exception_like_any_other() -> None:
    def exhausted() -> None:
        next(iter(()))

    result = await outcome(exhausted)
    assert isinstance(result, Raised)
    assert result.info.type == "StopIteration"


@in_node
async def test_one_that_is_called_off_ends_when_its_cleaning_up_is_done() -> None:
    home = bl.self()
    cleaned = asyncio.Event()

    async def tidy() -> None:
        try:
            bl.send(home, "begun")
            await bl.receive()
        finally:
            for _ in range(20):
                await asyncio.sleep(0)
            cleaned.set()

    errand = Errand(tidy)
    assert await bl.receive(timeout=PATIENCE) == "begun"
    errand.call_off()
    assert await ended(errand) == CALLED_OFF
    assert cleaned.is_set()


@in_node
async def test_one_that_is_called_off_before_it_began_ends_as_well() -> None:
    errand = Errand(asyncio.sleep, 600)
    errand.call_off()
    assert await ended(errand) == CALLED_OFF


@in_node
async def test_a_thread_that_spins_is_interrupted() -> None:
    turns = [0]

    def spin() -> None:
        while True:
            turns[0] += 1

    errand = Errand(spin)
    await eventually(lambda: turns[0] > 0)
    errand.call_off()
    assert await ended(errand) == CALLED_OFF
    await eventually(lambda: not any(thread.name.startswith("call in") for thread in threading.enumerate()))


@in_node
async def test_a_thread_is_interrupted_in_user_code_only() -> None:
    inside, gate = threading.Event(), threading.Event()
    met_in: list[str] = []

    def wait_and_spin() -> None:
        try:
            inside.set()
            gate.wait(PATIENCE)
            while True:
                pass
        except BaseException as error:
            met_in.append(traceback.extract_tb(error.__traceback__)[-1].filename)
            raise

    errand = Errand(wait_and_spin)
    await eventually(inside.is_set)
    errand.call_off()
    await no_message()
    gate.set()
    assert await ended(errand) == CALLED_OFF
    assert met_in == [__file__]


@in_node
async def test_one_whose_thread_cannot_be_interrupted_ends_when_the_thread_does() -> None:
    running, may_end = threading.Event(), threading.Event()

    def wait() -> None:
        running.set()
        may_end.wait(PATIENCE)

    errand = Errand(wait)
    await eventually(running.is_set)
    errand.call_off()
    errand.call_off()
    await no_message()
    may_end.set()
    assert await ended(errand) == CALLED_OFF


@in_node
async def test_a_function_that_cancels_itself_has_ended_by_itself() -> None:
    async def cancelled() -> None:
        raise asyncio.CancelledError

    assert await outcome(cancelled) == Ended("CancelledError()")


@in_node
async def test_one_that_is_killed_by_somebody_else_has_ended() -> None:
    async def kill_itself() -> None:
        bl.exit(bl.self(), "kill")
        await bl.receive()

    assert await outcome(kill_itself) == Ended("killed")


@in_node
async def test_one_that_is_killed_while_its_thread_cannot_be_interrupted_does_not_wait_for_it() -> None:
    running, may_end = threading.Event(), threading.Event()
    home = bl.self()

    def wait() -> None:
        bl.send(home, bl.self())
        running.set()
        may_end.wait(PATIENCE)

    errand = Errand(wait)
    pid = await bl.receive(timeout=PATIENCE)
    errand.call_off()
    await no_message()
    bl.exit(pid, "kill")
    assert await ended(errand) == Ended("killed")
    await settled()
    assert asyncio.all_tasks() == {asyncio.current_task()}
    may_end.set()
