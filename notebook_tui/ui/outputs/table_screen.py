"""A table alone on the screen: as many rows as fit, fetched when they are seen, sorted where the data is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import ClassVar

from textual.binding import Binding, BindingType

from notebook_tui.ui.dialogs.closes_once import ClosesOnce
from notebook_tui.ui.dialogs.messages import Severity
from notebook_tui.widgets.messages import Page
from notebook_tui.widgets.views import Table


class TableScreen(ClosesOnce[None]):
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,o", "dismiss", "Close", show=False)]

    def __init__(
        self, table: Table, rows: Callable[[str, Page], Awaitable[Table]], say: Callable[[str, Severity], None]
    ) -> None:
        super().__init__()
        self._table = table
        self._rows = rows
        self._say = say
