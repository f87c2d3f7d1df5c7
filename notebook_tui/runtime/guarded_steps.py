"""A coroutine of a cell's on the event loop of a service, stepped so that it can be struck while it computes.

Each step is a stretch in which another thread may raise an exception in it, and never beside it (see `strikable`). The
tasks that it makes in a step are wrapped in the same way and noted, so that they can be ended: the loop itself is given
a task factory for the length of a step only, and so is as it was whenever code of the service runs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator
from contextvars import Context
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

import beamlike as bl
from beamlike.kernel import group_leader
from notebook_tui.runtime.children import _make_task
from notebook_tui.runtime.loop_blocked import LoopBlocked
from notebook_tui.runtime.strikable import Strikable


class LoopTasks:
    """The tasks that cells of a notebook have made on the service's loop, by the group leaders of their runs."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._lock = Lock()
        self._leaders: WeakKeyDictionary[asyncio.Future[Any], bl.Pid | None] = WeakKeyDictionary()

    def note(self, task: asyncio.Future[Any], leader: bl.Pid | None) -> None:
        with self._lock:
            self._leaders[task] = leader

    def cancel(self, leader: bl.Pid | None = None) -> list[asyncio.Future[Any]]:
        """Those of that leader, or all of them. From any thread; the answer is what has been told to end."""
        with self._lock:
            found = [
                task for task, its in self._leaders.items() if not task.done() and (leader is None or its == leader)
            ]
        for task in found:
            self.loop.call_soon_threadsafe(task.cancel)
        return found


class GuardedSteps(Coroutine[Any, Any, Any]):
    """`coroutine`, for a task of the loop of `tasks`.

    >>> async def main():
    ...     return await asyncio.get_running_loop().create_task(GuardedSteps(asyncio.sleep(0, "done"), LoopTasks(
    ...         asyncio.get_running_loop()), Strikable()))
    >>> asyncio.run(main())
    'done'
    """

    def __init__(self, coroutine: Coroutine[Any, Any, Any], tasks: LoopTasks, strikable: Strikable) -> None:
        self._coroutine = coroutine
        self._tasks = tasks
        self._strikable = strikable
        self.__name__ = getattr(coroutine, "__name__", "cell")
        self.__qualname__ = getattr(coroutine, "__qualname__", "cell")

    def send(self, value: Any) -> Any:
        return self._step(self._coroutine.send, value)

    def throw(self, *error: Any) -> Any:
        return self._step(self._coroutine.throw, *error)

    def close(self) -> None:
        self._coroutine.close()

    def __await__(self) -> Generator[Any, Any, Any]:
        return self

    def __iter__(self) -> GuardedSteps:
        return self

    def __next__(self) -> Any:
        return self.send(None)

    def _step(self, step: Callable[..., Any], *args: Any) -> Any:
        loop = self._tasks.loop
        before = loop.get_task_factory()
        loop.set_task_factory(self._factory(before))
        try:
            self._strikable.open()
            try:
                return step(*args)
            finally:
                self._close()
        finally:
            loop.set_task_factory(before)

    def _close(self) -> None:
        """What has struck by now is raised here at the latest."""
        struck = None
        while self._strikable.is_open:
            try:
                self._strikable.close()
            except LoopBlocked as error:
                struck = error
        if struck is not None:
            raise struck

    def _factory(self, before: Any) -> Any:
        def make(loop: asyncio.AbstractEventLoop, coroutine: Any, **options: Any) -> asyncio.Future[Any]:
            guarded = coroutine
            if asyncio.iscoroutine(coroutine) and not isinstance(coroutine, GuardedSteps):
                guarded = GuardedSteps(coroutine, self._tasks, self._strikable)
            task: asyncio.Future[Any] = (before or _make_task)(loop, guarded, **options)
            context: Context | None = options.get("context")
            self._tasks.note(task, group_leader.leader() if context is None else group_leader.leader_in(context))
            return task

        return make

    # What shows the stack of a task looks at these.

    @property
    def cr_frame(self) -> Any:
        return getattr(self._coroutine, "cr_frame", None)

    @property
    def cr_await(self) -> Any:
        return getattr(self._coroutine, "cr_await", None)

    @property
    def cr_code(self) -> Any:
        return getattr(self._coroutine, "cr_code", None)

    @property
    def cr_running(self) -> bool:
        return bool(getattr(self._coroutine, "cr_running", False))
