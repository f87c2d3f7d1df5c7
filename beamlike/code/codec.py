"""The codec of a connection by which code travels: what `beamlike.distribution` is given when a node starts."""

from __future__ import annotations

import pickle
from collections.abc import Iterable

from beamlike.code.pickler import Peer, dumps, register_sources
from beamlike.distribution.terms_codec import Buffer, Encoded


class CodeCodec:
    """Terms to bytes and back, for one connection.

    >>> codec = CodeCodec()
    >>> codec.decode(codec.encode(("hello", 42)).data, ())
    ('hello', 42)
    """

    def __init__(self) -> None:
        self._peer = Peer()

    def encode(self, term: object) -> Encoded:
        """Raises CannotTravel, which names the part of `term` that has no meaning elsewhere."""
        return dumps(term, self._peer)

    def hear(self, ahead: bytes) -> None:
        """The sources that came ahead of a term are known from now on."""
        register_sources(ahead)

    def decode(self, data: Buffer, buffers: Iterable[Buffer]) -> object:
        """Raises ForeignCode or UnknownSource if code in it cannot be had here, and whatever loading a term may."""
        return pickle.loads(data, buffers=buffers)
