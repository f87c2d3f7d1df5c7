"""Where the caret has been: back and forward, as a reader of the web goes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from beamlike.kernel.record import frozen

_MOST: Final = 100


@frozen
class CaretPlace:
    cell_id: str
    line: int
    """From 1."""
    column: int = 0


class Trail:
    """
    >>> trail = Trail()
    >>> trail.left(CaretPlace("a", 1))
    >>> trail.back(CaretPlace("b", 7), lambda place: True)
    CaretPlace(cell_id='a', line=1, column=0)
    >>> trail.forward(CaretPlace("a", 1), lambda place: True)
    CaretPlace(cell_id='b', line=7, column=0)
    """

    def __init__(self) -> None:
        self._before: list[CaretPlace] = []
        self._after: list[CaretPlace] = []

    def left(self, place: CaretPlace) -> None:
        """The caret was there, and goes elsewhere by itself."""
        if not self._before or _line(self._before[-1]) != _line(place):
            self._before.append(place)
        del self._before[:-_MOST]
        self._after.clear()

    def back(self, here: CaretPlace, is_there: Callable[[CaretPlace], bool]) -> CaretPlace | None:
        """The place before this one that is there still; None if there is none."""
        return _turned(self._before, self._after, here, is_there)

    def forward(self, here: CaretPlace, is_there: Callable[[CaretPlace], bool]) -> CaretPlace | None:
        return _turned(self._after, self._before, here, is_there)


def _turned(
    source: list[CaretPlace], target: list[CaretPlace], here: CaretPlace, is_there: Callable[[CaretPlace], bool]
) -> CaretPlace | None:
    while source:
        place = source.pop()
        if is_there(place) and _line(place) != _line(here):
            target.append(here)
            return place
    return None


def _line(place: CaretPlace) -> tuple[str, int]:
    return place.cell_id, place.line
