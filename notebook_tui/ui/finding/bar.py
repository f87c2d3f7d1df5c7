"""The bar in which one says what to find, and what to put in its place. It knows no cells: it posts what is wanted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static

from notebook_tui.ui.drawing.printable import printable
from notebook_tui.ui.finding.pattern import Query


class Chip(Widget, can_focus=True):
    """A word that is pressed: with Enter, Space or the mouse."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,space", "press", show=False)]
    DEFAULT_CSS = """
    Chip { width: auto; height: 1; padding: 0 1; }
    Chip:focus { text-style: underline bold; }
    Chip.-on { text-style: reverse; }
    Chip.-on:focus { text-style: reverse underline bold; }
    """

    @dataclass
    class Pressed(Message):
        name: str

    def __init__(self, label: str, name: str, *, on: bool = False) -> None:
        super().__init__(name=name)
        self._label = label
        self.set_class(on, "-on")

    @property
    def is_on(self) -> bool:
        return self.has_class("-on")

    def render(self) -> Text:
        # Without colours, too, one sees which are on.
        mark = "✓" if self.is_on else " "
        return Text(f"{mark}{self._label}")

    def flip(self, on: bool | None = None) -> None:
        self.set_class(not self.is_on if on is None else on, "-on")
        self.refresh(layout=True)

    def on_click(self) -> None:
        self.action_press()

    def action_press(self) -> None:
        self.post_message(self.Pressed(self.name or ""))


class _Line(Input):
    """Alt and a letter is a key of the bar: most terminals send the letter with it, and it is no text all the same."""

    async def _on_key(self, event: events.Key) -> None:
        if event.key.startswith("alt+"):
            event.prevent_default()


class FindBar(Container):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", show=False),
        Binding("down,f3,ctrl+g", "step(1)", show=False),
        Binding("up,shift+f3", "step(-1)", show=False),
        Binding("alt+c", "flip('case')", show=False),
        Binding("alt+w", "flip('words')", show=False),
        Binding("alt+r", "flip('regex')", show=False),
        Binding("alt+s", "flip('cell')", show=False),
        Binding("alt+a", "replace('all')", show=False),
        Binding("f7", "open_replacement", show=False),
        Binding("tab", "along(1)", show=False),
        Binding("shift+tab", "along(-1)", show=False),
    ]
    DEFAULT_CSS = """
    FindBar {
        display: none; height: auto; background: $panel; color: $foreground;
        & Horizontal { height: 1; }
        & Input { width: 1fr; min-width: 10; height: 1; border: none; padding: 0 1; background: $background; }
        & Input:focus { border: none; text-style: none; }
        & .label { width: 6; text-style: bold; padding-left: 1; }
        & #found { width: auto; min-width: 10; max-width: 44; padding: 0 1; text-align: right; }
        & #replacing { display: none; }
        &.-replacing #replacing { display: block; }
    }
    """

    @dataclass
    class Changed(Message):
        """The query, or where to look."""

        query: Query
        in_cell: bool

    @dataclass
    class Step(Message):
        by: int

    @dataclass
    class Replace(Message):
        which: Literal["one", "all"]
        text: str

    class Closed(Message):
        pass

    def __init__(self) -> None:
        super().__init__()
        self._query = _Line(placeholder="find", select_on_focus=True)
        self._replacement = _Line(placeholder="put in its place", select_on_focus=True)
        self._found = Static(id="found", markup=False)
        self._chips = {
            "case": Chip("Aa", "case"),
            "words": Chip("word", "words"),
            "regex": Chip(".*", "regex"),
            "cell": Chip("in cell", "cell"),
        }
        self._acts = (Chip("one ⏎", "one"), Chip("all Alt+A", "all"))

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield Static("Find", classes="label")
            yield self._query
            # Before the switches: what does not fit into a narrow terminal is what keys reach as well.
            yield self._found
            yield from self._chips.values()
        with Horizontal(id="replacing"):
            yield Static("By", classes="label")
            yield self._replacement
            yield from self._acts

    @property
    def is_open(self) -> bool:
        return bool(self.display)

    @property
    def hints(self) -> tuple[tuple[str, str], ...]:
        """Which keys mean something in it."""
        acts = (
            (("Enter", "replace"), ("Alt+A", "all"))
            if self._replacement.has_focus
            else (("Enter", "next"), ("↑", "before"))
        )
        more = () if self.has_class("-replacing") else (("F7", "replace"),)
        return (*acts, *more, ("Alt+C W R S", "how"), ("Tab", "along"), ("Esc", "close"))

    @property
    def query_now(self) -> Query:
        on = {name: chip.is_on for name, chip in self._chips.items()}
        return Query(self._query.value, on["case"], on["words"], on["regex"])

    @property
    def in_cell(self) -> bool:
        return self._chips["cell"].is_on

    def open(self, *, in_cell: bool, replacing: bool, text: str | None = None) -> None:
        """Be ready for a query; that of last time is there, and selected."""
        self.display = True
        self.set_class(replacing or (self.is_open and self.has_class("-replacing")), "-replacing")
        self._chips["cell"].flip(in_cell)
        if text:
            self._query.value = text
        self.screen.set_focus(self._query, scroll_visible=False)
        self._query.select_all()
        self._tell()

    def close(self) -> None:
        self.display = False
        self.remove_class("-replacing")

    def show_found(self, text: str) -> None:
        self._found.update(printable(text))

    def action_close(self) -> None:
        self.post_message(self.Closed())

    def action_step(self, by: int) -> None:
        self.post_message(self.Step(by))

    def action_along(self, by: int) -> None:
        """From one line to the other, to all that is pressed, and round again."""
        stops: list[Widget] = [self._query, *self._chips.values()]
        if self.has_class("-replacing"):
            stops[1:1] = [self._replacement]
            stops += self._acts
        place = next(number for number, stop in enumerate(stops) if stop.has_focus)
        self.screen.set_focus(stops[(place + by) % len(stops)], scroll_visible=False)

    def action_flip(self, name: str) -> None:
        self._chips[name].flip()
        self._tell()

    def action_replace(self, which: Literal["one", "all"]) -> None:
        if self.has_class("-replacing"):
            self.post_message(self.Replace(which, self._replacement.value))

    def action_open_replacement(self) -> None:
        self.add_class("-replacing")
        self.screen.set_focus(self._replacement, scroll_visible=False)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if event.input is self._query and self.is_open:
            self._tell()

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        if event.input is self._query:
            self.action_step(1)
        else:
            self.action_replace("one")

    @on(Chip.Pressed)
    def _chip_pressed(self, event: Chip.Pressed) -> None:
        event.stop()
        match event.name:
            case "one" | "all" as which:
                self.action_replace(which)
            case name:
                self.action_flip(name)

    def on_key(self, event: events.Key) -> None:
        # A second Ctrl+F looks in all cells; Input would take it for a movement.
        if event.key == "ctrl+f":
            event.stop()
            event.prevent_default()
            self.action_flip("cell")

    def _tell(self) -> None:
        self.post_message(self.Changed(self.query_now, self.in_cell))
