"""Children that are killed at any moment of their life leave nothing behind, again and again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import subprocess
import sys
import time

import psutil
import pytest

import beamlike as bl
import nodes
from tests.support.processes import child_nodes, wait_until_gone
from tests.support.soak import count

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1200)]


def test_a_child_killed_at_any_moment_is_seen_and_replaced() -> None:
    chance = random.Random(2)

    async def one(number: int) -> None:
        boot = asyncio.create_task(nodes.boot(nodes.Local(), timeout=60))
        await asyncio.sleep(chance.uniform(0, 0.25))
        for pid in child_nodes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        (outcome,) = await asyncio.gather(boot, return_exceptions=True)
        if isinstance(outcome, nodes.BootFailed):
            assert "was killed by SIGKILL" in str(outcome)
            return
        assert isinstance(outcome, nodes.Child)
        await use_and_stop(outcome, number)

    async def use_and_stop(child: nodes.Child, number: int) -> None:
        try:
            assert await bl.rpc.call(child.node, sum, [number, 1], timeout=40) == number + 1
        except bl.NotConnected:
            pass  # it was killed after it had connected
        finally:
            await child.stop(grace=0)

    async def main() -> None:
        async with bl.Node("soak@127.0.0.1", secret="s"):
            for number in range(count(8, 200)):
                await one(number)
            assert bl.nodes(hidden=True) == []

    asyncio.run(main())
    wait_until_gone(*child_nodes())


PARENT = """
import asyncio, os, beamlike as bl, nodes

async def main():
    async with bl.Node(f"doomed-{os.getpid()}@127.0.0.1", secret="s"):
        print("up", flush=True)
        while True:
            children = await asyncio.gather(*(nodes.boot(nodes.Local()) for _ in range(3)))
            await asyncio.gather(*(child.stop(grace=0) for child in children))

asyncio.run(main())
"""


def test_a_parent_killed_at_any_moment_of_boots_and_stops_leaves_no_child() -> None:
    chance = random.Random(3)
    for number in range(count(3, 60)):
        mark = f"soak-{os.getpid()}-{number}"
        environment = {**os.environ, "BEAMLIKE_TEST_MARK": mark}
        with subprocess.Popen(
            [sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True, env=environment
        ) as program:
            assert program.stdout is not None
            assert program.stdout.readline() == "up\n"
            time.sleep(chance.uniform(0, 0.6))  # any moment: that is the point
            program.kill()
        wait_until_gone(*marked(mark))


def marked(mark: str) -> list[int]:
    """The processes that inherited this mark, also those that the parent had only just forked."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get("BEAMLIKE_TEST_MARK") == mark:
                found.append(process.pid)
    return found
