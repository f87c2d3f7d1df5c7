"""Large values that functions capture: bytes, texts, arrays, tables and what is made of them travel by content.

A pickle refers to such a value by its key, a hash of what it consists of; the value itself goes beside it, once to each
peer, as long as it stays what it is. Over there each term gets a value of its own, unless it can never change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from hashlib import blake2b
from typing import Any, Final, TypeAlias

from beamlike.code.shared import SHARED, Shared
from beamlike.distribution.terms_codec import LARGE, Buffer, Content, LargeBuffers, NotYet
from beamlike.kernel.errors import BeamlikeError

_BYTES: Final = b"b"
_FIXED: Final = b"f"
_FRESH: Final = b"p"
_SHARED: Final = b"s"
"""The first byte of a key: bytes as they are; a pickle of what never changes; any other; one of what is shared."""

_MARK: Final = 0xE6
"""The first byte of a marked term; a pickle starts with another."""
_KEY_SIZE: Final = 17
_MOST_KEYS: Final = 255

_LIBRARIES: Final = frozenset({"numpy", "pandas", "polars", "pyarrow", "scipy", "torch"})
_PLAIN: Final = frozenset({type(None), bool, int, float, complex, str, bytes, bytearray})
_CONTAINERS: Final = frozenset({list, tuple, set, frozenset, dict})
_LIGHT: Final = frozenset({type(None), bool, int, float, complex})
_ITEM: Final = 8
"""Bytes that an item of a container is counted as, at least."""
_FEW: Final = 100
"""Items that count for nothing, beside what they weigh themselves."""
_LOOKED_AT: Final = 1000

Loads: TypeAlias = Callable[[bytes, Iterable[Buffer]], Any]


def weigh(value: Any) -> int:
    """About how many bytes of data `value` is, at least; 0 for what is no data. Quick, so that it can be asked of all
    that a function captures: of what has many parts only the first are looked at.

    >>> weigh(b"x" * 1000), weigh([0] * 1000), weigh([b"x" * 1000]), weigh(print)
    (1000, 8000, 1000, 0)
    """
    parts, seen, weight = [value], {id(value)}, 0
    for part in parts:
        kind = type(part)
        if kind in (bytes, bytearray, str):
            weight += len(part)
        elif kind in _CONTAINERS:
            weight += len(part) * _ITEM if len(part) > _FEW else 0
            room = _LOOKED_AT - len(parts)
            inner = [one for _, one in zip(range(room), part.values() if kind is dict else part, strict=False)]
            new = [one for one in inner if type(one) not in _LIGHT and id(one) not in seen]
            seen.update(map(id, new))
            parts += new
        elif is_of_library(kind):
            weight += _size_of(part)
    return weight


def is_of_library(kind: type) -> bool:
    return kind.__module__.partition(".")[0] in _LIBRARIES


def _size_of(value: Any) -> int:
    size = getattr(value, "nbytes", None)
    if isinstance(size, int):
        return size
    usage = getattr(value, "memory_usage", None)  # a table of pandas
    return int(getattr(usage(), "sum", lambda: 0)()) if callable(usage) else 0


def is_data(value: Any) -> bool:
    """Whether nothing in it could be code, or refer back to what captures it.

    >>> is_data({"a": [1, 2.0, b""]}), is_data([print])
    (True, False)
    """
    parts, seen = [value], {id(value)}
    for part in parts:
        kind = type(part)
        if kind in _CONTAINERS:
            inner = [*part, *part.values()] if kind is dict else part
            if not _PLAIN.issuperset(map(type, inner)):
                new = [one for one in inner if type(one) not in _PLAIN and id(one) not in seen]
                seen.update(map(id, new))
                parts += new
        elif kind not in _PLAIN and not _is_array(part):
            return False
    return True


def _is_array(value: Any) -> bool:
    return is_of_library(type(value)) and not getattr(getattr(value, "dtype", None), "hasobject", False)


def content_of(value: Any, dumps: Callable[[Any], tuple[bytes, LargeBuffers]]) -> Content | None:
    """A large value as content, or None if it is better left where it stands. `dumps` may refuse what is no data."""
    if weigh(value) <= LARGE or not is_data(value):
        return None
    if type(value) is bytes:
        return _content(_BYTES, [value])
    try:
        data, large = dumps(value)
    except Exception:  # if it cannot travel in any way, who captures it is told so
        return None
    # Copies, for what is changed after it was sent would be known over there by the key of what it was.
    return _content(_FIXED if _never_changes(value) else _FRESH, [data, *map(bytes, large.kept)])


def shared_content(key: bytes, parts: list[Buffer]) -> Content:
    """A value that was shared under that key, pickled."""
    return Content(_SHARED + key, parts)


def marked(body: bytes, contents: Sequence[Content]) -> bytes:
    """A term with the keys of the large values in front of it that it needs: it is not to be loaded before they are
    there, for what that does would be done again."""
    keys = list({content.key: None for content in contents}) if contents else []
    while keys:
        some, keys = keys[-_MOST_KEYS:], keys[:-_MOST_KEYS]
        body = bytes([_MARK, len(some)]) + b"".join(some) + body
    return body


def _content(sort: bytes, parts: list[Buffer]) -> Content:
    hash = blake2b(digest_size=16)
    for part in parts:
        hash.update(len(part).to_bytes(8, "big"))
        hash.update(part)
    return Content(sort + hash.digest(), parts)


def _never_changes(value: Any) -> bool:
    kind = type(value)
    return kind is str or (kind in (tuple, frozenset) and all(type(part) in _PLAIN - {bytearray} for part in value))


class UnknownContent(BeamlikeError, LookupError):
    """A large value came by its key, and the value itself never did."""


class Contents:
    """What the other side of a connection has sent so."""

    def __init__(self) -> None:
        self._has: dict[bytes, Any] = {}
        self._awaited: dict[bytes, Future[None]] = {}

    def __len__(self) -> int:
        return len(self._has)

    def announce(self, keys: Iterable[bytes]) -> None:
        """They are on their way."""
        for key in keys:
            self._awaited.setdefault(key, Future())

    def take_in(self, content: Content) -> None:
        parts = [bytes(part) for part in content.parts]  # what was lent for the way goes back
        self._has[content.key] = parts[0] if content.key[:1] == _BYTES else parts
        awaited = self._awaited.pop(content.key, None)
        if awaited is not None:
            awaited.set_result(None)

    def opened(self, data: Buffer) -> Buffer:
        """A term without the mark that `marked` gave it, once all is here that it needs. NotYet until then."""
        view = memoryview(data)
        if view[0] != _MARK:
            return data
        start = 2 + view[1] * _KEY_SIZE
        for place in range(2, start, _KEY_SIZE):
            awaited = self._awaited.get(bytes(view[place : place + _KEY_SIZE]))
            if awaited is not None:
                raise NotYet(awaited, by_this_way=True)
        return self.opened(view[start:])

    def get(self, key: bytes, loads: Loads) -> Any:
        """The value."""
        if key not in self._has:
            raise UnknownContent(f"a large value came by its key {key.hex()}, and never came itself; connect anew")
        kept = self._has[key]
        if key[:1] == _FRESH:
            data, *buffers = kept
            return loads(data, [bytearray(buffer) for buffer in buffers])
        if type(kept) is list:
            kept = self._has[key] = _Loaded(loads(kept[0], kept[1:]))
        return kept.value if type(kept) is _Loaded else kept

    def shared(self, key: bytes, loads: Loads) -> Shared[Any]:
        """The value that was shared under this key: the same each time."""
        return SHARED.get(key) or Shared(self.get(_SHARED + key, loads), key)

    def forget(self, key: bytes) -> None:
        self._has.pop(key, None)


class _Loaded:
    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value
