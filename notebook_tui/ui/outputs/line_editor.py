"""One line to type, over the place of an output that asks for it: the value of an input, an answer to a cell.

Its keys are acted on where they come in, and not in a queue of its own: a line may end, and the next begin, between
two letters of somebody who types fast.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import ClassVar, Final, Literal, TypeAlias

from textual import events
from textual.binding import Binding
from textual.geometry import Region
from textual.widgets import Input

from beamlike.kernel.record import frozen
from notebook_tui.ui.outputs.spots import Reply, Touch

Ending: TypeAlias = Literal["enter", "next", "previous", "end", "leave", "more", "less", "away"]
"""By which key: Enter, Tab, Shift+Tab, Ctrl+D, Esc, ↑ or ↓; or because the user went to something else."""

_MOVES: Final = {
    key: (name, (True,) if more else ())
    for binding in Input.BINDINGS
    if isinstance(binding, Binding) and not binding.action.startswith("submit")
    for key in binding.key.split(",")
    for name, more, _ in [binding.action.partition("(")]
}
"""What the keys of a line do that are no letters: its methods, each with whether it selects."""


@frozen
class Line:
    """What is typed, and for what. `done` is called with how the line ended and its text, and says whether it has."""

    touch: Touch
    text: str = field(repr=False)
    done: Callable[[Ending, str], None]
    hidden: bool = False
    completed: Callable[[str], str] | None = None
    """What Tab makes of the text; the same text where there is nothing to complete."""


class LineEditor(Input):
    ALLOW_SELECT: ClassVar[bool] = False
    ENDINGS: ClassVar[dict[str, Ending]] = {
        "enter": "enter",
        "tab": "next",
        "shift+tab": "previous",
        "ctrl+d": "end",
        "escape": "leave",
        "up": "more",
        "down": "less",
    }
    DEFAULT_CSS = """
    LineEditor {
        layer: editor;
        position: absolute;
        border: none;
        padding: 0;
        height: 1;
        background: $panel;
        color: $foreground;
        text-style: underline;

        &:focus { border: none; background-tint: $foreground 0%; }
    }
    """

    def __init__(self, perform: Callable[[str], None]) -> None:
        super().__init__(select_on_focus=False, compact=True)
        self._perform = perform
        self.cursor_blink = False
        self.display = False
        self._line: Line | None = None

    @property
    def line(self) -> Line | None:
        """What is being typed, if anything."""
        return self._line

    def open(self, line: Line) -> None:
        self._line = line
        self.password = line.hidden
        self.value = line.text
        self.cursor_position = len(line.text)
        self.display = True

    def close(self) -> None:
        self._line = None
        self.value = ""
        self.password = False
        self.display = False

    def place(self, region: Region) -> None:
        """Lie there."""
        self.styles.offset = region.offset
        self.styles.width = max(8, region.width)

    def take_key(self, event: events.Key) -> bool:
        """Act on the key, if it is one for a line that is typed."""
        line = self._line
        if line is None:
            return False
        if event.key == "ctrl+c" and self.selection.is_empty:
            self._perform("interrupt")
        elif event.key == "tab" and self._completes(line):
            pass
        elif event.key in self.ENDINGS:
            line.done(self.ENDINGS[event.key], self.value)
        elif event.is_printable and event.character is not None:
            self.replace(event.character, *self.selection)
        elif (moves := _MOVES.get(event.key)) is not None:
            name, arguments = moves
            getattr(self, f"action_{name}")(*arguments)
        else:
            return False
        return True

    def on_paste(self, event: events.Paste) -> None:
        """Each line that is pasted answers a question; of an input only the first is taken."""
        if self._line is None or not isinstance(self._line.touch, Reply):
            return
        event.stop()
        event.prevent_default()
        *whole, rest = event.text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        for text in whole:
            self.replace(text, *self.selection)
            if self._line is not None:
                self._line.done("enter", self.value)
        if self._line is not None:
            self.replace(rest, *self.selection)

    def _completes(self, line: Line) -> bool:
        longer = line.completed(self.value) if line.completed is not None else self.value
        if longer == self.value:
            return False
        self.value = longer
        self.cursor_position = len(longer)
        return True
