"""Images: constant functions and classes as bytes that travel once to each peer, and are a number from then on.

The first time that a function is sent it goes as a part of the term, since most are sent once. The second time its
image is made, if it is constant. A class has its image from the beginning: it is one object over there, and each
number stands for one state of it. Images refer to classes by their images, so there is one way only in which a class
changes over there. When something is not any more what it was, its image is void for good, and the next one has
another number. Classes that refer to each other go together, in the image of each.
"""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any, Final
from weakref import ref

from beamlike.code.classes import FILLING, is_filled_by
from beamlike.code.constants import Constant, as_constant
from beamlike.code.uses import Image, Uses
from beamlike.kernel.errors import BeamlikeError
from beamlike.kernel.record import slotted


class NoImage(Exception):
    """What an image is to be made of refers to a class that has none."""


@slotted
class _Entry:
    thing: ref[FunctionType | type]
    constant: Constant | None = None
    image: Image | None = None
    tries: int = 0


_TRIES: Final = 8
"""Who has varied so often is not looked at again."""


class Images:
    """The images of this interpreter, for as long as what they show lives."""

    def __init__(self) -> None:
        self._entries: dict[int, _Entry] = {}

    def get(self, thing: FunctionType | type, held: set[Image] | None = None) -> Image | None:
        """Its image, if there is one that is still true. `held` are those that were true by themselves when they were
        asked for the same term."""
        entry = self._entries.get(id(thing))
        return None if entry is None else self._true_image(entry, set() if held is None else held)

    def has(self, thing: FunctionType | type) -> bool:
        """Whether there is one, that was true once."""
        entry = self._entries.get(id(thing))
        return entry is not None and entry.image is not None

    def see(self, thing: FunctionType | type, make: Callable[[], Image], held: set[Image]) -> Image | None:
        """As `get`, and has one made if that can be: of a function that was seen before, of any class."""
        entry = self._entries.get(id(thing))
        if entry is None:
            entry = self._entries[id(thing)] = _Entry(ref(thing, self._forgets(id(thing))))
            if not isinstance(thing, type):
                return None
        return self._true_image(entry, held) or self._made(entry, thing, make)

    def are_true(self, uses: Uses) -> bool:
        """Whether classes are still what they were when something was pickled."""
        held: set[Image] = set()
        return not uses.has_whole_classes and all(self._is_held(image, held) for image in uses.all_images())

    def went_in_full(self, kind: type) -> None:
        """Over there it is what it is now, whatever image of it is there."""
        entry = self._entries.get(id(kind))
        if entry is not None:
            entry.image = entry.constant = None

    def _true_image(self, entry: _Entry, held: set[Image]) -> Image | None:
        image = entry.image
        if image is None:
            return None
        if self._is_held(image, held) and all(self._is_held(used, held) for used in image.all_images):
            return image
        entry.image = entry.constant = None
        return None

    def _is_held(self, image: Image, held: set[Image]) -> bool:
        """Whether it is true by itself. Of two threads each may have made an image that uses an older one of what the
        other's shows."""
        if image in held:
            return True
        entry = self._entries.get(id(image.thing()))
        if entry is None or entry.image is not image or not self._holds(entry):
            return False
        held.add(image)
        return True

    def _holds(self, entry: _Entry) -> bool:
        if entry.constant is not None and entry.constant.holds():
            return True
        entry.image = entry.constant = None
        return False

    def _made(self, entry: _Entry, thing: FunctionType | type, make: Callable[[], Image]) -> Image | None:
        if entry.tries >= _TRIES:
            return None
        entry.tries += 1
        constant = as_constant(thing)
        if constant is None:
            return None
        try:
            image = make()
        except NoImage:
            return None
        entry.constant, entry.image = constant.along_with(image.whole), image
        entry.tries = 0
        return image

    def _forgets(self, key: int) -> Callable[[object], None]:
        def forget(_: object) -> None:
            del self._entries[key]

        return forget


IMAGES = Images()


class UnknownImage(BeamlikeError, LookupError):
    """A function or class came by the number of its image, and the image itself never did."""


class ImagesThere:
    """The images that the other side of a connection has sent. What one shows is made when it is first used.

    A class is kept for as long as somebody here uses it, and made again when it is needed again: classes go round among
    nodes, and come back as the very ones, so each node would keep them for the others' sake. It is filled again if
    another node has meanwhile sent it in another state, and not by a state that is older than the one it has.
    """

    def __init__(self) -> None:
        self._sender = object()
        self._data: dict[int, bytes] = {}
        self._renewable: set[int] = set()
        self._functions: dict[int, Any] = {}
        self._classes: dict[int, ref[type]] = {}

    def __len__(self) -> int:
        return len(self._data)

    def take_in(self, number: int, data: bytes, *, renewable: bool = False) -> None:
        """`renewable` is one that may have to be made anew, since it uses modules that may change."""
        self._data[number] = data
        if renewable:
            self._renewable.add(number)

    def renew(self) -> None:
        """Modules have changed: what uses any is made anew when it is used next."""
        for number in self._renewable:
            self._functions.pop(number, None)
            self._classes.pop(number, None)

    def get(self, number: int, loads: Callable[[bytes], Any]) -> Any:
        function = self._functions.get(number)
        if function is not None:
            return function
        kind = self._classes[number]() if number in self._classes else None
        if kind is not None and is_filled_by(kind, (self._sender, number)):
            return kind
        return self._made(number, loads)

    def _made(self, number: int, loads: Callable[[bytes], Any]) -> Any:
        try:
            data = self._data[number]
        except KeyError:
            raise UnknownImage(f"code came as image {number}, which never came itself; connect anew") from None
        outer, FILLING.state = FILLING.state, (self._sender, number)
        try:
            thing = loads(data)
        finally:
            FILLING.state = outer
        if isinstance(thing, type):
            self._classes[number] = ref(thing)
        else:
            self._functions[number] = thing
        return thing

    def forget(self, number: int) -> None:
        for kept in (self._data, self._functions, self._classes):
            kept.pop(number, None)
        self._renewable.discard(number)
