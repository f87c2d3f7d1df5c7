"""Tasks as children of a supervisor, here or on another node: Elixir's Task.Supervisor, on DynamicSupervisor.

A task that its owner alone holds ends unnoticed when the program does; one under a supervisor is ended in order, with
time to finish, and can be seen and counted. The supervisor starts the process, which waits until its owner has told it
where to send the value, and does nothing if the owner ends before.
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, overload

from beamlike.behaviours.child_spec import ChildSpec, Restart
from beamlike.behaviours.handed_function import answer, checked, run
from beamlike.behaviours.supervision.dynamic_supervisor import DynamicSupervisor
from beamlike.behaviours.tasks.task import Task
from beamlike.behaviours.tasks.task_outcome import name_of
from beamlike.kernel import functions as kernel
from beamlike.kernel.record import record
from beamlike.kernel.server_names import Server
from beamlike.kernel.terms import Alias, Down, Pid

T = TypeVar("T")

SHUTDOWN = 5.0


class TaskSupervisor(DynamicSupervisor):
    """Start it as a DynamicSupervisor; what ends it ends its tasks.

    >>> import asyncio, beamlike as bl
    >>> async def main():
    ...     async with bl.Node("doc@127.0.0.1"):
    ...         await TaskSupervisor.start_link(name="tasks")
    ...         task = await TaskSupervisor.async_nolink("tasks", pow, 2, 10)
    ...         return await task
    >>> asyncio.run(main())
    1024
    """

    @staticmethod
    async def start_task(
        supervisor: Server,
        function: Callable[..., Any],
        *args: Any,
        restart: Restart = "temporary",
        shutdown: float | None = SHUTDOWN,
    ) -> Pid:
        """Runs `function(*args)`, plain or async, for its effect, under `supervisor`; again after its end, as `restart`
        says. When the supervisor ends it may take `shutdown` seconds more. MaxChildren if there are too many tasks."""
        start = functools.partial(_start, checked(function), args)
        return await _started(supervisor, ChildSpec(name_of(function), start, restart, shutdown))

    @overload
    @staticmethod
    async def async_(
        supervisor: Server, function: Callable[..., Awaitable[T]], *args: Any, shutdown: float | None = SHUTDOWN
    ) -> Task[T]: ...
    @overload
    @staticmethod
    async def async_(
        supervisor: Server, function: Callable[..., T], *args: Any, shutdown: float | None = SHUTDOWN
    ) -> Task[T]: ...
    @staticmethod
    async def async_(
        supervisor: Server, function: Callable[..., Any], *args: Any, shutdown: float | None = SHUTDOWN
    ) -> Task[Any]:
        """As Task.async_: a task of the current process, linked to it, and a child of `supervisor`, on whose node it
        runs. MaxChildren if there are too many tasks."""
        return await _begun(supervisor, function, args, shutdown, link=True)

    @overload
    @staticmethod
    async def async_nolink(
        supervisor: Server, function: Callable[..., Awaitable[T]], *args: Any, shutdown: float | None = SHUTDOWN
    ) -> Task[T]: ...
    @overload
    @staticmethod
    async def async_nolink(
        supervisor: Server, function: Callable[..., T], *args: Any, shutdown: float | None = SHUTDOWN
    ) -> Task[T]: ...
    @staticmethod
    async def async_nolink(
        supervisor: Server, function: Callable[..., Any], *args: Any, shutdown: float | None = SHUTDOWN
    ) -> Task[Any]:
        """As `async_`, linked to the supervisor alone: its crash is the owner's to judge."""
        return await _begun(supervisor, function, args, shutdown, link=False)


@record
class Begin:
    """Told to a task that waits: send your value there."""

    answer_to: Alias


async def _begun(
    supervisor: Server, function: Callable[..., Any], args: tuple[Any, ...], shutdown: float | None, *, link: bool
) -> Task[Any]:
    owner = kernel.self()
    start = functools.partial(_start_waiting, owner, checked(function), args)
    pid = await _started(supervisor, ChildSpec(name_of(function), start, "temporary", shutdown))
    ref = kernel.monitor(pid)
    if link:
        kernel.link(pid)
    kernel.send(pid, Begin(kernel.alias(ref, once=True)))
    return Task(pid, ref, owner, name_of(function))


async def _started(supervisor: Server, spec: ChildSpec) -> Pid:
    pid = await DynamicSupervisor.start_child(supervisor, spec)
    assert pid is not None, "the start of a task gives its pid"
    return pid


# In the supervisor.


def _start(function: Callable[..., Any], args: tuple[Any, ...]) -> Pid:
    return kernel.spawn_link(run, function, args)


def _start_waiting(owner: Pid, function: Callable[..., Any], args: tuple[Any, ...]) -> Pid:
    return kernel.spawn_link(_answer_when_told, owner, function, args)


# In the task.


async def _answer_when_told(owner: Pid, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
    owner_ended = kernel.monitor(owner)
    told = await kernel.receive(lambda message: isinstance(message, Begin | Down))
    kernel.demonitor(owner_ended, flush=True)
    if isinstance(told, Begin):
        await answer(told.answer_to, function, args)
