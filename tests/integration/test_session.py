"""A session with a real runtime process, as the terminal and `beamlike run` use it."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

import beamlike as bl
from notebook_tui.document.operations import CancelEvaluation, SetCellSource
from tests.support.local_nodes import eventually
from tests.support.open_notebook import opened, told
from tests.support.processes import wait_until_gone


def test_cells_share_names_and_show_print_result_and_await(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path, "import asyncio\nx = 20\nprint('hello')", "await asyncio.sleep(0.01)\nx + 1") as it:
            await it.run(1, 2)
            assert it.printed(1) == "hello\n"
            assert it.result(1) is None
            assert it.result(2) == "21"

    asyncio.run(main())


def test_the_runtime_is_another_process_and_is_gone_afterwards(tmp_path: Path) -> None:
    async def main() -> int:
        async with opened(tmp_path, "import os\nos.getpid()") as it:
            await it.run(1)
            return int(it.result(1) or 0)

    pid = asyncio.run(main())
    assert pid not in (0, os.getpid())
    wait_until_gone(pid)


def test_output_arrives_while_the_cell_runs_even_if_it_blocks_its_thread(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path, "import time\nprint('first')\ntime.sleep(600)") as it:
            await it.start(1)
            await it.until(lambda _: it.printed(1) == "first\n")
            it.client.send(CancelEvaluation("cell-1"))
            await it.until(lambda state: state.evaluating is None)

    asyncio.run(main())


@pytest.mark.parametrize(
    "wait", ["import time\ntime.sleep(600)", "import asyncio\nawait asyncio.sleep(600)", "while True: pass"]
)
def test_ac18_an_interrupt_keeps_the_values_also_those_of_the_cell_itself(tmp_path: Path, wait: str) -> None:
    async def main() -> None:
        async with opened(tmp_path, "x = 7", f"y = 8\nprint('waiting')\n{wait}", "x, y") as it:
            await it.start(1, 2)
            await it.until(lambda _: it.printed(2) == "waiting\n")
            await it.client.interrupt()
            await it.until(lambda state: state.evaluating is None)
            evaluation = it.state.evaluation("cell-2")
            assert evaluation.interrupted
            await it.run(3, alone=True)
            assert it.result(3) == "(7, 8)"

    asyncio.run(main())


def test_an_interrupted_cell_tells_of_a_node_on_which_its_work_goes_on_and_how_to_end_that(tmp_path: Path) -> None:
    boots = "import beamlike as bl, nodes\nchild = await nodes.boot(nodes.Local())"
    begun = tmp_path / "begun"
    stuck = f"def stuck():\n    open({str(begun)!r}, 'w').close()\n    while True: sum(range(10_000))"
    blocks = f"{stuck}\nawait bl.rpc.call(child.node, stuck)"

    async def main() -> None:
        async with opened(tmp_path, boots, blocks, "await bl.interrupt(child.node) is not None") as it:
            await it.run(1)
            await it.start(2)
            await eventually(begun.exists)
            await it.client.interrupt()
            await it.until(lambda _: "goes on at" in it.printed(2))
            assert "stuck" in it.printed(2)
            it.client.send(SetCellSource("cell-2", "pass"))
            await it.run(3)
            assert it.result(3) == "True"

    asyncio.run(main())


def test_an_interrupt_reaches_a_cell_that_cannot_begin_for_a_busy_background_task(tmp_path: Path) -> None:
    hog = """
import asyncio, os
async def hog():
    while not os.path.exists('go'): await asyncio.sleep(0.01)  # the cell is to end before
    print('busy')
    while True: pass
task = asyncio.create_task(hog())
"""

    async def main() -> None:
        async with opened(tmp_path, hog, "x = 1", "'x' in globals()") as it:
            await it.run(1)
            (tmp_path / "go").touch()
            await it.until(lambda _: it.printed(1) == "busy\n")
            await it.start(2)
            await it.client.interrupt()
            await it.until(lambda state: state.evaluating is None)
            assert it.state.evaluation("cell-2").interrupted
            it.client.send(SetCellSource("cell-2", "pass"))
            await it.run(3)
            assert it.result(3) == "False"

    asyncio.run(main())


def test_a_completion_that_fails_proposes_nothing_and_loses_nothing(tmp_path: Path) -> None:
    cell = "import notebook_tui.runtime.intellisense as it\nx = 7\nit.complete = None"

    async def main() -> None:
        async with opened(tmp_path, cell, "x") as it:
            await it.run(1)
            assert await it.client.complete("cell-2", "x", 1) == []
            await it.run(2)
            assert it.result(2) == "7"

    asyncio.run(main())


def test_an_error_names_the_line_and_stops_what_is_below(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(
            tmp_path, "def half(n):\n    return 1 / n", "print('before')\nhalf(0)", "print('after')"
        ) as it:
            await it.run(1, 2, 3)
            error = it.error(2)
            assert error is not None
            assert (error.type, error.line) == ("ZeroDivisionError", 2)
            assert "return 1 / n" in error.traceback
            assert "evaluator" not in error.traceback
            assert it.printed(2) == "before\n"
            assert it.printed(3) == ""

    asyncio.run(main())


def test_a_background_task_prints_into_the_cell_that_started_it(tmp_path: Path) -> None:
    first = """
