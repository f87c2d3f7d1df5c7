"""What the program around the terminal gives it, so that it may open more than one notebook."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol

from notebook_tui.document.notebook import Notebook
from notebook_tui.ui.client import SessionClient


class House(Protocol):
    @property
    def directory(self) -> Path:
        """Where home begins to look for notebooks."""

    def open(self, path: str) -> AbstractAsyncContextManager[SessionClient]:
        """A session on that file, until the end of the block. OSError says in words why it cannot be opened."""

    async def ready_to_hand_over(self) -> None:
        """There is a server that can take a session. OSError says in words why not."""

    async def hand_over(self, path: str, end: Callable[[], Awaitable[None]]) -> None:
        """A server goes on with the session of that file, which `end` ends here. OSError says in words why none can:
        then nothing has ended."""

    async def stop(self, path: str) -> None:
        """End the session of that file in the server that holds it, and its runtime. OSError says why it does not."""

    def convert(self, source: Path, target: Path) -> tuple[str, ...]:
        """Make a notebook of another kind of file; what is odd about that, in words. OSError says why it cannot be."""

    def export(self, notebook: Notebook, source: Path, target: Path) -> None:
        """Write the notebook, whose file is `source`, as what `target` is by its name; OSError says why not."""


class HasHouse(Protocol):
    """The program, as those see it who stand below it."""

    @property
    def house(self) -> House | None: ...


class OpensNotebooks(Protocol):
    """The program, as those see it who stand below it."""

    def open_notebook(self, path: str, failed: Callable[[], None] = ...) -> None:
        """In the place of what is shown now; `failed` is called where that cannot be, once that has been said."""
