"""All keys, drawn from the one table: beside each other where the terminal is wide enough."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from textwrap import wrap
from typing import ClassVar, Final

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from notebook_tui.ui.dialogs.closes_once import ClosesOnce
from notebook_tui.ui.drawing.palette import Palette, palette_of
from notebook_tui.ui.keys.key import Key, pretty
from notebook_tui.ui.keys.table import KEYS

_KEYS_WIDTH: Final = 27
_TITLE_WIDTH: Final = 35
"""What is left for the words in a terminal of 80 columns."""
_WIDE: Final = 150


class HelpScreen(ClosesOnce[None], ModalScreen[None]):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,f1", "dismiss", "Close", show=False),
        Binding("j", "scroll(1)", show=False),
        Binding("k", "scroll(-1)", show=False),
    ]

    def __init__(self, keys: Sequence[Key] = KEYS) -> None:
        super().__init__()
        self._keys = keys

    def compose(self) -> ComposeResult:
        blocks = help_blocks(palette_of(self.app.theme_variables), self._keys)
        wide = self.app.size.width >= _WIDE
        columns = halves(blocks) if wide else [blocks]
        with VerticalScroll(classes="dialog help wide" if wide else "dialog help"):
            with Horizontal(classes="help-columns"):
                for column in columns:
                    yield Static(Text("\n\n").join(column))
            yield Static(Text("Ctrl+P finds every action by its name. Esc closes this."), classes="dialog-note")

    def action_scroll(self, rows: int) -> None:
        self.query_one(VerticalScroll).scroll_relative(y=rows, animate=False)


def halves(blocks: Sequence[Text]) -> Sequence[Sequence[Text]]:
    """The blocks in two columns, in order and about equally long.

    >>> [[block.plain for block in half] for half in halves([Text("a"), Text("b\\nb"), Text("c\\nc\\nc")])]
    [['a', 'b\\nb'], ['c\\nc\\nc']]
    """
    heights = [block.plain.count("\n") + 2 for block in blocks]
    split = min(range(len(blocks) + 1), key=lambda place: max(sum(heights[:place]), sum(heights[place:])))
    return blocks[:split], blocks[split:]


def help_blocks(palette: Palette, keys: Sequence[Key] = KEYS) -> Sequence[Text]:
    """A block for each group; an action that has several keys stands once."""
    return [_block(group, keys, palette) for group, keys in groupby(keys, key=lambda key: key.group)]


def _block(group: str, keys: Iterable[Key], palette: Palette) -> Text:
    names: dict[str, list[str]] = {}
    for key in keys:
        names.setdefault(key.title, []).extend(pretty(each) for each in key.keys)
    rows = [_row(title, labels, palette) for title, labels in names.items() if labels]
    return Text("\n").join([Text(group, palette.heading), *rows])


def _row(title: str, labels: list[str], palette: Palette) -> Text:
    label = "  ".join(dict.fromkeys(labels))
    below = "\n" + " " * (_KEYS_WIDTH + 3)
    return Text.assemble((f"  {label:<{_KEYS_WIDTH}} ", palette.strong), below.join(wrap(title, _TITLE_WIDTH)))
