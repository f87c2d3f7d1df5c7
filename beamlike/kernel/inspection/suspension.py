"""Suspending a process from outside: its code does not go on, whatever comes, until it is resumed.

As `erlang:suspend_process/1`. It is for looking into a program that runs, not for synchronizing one: who waits for a
suspended process waits. Exit signals end it all the same, and its child tasks go on.
"""

from __future__ import annotations

from beamlike.kernel import current
from beamlike.kernel.process import Process
from beamlike.kernel.stepped import SteppedProcess
from beamlike.kernel.terms import Pid


def suspend_process(pid: Pid) -> None:
    """Keeps a process of this node from running until it is resumed as often, or the current process ends.

    ValueError for the current process itself, one of another node, or an asyncio task with a process identity, whose
    steps are asyncio's business; NoProcess for one that has ended.

    >>> import asyncio, beamlike as bl
    >>> async def main():
    ...     async with bl.Node("doc@127.0.0.1"):
    ...         pid = bl.spawn(bl.receive)
    ...         suspend_process(pid)
    ...         bl.send(pid, "hello")
    ...         await asyncio.sleep(0)
    ...         resume_process(pid)
    ...         return (await bl.receive(ref=bl.monitor(pid), timeout=5)).reason
    >>> asyncio.run(main())
    'normal'
    """
    process, me = current.live_process(pid, "suspend"), current.current_process()
    if process is me:
        raise ValueError(f"expected another process to suspend than {pid} itself, which could not resume itself")
    if not isinstance(process, SteppedProcess):
        raise ValueError(f"expected a process to suspend, got {pid}, which is an asyncio task; only its loop steps it")
    counts = me.own_inspected().suspending
    # Its own pid, not the one that was given: that may have come from another node, and so know no process.
    counts[process.pid] = counts.get(process.pid, 0) + 1
    process.scheduler.call(process.suspend, me.pid)


def resume_process(pid: Pid) -> None:
    """Takes back one `suspend_process` of the current process; ValueError if there is none. It goes on when nobody
    suspends it any more."""
    process, me = current.process_of(pid, "resume"), current.current_process()
    if not _take_back(me, process.pid if process is not None else pid):
        raise ValueError(f"expected a process that {me.pid} has suspended, got {pid}, which it has not")
    if process is not None:
        process.scheduler.call(process.resume_once, me.pid)


def _take_back(me: Process, pid: Pid) -> bool:
    """Whether there was one to take back."""
    counts = me.inspected.suspending if me.inspected is not None else {}
    count = counts.pop(pid, 0)
    if count > 1:
        counts[pid] = count - 1
    return count > 0
