"""Everything the session said, the newest first."""

from __future__ import annotations

from collections.abc import Sequence
from time import localtime, strftime
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from notebook_tui.ui.dialogs.closes_once import ClosesOnce
from notebook_tui.ui.dialogs.messages import Note
from notebook_tui.ui.drawing.palette import Palette, palette_of


class MessageScreen(ModalScreen[None], ClosesOnce[None]):
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "dismiss", "Close", show=False)]

    def __init__(self, notes: Sequence[Note]) -> None:
        super().__init__()
        self._notes = tuple(notes)

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog help"):
            yield Static(notes_text(self._notes, palette_of(self.app.theme_variables)))


def notes_text(notes: Sequence[Note], palette: Palette) -> Text:
    """
    >>> notes_text([], Palette()).plain
    'Nothing has been said yet.'
    """
    if not notes:
        return Text("Nothing has been said yet.", palette.muted)
    return Text("\n\n").join(_note(note, palette) for note in reversed(notes))


def _note(note: Note, palette: Palette) -> Text:
    sign, ink = {"error": ("✗", palette.error), "warning": ("!", palette.warning)}.get(note.severity, ("·", palette.ok))
    time = strftime("%H:%M:%S", localtime(note.at))
    return Text.assemble((f"{time} ", palette.muted), (f"{sign} ", ink), note.text)
