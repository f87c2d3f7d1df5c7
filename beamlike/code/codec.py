"""The codec of a connection by which code travels: what `beamlike.distribution` is given when a node starts.

What goes ahead of a term is a pickled list of messages, each a pair of its kind and what it says.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable
from typing import Any

from beamlike.code.decoding import DECODING
from beamlike.code.locked import LockedUnpickler
from beamlike.code.pickler import Peer, dumps
from beamlike.code.sources import SOURCES, SourceParts
from beamlike.distribution.terms_codec import Buffer, Content, Encoded


class CodeCodec:
    """Terms to bytes and back, for one connection of the node `here`.

    >>> codec = CodeCodec("doc@127.0.0.1")
    >>> codec.decode(codec.encode(("hello", 42)).data, ())
    ('hello', 42)
    """

    def __init__(self, here: str = "", *, accepts_code: bool = True) -> None:
        self._here = here
        self._there = ""
        self._accepts_code = accepts_code
        self._peer = Peer()
        self._hears: dict[str, Callable[[Any], None]] = {"sources": self._hear_sources}

    def meet(self, there: str) -> None:
        self._there = there

    def encode(self, term: object) -> Encoded:
        """Raises CannotTravel, which names the part of `term` that has no meaning elsewhere."""
        return dumps(term, self._peer)

    def hear(self, ahead: bytes) -> None:
        """Takes what the other side knows of code; a node that accepts none does not."""
        if self._accepts_code:
            for kind, news in pickle.loads(ahead):
                self._hears[kind](news)

    def take_in(self, content: Content) -> None:
        """Nothing is sent so yet."""

    def decode(self, data: Buffer, buffers: Iterable[Buffer]) -> object:
        """Raises ForeignCode or UnknownSource if code in it cannot be had here, CodeRefused if none is accepted, and
        whatever loading a term may."""
        outer, DECODING.codec = DECODING.codec, self
        try:
            return self.loads(data, buffers)
        finally:
            DECODING.codec = outer

    def loads(self, data: Buffer, buffers: Iterable[Buffer] = ()) -> Any:
        """A pickle of the other side."""
        if self._accepts_code:
            return pickle.loads(data, buffers=buffers)
        return LockedUnpickler(data, buffers, self._here).load()

    def close(self) -> None:
        """The connection is over."""

    def _hear_sources(self, sources: list[SourceParts]) -> None:
        for parts in sources:
            SOURCES.register(*parts)
