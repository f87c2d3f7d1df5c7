"""Who types in the notebook."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from rich.text import Text

from notebook_tui.document.state import State
from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.drawing.printable import printable_row
from notebook_tui.ui.panels.list_panel import ListPanel
from notebook_tui.ui.panels.panel_list import BLANK, Line, said


class ClientsPanel(ListPanel):
    NAME = "clients"
    TITLE = "Who types here"

    def worth(self, state: State) -> object:
        return state.clients

    def draw(self, width: int, palette: Palette) -> Sequence[Line]:
        return tuple(client_lines(self.state, width, palette))


def client_lines(state: State, width: int, palette: Palette) -> Iterator[Line]:
    """This viewer, and all who have joined.

    >>> [line.text.plain for line in client_lines(State(clients=frozenset({"ann"})), 40, Palette())][1]
    '● ann'
    """
    who = os.environ.get("USER") or os.environ.get("LOGNAME") or ""
    yield Line(
        Text.assemble(("● ", palette.ok), ("you", palette.strong), (f"  {printable_row(who)}", palette.muted)), "you"
    )
    for name in sorted(state.clients):
        yield Line(Text.assemble(("● ", palette.ok), printable_row(name)), name)
    yield BLANK
    if not state.clients:
        yield from said("Nobody else. What others do in the file itself is merged as it comes.", width, palette)
