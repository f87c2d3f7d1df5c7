"""A limit on the length of a mailbox: what to do about a process that gets more messages than it takes.

On the BEAM it is `max_heap_size` that ends a process whose mailbox is flooded. Here all processes share one heap, so
the messages are counted; a process without a limit pays nothing for it.
"""

from __future__ import annotations

import math
from typing import Any, Final

from beamlike.kernel import current, terms
from beamlike.kernel.inspection.long_mailbox import logger, long_mailbox
from beamlike.kernel.process import Process
from beamlike.kernel.terms import Pid

WARN: Final = "warn"
KILL: Final = "kill"


class MailboxLimit:
    __slots__ = ("_action", "_due", "_limit", "_process")

    def __init__(self, process: Process, limit: int, action: str) -> None:
        self._process = process
        self._limit = limit
        self._action = action
        self._due: float = limit
        """The length above which there is something to do."""

    def arrived(self, _message: Any) -> None:
        self.check()

    def check(self) -> None:
        length = self._process.message_queue_len
        if length > self._due:
            self._exceed(length)
        elif length <= self._limit // 2:  # well below: who swings about the limit is told of once
            self._due = self._limit

    def _exceed(self, length: int) -> None:
        self._due = 2 * length
        process = self._process
        news = long_mailbox(process, self._limit)
        if self._action == KILL:
            self._due = math.inf
            logger.error("%s; it is killed", news, extra={"long_mailbox": news})
            # Not at once: whoever sends is in the middle of it.
            process.scheduler.loop.call_soon(process.end, terms.KILLED, context=process.scheduler.context)
        else:
            logger.warning("%s", news, extra={"long_mailbox": news})


def max_mailbox(limit: int | None, action: str = WARN, *, pid: Pid | None = None) -> None:
    """When more than `limit` messages wait for the current process, or for `pid` of this node: "warn" writes to the
    log "beamlike.mailbox", again at each doubling; "kill" does so once and ends the process with "killed" as soon as
    what runs has had its turn. None: no limit any more.

    ValueError for a limit below 1, an unknown action or a pid of another node, NoProcess for one that has ended.

    >>> import asyncio, logging, beamlike as bl
    >>> async def main():
    ...     async with bl.Node("doc@127.0.0.1"):
    ...         pid, ref = bl.spawn_monitor(asyncio.sleep, 3600)
    ...         max_mailbox(1000, "kill", pid=pid)
    ...         for number in range(2000):
    ...             bl.send(pid, number)
    ...         return (await bl.receive(ref=ref, timeout=5)).reason
    >>> logging.disable(); asyncio.run(main()); logging.disable(logging.NOTSET)
    'killed'
    """
    if limit is not None and (not isinstance(limit, int) or limit < 1):
        raise ValueError(f"expected a number of messages above 0 as a limit, or None, got {limit!r}")
    if action not in (WARN, KILL):
        raise ValueError(f"expected 'warn' or 'kill' as what to do about a long mailbox, got {action!r}")
    process = current.live_process(pid, "limit") if pid is not None else current.current_process()
    process.scheduler.call(_set, process, MailboxLimit(process, limit, action) if limit is not None else None)


def _set(process: Process, limit: MailboxLimit | None) -> None:
    if not process.ended:
        process.own_inspected().limit = limit
        process.watch_arrivals()
        if limit is not None:
            limit.check()
