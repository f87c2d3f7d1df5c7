"""What a pickle of code refers to, and the other side must have."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any, Final

from beamlike.code.shared import Shared
from beamlike.code.source import Source, SourceHash
from beamlike.distribution.terms_codec import Content

_numbers = itertools.count(1)


@dataclass(slots=True)
class Uses:
    sources: dict[SourceHash, Source] = field(default_factory=dict)
    contents: list[Content] = field(default_factory=list)
    modules: set[str] = field(default_factory=set)
    """Those of what goes by name."""
    images: list[Image] = field(default_factory=list)
    shared: list[tuple[Shared[Any], Lasting]] = field(default_factory=list)
    has_code: bool = False

    @property
    def carries_code(self) -> bool:
        """Whether code is in it or in what it refers to."""
        return self.has_code or any(uses.carries_code for uses in self._kept())

    def names(self) -> set[str]:
        """The modules of all that goes by name, in what it refers to, too."""
        return self.modules.union(*(uses.names() for uses in self._kept()))

    def _kept(self) -> list[Uses]:
        return [image.uses for image in self.images] + [lasting.uses for _, lasting in self.shared]

    def add(self, other: Uses) -> None:
        """What a pickle within this one refers to."""
        self.sources |= other.sources
        self.contents += other.contents
        self.modules |= other.modules
        self.images += other.images
        self.shared += other.shared
        self.has_code |= other.has_code


NOTHING: Final = Uses()


@dataclass(frozen=True, slots=True)
class Lasting:
    """A pickle that is kept over there as a content, and what it refers to."""

    content: Content
    uses: Uses


@dataclass(eq=False)
class Image:
    """A function or class, pickled, that is kept over there by its number."""

    data: bytes
    uses: Uses
    number: int = field(default_factory=lambda: next(_numbers))
