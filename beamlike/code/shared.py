"""Values that many calls use, marked as such: sent to each node once, and one object there for all calls."""

from __future__ import annotations

import secrets
from typing import Any, Generic, TypeVar
from weakref import WeakValueDictionary

from beamlike.code.decoding import decoder

T = TypeVar("T")

SHARED: WeakValueDictionary[bytes, Shared[Any]] = WeakValueDictionary()
"""Those of this interpreter, by their keys: one that comes back is the very one."""


class Shared(Generic[T]):
    """A value that travels by reference, as `bl.share` marks it; `value` is the value itself, wherever one is.

    It is sent to a node before the first call that uses it and kept there for as long as this object lives here. It
    must not be changed: nobody would be told, and arrays may well be read-only over there.
    """

    __slots__ = ("__weakref__", "_key", "_value")

    def __init__(self, value: T, key: bytes | None = None) -> None:
        self._value = value
        self._key = secrets.token_bytes(16) if key is None else key
        SHARED[self._key] = self

    @property
    def value(self) -> T:
        return self._value

    @property
    def key(self) -> bytes:
        """What it is called by, on every node."""
        return self._key

    def __repr__(self) -> str:
        return f"Shared({type(self._value).__name__})"


def share(value: T) -> Shared[T]:
    """Marks a value, such as the weights of a model, that many calls are to use: each node is sent it once.

    >>> import asyncio, beamlike as bl
    >>> async def main():
    ...     async with bl.Node("doc@127.0.0.1") as node:
    ...         words = bl.share(["a", "long", "list"])
    ...         return await bl.rpc.call(node.name, lambda at: words.value[at], 1)
    >>> asyncio.run(main())
    'long'
    """
    if isinstance(value, Shared):
        raise TypeError("expected a value to share, got one that is shared already")
    return Shared(value)


def load_shared(key: bytes, *_changed: type) -> Any:
    return decoder().shared(key)


def shared_of(key: bytes, value: Any) -> Shared[Any]:
    """One that came with its value."""
    return SHARED.get(key) or Shared(value, key)
