"""Processes that do nothing but wait for a message."""

from __future__ import annotations

import beamlike as bl


async def waits() -> None:
    await bl.receive()


async def idle_processes(count: int) -> list[bl.Pid]:
    """Started, and come to their wait: processes have their first turn in the order of their birth."""
    pids = [bl.spawn(waits) for _ in range(count)]
    last = bl.make_ref()
    bl.spawn(answers, bl.self(), last)
    await bl.receive(ref=last)
    return pids


async def answers(asker: bl.Pid, ref: bl.Ref) -> None:
    bl.send(asker, bl.Reply(ref, None))
