"""A viewer's wishes about the notebook's file: that it is written, where it is, and that what is not saved may go."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from notebook_tui.session.bounds import writable
from notebook_tui.session.messages import Discard, Save, SaveAs

SECONDS = 5.0
WRITE_SECONDS = 30.0


class Saving:
    """`call` asks the session, within so many seconds."""

    def __init__(self, call: Callable[[Save | SaveAs | Discard, float], Awaitable[Any]]) -> None:
        self._call = call

    async def save(self) -> str:
        """Returns the path of the file; OSError says why it is not written."""
        return await self._saved(Save())

    async def save_as(self, path: str) -> str:
        """The notebook is in that file from now on; it must not be there yet."""
        return await self._saved(SaveAs(str(writable(path))))

    async def _saved(self, request: Save | SaveAs) -> str:
        answer: str | OSError = await self._call(request, WRITE_SECONDS)
        if isinstance(answer, OSError):
            raise answer
        return answer

    async def discard(self) -> None:
        """What is not saved is not to be saved at the end of the session."""
        await self._call(Discard(), SECONDS)
