"""How terms that are not plain become bytes: one protocol, and pickle as its simplest form.

A codec belongs to one connection, so that it may remember what the other side has been sent before. `beamlike.code`
has one that ships functions by their source; this package knows only the protocol.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, Final, Protocol, TypeAlias

from beamlike.kernel.record import frozen

PICKLE_PROTOCOL: Final = 5

LARGE: Final = 1 << 16
"""Bytes: what is larger travels in fragments, and a buffer as it is, without being copied into a pickle."""

Buffer: TypeAlias = bytes | bytearray | memoryview


@frozen
class Content:
    """Something large for the other side's codec, which terms refer to by `key`."""

    key: bytes
    parts: Sequence[Buffer]

    @property
    def size(self) -> int:
        """In bytes."""
        return sum(map(len, self.parts))


@frozen
class Encoded:
    """A term in bytes: a pickle, and the large buffers that it only refers to.

    `ahead` is for the other side's codec and must arrive before the term, and before whatever is encoded later.
    `contents` are for it, too, and arrive when they do: no signals wait for them but those that need them.
    """

    data: bytes
    buffers: Sequence[Buffer] = ()
    ahead: bytes | None = None
    contents: Sequence[Content] = ()


class NotYet(Exception):
    """What a term needs is still on its way, or being made. When `ready` is done it is to be decoded again.

    `by_this_way` says that it comes by the connection of the term itself, which must be read then.
    """

    def __init__(self, ready: Future[Any], *, by_this_way: bool) -> None:
        super().__init__("not yet")
        self.ready = ready
        self.by_this_way = by_this_way


class TermCodec(Protocol):
    """Terms to bytes and back, for one connection.

    `finish` is called by one thread at a time, `decode` too, but the two may overlap. Terms may arrive in another order
    than that in which they were finished; what went `ahead` never does.
    """

    def meet(self, there: str) -> None:
        """The name of the node at the other side is known; more than once, mostly."""
        ...

    def draft(self, term: object, *, alone: bool) -> Any:
        """Writes a term, and asks nobody to keep anything. Any exception means that it cannot be written.

        For any thread, several at a time, since it may run code of the user's, and that may wait. What is to stand
        `alone` refers to nothing that went ahead of another term.
        """
        ...

    def finish(self, draft: Any) -> Encoded:
        """What `decode` of the other side's codec understands, of what `draft` has written."""
        ...

    def farewell(self) -> bytes | None:
        """What the other side's codec need not keep any longer, to go ahead; mostly None. It is to be heard there after
        all terms that were finished so far have been decoded."""
        ...

    def hear(self, ahead: bytes) -> None:
        """Takes what the other side's codec sent ahead."""
        ...

    def take_in(self, content: Content) -> None:
        """Takes one of the `contents` of the other side's codec."""
        ...

    def decode(self, data: Buffer, buffers: Sequence[Buffer]) -> object:
        """The term again. NotYet if that is to be tried later; any other exception means that it cannot be had here."""
        ...

    def close(self) -> None:
        """The connection is over, which was established."""
        ...


CodecFactory: TypeAlias = Callable[[], TermCodec]


class LargeBuffers:
    """What a pickler is given as `buffer_callback`: keeps the large buffers out of the pickle.

    They are not copied until they are sent: who changes an array that was sent changes what is sent.
    """

    def __init__(self) -> None:
        self.kept: list[Buffer] = []
        self.size = 0

    def __call__(self, buffer: pickle.PickleBuffer) -> bool:
        """Whether the buffer is to be part of the pickle."""
        view = buffer.raw()
        if view.nbytes <= LARGE:
            return True
        self.kept.append(view)
        self.size += view.nbytes
        return False


class PickleCodec:
    """Terms as plain pickles: functions and classes go by name, and must exist on the other node.

    >>> codec = PickleCodec()
    >>> codec.decode(codec.encode({1, 2}).data, ())
    {1, 2}
    """

    def encode(self, term: object) -> Encoded:
        """A term, drafted and finished."""
        return self.finish(self.draft(term, alone=False))

    def draft(self, term: object, *, alone: bool) -> Encoded:
        large = LargeBuffers()
        return Encoded(pickle.dumps(term, PICKLE_PROTOCOL, buffer_callback=large), large.kept)

    def finish(self, draft: Encoded) -> Encoded:
        return draft

    def meet(self, there: str) -> None:
        pass

    def farewell(self) -> None:
        return None

    def hear(self, ahead: bytes) -> None:
        raise ValueError("expected nothing ahead of plain pickles")

    def take_in(self, content: Content) -> None:
        raise ValueError("expected nothing beside plain pickles")

    def decode(self, data: Buffer, buffers: Sequence[Buffer]) -> object:
        return pickle.loads(data, buffers=buffers)

    def close(self) -> None:
        pass
