"""How facts travel: as bytes of plain terms, compressed, in pieces that fit into one small message each.

A table is a term of too many parts to travel as a plain term, and would be pickled. As bytes it is plain, whatever is
in it, and the other side unpacks numbers, texts, lists and dicts, and nothing else.
"""

from __future__ import annotations

import zlib
from typing import Any, Final

import msgpack

PIECE: Final = 48 << 10
LARGEST: Final = 32 << 20
"""Bytes of an answer, unpacked."""


def wrap(plain: Any) -> list[bytes]:
    """
    >>> unwrap(b"".join(wrap({"rows": [1, None, "a"]})))
    {'rows': [1, None, 'a']}
    """
    data: bytes = msgpack.packb(plain, unicode_errors="replace")
    if len(data) > LARGEST:
        raise ValueError(f"expected an answer of at most {LARGEST} bytes, got {len(data)}: ask for fewer rows")
    packed = zlib.compress(data, 1)
    return [packed[start : start + PIECE] for start in range(0, len(packed), PIECE)]


def unwrap(packed: bytes) -> Any:
    """ValueError for what is no such answer."""
    unpacker = zlib.decompressobj()
    try:
        data = unpacker.decompress(packed, LARGEST)
        return msgpack.unpackb(data, raw=False, strict_map_key=True)
    except (zlib.error, ValueError, msgpack.exceptions.UnpackException) as error:
        raise ValueError(f"expected an answer of an inspector, got {len(packed)} bytes of something else") from error
