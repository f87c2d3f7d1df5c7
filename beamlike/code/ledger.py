"""Which images and large values the other side of one connection keeps, and which it may forget."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, Final
from weakref import ref

from beamlike.code.uses import Image
from beamlike.distribution.terms_codec import Content

ROOM: Final = 1 << 28
"""Bytes of large values that the other side keeps; beyond that those go that were not used for longest."""


class Ledger:
    """`largest` is how many bytes may go in one message."""

    def __init__(self, room: int = ROOM, largest: int = 1 << 62) -> None:
        self._room = room
        self._largest = largest
        self._images: dict[int, ref[Image]] = {}
        self._contents: OrderedDict[bytes, int] = OrderedDict()
        self._owned: dict[bytes, ref[Any]] = {}
        self._size = 0
        self._forgotten: list[int | bytes] = []

    def takes(self, content: Content, *, shared: bool = False) -> bool:
        """Whether it can be sent at all, and if it is not `shared`, there is room for it."""
        return content.size <= self._largest and (shared or content.size <= self._room // 2)

    def has(self, content: Content) -> bool:
        """Whether it is there, of what an owner keeps there."""
        return content.key in self._owned

    def lacks_image(self, image: Image) -> bool:
        return image.number not in self._images

    def lacks(self, content: Content) -> bool:
        """If not, it counts as used."""
        if content.key in self._contents:
            self._contents.move_to_end(content.key)
            return False
        return content.key not in self._owned

    def add_image(self, image: Image) -> None:
        """It is forgotten when it ends here."""
        number = image.number

        def ended(_image: ref[Image]) -> None:
            del self._images[number]
            self._forgotten.append(number)

        self._images[number] = ref(image, ended)

    def add(self, content: Content) -> None:
        self._contents[content.key] = content.size
        self._size += content.size
        while self._size > self._room:
            key, size = self._contents.popitem(last=False)
            self._size -= size
            self._forgotten.append(key)

    def add_owned(self, content: Content, owner: object) -> None:
        """It is forgotten when `owner` ends here."""
        key = content.key

        def ended(_owner: ref[object]) -> None:
            del self._owned[key]
            self._forgotten.append(key)

        self._owned[key] = ref(owner, ended)

    def forgotten(self) -> list[int | bytes]:
        """Numbers of images and keys of contents, since this was asked last."""
        if not self._forgotten:
            return []
        forgotten, self._forgotten = self._forgotten, []
        return forgotten
