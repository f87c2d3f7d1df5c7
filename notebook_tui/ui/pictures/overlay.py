"""Pictures that are painted over text, where they are wholly in view.

Whoever paints text paints over them, and they move when text moves. So after each frame those are painted (again) that
have a new place or lie where text was painted; while one is partly out of view, or something lies on it, its place is
held by the text beneath.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from textual.geometry import Region
from textual.strip import Strip

from beamlike.kernel.record import frozen
from notebook_tui.ui.pictures.drawing import PLACE, Place


@frozen
class Placed:
    number: int
    """Of the drawing."""
    region: Region


class Overlay:
    def __init__(self) -> None:
        self._painted: set[Placed] = set()

    def forget(self) -> None:
        """The screen was cleared."""
        self._painted.clear()

    def to_paint(
        self, placed: Iterable[Placed], touched: Callable[[Region], bool], covered: Callable[[Region], bool]
    ) -> list[Placed]:
        """Those that must be painted after a frame that touched parts of the screen."""
        before, self._painted = self._painted, set()
        wanted = []
        for each in placed:
            if each in before and not touched(each.region):
                self._painted.add(each)
            elif not covered(each.region):
                self._painted.add(each)
                wanted.append(each)
        return wanted


def placed_in(rows: Sequence[Strip]) -> Iterator[Placed]:
    """The pictures of which all rows are among these, seen from their top left."""
    found = [set(_places(row)) for row in rows]
    for y, places in enumerate(found):
        for place, x in sorted(places, key=lambda pair: pair[1]):
            below = found[y : y + place.rows]
            whole = place.row == 0 and len(below) == place.rows
            if whole and all((replace(place, row=at), x) in row for at, row in enumerate(below)):
                yield Placed(place.key, Region(x, y, place.columns, place.rows))


def at(region: Region, painting: str) -> str:
    """The painting done there; the cursor is back where it was.

    >>> at(Region(2, 4, 8, 9), "…")
    '\\x1b7\\x1b[5;3H…\\x1b8'
    """
    return f"\x1b7\x1b[{region.y + 1};{region.x + 1}H{painting}\x1b8"


def _places(row: Strip) -> Iterator[tuple[Place, int]]:
    x = 0
    for segment in row:
        if segment.style is not None and (place := segment.style.meta.get(PLACE)) is not None:
            yield place, x
        x += segment.cell_length
