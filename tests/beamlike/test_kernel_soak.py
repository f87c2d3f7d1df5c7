"""A long run in small: millions of messages of every kind, while processes are killed, crash, are cancelled and started
again. At the end nothing is left of it: no process, task, timer, name, tie or queue entry, and no more memory than
after its first tenth."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import logging
import random
import sys
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import psutil
import pytest
import uvloop

import beamlike as bl
from beamlike.kernel import current
from beamlike.kernel.node import LocalNode
from beamlike.kernel.stepped import SteppedProcess
from beamlike.kernel.timers import send_after
from tests.support.local_nodes import eventually, forever, run_in_node
from tests.support.soak import count

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1200)]

MESSAGES = count(60_000, 5_000_000)
"""On each of two loops."""
CLIENTS = 30
SERVERS = 3
BATCH = 500
FEW = 50
LIMIT = 2.0
"""Seconds for what takes no time; a client that waits longer crashes, and is started again as any that does."""

NEVER = 10**9
"""Restarts that no supervisor here comes to."""

MORE_MEMORY = 24 * 2**20
"""Bytes by which the memory at the end may be above that after the first tenth: what fragments, and no more."""


@pytest.fixture(autouse=True)
def quiet_log() -> Iterator[None]:
    logger = logging.getLogger("beamlike")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    yield
    logger.setLevel(level)


class Tally:
    def __init__(self) -> None:
        self.messages = 0
        self.kills = 0


# Who answers.


class Echo(bl.GenServer):
    def init(self, *args: Any) -> None:
        self.asked = 0

    def handle_call(self, request: Any, client: Any) -> Any:
        self.asked += 1
        return request

    async def handle_cast(self, request: Any) -> None:
        await asyncio.sleep(0)


async def partner() -> None:
    while True:
        to, message = await bl.receive()
        bl.send(to, message)


# What a client does, again and again. Each says how many messages that was.


async def plain(other: bl.Pid, dice: random.Random) -> int:
    me = bl.self()
    for number in range(BATCH):
        bl.send(other, (me, number))
    for number in range(BATCH):
        assert await bl.receive(lambda message: isinstance(message, int)) == number
    return 2 * BATCH


async def in_turn(other: bl.Pid, dice: random.Random) -> int:
    me = bl.self()
    for number in range(BATCH):
        bl.send(other, (me, number))
        assert await bl.receive() == number
    return 2 * BATCH


async def guards(other: bl.Pid, dice: random.Random) -> int:
    for number in range(FEW):
        bl.send(bl.self(), number)
    for wanted in (1, 0):
        for _ in range(FEW // 2):
            assert await bl.receive(lambda message: message % 2 == wanted) % 2 == wanted  # noqa: B023 - called now
    return FEW


async def references(other: bl.Pid, dice: random.Random) -> int:
    me, refs = bl.self(), [bl.make_ref() for _ in range(BATCH)]
    for ref in refs:
        bl.send(other, (me, (ref, "answer")))
    dice.shuffle(refs)
    for ref in refs:
        assert await bl.receive(ref=ref, timeout=LIMIT) == (ref, "answer")
    return 2 * BATCH


async def calls(other: bl.Pid, dice: random.Random) -> int:
    name = f"echo {dice.randrange(SERVERS)}"
    for number in range(BATCH):
        await asks(name, number)
    return 2 * BATCH


async def asks(name: str, number: int) -> None:
    try:
        assert await bl.GenServer.call(bl.whereis(name) or name, number, timeout=LIMIT) == number
    except (bl.CallFailed, bl.UnknownName, TimeoutError):  # it was killed, and is being started again
        await asyncio.sleep(0.001)


async def child_tasks(other: bl.Pid, dice: random.Random) -> int:
    name = f"echo {dice.randrange(SERVERS)}"
    async with asyncio.TaskGroup() as group:
        for number in range(10):
            group.create_task(asks(name, number))
    await asyncio.gather(*(asks_in_time(name, number) for number in range(10)))
    return 40


async def asks_in_time(name: str, number: int) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(asks(name, number), LIMIT)


async def time_limits(other: bl.Pid, dice: random.Random) -> int:
    for _ in range(5):
        with contextlib.suppress(TimeoutError):
            await bl.receive(lambda message: message == "never", timeout=dice.choice([0, 0.0001, 0.0002]))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.0001):
                await bl.receive(lambda message: message == "never")
    return 0


async def timers(other: bl.Pid, dice: random.Random) -> int:
    for _ in range(5):
        send_after(bl.self(), "tick", dice.random() / 1000)
    for _ in range(5):
        assert await bl.receive(timeout=LIMIT) == "tick"
    return 5


async def short_lives(other: bl.Pid, dice: random.Random) -> int:
    ended = [bl.spawn_monitor(asyncio.sleep, 0) for _ in range(10)]
    for pid, ref in ended:
        assert await bl.receive(ref=ref, timeout=LIMIT) == bl.Down(ref, pid, "normal")
    return 10


async def ties(other: bl.Pid, dice: random.Random) -> int:
    pid = bl.spawn(forever)
    refs = [bl.monitor(pid) for _ in range(5)]
    bl.link(pid)
    address = bl.alias(once=True)
    bl.send(address, "to the alias")
    bl.send(address, "to nobody")
    assert await bl.receive(timeout=LIMIT) == "to the alias"
    bl.unlink(pid)
    bl.exit(pid, "kill")
    for ref in refs:
        bl.demonitor(ref, flush=True)
    return 12


async def names(other: bl.Pid, dice: random.Random) -> int:
    name = f"name {dice.randrange(CLIENTS)}"
    try:
        bl.register(name, bl.self())
    except bl.NameTaken:
        return 0
    for number in range(5):
        bl.send(name, number)
        assert await bl.receive() == number
    if dice.random() < 0.5:
        bl.unregister(name)
    else:
        raise bl.ProcessExit("with a name")
    return 5


ACTS: list[Callable[[bl.Pid, random.Random], Awaitable[int]]] = [
    *(plain, in_turn, references, calls) * 10,
    guards,
    child_tasks,
    time_limits,
    timers,
    short_lives,
    ties,
    names,
]


async def client(tally: Tally, seed: float) -> None:
    dice, other = random.Random(seed), bl.spawn_link(partner)
    while True:
        tally.messages += await dice.choice(ACTS)(other, dice)


# The run.


async def kill_at_random(tally: Tally, dice: random.Random, spared: set[bl.Pid]) -> None:
    """Ends somebody, as a process, as a task, or by a crash of whoever is linked to him."""
    pid = dice.choice(bl.processes())
    if pid not in spared and pid.process is not None:
        tally.kills += 1
        if isinstance(pid.process, SteppedProcess) and dice.random() < 0.3:
            pid.process.cancel()
        else:
            bl.exit(pid, dice.choice(["kill", "boom", "shutdown", ("shutdown", "now")]))


def specs(tally: Tally, dice: random.Random) -> list[bl.ChildSpec]:
    servers = [Echo.child_spec(name=f"echo {number}") for number in range(SERVERS)]
    clients = [bl.ChildSpec(number, functools.partial(start_client, tally, dice)) for number in range(CLIENTS)]
    return [*servers, *clients]


def start_client(tally: Tally, dice: random.Random) -> bl.Pid:
    return bl.spawn_link(client, tally, dice.random())


async def run_for(messages: int, dice: random.Random) -> Tally:
    tally = Tally()
    supervisor = await bl.Supervisor.start_link(specs(tally, dice), NEVER, 1.0)
    spared = {supervisor, bl.self()}
    while tally.messages < messages:
        await asyncio.sleep(0.002)
        await kill_at_random(tally, dice, spared)
    await bl.GenServer.stop(supervisor)
    return tally


def leftovers(node: LocalNode) -> dict[str, Any]:
    """What is there that should not be, by kind."""
    scheduler, me = node.scheduler, current.current_process()
    deadlines = scheduler.deadlines
    found: dict[str, Any] = {
        "processes": [pid for pid in node.processes() if pid != me.pid],
        "names": node.registered(),
        "tasks": asyncio.all_tasks() - {asyncio.current_task()},
        "ties": [*me.links, *me.monitors, *me.monitored_by, *me.aliases, *me.messages()],
        "queued": [*scheduler.queue, *scheduler._next, *scheduler._dying, *scheduler._signals],
        "time limits": [waiter for lane in deadlines._lanes.values() for waiter in lane._waiters] + [*deadlines.fresh],
        "timers": live_timers(),
    }
    return {kind: things for kind, things in found.items() if things}


def live_timers() -> list[Any]:
    """The timers of the loop, where it tells, but those of who waits for there to be none."""
    scheduled = getattr(asyncio.get_running_loop(), "_scheduled", ())
    waiting = ("Timeout._on_timeout", "_set_result_unless_cancelled")
    return [handle for handle in scheduled if not handle.cancelled() and handle._callback.__qualname__ not in waiting]


def memory() -> int:
    gc.collect()
    return int(psutil.Process().memory_info().rss)


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_after_millions_of_messages_and_random_kills_nothing_is_left(new_loop: Any) -> None:
    async def main() -> None:
        dice, node = random.Random(1), current.current_node()
        node.unwind_seconds = 1.0
        failures: list[str] = []
        # As text: the exceptions themselves hold what was to be freed.
        asyncio.get_running_loop().set_exception_handler(lambda _, context: failures.append(repr(context)))
        await run_for(MESSAGES // 10, dice)
        before = memory()
        tally = await run_for(MESSAGES * 9 // 10, dice)
        assert tally.kills > 10
        # A time limit that was taken back leaves the loop's timer, one for each length, until its time.
        await eventually(lambda: not leftovers(node))
        gc.collect()
        assert failures == []
        assert [it for it in gc.get_objects() if isinstance(it, SteppedProcess) and it.node is node] == []
        after = memory()
        print(f"{tally.messages} messages, {tally.kills} kills, {(after - before) / 2**20:+.1f} MiB", file=sys.stderr)
        assert after - before < MORE_MEMORY

    run_in_node(main, new_loop)
