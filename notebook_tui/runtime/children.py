"""What a run of a cell left behind: its tasks and processes, which are ended before the cell runs again.

They are known by their group leader, which is that of the run: a process has it in its context, and of a task it is
noted when it is made. So this reaches what the cell started by itself or through others, such as a pool, and nothing of
other cells. Calls in threads end with the task or process that waits for them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextvars import Context
from threading import Lock
from typing import Any, Final
from weakref import WeakKeyDictionary

import beamlike as bl
from beamlike.kernel import group_leader
from beamlike.kernel.current import current_node
from beamlike.kernel.states import OVER
from beamlike.kernel.stepped import SteppedProcess

SECONDS: Final = 8.0
"""For all of them together, from the first word to the last."""

LOOK_AGAIN_SECONDS: Final = 0.001

KILL_AFTER_SECONDS: Final = 5.0
"""So long a process may take over "shutdown"."""


class Tasks:
    """The tasks of an event loop, by their group leaders."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._leaders: WeakKeyDictionary[asyncio.Future[Any], bl.Pid] = WeakKeyDictionary()

    def watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """To be called before the loop runs anything of a cell's."""
        before = loop.get_task_factory()

        def make(loop: asyncio.AbstractEventLoop, coroutine: Any, **options: Any) -> asyncio.Future[Any]:
            # The `context`, where one is given.
            task: asyncio.Future[Any] = (before or _make_task)(loop, coroutine, **options)
            context: Context | None = options.get("context")
            leader = group_leader.leader() if context is None else group_leader.leader_in(context)
            if leader is not None:
                with self._lock:
                    self._leaders[task] = leader
            return task

        loop.set_task_factory(make)

    def cancel_elsewhere(self, leader: bl.Pid) -> None:
        """Cancels those of other loops that code of this leader has made. Here there are none."""

    def of(self, leader: bl.Pid) -> list[asyncio.Future[Any]]:
        with self._lock:
            return [task for task, its in self._leaders.items() if its == leader and not task.done()]


def _make_task(loop: asyncio.AbstractEventLoop, coroutine: Any, **options: Any) -> asyncio.Task[Any]:
    return asyncio.Task(coroutine, loop=loop, **options)


async def end_children(leader: bl.Pid, tasks: Iterable[asyncio.Future[Any]], seconds: float = SECONDS) -> list[str]:
    """Ends those tasks of this loop and the processes of that leader, and returns what has not ended in time, in words.

    To be called in the process that ran the cell: it is unlinked from them, and survives them.
    """
    deadline = asyncio.get_running_loop().time() + seconds
    cancelled = [task for task in tasks if task.cancel()]
    processes = _processes(leader)
    for process in processes:
        bl.unlink(process.pid)
        bl.exit(process.pid, "shutdown")
    await _over(processes, min(KILL_AFTER_SECONDS, 0.6 * seconds))
    for process in processes:
        if process.state is not OVER:
            bl.exit(process.pid, "kill")
    pending = (await asyncio.wait(cancelled, timeout=_left(deadline)))[1] if cancelled else ()
    await _over(processes, _left(deadline))
    return [*(str(process.pid) for process in processes if process.state is not OVER), *map(_name, pending)]


def _processes(leader: bl.Pid) -> list[SteppedProcess]:
    """Those of this node that have that leader, but for the one that asks."""
    node, me = current_node(), bl.self()
    found = []
    for process in map(node.process, node.processes()):
        if not isinstance(process, SteppedProcess) or process.pid == me:
            continue
        context = getattr(process, "context", None)
        if context is not None and group_leader.leader_in(context) == leader:
            found.append(process)
    return found


async def _over(processes: Iterable[SteppedProcess], seconds: float) -> None:
    """Returns when their code is over, or the time. A dead process unwinds its code after its links and monitors have
    heard of its end, maybe in another thread, and nobody is told when it is through: so this looks again and again."""
    deadline = asyncio.get_running_loop().time() + seconds
    while any(process.state is not OVER for process in processes) and _left(deadline):  # noqa: ASYNC110
        await asyncio.sleep(LOOK_AGAIN_SECONDS)


def _left(deadline: float) -> float:
    return max(0.0, deadline - asyncio.get_running_loop().time())


def _name(task: asyncio.Future[Any]) -> str:
    coroutine = task.get_coro() if isinstance(task, asyncio.Task) else None
    return f"task {getattr(coroutine, '__qualname__', task)}"
