"""Terms as pickles in which code is named by source and place, and everything that it uses goes by value.

`dumps` writes up to two pickles, one after the other: the sources that the other side lacks, if any, and the term.
What a code object becomes:

- of a known source (a cell, the running script): `_load_code(hash, qualname, line, nth)`;
- any other, such as a dataclass's generated `__init__`: marshalled, with the bytecode's magic number, which is
  checked on arrival. Loading another Python's bytecode can crash the interpreter.

A term without code and exceptions, which is most, goes through `_PlainPickler`: it writes the same, is cheaper to
make, and gives up at the first thing that needs more.
"""

from __future__ import annotations

import io
import marshal
import pickle
import platform
from collections import ChainMap
from collections.abc import Callable
from importlib.util import MAGIC_NUMBER
from types import CodeType, FunctionType
from typing import Any

import cloudpickle

from beamlike.code.by_value import module_goes_by_value
from beamlike.code.reducers import REDUCERS, Reduced, reduce_exception
from beamlike.code.sources import SOURCES, Place, Source, SourceHash, SourceParts
from beamlike.kernel.errors import BeamlikeError

PROTOCOL = 5
_WITH_SOURCES = b"S"
_TERM_ONLY = b"T"


class ForeignCode(BeamlikeError, TypeError):
    """Code came as the bytecode of another Python version, which this one cannot run."""


class Peer:
    """What the other side of one connection has of our sources: at most `limit` of them, the newest.

    A source that fell out is only sent again. The other side must load what is dumped for it in the order in
    which it was dumped.
    """

    def __init__(self, limit: int = 4096) -> None:
        self._limit = limit
        self._has: dict[SourceHash, None] = {}

    def __contains__(self, hash: SourceHash) -> bool:
        return hash in self._has

    def __len__(self) -> int:
        return len(self._has)

    def add(self, hash: SourceHash) -> None:
        self._has[hash] = None
        while len(self._has) > self._limit:
            del self._has[next(iter(self._has))]


def dumps(term: object, peer: Peer) -> bytes:
    """`term` for `peer`, which counts as having the sources in it from then on.

    What pickle raises if something cannot travel: TypeError, PicklingError, AttributeError, or what the thing's
    own `__reduce__` raises.
    """
    try:
        return _dump_plain(term)
    except Exception:  # whatever it was, what is written in full decides
        return _dump_in_full(term, peer)


def loads(data: bytes) -> Any:
    """The term that `dumps` was given. ForeignCode and UnknownSource say why code cannot be had here."""
    file = io.BytesIO(data)
    if file.read(1) == _WITH_SOURCES:
        sources: list[SourceParts] = pickle.load(file)
        for parts in sources:
            SOURCES.register(*parts)
    return pickle.load(file)


def _dump_plain(term: object) -> bytes:
    file = io.BytesIO()
    file.write(_TERM_ONLY)
    _PlainPickler(file, PROTOCOL).dump(term)
    return file.getvalue()


def _dump_in_full(term: object, peer: Peer) -> bytes:
    pickler = CodePickler()
    body = pickler.pickled(term)
    lacking = [source for source in pickler.sources.values() if source.hash not in peer]
    for source in lacking:
        peer.add(source.hash)
    if not lacking:
        return _TERM_ONLY + body
    return _WITH_SOURCES + pickle.dumps([source.parts for source in lacking], PROTOCOL) + body
