"""What this viewer has chosen to see of the views in a notebook, by their refs; other viewers choose for themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from notebook_tui.ui.outputs.spots import Touch
from notebook_tui.widgets.views import Table


@dataclass(frozen=True, slots=True)
class Looks:
    tabs: Mapping[str, int] = field(default_factory=dict)
    """The tab that is open; the first where none was chosen."""
    series: Mapping[str, str] = field(default_factory=dict)
    """The one series of a plot that is shown alone."""
    pages: Mapping[str, Table] = field(default_factory=dict)
    """The page of a table that was asked for in place of the one that its cell shows."""
    folded: frozenset[str] = frozenset()
    """The cells whose outputs are one row."""
    at: Touch | None = None
    """Where the keyboard is among the spots of the focused cell."""
