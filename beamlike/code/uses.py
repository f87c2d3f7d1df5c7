"""What a pickle of code refers to, and the other side must have."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any, Final
from weakref import ref

from beamlike.code.constants import Constant
from beamlike.code.shared import Shared
from beamlike.code.source import Source, SourceHash
from beamlike.distribution.terms_codec import Content
from beamlike.kernel.record import frozen, slotted

_numbers = itertools.count(1)


@slotted
class Uses:
    sources: dict[SourceHash, Source] = field(default_factory=dict)
    contents: list[Content] = field(default_factory=list)
    modules: set[str] = field(default_factory=set)
    """Those of what goes by name."""
    images: list[Image] = field(default_factory=list)
    shared: list[tuple[Shared[Any], Lasting]] = field(default_factory=list)
    has_code: bool = False
    has_whole_classes: bool = False
    """Whether classes are in it, each in the state in which it was."""

    @property
    def carries_code(self) -> bool:
        """Whether code is in it or in what it refers to."""
        if self.has_code:
            return True
        return any(image.carries_code for image in self.images) or any(
            uses.has_code for _, lasting in self.shared for uses in lasting.all_uses
        )

    def large_values(self) -> Sequence[Content]:
        """All that it refers to, or what it refers to does, each once: captured ones and shared ones."""
        if not self.shared and not self.contents:
            kept = [image.large for image in self.images if image.large]
            if len(kept) < 2:
                return kept[0] if kept else ()
        found: dict[bytes, Content] = {}
        for uses in self.all():
            found.update((content.key, content) for content in uses.contents)
            found.update((lasting.content.key, lasting.content) for _, lasting in uses.shared)
        return list(found.values())

    def all_images(self) -> tuple[Image, ...]:
        """Those that it refers to, and those that they do, each once."""
        return tuple(dict.fromkeys(it for image in self.images for it in (*image.all_images, image)))

    def names(self) -> set[str]:
        """The modules of all that goes by name, in what it refers to, too."""
        return self.modules.union(*(uses.modules for uses in self.all()))

    def all(self) -> list[Uses]:
        """What it refers to, each after what it refers to itself, and this last."""
        kept = [*(image.all_uses for image in self.images), *(lasting.all_uses for _, lasting in self.shared)]
        found = {id(uses): uses for all_uses in kept for uses in all_uses}
        return [*found.values(), self]

    def add(self, other: Uses) -> None:
        """What a pickle within this one refers to."""
        self.sources |= other.sources
        self.contents += other.contents
        self.modules |= other.modules
        self.images += other.images
        self.shared += other.shared
        self.has_code |= other.has_code
        self.has_whole_classes |= other.has_whole_classes


NOTHING: Final = Uses()


@frozen
class Lasting:
    """A pickle that is kept over there as a content, and what it refers to."""

    content: Content
    uses: Uses
    all_uses: list[Uses]


@dataclass(eq=False)
class Image:
    """A function or class, pickled, that is kept over there by its number."""

    thing: ref[FunctionType | type]
    data: bytes
    uses: Uses
    whole: list[Constant] = field(default_factory=list)
    """Other classes that are in it."""
    number: int = field(default_factory=lambda: next(_numbers))

    def __post_init__(self) -> None:
        self.all_uses = self.uses.all()
        self.all_images = self.uses.all_images()
        self.large = tuple(self.uses.large_values())
        self.carries_code = self.uses.carries_code
