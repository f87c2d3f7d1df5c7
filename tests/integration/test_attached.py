"""A notebook that visits a running service: it evaluates there, does no harm, and leaves nothing."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from pathlib import Path
from typing import Any

import pytest

import beamlike as bl
from notebook_tui.document.operations import CancelEvaluation
from tests.support.visited import service, visiting
from tests.support.visited_process import begin_to_beat, differences, in_all, is_as, longest_stall

HARMLESS = """
import os, sys, threading, asyncio, logging
print("from the cell")
x = 20
class Point:
    pass
os.getpid()
"""
AWAITS = """
await asyncio.sleep(0)
loop = asyncio.get_running_loop()
async def forever():
    while True:
        await asyncio.sleep(0.01)
left_behind = asyncio.create_task(forever())
threading.current_thread() is threading.main_thread()
"""
IN_A_THREAD = """
def tell():
    print("from a thread of the cell")
thread = threading.Thread(target=tell)
thread.start()
thread.join()
threading.current_thread().name
"""
SPAWNS = """
import beamlike as bl
async def wait():
    await bl.receive()
pid = bl.spawn(wait)
bl.register("of-the-cell", pid)
"""


def test_a_service_is_as_it_was_when_a_notebook_has_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    async def main() -> None:
        async with service(monkeypatch) as (peer, _):
            for round in range(2):
                before = await peer.call(in_all)
                async with visiting(peer, tmp_path, HARMLESS, AWAITS, IN_A_THREAD, SPAWNS, name=f"n{round}") as notebook:
                    await notebook.run(1, 2, 3, 4)
                    assert notebook.outputs()
                    pid = await peer.call(os.getpid)
                    assert notebook.result(1) == str(pid)
                    assert notebook.printed(1) == "from the cell\n"
                    assert notebook.result(2) == "True"
                    assert notebook.printed(3) == "from a thread of the cell\n"
                    assert "attached" in str(notebook.result(3))
                    assert not await peer.call(is_as, before)
                assert await gone(peer, before) == {}

    asyncio.run(main())
    assert "from" not in capfd.readouterr().out


async def gone(peer: Any, before: dict[str, Any]) -> dict[str, Any]:
    """What is different still, after some time for the connection to be seen as closed."""
    found: dict[str, Any] = {}
    for _ in range(100):
        found = await peer.call(differences, before)
        if not found:
            return {}
        await asyncio.sleep(0.05)
    return found


BUSY = "while True: pass"
AWAITS_THEN_BLOCKS = """
import asyncio
await asyncio.sleep(0)
while True:
    pass
"""
STUBBORN = """
def spin():
    while True: pass
async def swallow():
    for _ in range(3):
        try:
            spin()
        except BaseException as error:
            print(type(error).__name__)
await swallow()
"""
CALLBACK = """
import asyncio
def spin():
    while True: pass
asyncio.get_running_loop()
loop = __import__("gc")
async def arm():
    asyncio.get_running_loop().call_later(0.05, spin)
await arm()
"""
HUGE = "'x' * 50_000_000"
LOUD = "for _ in range(3000): print('y' * 2000)"


def test_a_cell_that_keeps_the_loop_of_the_service_is_interrupted_and_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        async with service(monkeypatch, stall_threshold=None) as (peer, _):
            await peer.call(begin_to_beat)
            async with visiting(peer, tmp_path, AWAITS_THEN_BLOCKS, STUBBORN, CALLBACK) as notebook:
                await notebook.run(1)
                error = notebook.error(1)
                assert error is not None
                assert "event loop of the service" in error.message
                await notebook.run(2, alone=True)
                assert notebook.printed(2) == "LoopBlocked\n" * 3
                await notebook.run(3, alone=True)
                await notebook.until(lambda _: "event loop of the service" in notebook.printed(3))
                assert await peer.call(longest_stall) < 10  # against a hang: the machine may be slow

    asyncio.run(main())


def test_a_runaway_cell_a_huge_result_and_a_flood_leave_the_service_answering(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        async with service(monkeypatch) as (peer, _):
            async with visiting(peer, tmp_path, BUSY, HUGE, LOUD, "1 + 1") as notebook:
                await notebook.start(1)
                assert await peer.call(os.getpid)

                notebook.client.send(CancelEvaluation("cell-1"))
                await notebook.until(lambda state: state.evaluating is None)
                await notebook.run(2, alone=True)
                assert "xxx" in str(notebook.result(2))
                assert len(str(notebook.result(2))) < 1_000_000
                await notebook.run(3, alone=True)
                await notebook.run(4, alone=True)
                assert notebook.result(4) == "2"
            assert await peer.call(os.getpid)

    asyncio.run(main())


def test_several_notebooks_visit_at_once_and_one_that_leaves_takes_nothing_of_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell = "import threading\nthread = threading.Thread(target=print, args=('{}',)); thread.start(); thread.join()"

    async def main() -> None:
        async with service(monkeypatch) as (peer, _):
            before = await peer.call(in_all)
            async with visiting(peer, tmp_path, "x = 1", tell.format("first"), name="one") as one:
                await one.run(1)
                async with visiting(peer, tmp_path, "x = 2; await __import__('asyncio').sleep(0, x)", name="two") as two:
                    await two.run(1)
                    assert two.result(1) == "2"
                await one.run(2)
                assert one.printed(2) == "first\n"
            assert await gone(peer, before) == {}

    asyncio.run(main())
