"""Who waits for whom, looked up when a call has run into its time limit: those that wait for each other in a circle.

A process knows who waits for its reply, so the search goes from the caller to those who wait for it. What it sees are
processes of this interpreter; a circle through another node is not found.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from beamlike.kernel.process import Process
from beamlike.kernel.terms import Pid

LOOKED_AT = 10_000
"""Processes that are looked at; a time-out is no occasion to search a whole node."""


def circle(caller: Process, server: Process | None) -> tuple[Pid, ...]:
    """The caller, the server, and whom each waits for, up to the caller again; empty if the server does not wait for
    the caller."""
    waits_for = {caller: caller}
    found = deque((caller,))
    while found and len(waits_for) < LOOKED_AT and server not in waits_for:
        process = found.popleft()
        for asker in _askers(process):
            if asker not in waits_for:
                waits_for[asker] = process
                found.append(asker)
    if server is None or server not in waits_for or server is caller:
        return ()
    chain = [caller.pid, server.pid]
    while server is not caller:
        server = waits_for[server]
        chain.append(server.pid)
    return tuple(chain)


def in_words(chain: tuple[Pid, ...]) -> str:
    """A chain of processes as a sentence about who waits."""
    first, *others = map(_who, chain)
    return f"{first} waits for {', which waits for '.join(others)}"


def _askers(process: Process) -> Iterator[Process]:
    """Who waits for a reply of `process`, now."""
    rare = process.rare
    if rare is None:
        return
    yield from tuple(rare.requests or ())
    for monitor in tuple((rare.monitored_by or {}).values()):
        asker = monitor.source.process
        if asker is not None and asker.mailbox is not None and asker.mailbox.is_awaited(monitor.ref):
            yield asker


def _who(pid: Pid) -> str:
    name = pid.process.name if pid.process is not None else None
    return f"{pid} ({name})" if name else str(pid)
