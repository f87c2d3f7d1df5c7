"""Pools on real child processes, for one test each; at the end nothing may be left of them.

That is: no child process, no timer, no call or held slot that a pool still counts, nothing that it watches, and no
exception that nobody has looked at.
"""

from __future__ import annotations

import asyncio
import gc
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import pytest

import beamlike as bl
import flame
import nodes
from flame import runner
from flame.pool import start
from flame.pool_server import POOLS, PoolServer
from tests.support.captured_log import captured_log
from tests.support.counted_clock import CountedClock
from tests.support.pool_remains import remains_of, work_of
from tests.support.processes import child_nodes
from tests.support.virtual_clock import VirtualClock

SECONDS = 20.0
"""After which something that should have happened did not."""


@asynccontextmanager
async def pool(
    *, backend: nodes.Backend | None = None, clock: VirtualClock | None = None, **options: Any
) -> AsyncIterator[flame.Pool]:
    """A pool named "test" on a node of its own."""
    async with pools_node() as ground:
        yield await ground.start(backend=backend, clock=clock, **options)


@asynccontextmanager
async def pools_node() -> AsyncIterator[PoolsNode]:
    """A node to start pools on."""
    ground, unseen = PoolsNode(), list[dict[str, Any]]()
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: unseen.append(context))
    with captured_log("beamlike.gen_server") as crashes, fates_are_waited_for():
        async with asyncio.timeout(3 * SECONDS), bl.Node("pools@127.0.0.1", secret=b"a secret of the test"):
            try:
                yield ground
                await ground.until_rested()
            except BaseException:
                ground.kill()  # what the test has left at work may never end
                raise
            await ground.stop()
            assert ground.remains() == {}
    gc.collect()  # a task says that nobody has looked at its exception when it is freed
    assert unseen == []
    assert [crash.getMessage() for crash in crashes] == [], "a pool has crashed"


@contextmanager
def fates_are_waited_for() -> Iterator[None]:
    """What became of a killed runner says the zygote that reaps it, which a busy machine may let wait."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runner, "FATE_SECONDS", SECONDS)
        yield


class PoolsNode:
    """The pools of one test. Those that the test itself ends, as by a kill, are not asked what they still count."""

    def __init__(self) -> None:
        self._pools: list[tuple[flame.Pool, PoolServer]] = []
        self._stopped: list[PoolServer] = []
        self._clocks: list[VirtualClock | CountedClock] = []

    async def start(
        self,
        name: str = "test",
        *,
        backend: nodes.Backend | None = None,
        clock: VirtualClock | None = None,
        **options: Any,
    ) -> flame.Pool:
        used = clock or CountedClock()
        made = await start(flame.PoolOptions(name=name, **options), backend or nodes.Local(), used)
        self._pools.append((made, POOLS[made.pid]))
        self._clocks.append(used)
        return made

    async def until_rested(self) -> None:
        """Returns once the pools have nothing to do: what the test has cancelled may take a moment to end."""
        for server in self._running():
            await eventually_equal(lambda server=server: work_of(server), {})

    def kill(self) -> None:
        for made, _ in self._pools:
            bl.exit(made.pid, "kill")

    async def stop(self) -> None:
        self._stopped = self._running()
        for made, _ in self._pools:
            await made.stop()

    def remains(self) -> dict[str, Any]:
        """What is left of the pools after `stop`."""
        timers = [timer for clock in self._clocks for timer in _timers(clock)]
        remains = {"children": child_nodes(), "timers": timers, "pools": self._running()}
        remains |= {server.options.name: remains_of(server) for server in self._stopped}
        return {what: value for what, value in remains.items() if value}

    def _running(self) -> list[PoolServer]:
        return [server for made, server in self._pools if made.pid in POOLS]


def _timers(clock: VirtualClock | CountedClock) -> list[Any]:
    if isinstance(clock, CountedClock):
        return list(clock.pending)
    return [] if clock.next_at() is None else [clock.next_at()]


async def eventually_equal(see: Callable[[], Any], expected: Any) -> None:
    """Returns as soon as what is seen is as expected."""
    deadline = asyncio.get_running_loop().time() + SECONDS
    while (seen := see()) != expected:
        assert asyncio.get_running_loop().time() < deadline, f"expected {expected!r}, still {seen!r}"
        await asyncio.sleep(0.005)


async def until_explained(pool: flame.Pool, words: str) -> None:
    """Returns as soon as the pool explains itself with `words`."""
    deadline = asyncio.get_running_loop().time() + SECONDS
    while words not in (explained := await pool.explain()):
        assert asyncio.get_running_loop().time() < deadline, f"expected {words!r}, got {explained!r}"
        await asyncio.sleep(0.01)


async def word_from_work() -> Any:
    """What a function that runs on the pool sent here; `receive()` alone could take the answer of a call beside it."""
    word = await bl.receive(lambda message: message[0] == "word", timeout=SECONDS)
    return word[1]


async def wait_for_word(home: bl.Pid) -> Any:
    """To be called on a pool: tells `home` who it is, and returns what it is sent."""
    bl.send(home, ("word", bl.self()))
    return await bl.receive()


async def at_work(pool: flame.Pool, **keywords: Any) -> tuple[asyncio.Task[Any], bl.Pid]:
    """A call that is at work, and the process there, which waits for a word to return."""
    calling = asyncio.create_task(pool.call(wait_for_word, bl.self(), **keywords))
    worker: bl.Pid = await word_from_work()
    return calling, worker


async def released(calls: dict[bl.Pid, asyncio.Task[Any]]) -> list[Any]:
    """Has calls at work end, and returns what they returned."""
    for worker in calls:
        bl.send(worker, "the end")
    return await asyncio.gather(*calls.values())


def on_pools_node(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Makes an async test, whose first argument is a PoolsNode, an ordinary one."""

    async def main(**given: Any) -> None:
        async with pools_node() as ground:
            await test(ground, **given)

    def run(**given: Any) -> None:
        asyncio.run(main(**given))

    _first, *others = inspect.signature(test).parameters.values()
    # No functools.wraps: pytest would take the node for a fixture.
    run.__signature__ = inspect.Signature(others)  # type: ignore[attr-defined]
    run.__doc__ = test.__doc__
    return run
