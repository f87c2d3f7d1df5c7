"""How a term with code is to be written, and what is found out while it is."""

from __future__ import annotations

from dataclasses import field, replace
from types import FunctionType
from typing import Final

from beamlike.code.uses import Image
from beamlike.kernel.record import frozen, slotted


@frozen
class Way:
    """How code is written into a pickle."""

    images: bool = True
    """Whether functions may go as images."""
    classes: bool = True
    """Whether classes may."""
    by_content: bool = True
    """Whether large values may go beside it."""
    lasting: bool = False
    """Whether many terms will use it: then it names its sources for good."""
    alone: bool = False
    """Whether it may refer to nothing that went before."""
    hints: bool = True
    """Whether what annotations name as text goes along."""
    making: tuple[object, ...] = ()
    """What the pickle is a part of: shared values and, last, what it shows, if it is an image."""

    @property
    def shows(self) -> object:
        return self.making[-1] if self.making and self.lasting else None

    def of(self, part: object) -> Way:
        """For an image of `part`, or for a value that is shared as that."""
        return Way(images=False, classes=self.hints, lasting=True, hints=self.hints, making=(*self.making, part))

    def without_hints(self) -> Way:
        """And without images, which would be made without them."""
        return replace(self, images=False, classes=False, hints=False)


AS_A_TERM: Final = Way()
IN_FULL: Final = Way(images=False, classes=False)
BY_ITSELF: Final = AS_A_TERM.without_hints()
ALONE: Final = Way(images=False, classes=False, by_content=False, alone=True)
OF_AN_INFO: Final = Way(images=False, by_content=False)


@slotted
class Walk:
    """What is found out on the way through a term, and through the images that are made for it."""

    hinted: list[object] = field(default_factory=list)
    """What goes along because annotations name it."""
    begun: list[FunctionType | type] = field(default_factory=list)
    """What images are made of."""
    held: set[Image] = field(default_factory=set)
    """Images that were found to be true by themselves."""
    in_circles: set[type] = field(default_factory=set)
    """Classes that refer to one of which an image was being made."""
