"""The thread of a partition: its own, so that batches wait for no other work of the node, and none waits for them."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import beamlike as bl
from beamlike.kernel.threads.blocking import statistics
from beamlike.kernel.threads.worker_threads import LIMIT
from tests.support.local_nodes import PATIENCE, eventually, in_node

ROOT = Path(__file__).parents[2]


async def all_threads_wait_for(gate: threading.Event) -> list[asyncio.Task[bool]]:
    """Those of `blocking`."""
    waiting = [asyncio.create_task(bl.blocking(gate.wait, PATIENCE)) for _ in range(LIMIT)]
    await eventually(lambda: statistics().threads == LIMIT and statistics().idle == 0)
    return waiting


def echo(_model: None, batch: list[str]) -> list[str]:
    return batch


def spell(_model: None, batch: list[str]) -> Iterator[list[str]]:
    yield batch


@pytest.mark.parametrize(("run", "output"), [(echo, "cat"), (spell, ["cat"])])
@in_node
async def test_a_batch_is_evaluated_while_all_threads_of_blocking_are_busy(run: Any, output: object) -> None:
    gate = threading.Event()
    waiting = await all_threads_wait_for(gate)
    try:
        serving = bl.Serving(run, load=lambda _device: None, batch_timeout=0)
        pid = await serving.start_link(timeout=15)
        assert await bl.Serving.call(pid, "cat", timeout=15) == output
    finally:
        gate.set()
        await asyncio.gather(*waiting)


@in_node
async def test_more_partitions_than_blocking_has_threads_work_at_the_same_time_and_leave_those_free() -> None:
    all_begun, gate = threading.Semaphore(0), threading.Event()

    def run(batch: list[int]) -> list[int]:
        all_begun.release()
        gate.wait(PATIENCE)
        return batch

    count = LIMIT + 2
    pid = await bl.Serving(run, batch_size=1, batch_timeout=0, partitions=range(count)).start_link()
    asked = asyncio.create_task(bl.Serving.call_many(pid, range(count), timeout=PATIENCE))
    try:
        for _ in range(count):
            assert await asyncio.to_thread(all_begun.acquire, timeout=15)
        assert await bl.blocking(len, "abc", timeout=15) == 3
    finally:
        gate.set()
    assert await asked == list(range(count))


@in_node
async def test_a_model_is_loaded_and_run_in_one_and_the_same_thread() -> None:
    threads: list[threading.Thread] = []

    def load(_device: None) -> None:
        threads.append(threading.current_thread())

    def run(_model: None, batch: list[str]) -> Iterator[list[str]]:
        for _ in range(2):
            threads.append(threading.current_thread())
            yield batch

    gate = threading.Event()
    pid = await bl.Serving(run, load=load, batch_timeout=0).start_link()
    waiting = await all_threads_wait_for(gate)
    try:
        assert await bl.Serving.call(pid, "cat", timeout=15) == ["cat", "cat"]
        assert len(threads) == 3
        assert len(set(threads)) == 1
    finally:
        gate.set()
        await asyncio.gather(*waiting)


class Spinning:
    """A function that goes on until it is interrupted, or with `stubborn` until it is allowed to end."""

    def __init__(self, stubborn: bool) -> None:
        self.thread: threading.Thread | None = None
        self.stubborn = stubborn
        self.may_end = threading.Event()

    def __call__(self, batch: list[str]) -> list[str]:
        self.thread = threading.current_thread()
        while not self.stubborn:
            pass
        while not self.may_end.is_set():
            with suppress(BaseException):
                self.may_end.wait(PATIENCE)
        return batch


@pytest.mark.parametrize("stubborn", [False, True])
@in_node
async def test_the_thread_of_a_partition_ends_with_it_whatever_it_does(stubborn: bool) -> None:
    """At once, or as soon as the function does."""
    run = Spinning(stubborn)
    pid = await bl.Serving(run, batch_timeout=0).start()
    asked = asyncio.create_task(bl.Serving.call(pid, "cat", timeout=PATIENCE))
    await eventually(lambda: run.thread is not None)
    bl.exit(pid, "kill")
    with pytest.raises(bl.ServingLost):
        await asked
    run.may_end.set()
    assert run.thread is not None
    thread = run.thread
    await eventually(lambda: not thread.is_alive())


@in_node
async def test_an_idle_partition_that_ends_leaves_no_thread() -> None:
    threads: list[threading.Thread] = []
    pid = await bl.Serving(echo, load=lambda _device: threads.append(threading.current_thread())).start()
    assert threads[0].is_alive()
    bl.exit(pid, "kill")
    await eventually(lambda: not threads[0].is_alive())


@in_node
async def test_a_function_that_never_returns_holds_its_partition_until_another_model_is_swapped_in() -> None:
    begun, gate = threading.Event(), threading.Event()

    def hangs(batch: list[str]) -> list[str]:
        begun.set()
        gate.wait(PATIENCE)
        return batch

    pid = await bl.Serving(hangs, batch_timeout=0).start_link()
    held = asyncio.create_task(bl.Serving.call(pid, "held", timeout=PATIENCE))
    try:
        await eventually(begun.is_set)
        with pytest.raises(bl.ServingTimeout):
            await bl.Serving.call(pid, "next", timeout=0.1)
        [seen] = await bl.Serving.statistics(pid, timeout=PATIENCE)
        assert (seen.busy, seen.batches) == (1, 1)
        await bl.Serving.swap(pid, bl.Serving(list, batch_timeout=0), timeout=PATIENCE)
        assert await bl.Serving.call(pid, "later", timeout=PATIENCE) == "later"
        assert not held.done()
    finally:
        gate.set()
    assert await held == "held"


HANGS = """
import asyncio, time
import beamlike as bl

async def main():
    async with bl.Node("app@127.0.0.1", listen=False):
        begun = asyncio.Event()
        loop = asyncio.get_running_loop()

        def hangs(batch):
            loop.call_soon_threadsafe(begun.set)
            time.sleep(600)

        pid = await bl.Serving(hangs, batch_timeout=0).start()
        asked = asyncio.create_task(bl.Serving.call(pid, 1))
        await begun.wait()
        bl.exit(pid, "kill")
        try:
            await asked
        except bl.ServingLost:
            print("lost")

asyncio.run(main())
"""


def test_a_program_ends_though_a_function_of_its_serving_does_not() -> None:
    done = subprocess.run([sys.executable, "-c", HANGS], cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE)
    assert (done.returncode, done.stdout) == (0, "lost\n")
