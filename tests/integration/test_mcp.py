"""A coding agent works in notebooks by `beamlike mcp`: the library's own client, and the command in a process of its
own."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import psutil
import pytest

pytest.importorskip("mcp", reason="mcp is not installed: make setup")

from mcp.shared.exceptions import MCPError

from notebook_tui.serve.server import Ending, Serving, holding
from notebook_tui.serve.sessions import open_in
from notebook_tui.session.client import Client
from tests.support.mcp_agent import PROGRAM, mcp_agent, text_of
from tests.support.open_notebook import notebook_text

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
PATIENCE = 60.0
# The library takes a second of the processor in each of these programs.
pytestmark = pytest.mark.timeout(240)
NAME = "a.livemd"


@pytest.fixture
def directory() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="mcp") as place:
        yield Path(place).resolve()


def written(directory: Path, *cells: str) -> Path:
    path = directory / NAME
    path.write_text(notebook_text(*cells), encoding="utf-8")
    return path


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - of what other processes do there is no event
            await asyncio.sleep(0.02)


def _lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_an_agent_uses_widgets_and_takes_an_edit_back(directory: Path) -> None:
    written(
        directory,
        "import notebook_tui as nb\nage = nb.input.number('Age', 1).show()\n"
        "nb.table([{'n': n} for n in range(50)], title='Numbers')",
        "age.value * 2",
    )

    async def main() -> None:
        async with mcp_agent(directory / NAME) as agent:
            ran = text_of(await agent.call_tool("run_cells", {"which": "all"}))
            assert "input (ref input/cell-1/number/Age/1):" in ran
            widgets = json.loads(text_of(await agent.call_tool("list_widgets", {})))["widgets"]
            age, table = (each["ref"] for each in widgets)
            refused = await agent.call_tool("set_input", {"widget": age, "value": "old"})
            assert "expected a number for 'Age', got 'old'" in text_of(refused)
            assert not (await agent.call_tool("set_input", {"widget": age, "value": 21})).is_error
            assert "42" in text_of(await agent.call_tool("run_cells", {"which": "outdated"}))
            rows = {"widget": table, "sort": "n", "descending": True, "limit": 1}
            assert json.loads(text_of(await agent.call_tool("read_table", rows)))["rows"] == [["49"]]
            await agent.call_tool("set_title", {"title": "Another"})
            page = text_of(await agent.call_tool("read_notebook", {}))
            assert page.startswith("# Another")
            revision = int(re.search(r"revision (\d+)", page)[1])  # type: ignore[index]
            assert (await agent.call_tool("undo", {"revision": revision - 1})).is_error
            assert "Done" in text_of(await agent.call_tool("undo", {"revision": revision}))
            assert text_of(await agent.call_tool("read_notebook", {})).startswith("# Test")

    asyncio.run(main())


def test_an_agent_reads_edits_and_runs_a_notebook_and_leaves_nothing_behind(directory: Path) -> None:
    path = written(
        directory,
        "import os\nx = 1\nprint('pid', os.getpid())",
        f"import base64\nclass Dot:\n    def _repr_png_(self): return base64.b64decode('{PNG}')\nDot()",
        "x / 0",
    )

    async def main() -> None:
        async with mcp_agent(directory) as agent:
            tools = {tool.name: tool for tool in (await agent.list_tools()).tools}
            assert tools["read_notebook"].annotations.read_only_hint is True
            assert tools["edit_cell"].annotations.destructive_hint is True
            assert "trust_notebook" not in tools
            assert "restart_runtime" not in tools
            assert text_of(await agent.call_tool("list_notebooks", {})) == NAME
            page = text_of(await agent.call_tool("read_notebook", {"notebook": NAME}))
            assert "(cell id cell-3; digest " in page
            ran = await agent.call_tool("run_cells", {"notebook": NAME, "which": "all", "images": True})
            assert "Done, but not all succeeded." in text_of(ran)
            assert "ZeroDivisionError: division by zero" in text_of(ran)
            (picture,) = (part for part in ran.content if part.type == "image")
            assert base64.b64decode(picture.data).startswith(b"\x89PNG")
            runtime = int(re.search(r"pid (\d+)", text_of(ran))[1])  # type: ignore[index]
            wrong = {"notebook": NAME, "cell": "cell-3", "old": "not there", "new": "x / 4"}
            refused = await agent.call_tool("edit_cell", wrong)
            assert refused.is_error
            assert "x / 0" in text_of(refused)
            edited = await agent.call_tool("edit_cell", {**wrong, "old": "0", "new": "4"})
            assert not edited.is_error
            again = await agent.call_tool("run_cells", {"notebook": NAME, "which": "outdated"})
            assert "0.25" in text_of(again)
            assert "Done; all succeeded." in text_of(again)
            assert '"name": "x"' in text_of(await agent.call_tool("list_variables", {"notebook": NAME}))
            (resource,) = (await agent.list_resources()).resources
            (contents,) = (await agent.read_resource(resource.uri)).contents
            assert contents.text.startswith("# Test")
            output = await agent.read_resource(f"beamlike://output/{NAME}#cell-2")
            assert base64.b64decode(output.contents[0].blob).startswith(b"\x89PNG")
            for wrong_uri in (
                f"beamlike://output/{NAME}#nothing",
                "file:///etc/passwd",
                "beamlike://notebook/b.livemd",
            ):
                with pytest.raises(MCPError):
                    await agent.read_resource(wrong_uri)
            assert not (await agent.call_tool("save_notebook", {"notebook": NAME})).is_error
            unknown = await agent.call_tool("run_cells", {"notebook": NAME, "which": "all", "fast": True})
            assert unknown.is_error
            assert "there is no parameter fast" in text_of(unknown)
        await until(lambda: not _lives(runtime))
        assert "x / 4" in path.read_text()

    asyncio.run(main())


def test_an_agent_joins_the_session_that_people_look_at_and_its_end_ends_nothing(directory: Path) -> None:
    path = written(directory, "x = 1\nx")

    async def main() -> None:
        async with holding(Serving(str(directory)), Ending()) as (sessions, _):
            person = await Client.join(await open_in(sessions, str(path)))
            async with mcp_agent(directory) as agent:
                edit = {"notebook": NAME, "cell": "cell-1", "old": "1", "new": "2"}
                assert not (await agent.call_tool("edit_cell", edit)).is_error
                assert person.state.notebook.cell("cell-1").source == "x = 2\nx"
                ran = await agent.call_tool("run_cells", {"notebook": NAME, "cells": ["cell-1"]})
                assert "result:\n```\n2\n```" in text_of(ran)
                assert [output.text for output in person.state.notebook.cell("cell-1").outputs] == ["2"]
            await until(lambda: not person.state.clients)
            assert person.state.runtime.phase == "connected"
            await person.close()

    asyncio.run(main())


def test_a_call_that_is_taken_back_interrupts_the_run_and_progress_is_told_meanwhile(directory: Path) -> None:
    written(directory, "import time\ndone = 1", "time.sleep(600)")  # until it is interrupted

    async def main() -> None:
        async with mcp_agent(directory) as agent:
            told: list[tuple[float, float | None, str | None]] = []
            runs = asyncio.Event()

            async def report(progress: float, total: float | None, message: str | None) -> None:
                told.append((progress, total, message))
                if (message or "").startswith("cell 2"):
                    runs.set()

            wanted = {"notebook": NAME, "which": "all", "seconds": 300}
            async with anyio.create_task_group() as group:

                async def call() -> None:
                    await agent.call_tool("run_cells", wanted, progress_callback=report)

                group.start_soon(call)
                async with asyncio.timeout(PATIENCE):
                    await runs.wait()
                group.cancel_scope.cancel()
            assert told[-1] == (1, 2, "cell 2 runs")
            over = await agent.call_tool("wait_for_run", {"notebook": NAME, "cell": "cell-2", "seconds": 50})
            assert "(id cell-2): interrupted" in text_of(over)

    asyncio.run(main())


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_an_agents_program_that_is_killed_leaves_no_runtime_and_no_one_in_a_served_session(
    directory: Path, number: signal.Signals
) -> None:
    other = directory / "own"
    other.mkdir()
    served = written(directory, "1")
    own = written(other, "import os\nos.getpid()")
    served_directory = directory / "served"
    served_directory.mkdir()
    served = served.rename(served_directory / NAME)

    async def main() -> None:
        async with holding(Serving(str(served_directory)), Ending()) as (sessions, _):
            person = await Client.join(await open_in(sessions, str(served)))
            program = await asyncio.to_thread(Program, directory)
            ran = await program.use("run_cells", notebook=f"own/{own.name}", which="all")
            pid = int(ran.split("```")[1])
            await program.use("edit_cell", notebook=f"served/{NAME}", cell="cell-1", old="1", new="2")
            assert len(person.state.clients) >= 1
            assert _lives(pid)
            program.process.send_signal(number)
            await asyncio.to_thread(program.process.wait, PATIENCE)
            await until(lambda: not _lives(pid))
            await until(lambda: not person.state.clients)
            assert person.state.notebook.cell("cell-1").source == "2"
            program.close()
            await person.close()

    asyncio.run(main())


class Program:
    """`beamlike mcp` behind plain pipes, to be killed."""

    def __init__(self, directory: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, "mcp", str(directory)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._id = 0
        client = {"name": "killed", "version": "1"}
        self._ask("initialize", {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client})
        self._say({"jsonrpc": "2.0", "method": "notifications/initialized"})

    async def use(self, tool: str, **arguments: Any) -> str:
        result = await asyncio.to_thread(self._ask, "tools/call", {"name": tool, "arguments": arguments})
        assert not result.get("isError"), result
        return "\n".join(part["text"] for part in result["content"])

    def close(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.stdout.close()

    def _ask(self, method: str, params: dict[str, Any]) -> Any:
        self._id += 1
        self._say({"jsonrpc": "2.0", "id": self._id, "method": method, "params": params})
        assert self.process.stdout is not None
        while True:
            told = json.loads(self.process.stdout.readline())
            if told.get("id") == self._id:
                return told["result"]

    def _say(self, message: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()


def test_an_agent_that_may_only_look_at_one_notebook_has_no_more_tools_and_sees_no_other(directory: Path) -> None:
    path = written(directory, "x = 1")
    (directory / "b.livemd").write_text("# Other\n")

    async def main() -> None:
        async with mcp_agent("--role", "view", path) as agent:
            tools = [tool.name for tool in (await agent.list_tools()).tools]
            assert tools == [
                *("list_notebooks", "open_notebook", "read_notebook", "wait_for_run", "read_output"),
                *("list_widgets", "read_table"),
            ]
            assert "x = 1" in text_of(await agent.call_tool("read_notebook", {}))
            assert text_of(await agent.call_tool("list_notebooks", {})) == f"open: {NAME}"
            other = await agent.call_tool("read_notebook", {"notebook": "b.livemd"})
            assert other.is_error
            with pytest.raises(MCPError, match="no tool run_cells for an agent with the role view"):
                await agent.call_tool("run_cells", {"which": "all"})

    asyncio.run(main())


def test_without_the_library_the_command_says_what_to_install() -> None:
    program = f"import sys; sys.modules['mcp'] = None; {PROGRAM}"
    result = subprocess.run(
        [sys.executable, "-c", program, "mcp", "."], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert result.returncode == 2
    assert "pip install 'beamlike[mcp]'" in result.stderr
    assert result.stderr.count("\n") == 1


def test_the_library_is_imported_for_its_own_command_alone() -> None:
    program = (
        "import sys; import notebook_tui.api.server, notebook_tui.mcp.agent, notebook_tui.cli.serve;"
        "import notebook_tui.cli.mcp;"
        "assert not {'mcp', 'pydantic', 'textual'} & sys.modules.keys(), sorted(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], timeout=PATIENCE, check=True, env=dict(os.environ))
