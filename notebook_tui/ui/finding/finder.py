"""All places of a notebook where something is found: in sources and in what cells show, in the order of the page.

Cells that have not changed since are not looked through again, so a state that comes while the bar is open costs only
what is new in it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Final

from beamlike.kernel.record import frozen
from notebook_tui.document.notebook import Cell
from notebook_tui.document.operations import SetCellSource
from notebook_tui.document.outputs import Output
from notebook_tui.ui.finding.pattern import PATIENCE, BadPattern, Pattern, Query, Span, TooLong
from notebook_tui.ui.outputs.output_strips import output_lines

_LONGEST_OUTPUT: Final = 200_000
"""Characters of a cell's outputs that are looked through: the end of what it prints, which is what is seen."""


@frozen
class Place:
    cell_id: str
    nth: int
    """Which one in the cell, from 0; those in its source come first."""
    span: Span | None
    """Where in the source; None in what the cell shows."""


@frozen
class _Looked:
    source: str
    outputs: tuple[Output, ...]
    in_source: tuple[Span, ...]
    in_outputs: int


@frozen
class Replacement:
    """What was replaced in a cell."""

    cell_id: str
    before: str
    after: str


class Finder:
    """
    >>> finder = Finder()
    >>> finder.look_for(Query("x")), finder.look([Cell("a", "code", "x = x")])
    ('', '')
    >>> finder.step(1)
    Place(cell_id='a', nth=0, span=(0, 1))
    >>> finder.said
    '1 of 2'
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.query = Query("")
        self.pattern: Pattern | None = None
        self.problem = ""
        self.places: tuple[Place, ...] = ()
        self.current: Place | None = None
        self._looked: dict[str, _Looked] = {}

    @property
    def said(self) -> str:
        """How many there are, or what is wrong."""
        if self.problem:
            return self.problem
        if self.pattern is None:
            return ""
        if not self.places:
            return "none"
        number = self.places.index(self.current) + 1 if self.current in self.places else 0
        return f"{number} of {len(self.places)}" if number else f"{len(self.places)} found"

    def look_for(self, query: Query) -> str:
        """Another query; what is wrong with it."""
        if query == self.query:
            return self.problem
        self.query, self.problem, self.pattern = query, "", None
        self._looked.clear()
        self.places, self.current = (), None
        if query.text:
            try:
                self.pattern = Pattern(query, self._clock)
            except BadPattern as error:
                self.problem = str(error)
        return self.problem

    def look(self, cells: Iterable[Cell], *, sources_only: bool = False) -> str:
        """Look through the cells as they are now; what went wrong."""
        if self.pattern is None:
            return self.problem
        until = self._clock() + PATIENCE
        places: list[Place] = []
        self.problem = ""
        try:
            for cell in cells:
                looked = self._look(self.pattern, cell, until)
                places += [Place(cell.id, nth, span) for nth, span in enumerate(looked.in_source)]
                if not sources_only:
                    first = len(looked.in_source)
                    places += [Place(cell.id, first + nth, None) for nth in range(looked.in_outputs)]
        except TooLong as error:
            self.problem = str(error)
        self.places = tuple(places)
        if self.current not in self.places:
            self.current = None
        return self.problem

    def step(self, by: int, from_cell: str = "", order: tuple[str, ...] = (), offset: int = -1) -> Place | None:
        """The next one, or the one before; without a current one, seen from a place in a cell."""
        if not self.places:
            return None
        if self.current in self.places:
            index = (self.places.index(self.current) + by) % len(self.places)
        else:
            index = self._first_from(from_cell, order, offset, by)
        self.current = self.places[index]
        return self.current

    def replaced_all(self, cells: Iterable[Cell], replacement: str) -> tuple[list[Replacement], int]:
        """What becomes of the sources when all are replaced, and how many there are. `BadPattern` and `TooLong` say
        why not; then nothing is."""
        assert self.pattern is not None
        done: list[Replacement] = []
        total = 0
        until = self._clock() + PATIENCE
        for cell in cells:
            after, count = self.pattern.replaced(cell.source, replacement, until)
            total += count
            if after != cell.source:
                done.append(Replacement(cell.id, cell.source, after))
        return done, total

    def _look(self, pattern: Pattern, cell: Cell, until: float) -> _Looked:
        kept = self._looked.get(cell.id)
        if kept is not None and kept.source == cell.source and kept.outputs is cell.outputs:
            return kept
        text = "\n".join(line for output in cell.outputs for line in output_lines(output))[-_LONGEST_OUTPUT:]
        looked = _Looked(
            cell.source,
            cell.outputs,
            tuple(pattern.spans(cell.source, until)),
            len(pattern.spans(text, until)) if text else 0,
        )
        self._looked[cell.id] = looked
        return looked

    def _first_from(self, from_cell: str, order: tuple[str, ...], offset: int, by: int) -> int:
        ranks = {id: rank for rank, id in enumerate(order)}
        here = (ranks.get(from_cell, -1), offset)

        def at(place: Place) -> tuple[int, int]:
            return ranks.get(place.cell_id, -1), place.span[0] if place.span else 1 << 30

        if by > 0:
            return next((index for index, place in enumerate(self.places) if at(place) >= here), 0)
        before = [index for index, place in enumerate(self.places) if at(place) < here]
        return before[-1] if before else len(self.places) - 1


def operations_of(done: Iterable[Replacement]) -> list[SetCellSource]:
    """An operation for each cell: each is one step of its undo."""
    return [SetCellSource(each.cell_id, each.after) for each in done]
