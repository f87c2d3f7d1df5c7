"""What was made of a thing, kept as long as there is room for it and found again by the thing itself.

Series are long, so their hash and comparison cost more than a look at who they are; an update makes new ones of those
that changed, and the others stay the same objects.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Thing = TypeVar("Thing")
Made = TypeVar("Made")


class Kept(Generic[Thing, Made]):
    """
    >>> lengths = Kept(lambda thing, times: len(thing) * times, room=2)
    >>> lengths("abc", 2)
    6
    """

    def __init__(self, make: Callable[..., Made], room: int) -> None:
        self._make = make
        self._room = room
        # The thing is kept with what was made of it, so that no other can come to have its id.
        self._made: OrderedDict[tuple[Hashable, ...], tuple[Thing, Made]] = OrderedDict()

    def __call__(self, thing: Thing, *rest: Hashable) -> Made:
        key = (id(thing), *rest)
        found = self._made.get(key)
        if found is None:
            found = self._made[key] = (thing, self._make(thing, *rest))
            if len(self._made) > self._room:
                self._made.popitem(last=False)
        else:
            self._made.move_to_end(key)
        return found[1]
