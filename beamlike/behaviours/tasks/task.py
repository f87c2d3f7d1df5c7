"""Tasks: a process that computes one value for the process that asked for it. Elixir's Task is the model.

    Task.async_ ──► owner and task linked ──► `await task`: the value, or TaskFailed
         │                                         └ too late: TaskTimeout, and the value vanishes when it comes
         └ Task.async_nolink: monitored only, so that a crash is the owner's to judge, by `await` or `yield_`

The value comes as a Reply under the task's `ref` to a one-shot alias, a crash as a Down under the same ref. A crash of
a linked task ends its owner as any link does, unless the owner traps exits; then `await` raises TaskFailed, and an Exit
message comes too. Where Elixir exits the caller we raise: whoever does not catch it ends, and the link ends the task.

Only the owner (or a child task of it) may wait for a task, and once: a value that was given out is not kept.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Generator, Iterable
from itertools import islice
from typing import Any, Generic, Literal, TypeVar, overload

from beamlike.behaviours.deadline import deadline
from beamlike.behaviours.handed_function import answer, checked, run
from beamlike.behaviours.tasks.task_outcome import Exited, Ok, Outcome, TaskFailed, TaskTimeout, name_of
from beamlike.behaviours.tasks.task_stream import StreamTasks
from beamlike.kernel import functions as kernel
from beamlike.kernel import terms
from beamlike.kernel.terms import Down, Pid, Ref, Reply

__all__ = ["Exited", "Ok", "Outcome", "Task", "TaskFailed", "TaskTimeout"]

T = TypeVar("T")

AWAIT_TIMEOUT = 5.0
SHUTDOWN_TIMEOUT = 5.0

NAMED = 3
"""So many late tasks are named in an error."""


class Task(StreamTasks, Generic[T]):
    """A handle of a running task, made by `Task.async_` or `Task.async_nolink`; `await` it once, in its owner.

    >>> import asyncio, beamlike as bl
    >>> async def main():
    ...     async with bl.Node("doc@127.0.0.1"):
    ...         task = Task.async_(pow, 2, 10)
    ...         return await task
    >>> asyncio.run(main())
    1024
    """

    __slots__ = ("_open", "function", "owner", "pid", "ref")

    def __init__(self, pid: Pid, ref: Ref, owner: Pid, function: str) -> None:
        self.pid = pid
        self.ref = ref
        self.owner = owner
        self.function = function
        self._open = True

    def __repr__(self) -> str:
        return f"<Task {self.function} {self.pid} of {self.owner}>"

    # To start.

    @staticmethod
    def start(function: Callable[..., Any], *args: Any, node: str | None = None) -> Pid:
        """Runs `function(*args)`, plain or async, for its effect: nobody waits for it nor hears of its end."""
        return kernel.spawn_tied(run, (checked(function), args), node)

    @staticmethod
    def start_link(function: Callable[..., Any], *args: Any, node: str | None = None) -> Pid:
        """As `start`, linked to the current process: as a child of a supervisor, say."""
        return kernel.spawn_tied(run, (checked(function), args), node, link=True)

    @overload
    @staticmethod
    def async_(function: Callable[..., Awaitable[T]], *args: Any, node: str | None = None) -> Task[T]: ...
    @overload
    @staticmethod
    def async_(function: Callable[..., T], *args: Any, node: str | None = None) -> Task[T]: ...
    @staticmethod
    def async_(function: Callable[..., Any], *args: Any, node: str | None = None) -> Task[Any]:
        """Runs `function(*args)`, plain or async, in a process linked to the current one, which becomes its owner.

        `node` names another node to run it on. Keywords of the function itself go through functools.partial.
        """
        return _start(function, args, node, link=True)

    @overload
    @staticmethod
    def async_nolink(function: Callable[..., Awaitable[T]], *args: Any, node: str | None = None) -> Task[T]: ...
    @overload
    @staticmethod
    def async_nolink(function: Callable[..., T], *args: Any, node: str | None = None) -> Task[T]: ...
    @staticmethod
    def async_nolink(function: Callable[..., Any], *args: Any, node: str | None = None) -> Task[Any]:
        """As `async_`, without the link: neither ends with the other."""
        return _start(function, args, node, link=False)

    # To wait.

    def __await__(self) -> Generator[Any, Any, T]:
        """`result` with its usual time limit."""
        return self.result().__await__()

    async def result(self, timeout: float | None = AWAIT_TIMEOUT) -> T:
        """The value. TaskFailed if the task ended without one, TaskTimeout after `timeout` seconds (None: never), after
        which nobody can wait for it any more. ValueError in another process than the owner, or for the second time."""
        outcome = await self.yield_(timeout)
        if outcome is None:
            self._close()
            raise TaskTimeout(self.function, timeout or 0)
        return outcome.result()

    async def yield_(self, timeout: float | None = AWAIT_TIMEOUT) -> Outcome[T] | None:
        """Ok(value), Exited(reason), or None after `timeout` seconds: then one may wait again, or `shutdown` it."""
        self._check_may_wait()
        try:
            answer = await kernel.receive(ref=self.ref, timeout=timeout)
        except TimeoutError:
            return None
        self._close()
        return self._outcome(answer)

    async def shutdown(self, timeout: float | Literal["brutal_kill"] | None = SHUTDOWN_TIMEOUT) -> Outcome[T] | None:
        """Ends the task and returns when it has ended: Ok(value) if it had answered, Exited(reason) if it ended for
        another reason than this, else None.

        It gets an exit signal "shutdown", and "kill" when that took longer than `timeout` seconds; "brutal_kill" kills
        it at once. Its exit does not reach the owner.
        """
        self._check_owner("shut down")
        brutal = timeout == "brutal_kill"
        ended = kernel.monitor(self.pid)
        kernel.unlink(self.pid)
        try:
            kernel.exit(self.pid, terms.KILL if brutal else terms.SHUTDOWN)
            try:
                await kernel.receive(ref=ended, timeout=None if timeout == "brutal_kill" else timeout)
                asked_for = terms.KILLED if brutal else terms.SHUTDOWN
            except TimeoutError:
                kernel.exit(self.pid, terms.KILL)
                await kernel.receive(ref=ended)
                asked_for = terms.KILLED
        finally:
            kernel.demonitor(ended, flush=True)
        outcome = await self._taken()
        return None if _ended_as_asked(outcome, asked_for) else outcome

    async def ignore(self) -> Outcome[T] | None:
        """Lets the task go on by itself, unlinked and unwatched, and its value vanish; its outcome if there is one."""
        self._check_owner("ignore")
        kernel.unlink(self.pid)
        return await self._taken()

    @staticmethod
    async def await_many(tasks: Iterable[Task[T]], timeout: float | None = AWAIT_TIMEOUT) -> list[T]:
        """The values of all, in the order of `tasks`. TaskFailed as soon as one ends without a value, TaskTimeout when
        `timeout` seconds have passed before all have answered; then nobody can wait for any of them any more."""
        waiting, until = _Waiting(tasks), deadline(timeout)
        values: dict[Ref, T] = {}
        try:
            while answered := await waiting.next(until):
                task, outcome = answered
                values[task.ref] = outcome.result()
            if waiting.pending:
                raise TaskTimeout(waiting.names(), timeout or 0)
        finally:
            waiting.close()
        return [values[task.ref] for task in waiting.tasks]

    @staticmethod
    async def yield_many(
        tasks: Iterable[Task[T]], timeout: float | None = AWAIT_TIMEOUT
    ) -> list[tuple[Task[T], Outcome[T] | None]]:
        """(task, outcome) for each, in the order of `tasks`, when all have ended or `timeout` seconds have passed; None
        is the outcome of one that has not: one may wait for it again."""
        waiting, until = _Waiting(tasks), deadline(timeout)
        outcomes: dict[Ref, Outcome[T]] = {}
        while answered := await waiting.next(until):
            task, outcome = answered
            outcomes[task.ref] = outcome
        return [(task, outcomes.get(task.ref)) for task in waiting.tasks]

    # Inside.

    def _check_owner(self, what: str) -> None:
        if (asker := kernel.self()) != self.owner:
            raise ValueError(f"expected the owner {self.owner} to {what} {self!r}, got {asker}: only it hears of it")

    def _check_may_wait(self) -> None:
        self._check_owner("wait for")
        if not self._open:
            raise ValueError(f"{self!r} was waited for already: keep its result, or wait longer the first time")

    def _outcome(self, answer: Reply | Down) -> Outcome[T]:
        return Ok(answer.value) if isinstance(answer, Reply) else Exited(answer.reason, self.function)

    async def _taken(self) -> Outcome[T] | None:
        """The outcome if it is there; either way nobody can wait for it any more."""
        try:
            answer = await kernel.receive(ref=self.ref, timeout=0)
        except TimeoutError:
            return None
        finally:
            self._close()
        return self._outcome(answer)

    def _close(self) -> None:
        """The monitor and the alias end together: what comes late vanishes."""
        self._open = False
        kernel.demonitor(self.ref, flush=True)


def _start(function: Callable[..., Any], args: tuple[Any, ...], node: str | None, *, link: bool) -> Task[Any]:
    owner, ref = kernel.self(), kernel.make_ref()
    answer_to = kernel.alias(ref, once=True)
    try:
        pid = kernel.spawn_tied(answer, (answer_to, checked(function), args), node, link=link, monitor=ref)
    except BaseException:  # it cannot travel
        kernel.unalias(answer_to)
        raise
    return Task(pid, ref, owner, name_of(function))


class _Waiting(Generic[T]):
    """Several tasks that are waited for together."""

    def __init__(self, tasks: Iterable[Task[T]]) -> None:
        self.tasks = tuple(tasks)
        for task in self.tasks:
            task._check_may_wait()
        self.pending = {task.ref: task for task in self.tasks}

    async def next(self, until: float | None) -> tuple[Task[T], Outcome[T]] | None:
        """The task that has ended next, and its outcome; None when all have or it is later than `until`."""
        if not self.pending:
            return None
        left = None if until is None else max(0.0, until - asyncio.get_running_loop().time())
        try:
            answer = await kernel.receive(self._answers, timeout=left)
        except TimeoutError:
            return None
        task = self.pending.pop(answer.ref)
        task._close()
        return task, task._outcome(answer)

    def _answers(self, message: Any) -> bool:
        return isinstance(message, Reply | Down) and message.ref in self.pending

    def names(self) -> str:
        """What the pending tasks are called, the first few of them."""
        first = ", ".join(task.function for task in islice(self.pending.values(), NAMED))
        more = len(self.pending) - NAMED
        return f"{first} and {more} more" if more > 0 else first

    def close(self) -> None:
        for task in self.pending.values():
            task._close()


def _ended_as_asked(outcome: Outcome[Any] | None, reason: str) -> bool:
    return isinstance(outcome, Exited) and isinstance(outcome.reason, str) and outcome.reason == reason
