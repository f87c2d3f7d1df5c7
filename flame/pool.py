"""What users hold: a pool, and the ways to have it perform functions.

A function keeps its own keywords through functools.partial: the keywords here belong to the call.
"""

from __future__ import annotations

import functools
from collections.abc import AsyncGenerator, Awaitable, Callable, Hashable, Iterable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import beamlike as bl
import nodes
from beamlike.kernel.terms import SHUTDOWN
from flame import calling, mapping
from flame.clock import Clock, LoopClock
from flame.errors import FlameError, PoolStopped
from flame.options import PoolOptions
from flame.calling import Retry, sink
from flame.calls import Request, Timeout
from flame.pool_server import AwaitMinimum, Explain, GetOptions, PoolServer, StopPool


@dataclass(frozen=True, slots=True)
class Pool:
    """A running pool, by its name and its process. It may be given to other nodes and called from there.

    >>> import asyncio, os, beamlike as bl, flame, nodes
    >>> async def main():
    ...     async with bl.Node("doc@127.0.0.1"):
    ...         pool = await flame.Pool.start(name="cpu", backend=nodes.Local(), max=2)
    ...         here, there = os.getpid(), await pool.call(os.getpid)
    ...         powers = [power async for power in pool.map(lambda x: x**2, [1, 2, 3], ordered=True)]
    ...         await pool.stop()
    ...         return here != there, powers
    >>> asyncio.run(main())
    (True, [1, 4, 9])
    """

    name: str
    pid: bl.Pid

    @classmethod
    async def start(
        cls,
        *,
        name: str,
        backend: nodes.Backend | None = None,
        min: int = 0,
        max: int = 1,
        max_concurrency: int = 1,
        timeout: float | None = 30.0,
        boot_timeout: float = 30.0,
        idle_shutdown_after: float | None = 30.0,
        shutdown_timeout: float = 30.0,
    ) -> Pool:
        """Starts a pool under `name` on the current node and returns it once `min` runners are up.

        The options are those of PoolOptions; `backend` says where runners are booted, nodes.Local() by default. The
        pool runs until `stop`, or until its node stops. NameTaken if the name is, BootFailed if `min` runners cannot
        be booted.
        """
        options = PoolOptions(
            name=name,
            min=min,
            max=max,
            max_concurrency=max_concurrency,
            timeout=timeout,
            boot_timeout=boot_timeout,
            idle_shutdown_after=idle_shutdown_after,
            shutdown_timeout=shutdown_timeout,
        )
        return await start(options, backend or nodes.Local(), LoopClock())

    async def call(
        self,
        function: Callable[..., Any],
        /,
        *args: Any,
        timeout: float | Timeout | None = Timeout.OF_POOL,
        retry: int | Retry = 0,
        key: Hashable = None,
        init: Callable[..., Any] | None = None,
        link: bool = True,
        **unknown: Any,
    ) -> Any:
        """Runs `function(*args)` on a runner and returns its value: an async function in a process there, a plain one
        in a thread of it.

        `timeout` seconds are for all of it: the wait for a slot, a boot, the way, and the run (None: no limit).
        `retry`: so many times more if its runner is lost; the function may then run several times. Calls with one
        `key` go to one runner while that lives; with `init`, what `init(key)` returned there, once, comes before the
        arguments. With `link=False` the work goes on when the caller is gone.

        Raises what the function raises, as its own type and with the traceback from there; QueueTimeout, BootTimeout
        or ExecTimeout; BootFailed, RunnerLost, WorkEnded, Cancelled or PoolStopped. Cancelling the call stops the
        function.
        """
        check_call("call", function, timeout, unknown)
        request = Request(function, args, timeout, key, _init(key, init), link, sink())
        return await calling.call(self.name, self.pid, request, _retry(retry))

    def cast(
        self,
        function: Callable[..., Any],
        /,
        *args: Any,
        timeout: float | None = None,
        key: Hashable = None,
        init: Callable[..., Any] | None = None,
        link: bool = False,
        **unknown: Any,
    ) -> None:
        """As `call`, without waiting: the value is dropped, an exception is logged. With `link` the caller hears of an
        exception as of that of a linked process, and its end ends the work."""
        check_call("cast", function, timeout, unknown)
        request = Request(function, args, timeout, key, _init(key, init), True, sink())
        (bl.spawn_link if link else bl.spawn)(calling.call, self.name, self.pid, request)

    def map(
        self,
        function: Callable[[Any], Any],
        items: Iterable[Any],
        /,
        *,
        ordered: bool = False,
        timeout: float | Timeout | None = Timeout.OF_POOL,
        **unknown: Any,
    ) -> AsyncGenerator[Any, None]:
        """Calls `function(item)` for each item, as many at a time as the pool has slots, and yields the values as they
        come, or in the order of `items`.

        `timeout` is for each call. The first exception is raised and ends the other calls, as does closing the
        generator (`contextlib.aclosing` does that where a loop may be left early).
        """
        check_call("map", function, timeout, unknown)
        return self._map(functools.partial(self.call, function, timeout=timeout), items, ordered)

    async def _map(
        self, call: Callable[[Any], Awaitable[Any]], items: Iterable[Any], ordered: bool
    ) -> AsyncGenerator[Any, None]:
        options: PoolOptions = await calling.ask(self.name, self.pid, GetOptions())
        gather = mapping.in_order if ordered else mapping.as_completed
        async with aclosing(gather(call, items, options.max * options.max_concurrency)) as values:
            async for value in values:
                yield value

    async def stop(self) -> None:
        """Takes no more calls, lets those that run end within `shutdown_timeout`, and returns when all runners are
        gone. A pool that has stopped is no error."""
        try:
            await calling.ask(self.name, self.pid, StopPool())
        except PoolStopped:
            return

    async def explain(self) -> str:
        """What the pool has, and why it is not more, in words."""
        words: str = await calling.ask(self.name, self.pid, Explain())
        return words


