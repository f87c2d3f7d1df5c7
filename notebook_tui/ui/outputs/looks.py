"""What this viewer has chosen to see of the views in a notebook, by their refs; other viewers choose for themselves."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import field, replace
from typing import Self, TypeVar

from beamlike.kernel.record import frozen
from notebook_tui.ui.outputs.questions import Question
from notebook_tui.ui.outputs.spots import Touch
from notebook_tui.ui.pictures.gallery import NO_PICTURES, Pictures
from notebook_tui.widgets.views import Gallery, Scalar, Table

V = TypeVar("V")


@frozen
class Looks:
    tabs: Mapping[str, int] = field(default_factory=dict)
    """The tab that is open; the first where none was chosen."""
    series: Mapping[str, str] = field(default_factory=dict)
    """The one series of a plot that is shown alone."""
    pages: Mapping[str, Table | Gallery] = field(default_factory=dict)
    """The page of a table or a gallery that was asked for in place of the one that its cell shows."""
    pictures: Pictures = NO_PICTURES
    """What draws pictures on this terminal, and has drawn."""
    columns: Mapping[str, int] = field(default_factory=dict)
    """The first column that is shown of a table that is too wide."""
    values: Mapping[str, Scalar] = field(default_factory=dict)
    """What the inputs of the notebook hold, and the fields of forms as far as this viewer has filled them in."""
    questions: tuple[Question, ...] = ()
    """The lines that cells wait for, the oldest first."""
    keyboard: str = ""
    """The keyboard that has all keys."""
    folded: frozenset[str] = frozenset()
    """The cells whose outputs are one row."""
    at: Touch | None = None
    """Where the keyboard is among the spots of the focused cell."""

    def unfocused(self) -> Self:
        """As a cell without the focus is looked at."""
        return replace(self, at=None, keyboard="") if self.at is not None or self.keyboard else self

    def kept(self, refs: Set[str]) -> Self:
        """Without what was chosen for views that are gone: only those with these refs are still there.

        >>> Looks(tabs={"a": 1, "b": 2}).kept({"b"}).tabs
        {'b': 2}
        """
        return replace(
            self,
            tabs=_of(self.tabs, refs),
            series=_of(self.series, refs),
            pages=_of(self.pages, refs),
            columns=_of(self.columns, refs),
            keyboard=self.keyboard if self.keyboard in refs else "",
        )


def _of(chosen: Mapping[str, V], refs: Set[str]) -> Mapping[str, V]:
    return {ref: each for ref, each in chosen.items() if ref in refs}
