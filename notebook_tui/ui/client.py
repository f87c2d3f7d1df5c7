"""What the terminal needs of a session: this protocol and nothing else.

A session owns the notebook; the terminal shows its newest state and asks it to change. The same protocol is met by
a session in this process, by one in a server, and by the reducer-backed one of the tests.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from notebook_tui.document.completion import Completion
from notebook_tui.document.operations import Operation
from notebook_tui.document.state import State


class SessionClient(Protocol):
    """Callbacks run on the event loop of the terminal; none of these calls blocks it."""

    @property
    def state(self) -> State:
        """The newest state, a frozen value."""

    def send(self, operation: Operation) -> None:
        """Ask for a change. It shows in a later state, or is refused with a message."""

    def subscribe(self, on_change: Callable[[State], None], on_message: Callable[[str], None]) -> None:
        """Be told each new state, and what the session has to say to the user."""

    async def complete(self, cell_id: str, source: str, offset: int) -> list[Completion]:
        """Proposals for the caret at `offset` code points of `source`, the text of that cell."""

    async def interrupt(self) -> None:
        """Stop the cell that runs; values of earlier cells stay."""

    async def restart(self) -> None:
        """A fresh runtime: all values are lost, the text is not."""

    async def save(self) -> str:
        """Write the file and return its path; OSError with a clear text if that failed."""

    async def discard(self) -> None:
        """What is not saved is not wanted: the program is about to end."""

    async def close(self) -> None:
        """The terminal leaves."""
