"""A path to type, completed as in a shell: Tab goes on as far as it is clear, and below stands what there is."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Final

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from notebook_tui.ui.dialogs.closes_once import ClosesOnce
from notebook_tui.ui.dialogs.path_completion import completed, proposals
from notebook_tui.ui.drawing.printable import printable_row

_SHOWN: Final = 6


class PathScreen(ModalScreen[str | None], ClosesOnce[str | None]):
    """Dismissed with what was typed; None if it was cancelled. An empty text counts only with `empty`, which says what
    that means."""

    DEFAULT_CSS = """
    PathScreen {
        & .path-found { height: 7; margin-top: 1; color: $foreground 70%; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Cancel", show=False)]

    def __init__(
        self,
        question: str,
        text: str,
        directory: Path,
        kinds: tuple[str, ...] = (),
        *,
        empty: str = "",
        note: str = "",
    ) -> None:
        super().__init__()
        self._question = question
        self._typed = text
        self._directory = directory
        self._kinds = kinds
        self._empty = empty
        self._note = note
        self._found = Static(markup=False, classes="path-found")

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog wide"):
            yield Static(Text(self._question), classes="dialog-title")
            yield Input(self._typed, select_on_focus=False)
            yield self._found
            notes = ["Tab completes", "Enter keeps it", "Esc cancels"]
            if self._empty:
                notes.insert(2, f"empty: {self._empty}")
            yield Static(Text(" · ".join(notes) + (f"\n{self._note}" if self._note else "")), classes="dialog-note")

    def on_mount(self) -> None:
        line = self.query_one(Input)
        stem = len(self._typed) - len(Path(self._typed).suffix) if self._typed else 0
        line.cursor_position = stem
        self._show_found()

    def on_key(self, event: events.Key) -> None:
        if event.key == "tab":
            event.stop()
            event.prevent_default()
            line = self.query_one(Input)
            line.value = completed(line.value, proposals(line.value, self._directory, self._kinds))
            line.cursor_position = len(line.value)

    def on_input_changed(self, event: Input.Changed) -> None:
        self._show_found()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        text = event.value.strip()
        if text or self._empty:
            self.dismiss(text)

    def _show_found(self) -> None:
        found = proposals(self.query_one(Input).value, self._directory, self._kinds)
        shown = [printable_row(each) for each in found[:_SHOWN]]
        if len(found) > _SHOWN:
            shown.append(f"… {len(found) - _SHOWN} more")
        self._found.update(Text("\n".join(shown), no_wrap=True, overflow="ellipsis"))
