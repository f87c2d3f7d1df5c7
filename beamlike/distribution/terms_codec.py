"""How terms that are not plain become bytes: one protocol, and pickle as its simplest form.

A codec belongs to one connection, so that it may remember what the other side has been sent before. `beamlike.code`
has one that ships functions by their source; this package knows only the protocol.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Protocol, TypeAlias

PICKLE_PROTOCOL = 5


class TermCodec(Protocol):
    """Terms to bytes and back, for one connection.

    The other side decodes in the order of encoding. `encode` is called by one thread at a time, `decode` too, but the
    two may overlap; and `encode` may be entered again from within (a finalizer that sends). An `encode` that raises
    must leave no trace: nothing of that term reaches the other side.
    """

    def encode(self, term: object) -> bytes:
        """The bytes that `decode` of the other side's codec understands. Any exception means that it cannot be."""
        ...

    def decode(self, data: bytes) -> object:
        """The term again. Any exception means that it cannot be had here."""
        ...


CodecFactory: TypeAlias = Callable[[], TermCodec]


class PickleCodec:
    """Terms as plain pickles: functions and classes go by name, and must exist on the other node.

    >>> codec = PickleCodec()
    >>> codec.decode(codec.encode({1, 2}))
    {1, 2}
    """

    def encode(self, term: object) -> bytes:
        return pickle.dumps(term, PICKLE_PROTOCOL)

    def decode(self, data: bytes) -> object:
        return pickle.loads(data)
