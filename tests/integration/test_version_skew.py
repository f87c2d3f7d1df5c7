"""What a notebook says of nodes that run older versions of its cells, with real ones."""

from __future__ import annotations

import asyncio
from pathlib import Path

from notebook_tui.document.operations import SetCellSource
from notebook_tui.document.versions import Versions
from tests.support.open_notebook import OpenNotebook, opened

BOOTS = """
import beamlike as bl
import nodes
children = [await nodes.boot(nodes.Local()) for _ in range(2)]
"""
SERVER = """
class Clock(bl.GenServer):
    def handle_call(self, request, client):
        return {version}
"""
STARTS = "clocks = [await Clock.start(node=child.node) for child in children]"
UPGRADES = "await bl.sys.change_code(clocks[{index}], Clock)"


def said(it: OpenNotebook) -> str:
    return it.state.runtime.versions.get("cell-2", Versions()).said


def current(it: OpenNotebook) -> int:
    return len(it.state.runtime.versions.get("cell-2", Versions()).current)


async def edit_and_run(it: OpenNotebook, number: int, source: str) -> None:
    """Alone: the servers that there are go on, and are not started anew."""
    it.client.send(SetCellSource(f"cell-{number}", source))
    await it.run(number, alone=True)


def test_the_nodes_on_which_servers_still_run_the_old_class_are_behind(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path, BOOTS, SERVER.format(version=1), STARTS, "pass") as it:
            await it.run(1, 2, 3)
            await it.until(lambda _: current(it) == 3)
            assert said(it) == ""
            it.client.send(SetCellSource("cell-2", SERVER.format(version=2)))
            await it.run(2)
            await it.until(lambda _: said(it) == "1 of 3 nodes runs this version")
            await edit_and_run(it, 4, UPGRADES.format(index=0))
            await it.until(lambda _: said(it).startswith("2 of 3 nodes run this version, not "))
            await edit_and_run(it, 4, UPGRADES.format(index=1))
            await it.until(lambda _: said(it) == "")
            assert current(it) == 3
            await edit_and_run(it, 4, "for child in children: await child.stop(grace=0.1)")
            await it.until(lambda state: state.runtime.versions == {})

    asyncio.run(main())
