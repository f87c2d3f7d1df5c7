"""A form over the notebook: a few lines to fill in, each checked, with what is wrong beneath it.

Enter goes to the next line, and from the last one it is done; what is wrong keeps the form open.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import field
from typing import ClassVar, Final

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from beamlike.kernel.record import frozen
from notebook_tui.ui.dialogs.closes_once import ClosesOnce
from notebook_tui.ui.drawing.printable import printable

MOST_WITH_ROOM: Final = 6
"""Of more fields no lines between them are left free, so that most are seen at once."""

Values = Mapping[str, str]
Troubles = Mapping[str, str]


@frozen
class FormField:
    name: str
    label: str
    words: str = ""
    """What is expected; shown while the line is empty."""
    value: str = field(default="", repr=False)
    masked: bool = False


class FormScreen(ModalScreen[Values | None], ClosesOnce[Values | None]):
    """Dismissed with the values by their names, or None. `check` says what is wrong, by the names of fields; the empty
    name is for the form as a whole."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", show=False),
        Binding("down", "app.focus_next", show=False),
        Binding("up", "app.focus_previous", show=False),
    ]
    DEFAULT_CSS = """
    FormScreen .form {
        width: 76;
        max-width: 96%;
        height: auto;
        max-height: 96%;
        border: round $primary;
        background: $background;
        padding: 0 2;
        scrollbar-size-vertical: 1;
    }
    FormScreen .form-label { height: 1; margin-top: 1; }
    FormScreen .form.-long .form-label { margin-top: 0; }
    FormScreen .form.-long .form-label-first { margin-top: 1; }
    FormScreen .form-trouble { height: auto; color: $text-error; display: none; }
    FormScreen .form-trouble.-told { display: block; }
    FormScreen Input { border: none; height: 1; padding: 0 1; background: $surface; }
    FormScreen Input:focus { background: $panel; text-style: bold; }
    """

    def __init__(
        self,
        title: str,
        fields: Sequence[FormField],
        check: Callable[[Values], Awaitable[Troubles]],
        words: str = "",
        done: str = "keeps it",
    ) -> None:
        super().__init__()
        self._title = title
        self._fields = tuple(fields)
        self._check = check
        self._words = words
        self._done = done
        self._inputs = {
            each.name: Input(
                each.value, placeholder=each.words, password=each.masked, compact=True, select_on_focus=False
            )
            for each in fields
        }
        self._troubles = {name: Static(markup=False, classes="form-trouble") for name in ("", *self._inputs)}

    def compose(self) -> ComposeResult:
        long = " -long" if len(self._fields) > MOST_WITH_ROOM else ""
        with VerticalScroll(classes=f"form{long}", can_focus=False):
            yield Static(Text(self._title), classes="dialog-title")
            if self._words:
                yield Static(Text(printable(self._words)), classes="dialog-note")
            for number, each in enumerate(self._fields):
                yield Static(Text(each.label), classes="form-label" + " form-label-first" * (number == 0))
                yield self._inputs[each.name]
                yield self._troubles[each.name]
            yield self._troubles[""]
            yield Static(Text(f"Enter: next, at last {self._done} · ↑↓ move · Esc cancels"), classes="dialog-note")

    def on_mount(self) -> None:
        # The first line has the focus by then, for whose sake the form may have been scrolled past its title.
        form = self.query_one(VerticalScroll)
        form.call_after_refresh(form.scroll_home, animate=False)

    @property
    def values(self) -> dict[str, str]:
        return {name: line.value for name, line in self._inputs.items()}

    @on(Input.Submitted)
    def _line_done(self, event: Input.Submitted) -> None:
        event.stop()
        lines = list(self._inputs.values())
        place = lines.index(event.input)
        if place + 1 < len(lines):
            lines[place + 1].focus()
        else:
            self.run_worker(self._finish(), exclusive=True)

    async def _finish(self) -> None:
        self._show({"": "Looking whether that works…"})
        try:
            troubles = await self._check(self.values)
        except Exception as error:  # whatever checks it has failed: the form stays, with what was typed
            troubles = {"": str(error) or type(error).__name__}
        self._show(troubles)
        if not troubles:
            self.dismiss(self.values)
        elif (wrong := next((name for name in self._inputs if name in troubles), None)) is not None:
            self._inputs[wrong].focus()

    def _show(self, troubles: Troubles) -> None:
        for name, line in self._troubles.items():
            line.set_class(name in troubles, "-told")
            line.update(f"! {printable(troubles[name])}" if name in troubles else "")
