"""The terminal program: one notebook of one session, its themes, its palette, and a careful way out."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from time import time
from typing import ClassVar

from textual import events
from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.command import CommandPalette
from textual.screen import Screen
from textual.theme import ThemeProvider

from notebook_tui.ui.cells.cell_list import MakePainter
from notebook_tui.ui.cells.cell_strips import Painter
from notebook_tui.ui.client import SessionClient
from notebook_tui.ui.dialogs.choice_screen import Choice, ChoiceScreen
from notebook_tui.ui.dialogs.command_search import CommandSearch
from notebook_tui.ui.drawing.theme import DAY, NIGHT, theme_for
from notebook_tui.ui.driver.driver_class import terminal_driver
from notebook_tui.ui.driver.picture_app import PictureApp
from notebook_tui.ui.keys.key import pretty
from notebook_tui.ui.keys.table import KEYS
from notebook_tui.ui.notebook_screen import NotebookScreen


class NotebookApp(PictureApp):
    """Shows and edits what the client's session holds, until the user quits.

    `clock` gives seconds since the epoch; `make_painter` makes what draws items, for whoever wants to count.
    """

    TITLE = "beamlike"
    CSS_PATH = "notebook.tcss"
    # Without priority: what was typed before Ctrl+Q is in the queue of the editor, and counts.
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+q", "quit", "Quit", show=False)]

    def __init__(
        self, client: SessionClient, clock: Callable[[], float] = time, make_painter: MakePainter = Painter
    ) -> None:
        no_color = "NO_COLOR" in os.environ
        super().__init__(driver_class=terminal_driver(), ansi_color=True if no_color else None)
        self.make_gallery()
        self.gallery.folder = self._folder
        self.client = client
        self._clock = clock
        self._make_painter = make_painter
        self.animation_level = "none"
        self.register_theme(NIGHT)
        self.register_theme(DAY)
        self.theme = theme_for(self.console.color_system, no_color)

    def _folder(self) -> Path | None:
        """Where the notebook is: pictures in its Markdown lie beside it."""
        path = self.client.state.path
        return Path(path).absolute().parent if path else None

    def get_default_screen(self) -> Screen[None]:
        return NotebookScreen(self.client, self._clock, self._make_painter)

    def get_system_commands(self, screen: Screen[object]) -> Iterator[SystemCommand]:
        """Every action of the table of keys, and the choice of a theme."""
        told: set[str] = set()
        for key in KEYS:
            if key.mode != "insert" and key.action not in told and not key.action.startswith("app."):
                told.add(key.action)
                help_text = ", ".join(pretty(each) for each in key.keys) or "only here"
                yield SystemCommand(key.title, help_text, partial(screen.run_action, f"do('{key.action}')"))
        yield SystemCommand("Change the theme", "colours of everything", self.action_change_theme)
        yield SystemCommand("Quit", "Ctrl+Q", self.action_quit)

    def action_command_palette(self) -> None:
        if not isinstance(self.screen, CommandPalette):
            self._search(CommandSearch())

    def search_themes(self) -> None:
        self._search(CommandSearch(providers=[ThemeProvider], placeholder="Search for themes…"))

    async def on_event(self, event: events.Event) -> None:
        # Keys of navigation are acted on here, one after the other, and not by the focused widget: between its queue
        # and ours the next key would already be on its way to the list when it is meant for the editor.
        if isinstance(event, events.Key) and not event.is_forwarded and isinstance(self.screen, NotebookScreen):
            await self.screen.ready_for_keys()
            if self.screen.take_key(event):
                return
        await super().on_event(event)

    async def action_quit(self) -> None:
        """Leave; with unsaved changes, or while a cell runs, only after a question."""
        screen = self.screen_stack[0]
        assert isinstance(screen, NotebookScreen)
        if isinstance(self.screen, ChoiceScreen):
            return
        running = _RUNS if self.client.state.evaluating else ""
        if screen.flush() or self.client.state.dirty:
            self.push_screen(ChoiceScreen(f"There are changes that are not saved. {running}", _WAYS_OUT), self._leave)
        elif running:
            self.push_screen(ChoiceScreen(running, _END_OR_STAY), self._leave)
        else:
            self.exit()

    def hang_up(self) -> None:
        """Leave without a question and save what is not saved: the terminal, or the machine, is going away."""
        self.call_later(self._hang_up)

    async def _hang_up(self) -> None:
        screen = self.screen_stack[0]
        assert isinstance(screen, NotebookScreen)
        if screen.flush() or self.client.state.dirty:
            with suppress(OSError):  # nobody is there to be told; a conflict has put ours beside the file
                await self.client.save()
        self.exit()

    async def on_unmount(self) -> None:
        await self.client.close()

    def _search(self, palette: CommandSearch) -> None:
        async def opened() -> None:
            await self.push_screen(palette)

        # Before the next key is looked at, and until the palette has its parts: that key is for them.
        self.call_next(opened)

    async def _leave(self, answer: str | None) -> None:
        if answer == "discard":
            await self.client.discard()
            self.exit()
        elif answer == "save":
            self.run_worker(self._save_and_leave())

    async def _save_and_leave(self) -> None:
        screen = self.screen_stack[0]
        assert isinstance(screen, NotebookScreen)
        screen.flush()
        try:
            await self.client.save()
        except OSError as error:
            screen.say(f"Not saved, so the notebook stays open: {error}", "error")
        else:
            self.exit()


_RUNS = "A cell still runs. Its runtime and the nodes that it started end with this program."
_END_OR_STAY = (Choice("q", "discard", "Quit"), Choice("s", "stay", "Stay"))
_WAYS_OUT = (Choice("s", "save", "Save and quit"), Choice("d", "discard", "Quit without saving"))
