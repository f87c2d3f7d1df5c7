"""Spots where they stand in the rows of an item, and the ways from one to another with the keyboard."""

from __future__ import annotations

from collections.abc import Sequence

from beamlike.kernel.record import frozen
from notebook_tui.ui.outputs.spots import Touch


@frozen
class Place:
    row: int
    """Counted from the first row of the item."""
    start: int
    """The first of its columns, counted from the left of the list."""
    end: int
    touch: Touch


Places = tuple[Place, ...]


def distinct(places: Sequence[Place]) -> Places:
    """Of places that do the same the first: a link that is folded is one place for the keyboard."""
    first: dict[Touch, Place] = {}
    for place in places:
        first.setdefault(place.touch, place)
    return tuple(first.values())


def place_of(places: Sequence[Place], touch: Touch | None) -> Place | None:
    return next((place for place in places if place.touch == touch), None)


def place_under(places: Sequence[Place], row: int, column: int) -> Place | None:
    """The place that a press of the mouse meant."""
    return next((each for each in places if each.row == row and each.start <= column < each.end), None)


def step(places: Sequence[Place], at: Touch | None, by: int) -> Place | None:
    """The place so many further, in the order of reading; None beyond the first and the last."""
    order = distinct(places)
    here = next((index for index, place in enumerate(order) if place.touch == at), None)
    if here is None:
        return (order[0] if by > 0 else order[-1]) if order else None
    return order[here + by] if 0 <= here + by < len(order) else None


def beside(places: Sequence[Place], at: Touch | None, by: int) -> Place | None:
    """The place beside this one, in its row."""
    here = place_of(places, at)
    row = [each for each in distinct(places) if here is not None and each.row == here.row]
    return step(row, at, by)


def above_or_below(places: Sequence[Place], at: Touch | None, by: int) -> Place | None:
    """The place nearest in the nearest row above or below that has any.

    >>> from notebook_tui.ui.outputs.spots import Act
    >>> here, under, far = Place(0, 20, 24, Act("a")), Place(2, 18, 22, Act("b")), Place(2, 0, 4, Act("c"))
    >>> above_or_below((here, far, under), Act("a"), 1).touch
    Act(ref='b', value=None)
    """
    here = place_of(places, at)
    if here is None:
        return None
    beyond = [each for each in distinct(places) if (each.row - here.row) * by > 0]
    return min(beyond, key=lambda each: (abs(each.row - here.row), abs(each.start - here.start)), default=None)
