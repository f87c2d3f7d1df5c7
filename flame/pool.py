"""What users hold: a pool, and the ways to have it perform functions.

A function keeps its own keywords through functools.partial: the keywords here belong to the call.
"""

from __future__ import annotations

import functools
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Hashable, Iterable, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import beamlike as bl
import nodes
from beamlike.behaviours.child_spec import WORKER_SHUTDOWN
from beamlike.kernel.record import frozen
from beamlike.kernel.terms import SHUTDOWN
from flame import arrivals, calling, hearing, mapping, placing, streaming, table
from flame.asking import ask
from flame.bulk import BegunCall, BegunTask, width_of
from flame.call_options import as_retry, check_call, check_items, checked_init
from flame.calling import Retry, here_is, sink_towards
from flame.calls import Call, Request, Timeout, settled
from flame.caps import Caps
from flame.checks import check_time_limit, check_whole
from flame.clock import Clock, LoopClock
from flame.dispatch import Placement
from flame.errors import FlameError, PoolStopped
from flame.events import Event
from flame.listening import OnProgress
from flame.options import NO_CAPS, IdleAfter, PoolOptions
from flame.output_sink import sink_for_caller
from flame.parent import why_barred
from flame.policies import Policy, on_demand
from flame.pool_requests import (
    AwaitMinimum,
    AwaitWarm,
    Cordon,
    Drain,
    Explain,
    GetOptions,
    GetPlaced,
    GetStats,
    Resize,
    StopPool,
)
from flame.pool_server import PoolServer
from flame.shares import Shared
from flame.stats import Stats
from flame.subscription import OnEvent
from flame.travel_limit import TRAVEL_LIMIT
from flame.width import Width
from nodes.invitation import LEASE_SECONDS

LAST_EVENTS_SECONDS = 1.0
"""How long `stop` waits for a function that has yet to hear the last events."""