import asyncio
async def later():
    await asyncio.sleep(0.3)
    print('late')
task = asyncio.create_task(later())
"""

    async def main() -> None:
        async with opened(tmp_path, first, "await task\nprint('second')") as it:
            await it.run(1, 2)
            await it.until(lambda _: it.printed(1) == "late\n")
            assert it.printed(2) == "second\n"

    asyncio.run(main())


def test_what_child_nodes_of_a_cell_print_comes_to_the_cell(tmp_path: Path) -> None:
    cell = """
import beamlike as bl, nodes
child = await nodes.boot(nodes.Local())
def hello():
    print("from", bl.self().node == child_name)
child_name = child.node
await bl.rpc.call(child.node, hello, timeout=30)
await child.stop()
"""

    async def main() -> None:
        async with opened(tmp_path, cell) as it:
            await it.run(1)
            assert it.error(1) is None
            assert it.printed(1) == "from True\n"

    asyncio.run(main())


def test_the_nodes_of_a_runtime_are_seen_to_come_and_go(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(
            tmp_path, "import nodes\nchild = await nodes.boot(nodes.Local())", "await child.stop()"
        ) as it:
            await it.run(1)
            await it.until(lambda state: len(state.runtime.nodes) == 1)
            await it.run(2)
            await it.until(lambda state: not state.runtime.nodes)

    asyncio.run(main())


def test_a_runtime_that_is_killed_is_reported_and_the_next_run_gets_another(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path, "import os\nos.getpid()", "import time\ntime.sleep(600)") as it:
            await it.run(1)
            await it.start(2)
            os.kill(int(it.result(1) or 0), signal.SIGKILL)
            await it.until(lambda state: state.runtime.phase == "disconnected")
            assert it.state.runtime.lost
            assert it.state.evaluation("cell-2").validity == "aborted"
            first = it.result(1)
            it.client.send(SetCellSource("cell-2", "1 + 1"))
            await it.run(2)
            assert it.result(2) == "2"
            assert it.result(1) not in (None, first)

    asyncio.run(main())


def test_a_linked_process_that_crashes_ends_the_cell_and_keeps_the_values(tmp_path: Path) -> None:
    crash = """
import asyncio, beamlike as bl
async def crash():
    raise RuntimeError('linked')
bl.spawn_link(crash)
await asyncio.sleep(600)
"""

    async def main() -> None:
        async with opened(tmp_path, "x = 5", crash, "x") as it:
            await it.run(1, 2)
            error = it.error(2)
            assert error is not None
            assert "linked" in error.traceback
            it.client.send(SetCellSource("cell-2", ""))
            await it.run(3)
            assert it.result(3) == "5"

    asyncio.run(main())


def test_completion_knows_live_objects_also_while_a_cell_blocks(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path, "shopping_list = {'milk': 1}", "import time\ntime.sleep(600)") as it:
            await it.run(1)
            await it.start(2)
            found = await told(lambda: it.client.complete("cell-2", "shopp", 5))
            assert "shopping_list" in [completion.label for completion in found]
            await it.client.interrupt()
            await it.until(lambda state: state.evaluating is None)

    asyncio.run(main())


def test_completion_without_a_runtime_uses_the_text(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path, "pass") as it:
            found = await told(lambda: it.client.complete("cell-1", "isinst", 6))
            assert [completion.label for completion in found] == ["isinstance"]

    asyncio.run(main())


def test_save_writes_the_edit_and_never_over_somebody_elses(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path, "x = 1") as it:
            it.client.send(SetCellSource("cell-1", "x = 2"))
            await it.until(lambda state: state.dirty)
            assert await it.client.save() == str(it.path)
            assert "x = 2" in it.path.read_text()
            await it.until(lambda state: not state.dirty)
            it.path.write_text("# Somebody else\n")
            it.client.send(SetCellSource("cell-1", "x = 3"))
            await it.client.save()
            text = it.path.read_text()
            assert "# Somebody else\n" in text
            assert "x = 3" in text
            await it.until(lambda _: any("changed by another program" in words for words in it.messages))

    asyncio.run(main())


def test_a_restart_gives_a_fresh_process_and_keeps_the_text(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path, "import os\nos.getpid()", "'x' in globals()") as it:
            await it.run(1)
            first = it.result(1)
            await it.client.restart()
            await it.until(lambda state: state.runtime.phase == "connected")
            await it.run(1)
            assert it.result(1) != first
            wait_until_gone(int(first or 0))

    asyncio.run(main())


def test_an_operation_that_makes_no_sense_is_answered_in_words(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path, "x = 1") as it:
            it.client.send(SetCellSource("no-such-cell", ""))
            await it.until(lambda _: bool(it.messages))
            assert "no-such-cell" in it.messages[0]

    asyncio.run(main())


def test_a_second_viewer_sees_the_same(tmp_path: Path) -> None:
    from notebook_tui.session.client import Client

    async def main() -> None:
        async with opened(tmp_path, "1 + 1") as it:
            other = await Client.join(it.client._session)
            await it.run(1)
            await eventually(lambda: other.state.notebook == it.state.notebook)
            await other.close()

    asyncio.run(main())


def test_a_viewer_is_told_when_its_session_crashes(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path, "1") as it:
            bl.exit(it.client._session, "kill")
            await it.until(lambda _: bool(it.messages))
            assert "the session has ended (killed)" in it.messages[0]

    asyncio.run(main())


def test_threads_and_executors_print_into_the_cell_that_started_them(tmp_path: Path) -> None:
    first = """
