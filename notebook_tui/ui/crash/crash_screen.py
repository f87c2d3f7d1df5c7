"""What stands in the place of a view that has failed: the session goes on, and its user says what is to be done."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Final

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Static

from notebook_tui.ui.drawing.printable import printable

RESTART: Final = "restart"
SAVE: Final = "save"
QUIT: Final = "quit"
COPY: Final = "copy"


class CrashScreen(Screen[None]):
    """Stands alone: nothing of the view that failed is drawn beneath it."""

    DEFAULT_CSS = """
    CrashScreen {
        align: center middle;
        background: $background;

        & > Vertical {
            width: 90%;
            max-width: 110;
            height: auto;
            max-height: 95%;
            border: round $error;
            padding: 1 2;
        }

        & .crash-title { text-style: bold; }
        & .crash-summary { margin: 1 0; background: $surface; padding: 0 1; }
        & Static { height: auto; }
        & .crash-note { color: $foreground 70%; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+q", "answer('save')", show=False)]

    class Answered(Message):
        def __init__(self, answer: str) -> None:
            super().__init__()
            self.answer = answer

    def __init__(self, summary: str, report: str, path: Path | None, *, again: bool, has_notebook: bool) -> None:
        super().__init__()
        self._summary = summary
        self._report = report
        self._path = path
        self._choices = list(_choices(again=again, has_notebook=has_notebook))
        self._again = again
        self._note = Static(markup=False, classes="crash-note")

    def compose(self) -> ComposeResult:
        title = "The view has failed again." if self._again else "The view has failed."
        where = f"The report is kept as {self._path}" if self._path else "The report could not be kept: c copies it."
        with Vertical():
            yield Static(Text(f"✗ {title}"), classes="crash-title")
            yield Static(Text("The notebook has not: its cells go on, and no text is lost."))
            yield Static(Text(printable(self._summary)), classes="crash-summary")
            yield Static(Text("\n".join(f"{letter}  {text}" for letter, _, text in self._choices)))
            yield Static(Text(f"\n{where}"), classes="crash-note")
            yield self._note

    def on_key(self, event: events.Key) -> None:
        for letter, answer, _ in self._choices:
            if event.character == letter:
                event.stop()
                self.action_answer(answer)

    def action_answer(self, answer: str) -> None:
        if answer == COPY:
            self.app.copy_to_clipboard(self._report)
            self.say("Copied, if the terminal lets programs copy.")
        else:
            self.post_message(self.Answered(answer))

    def say(self, text: str) -> None:
        self._note.update(Text(printable(text)))


def _choices(*, again: bool, has_notebook: bool) -> tuple[tuple[str, str, str], ...]:
    restart = () if again else (("r", RESTART, "Restart the view"),)
    leave = (("s", SAVE, "Save and quit"),) if has_notebook else ()
    quit_text = "Quit; what is not saved is kept for the next time" if has_notebook else "Quit"
    return (*restart, *leave, ("c", COPY, "Copy the report"), ("q", QUIT, quit_text))