@frozen
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
        idle_shutdown_after: IdleAfter = 30.0,
        shutdown_timeout: float = 30.0,
        policy: Policy = on_demand,
        placement: Placement = "spread",
        single_use: bool = False,
        caps: Caps = NO_CAPS,
        shared_caps: Shared | None = None,
        keys_per_runner: int | None = None,
        lease: float = LEASE_SECONDS,
        track_resources: bool = False,
        largest_result: int = TRAVEL_LIMIT,
        log_level: int | str | None = None,
        nested: bool = False,
        max_depth: int = 2,
        on_event: OnEvent | None = None,
    ) -> Pool:
        """Starts a pool under `name` on the current node and returns it once `min` runners are up.

        The options are those of PoolOptions; `backend` says where runners are booted, by default as
        `nodes.default_backend()` does: in processes here, on a machine of a platform on others of that. The pool runs
        until `stop`, or until its node stops. `on_event` is called with each `flame.events` record, one after the
        other, and awaited if it is async, in a process of its own: the pool does not wait for it, and if it raises,
        that is logged. NameTaken if the name is, BootFailed if `min` runners cannot be booted, SpecError if the machine
        lacks what booting others takes.

        On a node that is itself a runner a pool boots nothing, and a call raises NestedPool, unless it is `nested`.
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
            policy=policy,
            placement=placement,
            single_use=single_use,
            caps=caps,
            shared_caps=shared_caps,
            keys_per_runner=keys_per_runner,
            lease=lease,
            track_resources=track_resources,
            largest_result=largest_result,
            log_level=log_level,
            nested=nested,
            max_depth=max_depth,
        )
        if on_event is not None and not callable(on_event):
            raise TypeError(f"pool {name!r}: expected a function to call with each event, got on_event={on_event!r}")
        if backend is None:
            backend = nodes.Local() if why_barred(nested, max_depth) else nodes.default_backend()
        return await start(options, backend, LoopClock(), on_event)

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
        on_progress: OnProgress | None = None,
        **unknown: Any,
    ) -> Any:
        """Runs `function(*args)` on a runner and returns its value: an async function in a process there, a plain one
        in a thread of it.

        `timeout` seconds are for all of it: the wait for a slot, a boot, the way, and the run (None: no limit).
        `retry`: so many times more if its runner is lost; the function may then run several times. Calls with one
        `key` go to one runner while that lives; with `init`, what `init(key)` returned there, once, comes before the
        arguments. With `link=False` the work goes on when the caller is gone. `on_progress` is called with each
        `flame.Progress` that the function reports.

        Raises what the function raises, as its own type and with the traceback from there; QueueTimeout, BootTimeout
        or ExecTimeout; BootFailed, RunnerLost, WorkEnded, Cancelled or PoolStopped. Cancelling the call stops the
        function.
        """
        check_call("call", function, timeout, unknown)
        here = here_is(self.pid)
        sink = None if here is None else sink_for_caller()
        request = Request(function, args, timeout, key, checked_init(key, init), link, sink)
        if on_progress is not None:
            return await calling.call_heard(self.name, self.pid, request, as_retry(retry), on_progress)
        if here is not None and link and not retry:  # as most calls, the short way
            return await settled(Call(request), here.traffic)
        return await calling.call(self.name, self.pid, request, as_retry(retry))

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
        request = Request(function, args, timeout, key, checked_init(key, init), True, sink_towards(self.pid))
        (bl.spawn_link if link else bl.spawn)(calling.call, self.name, self.pid, request)

    def map(
        self,
        function: Callable[[Any], Any],
        items: Iterable[Any] | AsyncIterable[Any],
        /,
        *,
        ordered: bool = False,
        window: int | None = None,
        timeout: float | Timeout | None = Timeout.OF_POOL,
        retry: int | Retry = 0,
        **unknown: Any,
    ) -> AsyncGenerator[Any, None]:
        """Calls `function(item)` for each item, at most `window` at a time (by default as many as the pool has slots),
        and yields the values as they come, or in the order of `items`, which may be an async iterable, too.

        `timeout` and `retry` are for each call. The first exception is raised and ends the other calls, as does closing
        the generator (`contextlib.aclosing` does that where a loop may be left early). What `items` itself raises is
        raised after the values of the items before it.
        """
        check_call("map", function, timeout, unknown)
        check_items(items)
        check_whole("map: window", window, at_least=1, or_none=True)
        return self._map(
            Request(function, (), timeout, sink=sink_towards(self.pid)), items, ordered, window, as_retry(retry)
        )

    async def _map(
        self,
        request: Request,
        items: Iterable[Any] | AsyncIterable[Any],
        ordered: bool,
        window: int | None,
        retry: Retry | None,
    ) -> AsyncGenerator[Any, None]:
        options: PoolOptions = await ask(self.name, self.pid, GetOptions())
        gather = mapping.in_order if ordered else mapping.as_completed
        here = here_is(self.pid)
        begin = functools.partial(self._begin, here, request, retry)
        slots = options.max * options.max_concurrency
        if isinstance(items, AsyncIterable):
            found = arrivals.values_of(gather, functools.partial(self._one, request, retry), items, window or slots)
        else:
            chosen = window is not None or retry is not None
            width = Width(window or slots) if chosen or here is None else width_of(request, options, here.traffic)
            found = gather(begin, items, width)
        async with aclosing(found) as values:
            async for value in values:
                yield value

    def _begin(
        self,
        here: PoolServer | None,
        request: Request,
        retry: Retry | None,
        items: Sequence[mapping.Item],
        hears: mapping.Hears,
    ) -> mapping.Begun:
        if here is not None and retry is None:
            return BegunCall(here.traffic, request, items, hears)
        (item,) = items
        return BegunTask(functools.partial(self._one, request, retry, item.value), item, hears)

    async def _one(self, request: Request, retry: Retry | None, item: Any) -> Any:
        return await calling.call(self.name, self.pid, replace(request, args=(item,)), retry)

    def stream(
        self,
        function: Callable[..., Any],
        /,
        *args: Any,
        window: int = 32,
        timeout: float | Timeout | None = Timeout.OF_POOL,
        **unknown: Any,
    ) -> AsyncGenerator[Any, None]:
        """Runs the generator function `function(*args)`, async or plain, on a runner, and gives its items while it
        runs, in order.

        It runs at most `window` items ahead, then waits for the consumer. `timeout` covers the wait for a slot and for
        all items. What the generator raises is raised here after the items before it; closing this generator closes
        that one (`contextlib.aclosing` does so where a loop may be left early). Other errors are those of `call`.

        >>> import asyncio, beamlike as bl, flame
        >>> async def main():
        ...     async with bl.Node("doc@127.0.0.1"):
        ...         pool = await flame.Pool.start(name="cpu")
        ...         items = [item async for item in pool.stream(range, 3)]
        ...         await pool.stop()
        ...         return items
        >>> asyncio.run(main())
        [0, 1, 2]
        """
        check_call("stream", function, timeout, unknown)
        check_whole("stream: window", window, at_least=1)
        return streaming.stream(
            self.name, self.pid, Request(function, args, timeout, sink=sink_towards(self.pid)), window
        )

    async def place_child(
        self,
        spec: bl.ChildSpec | Callable[[], Any],
        /,
        *,
        link: bool = True,
        timeout: float | Timeout | None = Timeout.OF_POOL,
        **unknown: Any,
    ) -> bl.Pid | None:
        """Starts a long-lived process on a runner, as the child specification (or a function that starts it and
        returns its pid) says, and returns the pid; None if the start has nothing to run.

        It takes one slot until it ends, and is never started again. With `link` it is linked to the caller. When the
        pool stops it ends as a supervisor's child does, within the specification's `shutdown` (5 seconds for a
        function). Raises what the start raises, and the errors of `call`; `timeout` covers all until it is started.
        """
        start = spec.start if isinstance(spec, bl.ChildSpec) else spec
        check_call("place_child", start, timeout, unknown)
        shutdown = spec.shutdown if isinstance(spec, bl.ChildSpec) else WORKER_SHUTDOWN
        request = Request(start, (), timeout, link=link, sink=sink_towards(self.pid))
        return await placing.place(self.name, self.pid, request, shutdown)

    async def stop(self) -> None:
        """Takes no more calls, lets those that run end within `shutdown_timeout`, and returns when all runners are
        gone. When no call is left the placed processes are told to end, with "shutdown", and killed if they take too
        long; who stops the pool is linked to them no more. A pool that has stopped is no error. Its `on_event` has
        heard all events then, if it is not slower by more than a second."""
        here = here_is(self.pid)
        try:
            for placed in await ask(self.name, self.pid, GetPlaced()):
                bl.unlink(placed)
            await ask(self.name, self.pid, StopPool())
        except PoolStopped:
            return
        if here is not None:
            await here.witness.told(within=LAST_EVENTS_SECONDS)

    async def resize(self, *, min: int | None = None, max: int | None = None) -> None:
        """Changes how many runners there may be. Those beyond a smaller `max` go: idle ones at once, the others when
        the calls that they have are over. Raises as PoolOptions does."""
        await self._ask(Resize(min, max))

    async def warm(self, runners: int, /) -> None:
        """Boots until so many runners are up (at most `max`), and returns then. They idle out as any. BootFailed if
        they cannot be booted."""
        check_whole("warm(runners): runners", runners, at_least=0)
        await self._ask(AwaitWarm(runners))

    async def drain(self, node: str, /, *, within: float | None = None) -> None:
        """Gives the runner on `node` no more calls, and stops it once those that it has are over, or after `within`
        seconds (by default the pool's `shutdown_timeout`), when they are cut off with RunnerLost. Returns when it is
        gone. LookupError if the pool has no such runner."""
        check_time_limit("the time for what runs", within, "the pool's own")
        await self._ask(Drain(node, within))

    async def cordon(self, node: str, /) -> None:
        """Gives the runner on `node` no more calls, without stopping it, until `uncordon`."""
        await self._ask(Cordon(node, True))

    async def uncordon(self, node: str, /) -> None:
        """Gives the runner on `node` calls again."""
        await self._ask(Cordon(node, False))

    async def _ask(self, request: object) -> Any:
        answer = await ask(self.name, self.pid, request)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def events(self) -> AsyncGenerator[Event, None]:
        """What happens in the pool from now on, as `flame.events` records, until it has stopped. On another node it
        begins with the first step of the loop.

        A loop that is more than 10,000 events behind loses the oldest, and gets a Missed with their number in place of
        them. PoolStopped if the pool has stopped before.

        >>> import asyncio, beamlike as bl, flame
        >>> async def main():
        ...     async with bl.Node("doc@127.0.0.1"):
        ...         pool = await flame.Pool.start(name="cpu")
        ...         events = pool.events()
        ...         await pool.call(abs, -1)
        ...         await pool.stop()
        ...         phases = [event.phase async for event in events if isinstance(event, flame.RunnerPhase)]
        ...         return phases[0], phases[-4:]
        >>> asyncio.run(main())
        ('requested', ['busy', 'ready', 'stopping', 'gone'])
        """
        return hearing.events(self.name, self.pid)

    async def stats(self) -> Stats:
        """How the pool stands, in numbers."""
        stats: Stats = await ask(self.name, self.pid, GetStats())
        return stats

    async def table(self, width: int = table.WIDTH) -> str:
        """How the pool stands, as a text of lines that are at most `width` wide: its runners, queue, calls, and cost.
        `flame.watch` keeps it up to date."""
        return table.text(await self.stats(), width)

    async def explain(self) -> str:
        """What the pool has, and why it is not more, in words."""
        words: str = await ask(self.name, self.pid, Explain())
        return words


async def start(options: PoolOptions, backend: nodes.Backend, clock: Clock, on_event: OnEvent | None = None) -> Pool:
    """Pool.start, in a time of the caller's choice."""
    pool = Pool(options.name, await PoolServer.start(options, backend, clock, on_event, name=options.name))
    try:
        failure = await ask(pool.name, pool.pid, AwaitMinimum())
    except BaseException:
        bl.exit(pool.pid, SHUTDOWN)
        raise
    if isinstance(failure, FlameError):
        await pool.stop()
        raise failure
    return pool
