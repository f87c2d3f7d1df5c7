"""SIGINT in a runtime: each test has an interpreter of its own, whose main thread runs cells."""

from __future__ import annotations

import json
import subprocess
import sys
from textwrap import dedent

import pytest

# Runs the cells that come as JSON on stdin, and prints their outcomes as JSON. A cell has `stop_soon()`, which has
# the signal sent from another thread as soon as its caller has reached its next line, and `stop_next()`, which calls
# off the next cell.
RUNTIME = """
import asyncio, json, sys, threading, time
from functools import partial
from beamlike.code.notebook_module import NotebookModule
from notebook_tui.runtime.evaluator import Evaluator
from notebook_tui.runtime.interrupt import install_interrupt, interrupt_run, send_interrupt

notebook = NotebookModule("test")
evaluator = Evaluator(notebook)

def stop():
    send_interrupt(evaluator)

def stop_soon():
    caller = sys._getframe(1)
    line = caller.f_lineno
    def send():
        while caller.f_lineno == line:
            time.sleep(0.001)
        stop()
    sender = threading.Thread(target=send)
    sender.start()
    return sender

async def main():
    notebook.namespace.update(stop_soon=stop_soon, stop=stop)
    install_interrupt(evaluator)
    for number, cell in enumerate(json.load(sys.stdin), 1):
        if "turns" in sys.argv:
            await asyncio.sleep(0)
        notebook.namespace.update(stop_next=partial(interrupt_run, evaluator, number + 1))
        outcome = await evaluator.evaluate(str(number), cell, number)
        line = outcome.failure.line if outcome.failure else None
        assert not outcome.failure or "on_signal" not in outcome.failure.traceback
        print(json.dumps([outcome.status, outcome.result, line]))

if sys.argv[1] == "uvloop":
    import uvloop
    uvloop.run(main())
else:
    asyncio.run(main())
"""


