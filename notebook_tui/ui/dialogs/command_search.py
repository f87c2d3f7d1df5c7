"""Textual's command palette, closed in good order.

A screen that goes away loses its parts first and its workers last, and a search that ends in between looks for the
list it should fill. Here the search is ended before the parts are.
"""

from __future__ import annotations

from textual.command import CommandPalette


class CommandSearch(CommandPalette):
    async def _message_loop_exit(self) -> None:
        self._cancel_gather_commands()
        await super()._message_loop_exit()
