"""All keys of the map that is in use, drawn from the one table: as many columns as there is room for, and what is
typed narrows them down."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from textwrap import wrap
from typing import ClassVar, Final

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from notebook_tui.session.people import OWNER, Person, Role
from notebook_tui.ui.dialogs.closes_once import ClosesOnce
from notebook_tui.ui.drawing.palette import Palette, palette_of
from notebook_tui.ui.keys.key import Key, pretty
from notebook_tui.ui.keys.roles import role_of
from notebook_tui.ui.keys.table import DEFAULT, KeyTable

_KEYS_WIDTH: Final = 27
_TITLE_WIDTH: Final = 35
"""What is left for the words in a terminal of 80 columns."""
_COLUMN: Final = _KEYS_WIDTH + _TITLE_WIDTH + 5
_FRAME: Final = 8
_MOST_COLUMNS: Final = 3
_MAPS: Final = {"default": "", "vim": " · as in Vim", "emacs": " · as in Emacs"}


class HelpScreen(ModalScreen[None], ClosesOnce[None]):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f1", "dismiss", "Close", show=False),
        Binding("down", "scroll(1)", show=False),
        Binding("up", "scroll(-1)", show=False),
        Binding("pagedown", "scroll(12)", show=False),
        Binding("pageup", "scroll(-12)", show=False),
    ]
    CSS = """
    HelpScreen { align: center middle; background: $background 60%; }
    HelpScreen .dialog { height: 90%; padding: 0 2; }
    HelpScreen VerticalScroll { height: 1fr; scrollbar-size-vertical: 1; }
    HelpScreen #help-top { height: 1; }
    HelpScreen #help-top Static { width: auto; text-style: bold; }
    HelpScreen Input { width: 1fr; height: 1; border: none; padding: 0 1; background: $surface; }
    HelpScreen Input:focus { border: none; }
    HelpScreen .help-columns { height: auto; margin-top: 1; }
    """

    def __init__(self, table: KeyTable = DEFAULT, person: Person = OWNER) -> None:
        super().__init__()
        self._table = table
        self._person = person
        self._columns: list[Static] = []

    def compose(self) -> ComposeResult:
        count = columns_for(self.app.size.width)
        self._columns = [Static(markup=False) for _ in range(count)]
        with Vertical(classes="dialog help") as dialog:
            dialog.styles.width = min(self.app.size.width, count * _COLUMN + _FRAME)
            dialog.styles.max_width = "100%"
            with Horizontal(id="help-top"):
                yield Static(Text(f"Keys{_MAPS[self._table.name]}  "))
                yield Input(placeholder="type to find")
            with VerticalScroll(can_focus=False), Horizontal(classes="help-columns"):
                yield from self._columns
            yield Static(Text("Ctrl+P finds every action by its name. Esc closes this."), classes="dialog-note")

    def on_mount(self) -> None:
        self._show("")
        self.query_one(Input).focus()

    @on(Input.Changed)
    def _narrowed(self, event: Input.Changed) -> None:
        self._show(event.value)
        self.query_one(VerticalScroll).scroll_home(animate=False)

    def action_scroll(self, rows: int) -> None:
        self.query_one(VerticalScroll).scroll_relative(y=rows, animate=False)

    def _show(self, wanted: str) -> None:
        blocks = help_blocks(palette_of(self.app.theme_variables), self._table, wanted, self._person)
        if not blocks:
            blocks = [Text(f"No key does “{wanted}”. Ctrl+P may know an action without one.")]
        for column, texts in zip(self._columns, in_columns(blocks, len(self._columns)), strict=True):
            column.update(Text("\n\n").join(texts))


def columns_for(width: int) -> int:
    """How many columns a terminal of that width has room for.

    >>> columns_for(80), columns_for(150), columns_for(250)
    (1, 2, 3)
    """
    return max(1, min(_MOST_COLUMNS, (width - _FRAME) // _COLUMN))


def in_columns(blocks: Sequence[Text], count: int) -> list[list[Text]]:
    """The blocks in order, each column about as tall as the others.

    >>> [len(column) for column in in_columns([Text("a\\nb"), Text("c"), Text("d")], 2)]
    [1, 2]
    """
    heights = [block.plain.count("\n") + 2 for block in blocks]
    columns: list[list[Text]] = [[] for _ in range(count)]
    place, filled, left = 0, 0, sum(heights)
    for block, height in zip(blocks, heights, strict=True):
        share = (filled + left) / (count - place)
        if columns[place] and place + 1 < count and filled + height / 2 > share:
            place, filled = place + 1, 0
        columns[place].append(block)
        filled += height
        left -= height
    return columns


def help_blocks(
    palette: Palette, table: KeyTable = DEFAULT, wanted: str = "", person: Person = OWNER
) -> Sequence[Text]:
    """A block for each group; an action that has several keys stands once, grey if this person may not do it. With
    words, only what has them all, in its title, its group or its keys."""
    words = wanted.lower().split()
    found = [key for key in table.rows if key.keys and all(word in _said_of(key) for word in words)]
    groups = list(dict.fromkeys(key.group for key in found))
    ordered = sorted(found, key=lambda key: groups.index(key.group))
    return [_block(group, keys, palette, person) for group, keys in groupby(ordered, key=lambda key: key.group)]


def _said_of(key: Key) -> str:
    return " ".join([key.group, key.title, *(pretty(each) for each in key.keys)]).lower()


def _block(group: str, keys: Iterable[Key], palette: Palette, person: Person) -> Text:
    names: dict[str, list[str]] = {}
    roles: dict[str, Role] = {}
    for key in keys:
        names.setdefault(key.title, []).extend(pretty(each) for each in key.keys)
        roles[key.title] = role_of(key.action)
    rows: list[Text] = []
    for title, labels in names.items():
        row = _row(title, labels, palette)
        if not person.may(roles[title]):
            row = Text(row.plain, palette.muted)
        rows.append(row)
    return Text("\n").join([Text(group, palette.heading), *rows])


def _row(title: str, labels: list[str], palette: Palette) -> Text:
    label = "  ".join(dict.fromkeys(labels))
    below = "\n" + " " * (_KEYS_WIDTH + 3)
    words = below.join(wrap(title, _TITLE_WIDTH))
    if len(label) > _KEYS_WIDTH:
        return Text.assemble((f"  {label}", palette.strong), below, words)
    return Text.assemble((f"  {label:<{_KEYS_WIDTH}} ", palette.strong), words)