async def start(options: PoolOptions, backend: nodes.Backend, clock: Clock) -> Pool:
    """Pool.start, in a time of the caller's choice."""
    pool = Pool(options.name, await PoolServer.start(options, backend, clock, name=options.name))
    try:
        failure = await calling.ask(pool.name, pool.pid, AwaitMinimum())
    except BaseException:
        bl.exit(pool.pid, SHUTDOWN)
        raise
    if isinstance(failure, FlameError):
        await pool.stop()
        raise failure
    return pool


def named(pool: Pool | str) -> Pool:
    """The pool of that name on the current node; PoolStopped if there is none."""
    if isinstance(pool, Pool):
        return pool
    if not isinstance(pool, str):
        raise TypeError(f"expected a pool or the name of one, got {pool!r}")
    pid = bl.whereis(pool)
    if pid is None:
        raise PoolStopped(f"no pool is named {pool!r} here: start it with flame.Pool.start(name={pool!r}, ...)")
    return Pool(pool, pid)


async def call(
    pool: Pool | str,
    function: Callable[..., Any],
    /,
    *args: Any,
    timeout: float | Timeout | None = Timeout.OF_POOL,
    **unknown: Any,
) -> Any:
    """Runs `function(*args)` on a runner of the pool, given by itself or by its name here; see Pool.call."""
    return await named(pool).call(function, *args, timeout=timeout, **unknown)


def cast(
    pool: Pool | str, function: Callable[..., Any], /, *args: Any, timeout: float | None = None, **unknown: Any
) -> None:
    """As `call`, without waiting; see Pool.cast."""
    named(pool).cast(function, *args, timeout=timeout, **unknown)


def map(
    pool: Pool | str,
    function: Callable[[Any], Any],
    items: Iterable[Any],
    /,
    *,
    ordered: bool = False,
    timeout: float | Timeout | None = Timeout.OF_POOL,
    **unknown: Any,
) -> AsyncGenerator[Any, None]:
    """Calls `function(item)` for each item and yields the values; see Pool.map."""
    return named(pool).map(function, items, ordered=ordered, timeout=timeout, **unknown)


def check_call(call: str, function: object, timeout: object, unknown: dict[str, Any]) -> None:
    """Here, where the mistake is; in the pool's process it would be everybody's."""
    if unknown:
        raise TypeError(
            f"{call} has no keyword {', '.join(repr(name) for name in unknown)}; "
            "keywords of the function itself go through functools.partial"
        )
    if not callable(function):
        raise TypeError(f"expected a function to run on the pool, got {function!r}; pass its arguments after it")
    if timeout is None or isinstance(timeout, Timeout):
        return
    if not isinstance(timeout, int | float) or isinstance(timeout, bool) or not timeout >= 0:
        raise TypeError(f"expected a timeout in seconds, 0 or more, or None for no limit, got {timeout!r}")


def _init(key: Hashable, init: Callable[..., Any] | None) -> Callable[..., Any] | None:
    hash(key)
    if init is not None and not callable(init):
        raise TypeError(f"expected a function that makes what the calls of a key share, got init={init!r}")
    if init is not None and key is None:
        raise TypeError(f"expected a key for what {init!r} makes, got none: pass key=")
    return init


def _retry(retry: int | Retry) -> Retry:
    return retry if isinstance(retry, Retry) else Retry(retry)
