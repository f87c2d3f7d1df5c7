"""One more scheduler of a node: an event loop in a thread of its own, on which processes of the node live.

A process that keeps its loop busy holds up the others of that loop only; sends, links, monitors, names and calls are
the same wherever a process lives. Under the interpreter lock this buys responsiveness, not speed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from beamlike.kernel.current import at
from beamlike.kernel.node import LocalNode
from beamlike.kernel.process import Process
from beamlike.kernel.scheduler import Scheduler, scheduler_of
from beamlike.kernel.spawn import spawn_tied
from beamlike.kernel.terms import Pid
from beamlike.loop_thread import LoopThread


class SchedulerThread:
    """What `Node.start_scheduler` gives; `await stop()` or the end of its `async with` ends it.

    >>> import asyncio, threading, beamlike as bl
    >>> async def main():
    ...     async with bl.Node("doc@127.0.0.1") as node, await node.start_scheduler("numbers") as numbers:
    ...         me = bl.self()
    ...         numbers.spawn(lambda: bl.send(me, threading.current_thread().name))
    ...         return await bl.receive(timeout=5)
    >>> asyncio.run(main())
    'numbers'
    """

    def __init__(self, node: LocalNode, thread: LoopThread, scheduler: Scheduler) -> None:
        self._node = node
        self._thread = thread
        self.scheduler = scheduler
        self._stopped = False

    @classmethod
    async def start(cls, node: LocalNode, name: str) -> Self:
        thread = LoopThread(name)
        return cls(node, thread, await thread.run(_own_scheduler()))

    def spawn(self, function: Callable[..., Any], *args: Any) -> Pid:
        """Starts a process there, as `bl.spawn` does here. RuntimeError once it is stopped."""
        return self._spawn(function, args, link=False)

    def spawn_link(self, function: Callable[..., Any], *args: Any) -> Pid:
        """`spawn`, linked to the current process, wherever that lives."""
        return self._spawn(function, args, link=True)

    def _spawn(self, function: Callable[..., Any], args: tuple[Any, ...], *, link: bool) -> Pid:
        if self._stopped:
            raise RuntimeError(f"expected a scheduler that runs, {self!r} was stopped")
        with at(self._node):
            return spawn_tied(function, args, link=link, scheduler=self.scheduler)

    @property
    def is_stopped(self) -> bool:
        """Whether its end has begun."""
        return self._stopped

    def processes(self) -> list[Pid]:
        """The processes that live there."""
        return [
            pid
            for pid in self._node.processes()
            if (process := self._node.process(pid)) is not None and process.scheduler is self.scheduler
        ]

    async def stop(self) -> None:
        """Ends its processes with "shutdown", and its thread when their code has unwound, within some seconds."""
        if not self._stopped:
            self._stopped = True
            self._node.halt(self.scheduler)
            await self._thread.run(_unwound(self._node.unwind_seconds))
            await self._thread.stopped()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        await self.stop()

    def __repr__(self) -> str:
        return f"<SchedulerThread {self._thread.name!r} of {self._node.name}, {len(self.processes())} processes>"


async def _unwound(seconds: float) -> None:
    """Returns when the code of the processes of this loop is over that awaits something at its end."""
    await asyncio.sleep(0)
    unwinding = [task for task in asyncio.all_tasks() if isinstance(task, Process)]
    if unwinding:
        await asyncio.wait(unwinding, timeout=seconds)


async def _own_scheduler() -> Scheduler:
    return scheduler_of(asyncio.get_running_loop())
