"""Random histories of one file: edits here, edits of another program, saves, crashes, ends. No line that anybody wrote
is lost, and none is there twice unless both changed the same, which is said."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path
from random import Random

import pytest

import beamlike as bl
from notebook_tui.document.notebook import Cell
from notebook_tui.document.operations import InsertCell, SetCellSource
from tests.support.journaled_program import BEGIN
from tests.support.kept_sessions import Kept, kept
from tests.support.local_nodes import PATIENCE, in_node
from tests.support.soak import count

STEPS = 25
# It is saved when the history says so: another program that reads the file just before and writes it just after another
# save takes that back.
UNHURRIED = BEGIN.replace("# Test", '<!-- livebook:{"autosave_interval_s":3600} -->\n\n# Test')


class History:
    def __init__(self, path: Path, seed: int) -> None:
        self.path = path
        self.source = Random(seed)
        self.written: list[str] = []
        self.heard: list[str] = []
        self._stack = AsyncExitStack()
        self.it: Kept

    async def open(self) -> None:
        self.it = await self._stack.enter_async_context(kept(self.path, autosave=True, lock=True))

    async def hear(self) -> None:
        """What the session has said, also if that is still on its way."""
        state = await bl.sys.get_state(self.it.session, timeout=PATIENCE)
        self.heard += state["_notices"]

    async def end(self) -> None:
        await self._stack.aclose()
        self._stack = AsyncExitStack()

    def line(self, whose: str) -> str:
        self.written.append(f"{whose}_{len(self.written)} = 1")
        return self.written[-1]

    async def step(self) -> None:
        match self.source.choice(["ours", "ours", "our cell", "theirs", "their cell", "save", "crash", "end"]):
            case "ours":
                cell = self.source.choice([cell for cell in self.it.state.notebook.cells() if cell.id != "setup"])
                self.it.client.send(SetCellSource(cell.id, f"{cell.source}\n{self.line('ours')}"))
                await self.it.until_safe()
            case "our cell":
                section = self.source.choice(self.it.state.notebook.sections)
                new = Cell(f"new-{len(self.written)}", "code", self.line("ours"))
                self.it.client.send(InsertCell(section.id, self.source.randint(0, len(section.cells)), new))
                await self.it.until_safe()
            case "theirs":
                parts = self.text().split("\n```\n")
                parts[self.source.randrange(len(parts) - 1)] += f"\n{self.line('theirs')}"
                self.path.write_text("\n```\n".join(parts), encoding="utf-8")
            case "their cell":
                text = f"{self.text().rstrip()}\n\n```python\n{self.line('theirs')}\n```\n"
                self.path.write_text(text, encoding="utf-8")
            case "save":
                await self.it.client.save()
            case "crash":
                await self.it.crash()
                await self.end()
                await self.open()
            case "end":
                await self.it.client.save()  # while there is somebody to be told of conflicts
                await self.hear()
                await self.end()
                await self.open()

    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("turn", range(count(2, 20, part=4)))
def test_no_line_of_anybody_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, turn: int) -> None:
    monkeypatch.setenv("BEAMLIKE_STATE", str(tmp_path / "state"))

    @in_node
    async def main(seed: int) -> None:
        path = tmp_path / f"{seed}.livemd"
        path.write_text(UNHURRIED, encoding="utf-8")
        history = History(path, seed)
        await history.open()
        for _ in range(STEPS):
            await history.step()
            await history.hear()
        await history.it.client.save()
        await history.hear()
        await history.end()
        lines = history.text().split("\n")
        lost = [line for line in history.written if line not in lines]
        assert lost == []
        twice = [line for line in history.written if lines.count(line) > 1]
        assert twice == [] or any("the same lines" in words for words in history.heard)

    for run in range(count(5, 50, part=15)):
        main(turn * 1000 + run)
