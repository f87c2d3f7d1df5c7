"""Down the chain of awaits: from a coroutine to the frames in which it stands, and to what it waits for in the end.

asyncio keeps no graph of who awaits whom before Python 3.14. But each suspended coroutine knows what it awaits, and
the frames of asyncio's own functions know whom they wait for. Only objects of Python's own exact types are looked into:
an awaitable of the user's might answer a look with anything.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator
from types import AsyncGeneratorType, CoroutineType, FrameType, GeneratorType
from typing import Any, Final

from beamlike.inspect.tracing.shown import shown

MOST: Final = 200
"""Links of a chain that are followed."""

_WAITS: Final = {
    ("asyncio.tasks", "sleep"): "a timer",
    ("asyncio.tasks", "_wait"): "several tasks",
    ("asyncio.tasks", "wait_for"): "a task, for some time",
    ("asyncio.taskgroups", "TaskGroup.__aexit__"): "the tasks of a group",
    ("asyncio.taskgroups", "TaskGroup._aexit"): "the tasks of a group",
    ("asyncio.locks", "Lock.acquire"): "a lock",
    ("asyncio.locks", "Semaphore.acquire"): "a semaphore",
    ("asyncio.locks", "Event.wait"): "an event",
    ("asyncio.locks", "Condition.wait"): "a condition",
    ("asyncio.locks", "Barrier.wait"): "a barrier",
    ("asyncio.queues", "Queue.get"): "an item of a queue",
    ("asyncio.queues", "Queue.put"): "room in a queue",
    ("asyncio.queues", "Queue.join"): "the end of a queue's work",
    ("asyncio.streams", "StreamReader._wait_for_data"): "data of a stream",
    ("asyncio.streams", "FlowControlMixin._drain_helper"): "room in a stream",
    ("asyncio.base_events", "Server.serve_forever"): "the end of a server",
    ("asyncio.selector_events", "BaseSelectorEventLoop.sock_connect"): "a connection",
    ("asyncio.selector_events", "BaseSelectorEventLoop.sock_recv"): "data of a socket",
    ("asyncio.selector_events", "BaseSelectorEventLoop.sock_accept"): "a connection",
    ("asyncio.threads", "to_thread"): "a thread",
    ("asyncio.base_events", "BaseEventLoop.run_in_executor"): "a thread",
    ("beamlike.kernel.threads.blocking", "CallThreads.call"): "a thread",
    ("beamlike.kernel.receiver", "Receiver.wait_in_task"): "a message",
}


class Chain:
    """`frames` are the innermost first; `leaf` is the future that is waited for in the end, if there is one."""

    __slots__ = ("frames", "leaf")

    def __init__(self, coroutine: Any, leaf: Any = None) -> None:
        self.frames = [frame for frame in _frames(coroutine) if frame is not None][::-1]
        self.leaf = leaf


def chain_of(task: asyncio.Task[Any]) -> Chain:
    return Chain(asyncio.Task.get_coro(task), _waiter(task))


def _waiter(task: asyncio.Task[Any]) -> Any:
    getter = asyncio.Task.__dict__.get("_fut_waiter")
    return getter.__get__(task) if getter is not None else None


def _frames(awaited: Any) -> Iterator[FrameType | None]:
    for _ in range(MOST):
        frame, awaited = _parts(awaited)
        if frame is None and awaited is None:
            return
        yield frame


def _parts(awaited: Any) -> tuple[FrameType | None, Any]:
    kind = type(awaited)
    if kind is CoroutineType:
        return awaited.cr_frame, awaited.cr_await
    if kind is GeneratorType:
        return awaited.gi_frame, awaited.gi_yieldfrom
    if kind is AsyncGeneratorType:
        return awaited.ag_frame, awaited.ag_await
    if kind in _WRAPPERS:  # which tell nobody but the garbage collector what they hold
        return None, next((it for it in gc.get_referents(awaited) if type(it) in _SUSPENDED), None)
    return None, None


_SUSPENDED: Final = (CoroutineType, GeneratorType, AsyncGeneratorType)


def _wrappers() -> frozenset[type]:
    async def generator() -> Any:
        yield

    async def coroutine() -> None:
        pass

    agen, coro = generator(), coroutine()
    step, thrown, wrapped = agen.__anext__(), agen.aclose(), coro.__await__()
    kinds = frozenset((type(step), type(thrown), type(wrapped)))
    step.close()
    thrown.close()
    coro.close()
    return kinds


_WRAPPERS: Final = _wrappers()


def words(chain: Chain) -> str:
    """What a suspended coroutine waits for."""
    leaf = chain.leaf
    if isinstance(leaf, asyncio.Task):
        return f"task {task_name(leaf)!r}"
    if type(leaf) is _GATHERING:
        return f"{len(leaf._children)} tasks"
    for frame in chain.frames[:4]:
        known = _WAITS.get((_module(frame), frame.f_code.co_qualname))
        if known is not None:
            return known
    if leaf is None:
        return ""
    return "a future" if type(leaf) in _FUTURES else shown(leaf, 60)


_GATHERING: Final = asyncio.tasks._GatheringFuture  # type: ignore[attr-defined]
_FUTURES: Final = (asyncio.Future, asyncio.futures._PyFuture)  # type: ignore[attr-defined]


def awaited_tasks(chain: Chain) -> tuple[asyncio.Task[Any], ...]:
    """The tasks whose end it waits for."""
    leaf = chain.leaf
    if isinstance(leaf, asyncio.Task):
        return (leaf,)
    if type(leaf) is _GATHERING:
        return _tasks(leaf._children)
    for frame in chain.frames[:3]:
        found = _tasks_in(frame)
        if found:
            return found
    return ()


def _tasks_in(frame: FrameType) -> tuple[asyncio.Task[Any], ...]:
    match _module(frame), frame.f_code.co_qualname:
        case "asyncio.tasks", "_wait":
            return _tasks(frame.f_locals.get("fs"))
        case "asyncio.tasks", "wait_for":
            return _tasks([frame.f_locals.get("fut")])
        case "asyncio.taskgroups", "TaskGroup.__aexit__" | "TaskGroup._aexit":
            group = frame.f_locals.get("self")
            return _tasks(group._tasks) if type(group) is asyncio.TaskGroup else ()
    return ()


def _tasks(some: Any) -> tuple[asyncio.Task[Any], ...]:
    if type(some) not in (list, tuple, set, frozenset):
        return ()
    return tuple(it for it in tuple(some) if isinstance(it, asyncio.Task) and not _DONE(it))


_DONE: Final = asyncio.Task.done


def task_name(task: asyncio.Task[Any]) -> str:
    """Past whatever a class of the user's does about it."""
    name: Any = asyncio.Task.get_name(task)
    return name if type(name) is str else shown(name, 60)


def _module(frame: FrameType) -> str:
    module = frame.f_globals.get("__name__")
    return module if type(module) is str else ""
