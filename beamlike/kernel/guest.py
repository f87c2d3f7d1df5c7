"""The process identity of an ordinary asyncio task, which it gets when it first needs one and loses at its end.

So the body of `async with Node(...)` or a web handler can send, receive, link and monitor like a process. Its child
tasks share it. An exit signal cancels the task.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from beamlike.kernel import terms
from beamlike.kernel.cancel_message import CancelMessage
from beamlike.kernel.exceptions import exit_reason
from beamlike.kernel.process import Process
from beamlike.kernel.states import GUEST
from beamlike.kernel.terms import Pid

if TYPE_CHECKING:
    from beamlike.kernel.node import LocalNode
    from beamlike.kernel.scheduler import Scheduler
    from beamlike.kernel.signals import Exit
    from beamlike.kernel.terms import Reason


class GuestProcess(Process):
    __slots__ = ("task",)

    def __init__(self, node: LocalNode, id: int, scheduler: Scheduler, task: asyncio.Task[Any]) -> None:
        self.node = node
        self.pid = Pid(node.name, id, self)
        self.scheduler = scheduler
        self.state = GUEST
        self.slot = self.awaited = self.inbox = self.mailbox = self.rare = None
        self.task = task
        task.add_done_callback(self._task_done)

    def step(self) -> None:
        raise AssertionError("a guest waits on futures, so it never parks")

    def stay_careful(self) -> None:
        """A guest is off the fast paths anyway."""

    def unwind(self, signal: Exit | None) -> None:
        self.task.cancel(CancelMessage(self.reason, signal))

    def _task_done(self, task: asyncio.Task[Any]) -> None:
        self.settle(self._reason_of(task))
        del self.task  # which holds this guest in its context

    def _reason_of(self, task: asyncio.Task[Any]) -> Reason:
        if isinstance(task, Process):  # of another node on this loop
            return task.reason
        if task.cancelled():
            return "cancelled"
        # Reads the exception without marking it as retrieved: that is for whoever owns the task.
        error = task._exception
        return terms.NORMAL if error is None else exit_reason(error, self.pid)
