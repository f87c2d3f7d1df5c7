"""Looks at the mailboxes of a whole node from time to time, and tells of those that are long.

So a process that gets more than it takes is noticed though nobody gave it a limit, and sending costs nothing for it.
A mailbox that is long for less than the time between two rounds may go unnoticed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import islice

from beamlike.kernel.inspection.long_mailbox import logger, long_mailbox
from beamlike.kernel.node import LocalNode
from beamlike.kernel.process import Process
from beamlike.kernel.terms import Pid

EVERY = 5.0
LIMIT = 100_000
SLICE = 1000
"""Processes that are looked at in one go, some 0.3 ms."""


class MailboxPatrol:
    """Goes on until `close`; to be made and closed in the thread of the node's home scheduler. Also a context manager.

    A process for which more than `limit` messages wait is named in the log "beamlike.mailbox", as by `max_mailbox`,
    and again in a round that finds twice as many.
    """

    def __init__(self, node: LocalNode, limit: int = LIMIT, every: float = EVERY) -> None:
        if not isinstance(limit, int) or limit < 1:
            raise ValueError(f"expected a number of messages above 0 from which a mailbox is long, got {limit!r}")
        if not every > 0:
            raise ValueError(f"expected a time above 0 s between two looks at the mailboxes, got {every!r}")
        self._node = node
        self._limit = limit
        self._every = every
        self._told: dict[Pid, int] = {}
        self._left: Iterator[Pid] = iter(())
        self._next = self._later()

    def close(self) -> None:
        self._next.cancel()

    def __enter__(self) -> MailboxPatrol:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _later(self) -> asyncio.Handle:
        scheduler = self._node.scheduler
        return scheduler.loop.call_later(self._every, self._begin, context=scheduler.context)

    def _begin(self) -> None:
        self._told = {pid: length for pid, length in self._told.items() if pid.process is not None}
        self._left = iter(self._node.processes())
        self._go_on()

    def _go_on(self) -> None:
        some = list(islice(self._left, SLICE))
        for pid in some:
            if pid.process is not None:
                self._look(pid.process)
        if len(some) < SLICE:
            self._next = self._later()
        else:
            scheduler = self._node.scheduler
            self._next = scheduler.loop.call_soon(self._go_on, context=scheduler.context)

    def _look(self, process: Process) -> None:
        length = process.message_queue_len
        if length <= self._limit:
            self._told.pop(process.pid, None)
        elif length >= 2 * self._told.get(process.pid, 0):
            self._told[process.pid] = length
            news = long_mailbox(process, self._limit)
            logger.warning("%s", news, extra={"long_mailbox": news})
