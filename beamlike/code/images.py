"""Images: constant functions and classes as bytes that travel once to each peer, and are a number from then on.

The first time that something is sent it goes as a part of the term, since most functions are sent once. The second
time its image is made, if it is constant. When it is not any more what it was, a new image is made, of another number.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import FunctionType
from typing import Any, Final
from weakref import ref

from beamlike.code.constants import Constant, as_constant
from beamlike.code.uses import Image
from beamlike.kernel.errors import BeamlikeError


@dataclass(slots=True)
class _Entry:
    thing: ref[FunctionType | type]
    constant: Constant | None = None
    image: Image | None = None
    sightings: int = 1


_TRIES: Final = 8
"""Who has varied so often is not looked at again."""


class Images:
    """The images of this interpreter, for as long as what they show lives."""

    def __init__(self) -> None:
        self._entries: dict[int, _Entry] = {}

    def get(self, thing: FunctionType | type) -> Image | None:
        """Its image, if there is one that is still true."""
        entry = self._entries.get(id(thing))
        if entry is None or entry.constant is None or not entry.constant.holds():
            return None
        return entry.image

    def has(self, thing: FunctionType | type) -> bool:
        """Whether there is one, that was true once."""
        entry = self._entries.get(id(thing))
        return entry is not None and entry.image is not None

    def see(self, thing: FunctionType | type, make: Callable[[], Image]) -> Image | None:
        """As `get`, and has one made if `thing` was seen before and is constant."""
        entry = self._entries.get(id(thing))
        if entry is None:
            self._entries[id(thing)] = _Entry(ref(thing, self._forgets(id(thing))))
            return None
        if entry.constant is not None and entry.constant.holds():
            return entry.image
        entry.constant = entry.image = None
        entry.sightings += 1
        if entry.sightings <= _TRIES:
            entry.constant = as_constant(thing)
        if entry.constant is not None:
            entry.image = make()
        return entry.image

    def _forgets(self, key: int) -> Callable[[object], None]:
        def forget(_: object) -> None:
            del self._entries[key]

        return forget


IMAGES = Images()


class UnknownImage(BeamlikeError, LookupError):
    """A function or class came by the number of its image, and the image itself never did."""


class ImagesThere:
    """The images that the other side of a connection has sent. What one shows is made when it is first used."""

    def __init__(self) -> None:
        self._data: dict[int, bytes] = {}
        self._renewable: dict[int, bytes] = {}
        self._things: dict[int, Any] = {}

    def __len__(self) -> int:
        return len(self._data) + len(self._things)

    def take_in(self, number: int, data: bytes, *, renewable: bool = False) -> None:
        """`renewable` is one that may have to be made anew, since it uses modules that may change."""
        self._data[number] = data
        if renewable:
            self._renewable[number] = data

    def renew(self) -> None:
        """Modules have changed: what uses any is made anew when it is used next."""
        for number in self._renewable:
            self._things.pop(number, None)
        self._data |= self._renewable

    def get(self, number: int, loads: Callable[[bytes], Any]) -> Any:
        thing = self._things.get(number)
        if thing is None:
            try:
                data = self._data[number]
            except KeyError:
                raise UnknownImage(f"code came as image {number}, which never came itself; connect anew") from None
            thing = self._things[number] = loads(data)
            del self._data[number]
        return thing

    def forget(self, number: int) -> None:
        self._data.pop(number, None)
        self._renewable.pop(number, None)
        self._things.pop(number, None)