import asyncio, concurrent.futures, threading
go = threading.Event()
pool = concurrent.futures.ThreadPoolExecutor(1)
pool.submit(print, "pooled by the first").result()
def late():
    go.wait(60)
    print("late")
thread = threading.Thread(target=late)
thread.start()
"""
    second = """
import asyncio
go.set()
thread.join()
pool.submit(print, "pooled by the second").result()
await asyncio.get_running_loop().run_in_executor(pool, print, "so is this")
await asyncio.to_thread(print, "and this")
"""

    async def main() -> None:
        async with opened(tmp_path, first, second) as it:
            await it.run(1, 2)
            assert it.error(2) is None
            await it.until(lambda _: it.printed(1) == "pooled by the first\nlate\n")
            assert it.printed(2) == "pooled by the second\nso is this\nand this\n"

    asyncio.run(main())


def test_what_code_of_no_cell_prints_is_in_no_cell(tmp_path: Path) -> None:
    cell = """
import _thread, contextvars, threading
done = threading.Event()
def stray():
    print("stray")
    done.set()
_thread.start_new_thread(stray, ())
done.wait(60)
print("own")
"""

    async def main() -> None:
        async with opened(tmp_path, cell, "print('second')") as it:
            await it.run(1, 2)
            assert (it.printed(1), it.printed(2)) == ("own\n", "second\n")

    asyncio.run(main())


def test_nothing_is_lost_of_what_is_written_to_both_descriptors_at_once(tmp_path: Path) -> None:
    cell = """
import os, sys, threading
sys.setswitchinterval(1e-5)  # threads are to meet often
def write(number):
    for _ in range(5_000):
        os.write(number, b"x")
threads = [threading.Thread(target=write, args=(number,)) for number in (1, 2)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""

    async def main() -> None:
        async with opened(tmp_path, cell) as it:
            await it.run(1)
            assert it.error(1) is None
            assert it.printed(1).count("x") == 10_000

    asyncio.run(main())


def test_what_subprocesses_and_bytes_print_comes_to_the_cell_before_it_ends(tmp_path: Path) -> None:
    cell = """
import os, subprocess, sys
assert os.system("echo shell") == 0
subprocess.run(["sh", "-c", "echo error >&2"], check=True)
sys.stdout.buffer.write(b"bytes\\n")
os.write(1, b"x" * 100_000);
"""

    async def main() -> None:
        async with opened(tmp_path, cell, "") as it:
            await it.run(1, 2)
            assert it.error(1) is None
            printed = it.printed(1)
            assert sorted(printed.replace("x", "").split()) == ["bytes", "error", "shell"]
            assert printed.count("x") == 100_000

    asyncio.run(main())


def test_a_cell_that_asks_for_input_is_told_that_there_is_no_keyboard(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path, "name = input('Who? ')") as it:
            await it.run(1)
            error = it.error(1)
            assert error is not None
            assert (error.type, error.line) == ("EOFError", 1)
            assert "a cell has no keyboard" in error.message

    asyncio.run(main())


def test_one_interrupt_ends_a_loop_that_prints_without_end(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path, "i = 0\nwhile True:\n    print('spam', i)\n    i += 1") as it:
            await it.start(1)
            await it.until(lambda _: "spam 1000\n" in it.printed(1) or len(it.printed(1)) > 10_000)
            await it.client.interrupt()
            await it.until(lambda state: state.evaluating is None)
            assert it.state.evaluation("cell-1").interrupted

    asyncio.run(main())
