"""Cells that run on other nodes than the runtime's own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from notebook_tui.cli.open_session import open_session
from notebook_tui.document.outputs import Display
from notebook_tui.runtime.messages import Displayed
from tests.support.open_notebook import OpenNotebook, notebook_text
from tests.support.runtimes import Running, running


def with_children(tmp_path: Path, test: Callable[[Running, list[str]], Awaitable[None]], count: int = 2) -> None:
    """Gives it a runtime that has booted these nodes, and their names."""
    boots = f"import nodes\nchildren = [await nodes.boot(nodes.Local()) for _ in range({count})]"

    async def main() -> None:
        async with running(tmp_path) as runtime:
            await runtime.result("boots", boots)
            names = eval(await runtime.result("names", "[child.node for child in children]", "boots") or "")
            await test(runtime, names)

    asyncio.run(main())


PID = "import os\nos.getpid()"


def test_a_cell_runs_on_the_node_that_it_names_with_or_without_its_host(tmp_path: Path) -> None:
    async def test(runtime: Running, names: list[str]) -> None:
        here = await runtime.result("c1", PID)
        pids = [(await runtime.run("c1", PID, node=node)).result for node in (names[0], names[1].partition("@")[0])]
        assert len({here, *pids}) == 3
        assert None not in pids

    with_children(tmp_path, test)


def test_it_has_the_names_that_it_mentions_and_prints_and_displays_into_its_cell(tmp_path: Path) -> None:
    cell = """
        from notebook_tui.runtime.display import display
        print("from there", f(x))
        display("a value")
        f(x) + 1
    """

    async def test(runtime: Running, names: list[str]) -> None:
        await runtime.result("c1", "import threading\nlock = threading.Lock()\nx = 20\ndef f(n): return 2 * n")
        # The lock cannot travel, and need not.
        outcome = await runtime.run("c2", cell, "c1", node=names[0])
        assert (outcome.status, outcome.result) == ("ok", "41")
        assert runtime.printed("c2") == "from there 40\n"
        displayed = await runtime.until(lambda message: message.cell_id == "c2", Displayed)
        assert displayed.content.forms == (("text/plain", "'a value'"),)

    with_children(tmp_path, test, 1)


def test_what_it_binds_is_nowhere_afterwards(tmp_path: Path) -> None:
    async def test(runtime: Running, names: list[str]) -> None:
        await runtime.result("c1", "x = 1")
        outcome = await runtime.run("c2", "x = 2\ny = 3", "c1", node=names[0])
        assert (outcome.status, outcome.versions) == ("ok", ())
        assert await runtime.result("c3", "x, 'y' in globals()", "c1", "c2") == "(1, False)"
        assert (await runtime.run("c4", "'y' in globals()", "c1", "c2", node=names[0])).result == "False"

    with_children(tmp_path, test, 1)


def test_on_all_nodes_the_results_are_a_table(tmp_path: Path) -> None:
    async def test(runtime: Running, names: list[str]) -> None:
        outcome = await runtime.run(
            "c1", "import beamlike as bl\nawait bl.rpc.call(bl.self().node, len, 'abc')", node="all"
        )
        assert outcome.result is not None
        head, *rows = outcome.result.split("\n")
        assert head.split() == ["node", "│", "result"]
        assert [row.split() for row in rows] == [[name, "│", "3"] for name in sorted(names)]
        assert dict(outcome.forms)["text/html"].count("<tr>") == 3  # type: ignore[arg-type]
        # Nothing to show is no table.
        assert (await runtime.run("c1", "None", node="all")).result is None

    with_children(tmp_path, test)


def test_where_it_fails_on_some_nodes_the_table_tells_and_the_cell_has_failed(tmp_path: Path) -> None:
    async def test(runtime: Running, names: list[str]) -> None:
        await runtime.result("c1", f"bad = {names[0]!r}")
        cell = "import beamlike as bl\nif bl.self().node == bad: raise ValueError('not here')\n7"
        outcome = await runtime.run("c2", cell, "c1", node="all")
        assert outcome.status == "error"
        assert outcome.failure is not None
        assert "not here" in outcome.failure.traceback
        displayed = await runtime.until(lambda message: message.cell_id == "c2", Displayed)
        text = dict(displayed.content.forms)["text/plain"]
        assert "│ 7" in text
        assert "│ ValueError: not here" in text

    with_children(tmp_path, test)


def test_an_error_over_there_tells_the_cells_line(tmp_path: Path) -> None:
    async def test(runtime: Running, names: list[str]) -> None:
        failure = (await runtime.run("c1", "x = 1\n1 / 0", node=names[0])).failure
        assert failure is not None
        assert failure.type == "ZeroDivisionError"
        assert 'File "cell c1", line 2' in failure.traceback
        assert "1 / 0" in failure.traceback

    with_children(tmp_path, test, 1)


SLEEPS = "import time\n    while True: time.sleep(0.01)"
AWAITS = "import asyncio\n    await asyncio.sleep(600)"


@pytest.mark.parametrize("wait", [SLEEPS, AWAITS])
def test_an_interrupt_ends_it_over_there(tmp_path: Path, wait: str) -> None:
    cell = f"try:\n    print('waits')\n    {wait}\nfinally:\n    print('ended')"

    async def test(runtime: Running, names: list[str]) -> None:
        runtime.start("c1", cell, node=names[0])
        await runtime.prints("c1", "waits")
        runtime.interrupt("c1")
        assert (await runtime.finished("c1")).status == "interrupted"
        await runtime.prints("c1", "ended")

    with_children(tmp_path, test, 1)


def test_a_node_that_is_not_connected_is_told_with_those_that_are(tmp_path: Path) -> None:
    async def test(runtime: Running, names: list[str]) -> None:
        failure = (await runtime.run("c1", "1", node="web-9")).failure
        assert failure is not None
        assert failure.type == "LookupError"
        assert "web-9" in failure.message
        assert names[0] in failure.message

    with_children(tmp_path, test, 1)


def test_the_node_of_a_cell_stands_in_its_metadata(tmp_path: Path) -> None:
    path = tmp_path / "there.livemd"
    text = notebook_text("import nodes\nchild = await nodes.boot(nodes.Local())", "6 * 7")
    there = '<!-- livebook:{"node":"all"} -->\n\n```python\n6 * 7'
    path.write_text(text.replace("```python\n6 * 7", there), encoding="utf-8")

    async def main() -> None:
        async with open_session(str(path)) as client:
            it = OpenNotebook(client, path)
            await it.run(1, 2)
            (output,) = it.state.notebook.cell("cell-2").outputs
            assert isinstance(output, Display)
            assert output.text.endswith("│ 42")
            assert output.form("text/html") is not None

    asyncio.run(main())