def run(*cells: str, loop: str = "asyncio", turns: bool = False) -> list[tuple[str, str | None, int | None]]:
    """(status, result, line) of each cell; with `turns`, the loop has one before each."""
    texts = json.dumps([dedent(cell).strip() for cell in cells])
    command = [sys.executable, "-c", RUNTIME, loop, *(["turns"] if turns else [])]
    done = subprocess.run(command, input=texts, capture_output=True, text=True, timeout=50, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return [tuple(json.loads(line)) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
@pytest.mark.parametrize(
    "wait", ["time.sleep(600)", "while True: pass", "threading.Event().wait()", "await asyncio.sleep(600)"]
)
def test_a_cell_ends_where_it_is_and_values_stay(wait: str, loop: str) -> None:
    outcomes = run("import asyncio, threading, time", f"x = 1\nstop_soon()\n{wait}\nx = 2", "x", loop=loop)
    assert outcomes[1:] == [("interrupted", None, 3), ("ok", "1", None)]


def test_a_function_that_the_cell_called_ends_too() -> None:
    outcomes = run("import time\ndef f():\n    stop_soon()\n    time.sleep(600)", "f()", "7")
    assert outcomes[1:] == [("interrupted", None, 1), ("ok", "7", None)]


def test_a_cell_that_waits_for_a_subprocess_ends() -> None:
    start = "import subprocess\nchild = subprocess.Popen(['sleep', '600'])"
    outcomes = run(start, "stop_soon()\nstatus = child.wait()", "child.kill()\nchild.wait()")
    assert outcomes[1:] == [("interrupted", None, 2), ("ok", "-9", None)]


ENDLESS = """
class Endless:
    def __repr__(self):
        stop_soon()
        while True: pass
"""
IN_A_LIBRARY = (
    f"names = dict(stop_soon=stop_soon, __name__='library')\nexec({ENDLESS!r}, names)\nEndless = names['Endless']"
)


@pytest.mark.parametrize("definition", [ENDLESS, IN_A_LIBRARY])
def test_ac37_a_repr_that_never_ends_is_interrupted_and_the_value_is_bound(definition: str) -> None:
    outcomes = run(definition, "value = Endless()\nvalue", "value is _")
    assert [status for status, _, _ in outcomes] == ["ok", "interrupted", "ok"]
    assert outcomes[2][1] == "True"


SHRUGS = """
import asyncio
async def shrug(times):
    while True:
        try:
            stop_soon()
            await asyncio.sleep(600)
        except asyncio.CancelledError:
            times.append(1)
"""


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_ac18_the_second_interrupt_is_one_that_a_cell_cannot_take_for_a_cancel(loop: str) -> None:
    outcomes = run(SHRUGS, "times = []\nx = 1\nawait shrug(times)", "x, times", loop=loop)
    assert outcomes[1][0] == "interrupted"
    assert outcomes[2] == ("ok", "(1, [1])", None)


def test_a_background_task_that_keeps_the_thread_ends_alone() -> None:
    spin = """
        import asyncio
        async def spin():
            stop_soon()
            while True: pass
        task = asyncio.create_task(spin())
    """
    wait = "await asyncio.wait([task])\ntask.cancelled()"
    # The cell awaits, so it is cancelled with it; both are over, and the runtime goes on.
    assert run(spin, wait, "task.cancelled()")[1:] == [("interrupted", None, 1), ("ok", "True", None)]


def test_a_cell_that_awaits_the_task_that_was_hit_is_interrupted() -> None:
    spin = "async def spin():\n    stop_soon()\n    while True: pass"
    assert run(spin, "import asyncio\nawait asyncio.create_task(spin())")[1][0] == "interrupted"


def test_a_signal_between_cells_does_nothing() -> None:
    script = """
        import os, signal
        from beamlike.code.notebook_module import NotebookModule
        from notebook_tui.runtime.evaluator import Evaluator
        from notebook_tui.runtime.interrupt import install_interrupt
        install_interrupt(Evaluator(NotebookModule("test")))
        os.kill(os.getpid(), signal.SIGINT)
        print("alive")
    """
    done = subprocess.run(
        [sys.executable, "-c", dedent(script)], capture_output=True, text=True, timeout=50, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "alive\n", "")


KERNEL = """
import time
def busy():
    log.append("begun")
    sender = stop_soon()
    while sender.is_alive(): pass  # however late it comes, the signal finds this
    deadline = time.monotonic() + 0.2
    while time.monotonic() < deadline: pass
    log.append("done")
"""
IN_THE_KERNEL = f"""
log = []
names = dict(log=log, stop_soon=stop_soon, __name__='beamlike.kernel.mailbox')
exec({KERNEL!r}, names)
"""


def test_kernel_code_that_a_cell_called_is_not_cut_in_half() -> None:
    outcomes = run(IN_THE_KERNEL, "names['busy']()\nwhile True: pass", "log")
    assert outcomes[1:] == [("interrupted", None, 1), ("ok", "['begun', 'done']", None)]


def test_a_signal_that_was_put_off_until_the_cell_had_ended_spares_the_next() -> None:
    # The first may end before the signal is repeated, or not.
    assert run(IN_THE_KERNEL, "names['busy']();", "import time\ntime.sleep(0.3)")[2] == ("ok", None, None)


def test_a_library_that_kernel_code_calls_is_interrupted() -> None:
    """As a module that beamlike imports for a cell, whose body takes for ever."""
    cell = """
        stop_soon()
        kernel = {"__name__": "beamlike.code.importer"}
        exec("def run(body): body()", kernel)
        library = {"__name__": "some_library"}
        exec("import time\\ndef body(): time.sleep(600)", library)
        kernel["run"](library["body"])
    """
    assert run(cell)[0][0] == "interrupted"


def test_a_cell_that_is_interrupted_before_it_begins_does_nothing() -> None:
    outcomes = run("x = 1\nstop_next()", "x = 2", "x")
    assert outcomes[1:] == [("interrupted", None, None), ("ok", "1", None)]


HOG = """
import asyncio, threading
async def hog():
    threading.Thread(target=stop_next).start()
    while True: pass
task = asyncio.create_task(hog())
"""


def test_an_interrupt_of_a_cell_that_cannot_begin_ends_what_is_in_its_way() -> None:
    outcomes = run(HOG, "x = 2", "task.cancelled(), 'x' in globals()", turns=True)
    assert outcomes[1:] == [("interrupted", None, None), ("ok", "(True, False)", None)]


def test_an_interrupt_of_a_run_that_is_over_does_nothing() -> None:
    outcomes = run("stop_second = stop_next", "2", "import time\nstop_second()\ntime.sleep(0.05)\n'untouched'")
    assert outcomes[1:] == [("ok", "2", None), ("ok", "'untouched'", None)]
