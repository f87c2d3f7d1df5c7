"""Work on another node that writes down how it ended, and what to look for afterwards."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import beamlike as bl
from beamlike.kernel.terms import CREATION_SHIFT
from tests.support.local_nodes import PATIENCE, eventually, no_message
from tests.support.peers import Peers, main_node, peers


async def works(witness: bl.Pid, left: Path) -> None:
    """Tells who it is, works for ever, and writes down how it was ended."""
    bl.send(witness, bl.self())
    try:
        await asyncio.sleep(3600)
    except asyncio.CancelledError:
        writes(left, "cancelled")
        raise


def computes(witness: bl.Pid, left: Path) -> None:
    """The same, and never waits."""
    bl.send(witness, bl.self())
    try:
        while True:
            time.sleep(0.001)  # so that who interrupts it gets the interpreter lock
    finally:
        writes(left, "interrupted")


def writes(left: Path, text: str) -> None:
    left.write_text(text)


def spawned_from_afar() -> int:
    """How many processes of this node have an id that the caller's node drew, the caller aside."""
    caller = bl.self()
    return sum(pid.id >> CREATION_SHIFT == caller.id >> CREATION_SHIFT for pid in bl.processes() if pid != caller)


async def nothing_is_left(node: str) -> None:
    """No work of ours over there, no message here."""
    async with asyncio.timeout(PATIENCE):
        while await bl.rpc.call(node, spawned_from_afar, timeout=PATIENCE):
            pass
    await no_message()


async def its_end(left: Path, *says: str) -> None:
    """Returns when the work is over that writes there, and has written one of these."""
    await eventually(lambda: left.exists() and left.read_text() in says)


def among_peers(test: Callable[[Peers], Awaitable[None]]) -> None:
    """Runs an async test on a node that may start others."""

    async def run() -> None:
        async with main_node(), peers() as started:
            await test(started)

    asyncio.run(run())
