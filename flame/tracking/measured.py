"""Whether a value can travel and how large it is then, found out by pickling it into nothing, up to a limit."""

from __future__ import annotations

import io
from typing import Any

from beamlike.code.code_pickler import CodePickler
from beamlike.code.peer import Peer
from beamlike.code.plain_pickler import PlainPickler
from beamlike.code.way import BY_ITSELF, Walk
from flame.tracking.stays import Stays


class TooLarge(Exception):
    """More than the limit. Pickling was given up there."""


class _Nothing(io.BytesIO):
    """A file that keeps only the number of bytes."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.size = 0
        self._limit = limit

    def write(self, data: Any) -> int:
        self.size += len(data)
        if self.size > self._limit:
            raise TooLarge
        return len(data)


class _Plain(PlainPickler):
    def reducer_override(self, value: Any) -> Any:
        return _STAND_IN if isinstance(value, Stays) else super().reducer_override(value)


class _Code(CodePickler):
    def reducer_override(self, value: Any) -> Any:
        return _STAND_IN if isinstance(value, Stays) else super().reducer_override(value)


_STAND_IN = (str, ())
"""What is pickled for a reference, which would take it for sent."""


def measured(value: Any, limit: int) -> int | None:
    """In bytes, large buffers included; None if it cannot travel. TooLarge for more than `limit`.

    >>> measured([b"x" * 1000], 10_000) > 1000, measured((item for item in []), 10_000)
    (True, None)
    """
    file = _Nothing(limit)
    plain = _Plain(file)
    try:
        plain.dump(value)
        return _with_buffers(file, plain, limit)
    except TooLarge:
        raise
    except Exception:  # whatever it was: the full pickler decides
        pass
    file = _Nothing(limit)
    code = _Code(file, Peer(), BY_ITSELF, Walk())
    try:
        code.dump(value)
        return _with_buffers(file, code, limit)
    except TooLarge:
        raise
    except Exception:
        return None


def _with_buffers(file: _Nothing, pickler: PlainPickler | CodePickler, limit: int) -> int:
    size = file.size + pickler.large.size
    if size > limit:
        raise TooLarge
    return size
