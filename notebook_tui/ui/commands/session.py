"""Commands whose answer takes a while: each is a coroutine that the screen runs beside everything else."""

from __future__ import annotations

from notebook_tui.ui.desk import Desk


class SessionCommands:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def restart(self) -> None:
        self._desk.view.flush()
        await self._desk.client.restart()
        self._desk.say("The runtime is restarted: all values are gone, the text is not.", "information")
