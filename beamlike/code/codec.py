"""The codec of a connection by which code travels: what `beamlike.distribution` is given when a node starts."""

from __future__ import annotations

from beamlike.code.pickler import Peer, dumps, loads


class CodeCodec:
    """Terms to bytes and back, for one connection. What `encode` returned must be decoded in that order.

    >>> codec = CodeCodec()
    >>> codec.decode(codec.encode(("hello", 42)))
    ('hello', 42)
    """

    def __init__(self) -> None:
        self._peer = Peer()

    def encode(self, term: object) -> bytes:
        """Raises CannotTravel, which names the part of `term` that has no meaning elsewhere."""
        return dumps(term, self._peer)

    def decode(self, data: bytes) -> object:
        """Raises ForeignCode or UnknownSource if code in it cannot be had here, and whatever loading a term may."""
        return loads(data)
