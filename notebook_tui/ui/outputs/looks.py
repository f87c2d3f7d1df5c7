"""What this viewer has chosen to see of the views in a notebook, by their refs; other viewers choose for themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from notebook_tui.ui.outputs.spots import Touch
from notebook_tui.ui.pictures.gallery import NO_PICTURES, Pictures
from notebook_tui.widgets.views import Table


@dataclass(frozen=True, slots=True)
class Looks:
    tabs: Mapping[str, int] = field(default_factory=dict)
    """The tab that is open; the first where none was chosen."""
    series: Mapping[str, str] = field(default_factory=dict)
    """The one series of a plot that is shown alone."""
    pages: Mapping[str, Table] = field(default_factory=dict)
    """The page of a table that was asked for in place of the one that its cell shows."""
    pictures: Pictures = NO_PICTURES
    """What draws pictures on this terminal, and has drawn."""
    at: Touch | None = None
    """Where the keyboard is among the spots of the focused cell."""
