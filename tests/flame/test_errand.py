"""The end of an errand is the end of its code."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import beamlike as bl
from flame.errand import CALLED_OFF, Errand
from flame.outcome import Ended, Outcome, Raised, Returned
from tests.support.local_nodes import PATIENCE, in_node


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
async def test_an_exception_is_told_with_the_users_frames_only() -> None:
    async def fail() -> None:
        raise KeyError("in loop")

    result = await outcome(fail)
    assert isinstance(result, Raised)
    assert isinstance(result.info.exception, KeyError)
    assert result.info.traceback.count("  File ") == 1
    assert "in fail" in result.info.traceback


@in_node
async def test_a_function_that_wants_to_exit_ends_nothing_but_itself() -> None:
    async def leave() -> None:
        raise SystemExit(3)

    assert await outcome(leave) == Ended("SystemExit(3)")


@in_node
async def test_one_that_is_called_off_and_returns_all_the_same_has_returned() -> None:
    home = bl.self()

    async def insist() -> str:
        try:
            bl.send(home, "begun")
            await bl.receive()
        except asyncio.CancelledError:
            pass
        return "done"

    errand = Errand(insist)
    assert await bl.receive(timeout=PATIENCE) == "begun"
    errand.call_off()
    assert await ended(errand) == Returned("done")


@in_node
async def test_others_messages_are_not_its_end() -> None:
    errand = Errand(asyncio.sleep, 0)
    other = Errand(asyncio.sleep, 0)
    assert errand.outcome("a message") is None
    message = await bl.receive(ref=other.ref, timeout=PATIENCE)
    assert errand.outcome(message) is None
    assert other.outcome(message) == Returned(None)
    assert await ended(errand) == Returned(None)
