"""What cells print and display, as their owner gets it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from notebook_tui.document.outputs import Display
from notebook_tui.runtime.messages import Displayed, Finished, Printed
from tests.support.runtimes import Running, running


def with_runtime(tmp_path: Path, test: Callable[[Running], Awaitable[None]]) -> None:
    async def main() -> None:
        async with running(tmp_path) as runtime:
            await test(runtime)

    asyncio.run(main())


def shown(runtime: Running, cell_id: str) -> list[str]:
    """What came of the cell: lines of text with their streams, values on display in brackets, and its end."""
    found = []
    for message in runtime.heard:
        match message:
            case Printed(cell, stream, text) if cell == cell_id:
                found += [f"{stream}: {line}" for line in text.splitlines()]
            case Displayed(cell, Display(forms)) if cell == cell_id:
                found.append(f"[{Display(forms).text}]")
            case Finished(cell, outcome) if cell == cell_id:
                found.append(outcome.status)
    return found


def test_ac36_everything_comes_in_the_order_of_writing_and_before_the_end(tmp_path: Path) -> None:
    mixed = """
        import logging, sys
        logging.basicConfig(level="INFO", format="%(message)s")
        for number in range(3):
            print("out", number)
            print("err", number, file=sys.stderr)
            logging.getLogger("mine").info("log %s", number)
            display(number)
    """

    async def test(runtime: Running) -> None:
        await runtime.run("c1", mixed)
        expected = [
            line
            for number in range(3)
            for line in (f"stdout: out {number}", f"stderr: err {number}", f"stderr: log {number}", f"[{number}]")
        ]
        assert shown(runtime, "c1") == [*expected, "ok"]

    with_runtime(tmp_path, test)


def test_ac36_of_a_progress_bar_only_what_stays_travels(tmp_path: Path) -> None:
    async def test(runtime: Running) -> None:
        await runtime.run("c1", "for number in range(100_001): print(f'\\r{number}', end='')")
        printed = runtime.printed("c1")
        assert printed.endswith("\r100000")
        assert len(printed) < 60_000  # of 590,000 characters

    with_runtime(tmp_path, test)


def test_ac36_writing_for_a_cell_that_has_ended_or_is_gone_raises_nothing(tmp_path: Path) -> None:
    late = """
        import threading, sys
        go, done, raised = threading.Event(), threading.Event(), []
        def write():
            go.wait(50)
            try:
                print("late"); display("late"); sys.stdout.flush(); input("late? ")
            except EOFError: pass
            except BaseException as error: raised.append(error)
            done.set()
        threading.Thread(target=write).start()
        sys.late = go, done, raised
    """

    async def test(runtime: Running) -> None:
        await runtime.result("c1", late)
        runtime.forget("c1")
        end = "import sys\ngo, done, raised = sys.late\ngo.set(), done.wait(50), raised"
        assert await runtime.result("c2", end) == "(None, True, [])"

    with_runtime(tmp_path, test)


def test_a_cell_that_runs_again_and_again_leaves_no_more_than_some_processes_behind(tmp_path: Path) -> None:
    count = (
        "from beamlike.kernel.current import current_node\ndef count(): return len(list(current_node().processes()))"
    )

    async def test(runtime: Running) -> None:
        await runtime.result("count", count)
        before = int(await runtime.result("c0", "count()", "count") or 0)
        for _ in range(40):
            await runtime.result("c1", "1")
        assert int(await runtime.result("c0", "count()", "count") or 0) < before + 15
        runtime.forget("c1")
        # Its own, and what it asked for last time.
        gone = f"import asyncio\nwhile count() > {before + 3}: await asyncio.sleep(0)"
        await runtime.result("c2", gone, "count")

    with_runtime(tmp_path, test)


@pytest.mark.parametrize(
    "way",
    [
        "import threading\nthread = threading.Thread(target=show)\nthread.start()",
        "import asyncio\nawait asyncio.to_thread(show)",
        "import asyncio\nasync def task(): show()\ntask = asyncio.create_task(task())",
        "import asyncio\nasyncio.get_running_loop().call_later(0.01, show);",
        "import beamlike as bl\nbl.spawn(show);",
        "import beamlike as bl\nawait bl.blocking(show)",
        "import beamlike as bl, nodes\nchild = await nodes.boot(nodes.Local())\nawait bl.rpc.call(child.node, far)",
    ],
)
def test_what_other_threads_tasks_and_nodes_print_and_display_comes_to_the_cell_that_started_them(
    tmp_path: Path, way: str
) -> None:
    prints = """
        def show():
            print("from there")
            display("a value")
        def far():
            from notebook_tui.runtime.display import display
            print("from there")
            display("a value")
    """

    async def test(runtime: Running) -> None:
        await runtime.result("c0", prints)
        await runtime.result("c1", way, "c0")
        await runtime.result("c2", "print('another one')")
        await runtime.until(lambda message: message.cell_id == "c1", Displayed)
        assert runtime.printed("c1") == "from there\n"
        assert shown(runtime, "c1").count("['a value']") == 1
        assert shown(runtime, "c2") == ["stdout: another one", "ok"]

    with_runtime(tmp_path, test)


def test_a_result_comes_in_all_its_forms(tmp_path: Path) -> None:
    cell = "class Cat:\n    def _repr_html_(self): return '<b>cat</b>'\n    def __repr__(self): return 'cat'\nCat()"

    async def test(runtime: Running) -> None:
        outcome = await runtime.run("c1", cell)
        assert (outcome.result, outcome.forms) == ("cat", (("text/html", "<b>cat</b>"),))

    with_runtime(tmp_path, test)


LIMIT = "from notebook_tui.runtime import forms\nforms.rendered.__kwdefaults__['seconds'] = 0.2\n"
NO_LIMIT = LIMIT.replace("0.2", "600.0")


@pytest.mark.parametrize("container", ["", "b"])
@pytest.mark.parametrize(
    ("method", "body", "text"),
    [
        ("__repr__", "raise ValueError('no')", "its repr raised ValueError: no"),
        ("__repr__", "while True: pass", "its repr took more than 0.2 s"),
        ("__repr__", "return 'x' * 100_000_000", "xxxxx"),
        ("_repr_html_", "raise ValueError('no')", "its _repr_html_ raised ValueError: no"),
        ("_repr_html_", "while True: print(end='')", "its _repr_html_ took more than 0.2 s"),
        ("_repr_html_", "return 'x' * 100_000_000", "text/html is left out: it has 100,000,000 characters"),
    ],
)
def test_ac37_a_hostile_result_is_shown_as_far_as_it_goes_and_the_run_counts(
    tmp_path: Path, method: str, body: str, text: str, container: str
) -> None:
    limit = LIMIT if "while" in body else ""
    cell = f"{limit}y = 1\nclass Hostile:\n    def {method}(self):\n        {body}\nvalue = Hostile()\nvalue"

    async def test(runtime: Running) -> None:
        outcome = await runtime.run("c1", cell, container=container)
        assert outcome.status == "ok"
        assert outcome.result is not None
        assert text in outcome.result + runtime.printed("c1")
        assert len(outcome.result) <= 10_000
        # What follows takes longer on a machine that stands still.
        assert await runtime.result("c2", f"{NO_LIMIT}y, value is not None", "c1", container=container) == "(1, True)"

    with_runtime(tmp_path, test)


def test_ac37_a_repr_that_sleeps_is_ended_in_the_main_flow(tmp_path: Path) -> None:
    cell = f"{LIMIT}import time\nclass Slow:\n    def __repr__(self):\n        time.sleep(600)\nSlow()"

    async def test(runtime: Running) -> None:
        result = await runtime.result("c1", cell)
        assert result is not None
        assert "its repr took more than 0.2 s" in result

    with_runtime(tmp_path, test)


def test_ac37_an_interrupt_ends_a_slow_repr_before_its_time(tmp_path: Path) -> None:
    cell = (
        "class Slow:\n    def __repr__(self):\n        print('slow')\n        while True: pass\nvalue = Slow()\nvalue"
    )

    async def test(runtime: Running) -> None:
        runtime.start("c1", cell)
        await runtime.prints("c1", "slow")
        runtime.interrupt("c1")
        assert (await runtime.finished("c1")).status == "interrupted"
        assert await runtime.result("c2", "value is not None", "c1") == "True"

    with_runtime(tmp_path, test)


@pytest.mark.parametrize("container", ["", "b"])
def test_doctests_of_what_a_cell_defines_run_with_it_and_tell_what_is_wrong(tmp_path: Path, container: str) -> None:
    cell = 'def double(n):\n    """\n    >>> double(2)\n    5\n    """\n    print("doubles")\n    return 2 * n'

    async def test(runtime: Running) -> None:
        outcome = await runtime.run("c1", cell, container=container)
        (doctest,) = outcome.doctests
        assert (outcome.status, doctest.name, doctest.line) == ("ok", "double", 3)
        printed = runtime.printed("c1")
        assert "cell c1, line 3, doctest of double\n" in printed
        assert "Expected:\n    5\nGot:\n    doubles\n    4\n" in printed
        outcome = await runtime.run("c1", cell.replace("5", "doubles\n    4"), container=container)
        assert (outcome.doctests[0].trouble, runtime.printed("c1")) == ("", "")

    with_runtime(tmp_path, test)


def test_a_doctest_that_never_ends_is_interrupted(tmp_path: Path) -> None:
    async def test(runtime: Running) -> None:
        runtime.start(
            "c1", 'import sys\ndef f():\n    """>>> f()"""\n    print("runs", file=sys.stderr)\n    while True: pass'
        )
        await runtime.prints("c1", "runs")
        runtime.interrupt("c1")
        assert (await runtime.finished("c1")).status == "interrupted"

    with_runtime(tmp_path, test)


def test_a_cell_that_ends_the_process_that_takes_its_output_does_not_run_for_ever(tmp_path: Path) -> None:
    ends = "import beamlike as bl\nfrom beamlike.kernel import group_leader\nbl.exit(group_leader.leader(), 'kill')\n"

    async def main() -> None:
        async with running(tmp_path) as runtime:
            outcome = await runtime.run("c1", f"{ends}import time\nwhile True: time.sleep(0.01)")
            assert outcome.failure is not None
            assert "takes what the cell prints was ended" in outcome.failure.message
            assert await runtime.result("c1", "1 + 1") == "2"

    asyncio.run(main())


def test_what_a_widget_cannot_show_is_said_in_the_cell_which_goes_on(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path) as runtime:
            source = "import notebook_tui as nb\nnb.input.select('n', {1: 'a'}).show()\nprint('goes on')"
            assert (await runtime.run("c1", source)).status == "ok"
            words = "this cannot be shown: expected str for Input.options, got int: 1\n"
            assert runtime.printed("c1") == f"{words}goes on\n"

    asyncio.run(main())
