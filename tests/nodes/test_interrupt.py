"""What keeps a child's loop busy is ended from elsewhere, where it sleeps in C, too, and nothing else of it is."""

from __future__ import annotations

import asyncio
import logging
import queue
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import beamlike as bl
import nodes
from tests.support.local_nodes import PATIENCE, eventually

pytestmark = pytest.mark.usefixtures("both_kinds")

AN_HOUR = 3600.0


def sleep_long(begun: Path) -> None:
    begun.touch()
    time.sleep(AN_HOUR)  # until the test interrupts it: that it wakes is what it is about


def keep_busy(begun: Path) -> None:
    begun.touch()
    while True:
        sum(range(1000))


def log_without_end(begun: Path) -> None:
    begun.touch()
    logger = logging.getLogger("busy")
    while True:
        logger.debug("what nobody reads")


def hand_over_without_end(begun: Path) -> None:
    begun.touch()
    handed: queue.Queue[int] = queue.Queue()
    while True:
        handed.put(1)
        handed.get()


def keep_busy_deep_down(begun: Path, depth: int = 20_000) -> None:
    """What is told of its end takes a while."""
    sys.setrecursionlimit(2 * depth)
    _descend(begun, depth)


def _descend(begun: Path, depth: int) -> None:
    _descend(begun, depth - 1) if depth else keep_busy(begun)


async def wait_for_ever() -> None:
    await bl.receive()


async def interrupted(node: str, call: asyncio.Task[None]) -> list[bl.Stall]:
    """What was ended. More than once, for a signal that comes right before a system call does not wake it."""
    stalls = []
    async with asyncio.timeout(PATIENCE):
        while not call.done():
            if stall := await bl.interrupt(node, timeout=PATIENCE):
                stalls.append(stall)
            await asyncio.wait([call], timeout=0.1)
    return stalls


@pytest.mark.parametrize("own_thread", [False, True])
@pytest.mark.parametrize("function", [sleep_long, keep_busy, log_without_end, hand_over_without_end])
def test_a_child_is_woken_and_goes_on(function: Callable[[Path], None], own_thread: bool, tmp_path: Path) -> None:
    async def main() -> None:
        async with bl.Node("parent@127.0.0.1", secret="of its own"):
            child = await nodes.boot(nodes.Local(), own_thread=own_thread)
            try:
                bystander = bl.spawn(wait_for_ever, node=child.node)
                begun = tmp_path / "begun"
                call = asyncio.create_task(bl.rpc.call(child.node, function, begun))
                await eventually(begun.exists)
                stalls = await interrupted(child.node, call)
                assert function.__name__ in str(stalls[0])
                with pytest.raises(bl.rpc.CallEnded, match="Interrupted"):
                    await call
                assert await bl.rpc.call(child.node, bl.is_alive, bystander, timeout=PATIENCE)
                assert await bl.interrupt(child.node, timeout=PATIENCE) is None
            finally:
                await child.stop()

    asyncio.run(main())


@pytest.mark.parametrize("own_thread", [False, True])
def test_who_interrupts_again_and_again_ends_one_process_and_nothing_else(own_thread: bool, tmp_path: Path) -> None:
    """As long as its end is being described, too, which keeps the loop busy as well."""

    async def main() -> None:
        async with bl.Node("parent@127.0.0.1", secret="of its own"):
            child = await nodes.boot(nodes.Local(), own_thread=own_thread)
            try:
                begun = tmp_path / "begun"
                call = asyncio.create_task(bl.rpc.call(child.node, keep_busy_deep_down, begun))
                await eventually(begun.exists)
                async with asyncio.timeout(PATIENCE):
                    while not call.done():
                        await bl.interrupt(child.node, timeout=PATIENCE)
                with pytest.raises(bl.rpc.CallEnded, match="Interrupted"):
                    await call
                assert await bl.rpc.call(child.node, abs, -1, timeout=PATIENCE) == 1
            finally:
                await child.stop()

    asyncio.run(main())
