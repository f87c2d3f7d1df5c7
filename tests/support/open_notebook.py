"""Opens a notebook as the program does: a node, a session, a client, and a real runtime in a child process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

from notebook_tui.cli.open_session import open_session
from notebook_tui.document.operations import QueueCells
from notebook_tui.document.outputs import Error, Result, Text
from notebook_tui.document.state import State
from notebook_tui.session.client import Client
from notebook_tui.session.options import EDITS, SessionOptions

SECONDS = 60.0
"""A cell may start a pool, and so several programs one after the other, on a busy machine."""

T = TypeVar("T")


def notebook_text(*cells: str) -> str:
    """A notebook with one section of these Python cells; their ids are cell-1, cell-2, ..."""
    fences = "\n\n".join(f"```python\n{source}\n```" for source in cells)
    return f"# Test\n\n## Section\n\n{fences}\n"


async def told(ask: Callable[[], Awaitable[T]]) -> T:
    """The first answer to a typist that says something: one that takes too long, as on a busy machine, is nothing."""
    now = asyncio.get_running_loop().time
    end = now() + SECONDS
    while not (found := await ask()) and now() < end:
        pass
    return found


class OpenNotebook:
    def __init__(self, client: Client, path: Path) -> None:
        self.client = client
        self.path = path
        self.messages: list[str] = []
        self._changed = asyncio.Event()
        client.subscribe(lambda _state: self._changed.set(), self._hear)

    def _hear(self, text: str) -> None:
        self.messages.append(text)
        self._changed.set()

    @property
    def state(self) -> State:
        return self.client.state

    async def until(self, condition: Callable[[State], bool], seconds: float = SECONDS) -> None:
        try:
            async with asyncio.timeout(seconds):
                while not condition(self.state):
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise AssertionError(f"this did not come true within {seconds} s; outputs: {self.outputs()}") from None

    async def start(self, *numbers: int) -> None:
        """Queues cells by number and returns when the last of them is under way."""
        self.client.send(QueueCells(tuple(f"cell-{number}" for number in numbers)))
        await self.until(lambda state: state.evaluating == f"cell-{numbers[-1]}")

    async def run(self, *numbers: int, alone: bool = False) -> None:
        """Runs cells by number, with what is outdated above them unless `alone`, and returns when nothing runs any
        more."""
        ids = tuple(f"cell-{number}" for number in numbers)
        before = self.state.runs
        self.client.send(QueueCells(ids, alone))
        await self.until(lambda state: state.runs > before and state.evaluating is None and not state.queue)

    def printed(self, number: int) -> str:
        outputs = self.state.notebook.cell(f"cell-{number}").outputs
        return "".join(output.text for output in outputs if isinstance(output, Text))

    def result(self, number: int) -> str | None:
        outputs = self.state.notebook.cell(f"cell-{number}").outputs
        return next((output.text for output in outputs if isinstance(output, Result)), None)

    def error(self, number: int) -> Error | None:
        outputs = self.state.notebook.cell(f"cell-{number}").outputs
        return next((output for output in outputs if isinstance(output, Error)), None)

    def outputs(self) -> dict[str, object]:
        return {cell.id: cell.outputs for cell in self.state.notebook.cells()}


@asynccontextmanager
async def opened(directory: Path, *cells: str, options: SessionOptions = EDITS) -> AsyncIterator[OpenNotebook]:
    path = directory / "test.livemd"
    path.write_text(notebook_text(*cells), encoding="utf-8")
    async with open_session(str(path), options) as client:
        yield OpenNotebook(client, path)
