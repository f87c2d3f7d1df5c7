"""Memory that large messages are received into: made before it is filled, so that nothing is copied once more.

For `bytes` CPython's C API allows that for a new object that nobody else has seen ("PyBytes_FromStringAndSize").

Large `bytes` are asked for in huge pages, where there are such (Linux): their memory belongs to the interpreter, which
does not say when it is free. Other large memory is used again (`reused_memory`).
"""

from __future__ import annotations

import ctypes
import mmap
import sys
from typing import Final

from beamlike.distribution import reused_memory
from beamlike.distribution.terms_codec import Buffer

_OFFSET: Final = bytes.__basicsize__ - 1
"""Where the content begins in the object: the last byte of its fixed part is the first of the content."""

_IS_CPYTHON: Final = sys.implementation.name == "cpython"
_HUGE_PAGES: Final = getattr(mmap, "MADV_HUGEPAGE", None)

WORTH_HUGE_PAGES: Final = 4 << 20
"""Bytes. Smaller memory comes from the heap, and may have been used before."""

WORTH_REUSING: Final = 1 << 20
"""Bytes."""

if _IS_CPYTHON:
    _new = ctypes.pythonapi.PyBytes_FromStringAndSize
    _new.restype = ctypes.py_object
    _new.argtypes = ctypes.c_char_p, ctypes.c_ssize_t

if _HUGE_PAGES is not None:
    _madvise = ctypes.CDLL(None).madvise
    _madvise.argtypes = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int


def fresh_bytes(size: int) -> tuple[Buffer, memoryview]:
    """New bytes of undefined content, and a view to fill them by, before anybody looks at them.

    >>> value, view = fresh_bytes(3)
    >>> view[:] = b"abc"
    >>> value
    b'abc'
    """
    if not _IS_CPYTHON or size < 2:  # the short ones are shared by the whole interpreter
        return fresh_buffer(size)
    value: bytes = _new(None, size)
    address = id(value) + _OFFSET
    _in_huge_pages(address, size)
    return value, memoryview((ctypes.c_char * size).from_address(address)).cast("B")


def fresh_buffer(size: int) -> tuple[bytearray | memoryview, memoryview]:
    """The same for memory that stays writable: a large one may have been used before, and is used again."""
    if size < WORTH_REUSING or not reused_memory.IS_POSSIBLE:
        value = bytearray(size)
        return value, memoryview(value)
    view = reused_memory.MEMORY.take(size)
    return view, view


def _in_huge_pages(address: int, size: int) -> None:
    """Asks for it; a system that has none to give does as it always does."""
    if _HUGE_PAGES is None or size < WORTH_HUGE_PAGES:
        return
    start = -(-address // mmap.PAGESIZE) * mmap.PAGESIZE
    _madvise(start, (address + size - start) // mmap.PAGESIZE * mmap.PAGESIZE, _HUGE_PAGES)
