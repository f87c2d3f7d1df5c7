"""The pool's side of one runner: boots its node, watches it, and stops it, as a process that the pool monitors.

It tells the pool `Up` and answers `Stop`; why it ended is its exit reason. It also stops its node when the pool is
gone, however that came.
"""

from __future__ import annotations

import asyncio
import functools
from dataclasses import dataclass

import beamlike as bl
import nodes
from beamlike.kernel.exceptions import reraisable
from beamlike.kernel.terms import SHUTDOWN
from flame.errand import Errand
from flame.outcome import Ended, Outcome, Raised, Returned

STOP_SECONDS = 30.0
"""How long the machine of a runner may take to be gone."""


@dataclass(frozen=True, slots=True)
class Up:
    runner: bl.Pid
    node: str


@dataclass(frozen=True, slots=True)
class Stop:
    reason: str


async def run(pool: bl.Pid, backend: nodes.Backend, boot_timeout: float) -> None:
    """Runs one runner of `pool` from its boot to its end. Ends with ("shutdown", why in words)."""
    bl.monitor(pool)
    child = await _boot(backend, boot_timeout)
    try:
        bl.monitor_node(child.node)
        bl.send(pool, Up(bl.self(), child.node))
        reason = await _reason_to_end(child)
    finally:
        bl.monitor_node(child.node, False)
        async with asyncio.timeout(STOP_SECONDS):
            await child.stop()
    raise _end(reason)


async def _boot(backend: nodes.Backend, boot_timeout: float) -> nodes.Child:
    errand = Errand(functools.partial(nodes.boot, backend, timeout=boot_timeout))
    stopped = ""
    outcome: Outcome | None = None
    while outcome is None:
        message = await bl.receive()
        outcome = errand.outcome(message)
        if outcome is None and (reason := _reason_to_stop(message)):
            stopped = reason
            errand.call_off()
    match outcome:
        case Returned(child) if not stopped:
            assert isinstance(child, nodes.Child)
            return child
        case Returned(child):
            await child.stop()
        case Raised(info) if isinstance(info.exception, nodes.BootFailed):
            raise _end(info.message)
        case Raised(info):
            raise reraisable(info)
        case Ended(reason):
            stopped = stopped or f"its boot was ended: {reason}"
    raise _end(stopped)


async def _reason_to_end(child: nodes.Child) -> str:
    while True:
        message = await bl.receive()
        if reason := _reason_to_stop(message):
            return reason
        if isinstance(message, bl.NodeDown) and message.node == child.node:
            return await child.fate()


def _reason_to_stop(message: object) -> str:
    match message:
        case Stop(reason):
            return reason
        case bl.Down():
            return "its pool ended"
    return ""


def _end(reason: str) -> bl.ProcessExit:
    return bl.ProcessExit((SHUTDOWN, reason))
