"""Branches of a notebook in a real runtime: side by side with the main flow, each in a thread of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

import beamlike as bl
from notebook_tui.runtime.messages import Drop, Dropped, Started
from tests.support.runtimes import Running, running


def with_runtime(tmp_path: Path, test: Callable[[Running], Awaitable[None]]) -> None:
    async def main() -> None:
        async with running(tmp_path) as runtime:
            await test(runtime)

    asyncio.run(main())


def test_ac12_two_cells_in_different_containers_that_wait_for_each_other_both_finish(tmp_path: Path) -> None:
    async def test(runtime: Running) -> None:
        await runtime.result("c1", "import threading\nbarrier = threading.Barrier(3)")
        meet = "barrier.wait(50) >= 0"
        runtime.start("c2", meet, "c1")
        runtime.start("b1", meet, "c1", container="one")
        runtime.start("b2", meet, "c1", container="two")
        assert [(await runtime.finished(cell)).result for cell in ("c2", "b1", "b2")] == ["True"] * 3

    with_runtime(tmp_path, test)


def test_ac12_a_branch_sees_its_parents_names_and_keeps_its_own(tmp_path: Path) -> None:
    async def test(runtime: Running) -> None:
        await runtime.result("c1", "x = [1]\ndef f(): return x")
        assert await runtime.result("b1", "y = f() + [2]; x.append(3); x is f()", "c1", container="b") == "True"
        assert await runtime.result("b2", "import asyncio\nawait asyncio.sleep(0, (x, y))", "c1", "b1", container="b")
        assert await runtime.result("c2", "x", "c1") == "[1, 3]"
        assert (await runtime.run("c3", "y", "c1")).status == "error"

    with_runtime(tmp_path, test)


def test_a_class_of_a_branch_is_found_where_its_module_is(tmp_path: Path) -> None:
    cell = "import pickle\nclass A: pass\nisinstance(pickle.loads(pickle.dumps(A())), A)"

    async def test(runtime: Running) -> None:
        assert await runtime.result("c1", cell) == "True"
        assert await runtime.result("b1", cell, container="b") == "True"

    with_runtime(tmp_path, test)


def test_what_a_branch_prints_comes_to_its_cell_also_while_the_main_flow_blocks(tmp_path: Path) -> None:
    async def test(runtime: Running) -> None:
        runtime.start("c1", "import threading, sys\nsys.go = threading.Event()\nprint('waits')\nsys.go.wait(50);")
        await runtime.prints("c1", "waits")
        await runtime.result("b1", "print('from the branch')\nimport sys\nsys.go.set()", container="b")
        assert runtime.printed("b1") == "from the branch\n"
        assert (await runtime.finished("c1")).status == "ok"

    with_runtime(tmp_path, test)


@pytest.mark.parametrize(
    "wait",
    [
        "while True: pass",
        "import asyncio\nawait asyncio.sleep(600)",
        "import time\nwhile True: time.sleep(0.01)",
        "while True: print('spam')",
        "import queue\nwhile True:\n    try: queue.Queue().get(timeout=0.01)\n    except queue.Empty: pass",
    ],
)
def test_ac18_an_interrupt_ends_a_branchs_cell_and_values_stay(tmp_path: Path, wait: str) -> None:
    async def test(runtime: Running) -> None:
        await runtime.result("b1", "x = 7", container="b")
        runtime.start("b2", f"y = 8\nprint('waits')\n{wait}", "b1", container="b")
        await runtime.prints("b2", "waits")
        runtime.interrupt("b2")
        assert (await runtime.finished("b2")).status == "interrupted"
        assert await runtime.result("b3", "x, y", "b1", "b2", container="b") == "(7, 8)"

    with_runtime(tmp_path, test)


def test_ac18_an_interrupt_of_one_container_spares_the_others(tmp_path: Path) -> None:
    async def test(runtime: Running) -> None:
        await runtime.result("c0", "import threading, time\ngo = threading.Event()")
        waits = "print('waits')\nwhile not go.is_set(): time.sleep(0.01)\n'went on'"
        runtime.start("c1", waits, "c0")
        runtime.start("b1", waits, "c0", container="b")
        await runtime.prints("c1", "waits")
        await runtime.prints("b1", "waits")
        runtime.interrupt("c1")
        assert (await runtime.finished("c1")).status == "interrupted"
        await runtime.result("c2", "go.set()", "c0")
        assert (await runtime.finished("b1")).result == "'went on'"

    with_runtime(tmp_path, test)


@pytest.mark.parametrize("container", ["", "b"])
def test_ac18_a_second_interrupt_ends_a_cell_that_shrugs_off_the_first(tmp_path: Path, container: str) -> None:
    # It is said that it waits once it does: an interrupt that comes before ends the cell at once.
    shrugs = """
        import asyncio
        x = 1
        while True:
            asyncio.get_running_loop().call_soon(print, "waits")
            try: await asyncio.sleep(600)
            except asyncio.CancelledError: print("shrugs")
    """

    async def test(runtime: Running) -> None:
        runtime.start("c1", shrugs, container=container)
        await runtime.prints("c1", "waits")
        runtime.interrupt("c1")
        await runtime.prints("c1", "shrugs\nwaits")
        runtime.interrupt("c1")
        assert (await runtime.finished("c1")).status == "interrupted"
        assert await runtime.result("c2", "x", "c1", container=container) == "1"

    with_runtime(tmp_path, test)


@pytest.mark.parametrize("container", ["", "b"])
@pytest.mark.parametrize(
    "wait",
    [
        "pass",
        "while True: pass",
        "import asyncio\nawait asyncio.sleep(600)",
        "import asyncio\nwhile True:\n    try: await asyncio.sleep(600)\n    except asyncio.CancelledError: pass",
    ],
)
def test_ac18_dropping_a_container_ends_what_runs_there_and_all_values_are_gone(
    tmp_path: Path, container: str, wait: str
) -> None:
    async def test(runtime: Running) -> None:
        await runtime.result("other", "z = 1", container="other")
        await runtime.result("c1", "x = 1\nclass M: pass", container=container)
        runtime.start("c2", f"print('waits')\n{wait}", "c1", container=container)
        await runtime.prints("c2", "waits")
        assert await runtime.drop(container) == ""
        found = "[name in globals() for name in ('x', 'M')]"
        assert await runtime.result("c3", found, "c1", container=container) == "[False, False]"
        assert await runtime.result("other2", "z", "other", container="other") == "1"

    with_runtime(tmp_path, test)


def test_dropping_a_container_whose_cells_end_at_once_needs_no_other_process_for_it(tmp_path: Path) -> None:
    async def test(runtime: Running) -> None:
        task = "import asyncio, beamlike as bl\ntask = asyncio.create_task(asyncio.sleep(600))\nbl.self()"
        process = await runtime.result("c1", task)
        assert await runtime.drop("") == ""
        assert await runtime.result("c2", "import beamlike as bl\nbl.self()") == process

    with_runtime(tmp_path, test)


def test_ac18_a_cell_that_cannot_be_ended_in_its_thread_is_said_to_need_a_restart(tmp_path: Path) -> None:
    async def test(runtime: Running) -> None:
        runtime.start("b1", "import time\nprint('waits')\ntime.sleep(600)", container="b")
        await runtime.prints("b1", "waits")
        assert "restart the runtime" in await runtime.drop("b")
        # Another one takes its place.
        assert await runtime.result("b2", "1 + 1", container="b") == "2"

    with_runtime(tmp_path, test)


def test_an_outcome_tells_what_the_run_used(tmp_path: Path) -> None:
    async def test(runtime: Running) -> None:
        usage = (await runtime.run("c1", "held = bytearray(b'x' * 200_000_000)\nsum(range(1_000_000));")).usage
        assert usage is not None
        assert usage.memory >= usage.grown >= 200_000_000
        assert usage.seconds > 0
        assert usage.cpu_seconds > 0
        usage = (await runtime.run("c1", "del held", "c1")).usage
        assert usage is not None
        assert usage.memory < 200_000_000

    with_runtime(tmp_path, test)


@pytest.mark.parametrize("container", ["", "b"])
def test_ac18_what_was_to_run_in_a_container_that_is_being_dropped_goes_with_it(tmp_path: Path, container: str) -> None:
    async def test(runtime: Running) -> None:
        runtime.start("c1", "print('waits')\nwhile True: pass", container=container)
        await runtime.prints("c1", "waits")
        bl.send(runtime.server, Drop(container))
        runtime.start("c2", "late = 1", container=container)
        await runtime.until(lambda message: message.container == container, Dropped)
        # Whoever hears of the end takes all that was started before for ended.
        assert await runtime.result("c3", "'late' in globals()", "c2", container=container) == "False"
        assert not any(isinstance(each, Started) and each.cell_id == "c2" for each in runtime.heard)

    with_runtime(tmp_path, test)


def test_dropping_what_is_not_there_is_answered(tmp_path: Path) -> None:
    async def test(runtime: Running) -> None:
        assert await runtime.drop("never was") == ""

    with_runtime(tmp_path, test)


def test_an_exit_signal_from_a_linked_process_ends_a_branchs_cell_and_keeps_its_values(tmp_path: Path) -> None:
    crash = """
        import asyncio, beamlike as bl
        async def crash(): raise RuntimeError("linked")
        bl.spawn_link(crash)
        await asyncio.sleep(600)
    """

    async def test(runtime: Running) -> None:
        await runtime.result("b1", "x = 5", container="b")
        outcome = await runtime.run("b2", crash, "b1", container="b")
        assert outcome.failure is not None
        assert "linked" in outcome.failure.traceback
        assert await runtime.result("b3", "x", "b1", container="b") == "5"

    with_runtime(tmp_path, test)
