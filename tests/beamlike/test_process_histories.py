"""A thousand processes that link, watch, trap, end and kill each other at random: what remains is consistent, and
at the end nothing remains."""

from __future__ import annotations

import asyncio
import gc
import random
from collections.abc import Iterator
from contextlib import AsyncExitStack, suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import beamlike as bl
from beamlike.kernel import current
from beamlike.kernel.process import Process
from beamlike.kernel.states import PARKED
from beamlike.kernel.stepped import SteppedProcess
from tests.support.local_nodes import eventually, run_in_node
from tests.support.second_scheduler import second_scheduler, spawn_at
from tests.support.soak import count

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1200)]

COUNT = 1000
COMMANDS = 8000


async def player(book: dict[bl.Pid, list[bl.Ref]]) -> None:
    """Does what it is told, and writes down which monitors it has made and not heard of again."""
    watched = book[bl.self()] = []
    while True:
        match await bl.receive():
            case ("link", pid):
                link_if_alive(pid)
            case ("unlink", pid):
                bl.unlink(pid)
            case ("monitor", pid):
                watched.append(bl.monitor(pid))
            case ("demonitor", number) if watched:
                bl.demonitor(watched.pop(number % len(watched)), flush=True)
            case ("trap", flag):
                bl.trap_exit(flag)
            case ("exit", pid, reason):
                bl.exit(pid, reason)
            case ("end", reason):
                raise bl.ProcessExit(reason)
            case bl.Down(ref):
                watched.remove(ref)


def link_if_alive(pid: bl.Pid) -> None:
    with suppress(bl.NoProcess):
        bl.link(pid)


def command(dice: random.Random, pids: list[bl.Pid]) -> tuple[Any, ...]:
    pid = dice.choice(pids)
    # Rare enough that links make clusters before something ends them.
    if dice.random() < 0.02:
        return dice.choice(
            [
                ("exit", pid, "kill"),
                ("exit", pid, "shutdown"),
                ("exit", pid, "normal"),
                ("end", "shutdown"),
                ("end", "normal"),
            ]
        )
    kind = dice.choice(["link", "link", "unlink", "monitor", "monitor", "demonitor", "trap"])
    match kind:
        case "demonitor":
            return kind, dice.randrange(100)
        case "trap":
            return kind, dice.random() < 0.5
        case _:
            return kind, pid


def loose_ends(book: dict[bl.Pid, list[bl.Ref]]) -> list[str]:
    """What is wrong with the ties of the living: each end of a tie knows the other, and no tie leads to the dead."""
    living = [process for pid in bl.processes() if (process := current.current_node().process(pid)) and pid in book]
    ends = [loose for process in living for loose in loose_ends_of(process)]
    ends += [f"{it.pid} missed a Down" for it in living if len(it.monitors) != len(book[it.pid])]
    return ends + [f"{it.pid} has not read its messages" for it in living if it.state not in PARKED or [*it.messages()]]


def loose_ends_of(process: Process) -> Iterator[str]:
    pid, at = process.pid, process.node.process
    for other in process.links:
        if (partner := at(other)) is None or pid not in partner.links:
            yield f"{pid} has a link to {other}, and not the other way round"
    for target in process.monitors:
        if not isinstance(target, bl.Pid) or (watched := at(target)) is None or pid not in watched.monitored_by:
            yield f"{pid} watches {target}, which does not know"
    for watcher in process.monitored_by:
        if (watching := at(watcher)) is None or pid not in watching.monitors:
            yield f"{pid} is watched by {watcher}, which does not know"


async def play(seed: int, *, two_schedulers: bool) -> None:
    dice, book = random.Random(seed), dict[bl.Pid, list[bl.Ref]]()
    node = current.current_node()
    async with AsyncExitStack() as stack:
        schedulers = [node.scheduler]
        if two_schedulers:
            schedulers.append(await stack.enter_async_context(second_scheduler()))
        pids = [spawn_at(dice.choice(schedulers), player, book) for _ in range(COUNT)]
        await eventually(lambda: len(book) == COUNT)
        for _ in range(COMMANDS):
            bl.send(dice.choice(pids), command(dice, pids))
            if dice.random() < 0.01:
                await asyncio.sleep(0)
        try:
            # Of two looks the second may see what was under way to another scheduler at the first.
            await eventually(lambda: not loose_ends(book))
        except TimeoutError:
            assert loose_ends(book) == []
        survivors = [pid for pid in pids if bl.is_alive(pid)]
        assert 0 < len(survivors) < COUNT
        for pid in survivors:
            bl.exit(pid, "kill")
        await eventually(lambda: not node.processes())


@pytest.mark.parametrize("two_schedulers", [False, True], ids=["one scheduler", "two schedulers"])
@settings(max_examples=count(5, 60), deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32))
def test_a_thousand_processes_leave_consistent_ties_and_then_nothing(two_schedulers: bool, seed: int) -> None:
    before = processes_in_memory()  # code that refuses to be closed, of other tests, is never freed
    run_in_node(lambda: play(seed, two_schedulers=two_schedulers))
    assert processes_in_memory() <= before


def processes_in_memory() -> set[int]:
    gc.collect()
    return {thing.pid.id for thing in gc.get_objects() if isinstance(thing, SteppedProcess)}
