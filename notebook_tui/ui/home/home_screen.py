"""Home: the notebooks that are open, starred, recent, here, or came with the program; choose one and it opens."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Final

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.screen import Screen
from textual.widgets import Static
from textual.worker import Worker, WorkType

from notebook_tui.session.bounds import is_permitted
from notebook_tui.ui.choosing.choice_list import ChoiceList
from notebook_tui.ui.choosing.rows import Entry
from notebook_tui.ui.dialogs.toasts import tell_of_unknown_key
from notebook_tui.ui.drawing.palette import palette_of
from notebook_tui.ui.home.found import Found, look_around
from notebook_tui.ui.home.home_bar import HomeBar, HomeStatus
from notebook_tui.ui.home.home_commands import HomeCommands
from notebook_tui.ui.home.preview import PreviewPane, preview_of
from notebook_tui.ui.home.rows import rows_of, short
from notebook_tui.ui.house import House
from notebook_tui.ui.keys.home import home_sequences
from notebook_tui.ui.keys.sequence import KeySequence, Matched, Unknown
from notebook_tui.ui.keys.unknown import said_of_unknown

_WIDE: Final = 104
"""From here on there is room for a preview."""
_LOOKS_EVERY: Final = 3.0
_PREVIEW_PAUSE: Final = 0.08


class HomeScreen(Screen[None]):
    DEFAULT_CSS = """
    HomeScreen {
        layout: vertical;
        background: $background;
        color: $foreground;

        & #home-title { height: 3; padding: 1 3; }
        & #home-body { height: 1fr; }
    }
    """

    def __init__(self, house: House, clock: Callable[[], float]) -> None:
        super().__init__()
        self._clock = clock
        self._found = Found(house.directory)
        self._looks = 0
        self._newest = 0
        """Which look, counted from 1, found what is shown."""
        self._again: Worker[None] | None = None
        self.directory = house.directory
        self.hidden = False
        self._typed = ""
        self._is_typing = False
        self._busy = ""
        self._pressed = KeySequence(home_sequences())
        self._rows = ChoiceList()
        self._pane = PreviewPane()
        self._bar = HomeBar()
        self.commands = HomeCommands(self, house)

    def compose(self) -> ComposeResult:
        yield Static(id="home-title")
        with Horizontal(id="home-body"):
            yield self._rows
            yield self._pane
        yield self._bar

    async def on_mount(self) -> None:
        palette = palette_of(self.app.theme_variables)
        self.query_one("#home-title", Static).update(
            Text.assemble(("beamlike", palette.title), ("  a notebook that drives a cluster", palette.muted))
        )
        self.set_focus(self._rows)
        await self.look()
        self.set_interval(_LOOKS_EVERY, self.look_again)

    @property
    def list(self) -> ChoiceList:
        return self._rows

    @property
    def marked(self) -> Entry | None:
        return self._rows.marked

    @property
    def found(self) -> Found:
        return self._found

    async def look(self, prefer: Callable[[Entry], bool] | None = None) -> None:
        """See what there is now."""
        self._looks += 1
        number = self._looks
        found = await asyncio.to_thread(look_around, self.directory, hidden=self.hidden)
        # A slow disk may answer the question before the last one last: of a folder that has been left, perhaps.
        if number > self._newest:
            self._newest, self._found = number, found
        self._show(prefer)

    def look_again(self) -> None:
        """Unless the last time is not over: a disk that is slower than our pauses would never be waited for."""
        if self._again is None or self._again.is_finished:
            look: WorkType[None] = self.look
            self._again = self.run_worker(look, group="look")

    async def go_to(self, directory: Path) -> None:
        """Show the files of that folder, with the one marked that one comes from."""
        if not is_permitted(directory):
            self.say("You may see this directory and what is in it.")
            return
        before, self.directory = self.directory, directory
        self._typed = ""
        within = [str(path) for path in (before, *before.parents) if path.parent == directory]
        fallback = "folder" if not within else ""
        await self.look(lambda entry: entry.path in within or entry.kind in (fallback, "file"))

    def busy_with(self, text: str) -> None:
        """Something goes on that takes a while; empty: no more."""
        self._busy = text
        self._show_bar()

    def say(self, text: str) -> None:
        self.notify(text, markup=False)

    def on_key(self, event: events.Key) -> None:
        if self._is_typing:
            self._type(event)
            return
        if event.key == "escape" and self._typed:
            event.stop()
            self._find("")
            return
        key = event.character if event.character and event.character.isalnum() else event.key
        outcome = self._pressed.press(key, self._clock())
        if isinstance(outcome, Matched):
            event.stop()
            event.prevent_default()
            self.action_do(outcome.key.action)
        elif isinstance(outcome, Unknown) and event.is_printable:
            tell_of_unknown_key(self.app, said_of_unknown(outcome.pressed))

    def action_do(self, action: str) -> None:
        """Perform the command of that name in the table of home's keys."""
        if action.startswith("app."):
            self.app.call_later(self.app.run_action, action)
        else:
            self.commands.perform(action)

    def find(self) -> None:
        """What is typed from now on says what is shown."""
        self._is_typing = True
        self._find(self._typed)

    def _type(self, event: events.Key) -> None:
        event.stop()
        event.prevent_default()
        match event.key:
            case "escape":
                self._is_typing = False
                self._find("")
            case "enter":
                self._is_typing = False
                self._show_bar()
            case "backspace":
                self._find(self._typed[:-1])
            case "down" | "up":
                self._rows.move(1 if event.key == "down" else -1)
            case _ if event.character and event.is_printable:
                self._find(self._typed + event.character)

    def _find(self, typed: str) -> None:
        self._typed = typed
        self._show(None if not typed else lambda _entry: True)

    def _show(self, prefer: Callable[[Entry], bool] | None) -> None:
        self._rows.show(rows_of(self._found, self._typed, self._clock()), prefer)
        self._show_bar()

    def _show_bar(self) -> None:
        self._bar.show(HomeStatus(short(self.directory), self._typed, self._is_typing, self._busy, self._found.makes))

    def on_resize(self, event: events.Resize) -> None:
        self._pane.display = event.size.width >= _WIDE
        self._preview()

    @on(ChoiceList.Moved)
    def _preview(self) -> None:
        if self._pane.display:
            show: WorkType[None] = self._show_preview
            self.run_worker(show, group="preview", exclusive=True)

    @on(ChoiceList.Pressed)
    def _pressed_entry(self, event: ChoiceList.Pressed) -> None:
        if event.times == 2:
            self.action_do("open")

    async def _show_preview(self) -> None:
        await asyncio.sleep(_PREVIEW_PAUSE)  # who moves on quickly wants no file read on the way
        if (entry := self.marked) is None:
            return
        preview = await asyncio.to_thread(preview_of, entry)
        self._pane.show(preview, short(Path(entry.path)) if entry.path else "")
