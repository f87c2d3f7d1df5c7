"""What a run of a cell started is ended before the cell runs again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.support.runtimes import Running, running


def with_runtime(tmp_path: Path, test: Callable[[Running], Awaitable[None]]) -> None:
    async def main() -> None:
        async with running(tmp_path) as runtime:
            await test(runtime)

    asyncio.run(main())


SHARED = "log = []"

TASK = """
import asyncio
async def child():
    log.append("begins")
    try:
        await asyncio.sleep(600)
    finally:
        log.append("ends")
task = asyncio.create_task(child())
while not log or log[-1] != "begins": await asyncio.sleep(0)
"""
PROCESS = TASK.replace("task = asyncio.create_task(child())", "import beamlike as bl\nbl.spawn_link(child)")
SERVER = """
import beamlike as bl
class Child(bl.GenServer):
    def init(self):
        log.append("begins")
        bl.trap_exit(True)
    def terminate(self, reason):
        log.append("ends")
await Child.start_link()
"""
BLOCKING = """
import asyncio, threading, time, beamlike as bl
begun = threading.Event()
def child(begun):
    log.append("begins")
    begun.set()
    try:
        while True: time.sleep(0.001)
    finally:
        log.append("ends")
task = asyncio.create_task(bl.blocking(child, begun))
while not begun.is_set(): await asyncio.sleep(0.001)
"""


@pytest.mark.parametrize("container", ["", "b"])
@pytest.mark.parametrize("start", [TASK, PROCESS, SERVER, BLOCKING])
def test_ac35_what_a_run_started_ends_before_the_next_one_begins(tmp_path: Path, start: str, container: str) -> None:
    async def test(runtime: Running) -> None:
        await runtime.result("c1", SHARED)
        for _ in range(2):
            await runtime.result("c2", f"log.append('runs')\n{start}", "c1", container=container)
        ended = ["runs", "begins", "ends", "runs", "begins"]
        if start is BLOCKING:  # a thread is told to stop, and the run does not wait for it
            await runtime.result("c3", "import asyncio\nwhile 'ends' not in log: await asyncio.sleep(0.001)", "c1")
            assert sorted(await seen(runtime)) == sorted(ended)
        else:
            assert await seen(runtime) == ended
        runtime.forget("c2")
        await runtime.result("c3", "import asyncio\nwhile log.count('ends') < 2: await asyncio.sleep(0.001)", "c1")

    with_runtime(tmp_path, test)


async def seen(runtime: Running) -> list[str]:
    return list(eval(await runtime.result("look", "log", "c1") or "[]"))


def test_ac35_children_of_other_cells_and_what_they_share_live_on(tmp_path: Path) -> None:
    async def test(runtime: Running) -> None:
        await runtime.result("c1", SHARED)
        await runtime.result("other", TASK, "c1")
        await runtime.result("c2", TASK, "c1")
        await runtime.result("c2", "pass", "c1")
        assert await seen(runtime) == ["begins", "begins", "ends"]
        assert await runtime.result("c3", "task.done()", "c1", "other") == "False"

    with_runtime(tmp_path, test)


def test_ac35_a_pool_that_a_cell_started_ends_with_its_children_before_the_cell_runs_again(tmp_path: Path) -> None:
    pool = """
        import flame, nodes, os
        pool = await flame.Pool.start(name="cell", backend=nodes.Local(), min=0, max=1)
        await flame.call("cell", os.getpid, timeout=50)
    """

    async def test(runtime: Running) -> None:
        first = int(await runtime.result("c1", pool) or 0)
        # The name is free again, and so is the process that served it.
        second = int(await runtime.result("c1", pool) or 0)
        assert second not in (0, first)
        runtime.forget("c1")
        ended = f"import asyncio, os\nwhile os.path.exists('/proc/{second}'): await asyncio.sleep(0.01)"
        await runtime.result("c2", ended)

    with_runtime(tmp_path, test)


def test_ac35_a_child_that_does_not_end_is_told_of_and_holds_nothing_up_for_ever(tmp_path: Path) -> None:
    stubborn = """
        import asyncio
        from notebook_tui.runtime import children
        children.end_children.__defaults__ = (0.2,)
        async def stubborn():
            while True:
                try: await asyncio.sleep(600)
                except asyncio.CancelledError: pass
        task = asyncio.create_task(stubborn())
        await asyncio.sleep(0)
    """

    async def test(runtime: Running) -> None:
        await runtime.result("c1", stubborn)
        await runtime.result("c1", "'runs all the same'")
        await runtime.prints("c1", "this did not end within 8 s and goes on: task stubborn")

    with_runtime(tmp_path, test)


USES = """
import asyncio, beamlike as bl, flame, nodes
child = await nodes.boot(nodes.Local())
await bl.rpc.call(child.node, len, "abc", timeout=50)
await bl.Agent.start(dict) if hasattr(bl, "Agent") else None
await bl.pg.join("group", bl.self())
await bl.blocking(len, "abc")
bl.monitor_nodes()
await asyncio.get_running_loop().run_in_executor(None, print, "in a thread")
"""


def test_what_the_house_keeps_for_all_cells_ends_with_none_of_them(tmp_path: Path) -> None:
    """Whoever asked for it first: its end would be everybody's."""

    async def test(runtime: Running) -> None:
        for _ in range(2):
            await runtime.result("c1", USES)
            assert await runtime.result("c2", f"{USES}\nbl.self() in bl.pg.get_members('group')") == "True"
            await runtime.result("c1", "1")

    with_runtime(tmp_path, test)
