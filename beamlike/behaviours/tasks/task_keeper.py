"""The process that runs the tasks of one stream, so that they trouble neither the mailbox nor the links of its owner.

    owner ── Begin(position, function, args, node) ──► keeper ── spawn, linked and monitored ──► task
    owner ◄── Reply(ref, Ended(position, outcome)) ─── keeper ◄── Reply or Down ──────────────── task
    owner ── Close, or the owner's end ──────────────► keeper kills all tasks and ends

The outcome of a task that exceeds the stream's time limit is None, and the task is killed. In a linked stream a task
that crashes ends the keeper, and by its link the owner, as a linked task ends its owner.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from beamlike.behaviours.handed_function import answer
from beamlike.behaviours.tasks.task_outcome import Exited, Ok, Outcome, name_of
from beamlike.kernel import functions as kernel
from beamlike.kernel import terms
from beamlike.kernel.exceptions import exit_reason
from beamlike.kernel.record import frozen, record
from beamlike.kernel.terms import Alias, Down, Exit, Pid, Reason, Ref, Reply


@record
class Begin:
    position: int
    function: Callable[..., Any]
    args: tuple[Any, ...]
    node: str | None


@record
class Close:
    pass


@record
class Ended:
    position: int
    outcome: Outcome[Any] | None


@frozen
class Rules:
    """What a keeper is told at its start: whom it serves, and the rules for its tasks."""

    owner: Pid
    answer_to: Alias
    timeout: float | None
    linked: bool


async def keep(rules: Rules) -> None:
    """The keeper's code."""
    kernel.trap_exit(True)
    keeper = _Keeper(rules)
    try:
        await keeper.serve()
    finally:
        keeper.kill_all()


@frozen
class _Running:
    position: int
    function: str
    pid: Pid
    until: float


class _Keeper:
    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        # In the order of their start, and so of their deadlines.
        self._running: dict[Ref, _Running] = {}

    async def serve(self) -> None:
        while True:
            try:
                message = await kernel.receive(timeout=self._patience())
            except TimeoutError:
                self._end_the_late()
                continue
            match message:
                case Begin():
                    await self._begin(message)
                case Reply(ref, value) if ref in self._running:
                    self._report(self._forget(ref).position, Ok(value))
                case Down(ref, _, reason) if ref in self._running:
                    task = self._forget(ref)
                    await self._failed(task.position, task.function, reason)
                case Close():
                    return
                case Exit(pid, _) if pid == self._rules.owner:
                    return

    def kill_all(self) -> None:
        for task in self._running.values():
            kernel.exit(task.pid, terms.KILL)

    async def _begin(self, begin: Begin) -> None:
        ref = kernel.make_ref()
        answer_to = kernel.alias(ref, once=True)
        work = answer_to, begin.function, begin.args
        try:
            pid = kernel.spawn_tied(answer, work, begin.node, link=True, monitor=ref)
        except Exception as error:  # the function or the item cannot travel
            kernel.unalias(answer_to)
            await self._failed(begin.position, name_of(begin.function), exit_reason(error, kernel.self()))
            return
        self._running[ref] = _Running(begin.position, name_of(begin.function), pid, self._until())

    def _until(self) -> float:
        timeout = self._rules.timeout
        return float("inf") if timeout is None else asyncio.get_running_loop().time() + timeout

    def _patience(self) -> float | None:
        """Seconds until the first deadline."""
        if self._rules.timeout is None or not self._running:
            return None
        return max(0.0, next(iter(self._running.values())).until - asyncio.get_running_loop().time())

    def _end_the_late(self) -> None:
        now = asyncio.get_running_loop().time()
        for ref, task in [(ref, task) for ref, task in self._running.items() if task.until <= now]:
            self._forget(ref)
            kernel.exit(task.pid, terms.KILL)
            self._report(task.position, None)

    def _forget(self, ref: Ref) -> _Running:
        kernel.demonitor(ref, flush=True)
        return self._running.pop(ref)

    def _report(self, position: int, outcome: Outcome[Any] | None) -> None:
        answer_to = self._rules.answer_to
        kernel.send(answer_to, Reply(answer_to.ref, Ended(position, outcome)))

    async def _failed(self, position: int, function: str, reason: Reason) -> None:
        if self._rules.linked and not (isinstance(reason, str) and reason == terms.NORMAL):
            self.kill_all()
            await _end_as_a_linked_process_does(reason)
        self._report(position, Exited(reason, function))


async def _end_as_a_linked_process_does(reason: Reason) -> None:
    """By an exit signal, which makes no crash report of its own: the task has made one."""
    kernel.trap_exit(False)
    kernel.exit(kernel.self(), reason)
    await kernel.receive()
