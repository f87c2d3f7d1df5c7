"""`bytes` that are filled after they were made, as an extension module may: else large ones would be copied once more.

CPython's C API allows it for a new object that nobody else has seen ("PyBytes_FromStringAndSize"). Elsewhere the bytes
are copied out of a bytearray by `whole`.
"""

from __future__ import annotations

import ctypes
import sys
from typing import Final

_OFFSET: Final = bytes.__basicsize__ - 1
"""Where the content begins in the object: the last byte of its fixed part is the first of the content."""

_IS_CPYTHON: Final = sys.implementation.name == "cpython"

if _IS_CPYTHON:
    _new = ctypes.pythonapi.PyBytes_FromStringAndSize
    _new.restype = ctypes.py_object
    _new.argtypes = ctypes.c_char_p, ctypes.c_ssize_t


def fresh_bytes(size: int) -> tuple[bytes | bytearray, memoryview]:
    """New bytes of undefined content, and a view to fill them by, before anybody looks at them.

    >>> value, view = fresh_bytes(3)
    >>> view[:] = b"abc"
    >>> value
    b'abc'
    """
    if not _IS_CPYTHON or size < 2:  # the short ones are shared by the whole interpreter
        buffer = bytearray(size)
        return buffer, memoryview(buffer)
    value: bytes = _new(None, size)
    memory = (ctypes.c_char * size).from_address(id(value) + _OFFSET)
    return value, memoryview(memory).cast("B")
