"""Terms as pickles in which code is named by source and place, and everything that it uses goes by value.

`dumps` writes up to two pickles: the sources that the other side lacks, if any, which go ahead, and the term.
What a code object becomes:

- of a known source (a cell, the running script): `load_code(hash, qualname, line, nth)`;
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
from functools import lru_cache
from importlib.util import MAGIC_NUMBER
from types import CodeType, FunctionType
from typing import Any

import cloudpickle

from beamlike.code.by_value import module_goes_by_value
from beamlike.code.classes import reduced_class
from beamlike.code.decoding import DECODING
from beamlike.code.reducers import REDUCERS, Reduced, reduce_exception
from beamlike.code.sources import SOURCES, Place, Source, SourceHash
from beamlike.code.untravelable import explain
from beamlike.code.weight import HEAVY, warn_of_heavy_captures
from beamlike.distribution.terms_codec import Encoded, LargeBuffers
from beamlike.kernel.errors import BeamlikeError
from beamlike.kernel.terms import ExceptionInfo, Pid

PROTOCOL = 5
_PARTS_OF_A_CLASS = 6
"""Of cloudpickle's reductions only those of functions and classes have a function that fills them."""


class ForeignCode(BeamlikeError, TypeError):
    """Code came as the bytecode of another Python version, which this one cannot run."""


class Peer:
    """What the other side of one connection has of our sources: at most `limit` of them, the newest.

    A source that fell out is only sent again. What goes ahead must reach the other side in the order in which it was
    dumped.
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


def dumps(term: object, peer: Peer) -> Encoded:
    """`term` for `peer`, which counts as having the sources in it from then on. CannotTravel says which part cannot."""
    try:
        return _dump_plain(term)
    except Exception:  # whatever it was: the full pickler decides
        return _dump_in_full(term, peer)


def _dump_plain(term: object) -> Encoded:
    file, large = io.BytesIO(), LargeBuffers()
    _PlainPickler(file, PROTOCOL, buffer_callback=large).dump(term)
    return Encoded(file.getvalue(), large.kept)


def _dump_in_full(term: object, peer: Peer) -> Encoded:
    large = LargeBuffers()
    try:
        body, pickler = _CodePickler.pickled(term, large)
    except Exception as error:
        raise explain(term, _fails, error) from error
    if len(body) + large.size > HEAVY:
        warn_of_heavy_captures(pickler.functions, _weight)
    lacking = [source for hash, source in pickler.sources.items() if hash not in peer]
    if not lacking:
        return Encoded(body, large.kept)
    ahead = pickle.dumps([("sources", [source.parts for source in lacking])], PROTOCOL)
    # Last of all: a failure, or a finalizer that sends meanwhile, must not count on what has not been sent.
    for source in lacking:
        peer.add(source.hash)
    return Encoded(body, large.kept, ahead)


def _fails(value: object) -> bool:
    try:
        _CodePickler.pickled(value)
    except Exception:
        return True
    return False


def _weight(value: object) -> int:
    return len(_CodePickler.pickled(value)[0])


class _NeedsMore(Exception):
    """The term holds something that the plain pickler must not write."""


class _PlainPickler(pickle.Pickler):
    def reducer_override(self, value: Any) -> Any:
        kind = type(value)
        if issubclass(kind, type) or kind is FunctionType:
            if module_goes_by_value(value.__module__):
                raise _NeedsMore
        elif kind in REDUCERS or isinstance(value, BaseException):
            raise _NeedsMore
        return NotImplemented


class _CodePickler(cloudpickle.Pickler):  # type: ignore[misc]
    def __init__(self, file: io.BytesIO, large: LargeBuffers | None = None) -> None:
        super().__init__(file, PROTOCOL, buffer_callback=large)
        self.sources: dict[SourceHash, Source] = {}
        self.functions: list[FunctionType] = []

    @classmethod
    def pickled(cls, term: object, large: LargeBuffers | None = None) -> tuple[bytes, _CodePickler]:
        """`term` in bytes, and the pickler, which knows what went into them. Large buffers go to `large`, if given."""
        file = io.BytesIO()
        pickler = cls(file, large)
        pickler.dump(term)
        return file.getvalue(), pickler

    def reducer_override(self, value: Any) -> Any:
        kind = type(value)
        if kind is CodeType:
            return self._reduce_code(value)
        if kind is ExceptionInfo:
            return self._reduce_info(value)
        if kind in REDUCERS:
            reduced = REDUCERS[kind](value)
        elif isinstance(value, BaseException):
            reduced = reduce_exception(value)
        else:
            reduced = None
        if reduced is not None:
            return reduced
        reduced = super().reducer_override(value)
        if reduced is NotImplemented:
            return reduced
        if kind is FunctionType:
            self.functions.append(value)
        elif len(reduced) == _PARTS_OF_A_CLASS:
            return reduced_class(value, reduced)
        return reduced

    def _function_getnewargs(self, function: FunctionType) -> Reduced:
        """cloudpickle's, with the cells themselves, so that functions which share a variable do so there too."""
        code, scope, *_ = super()._function_getnewargs(function)
        return code, scope, None, None, function.__closure__

    def _reduce_code(self, code: CodeType) -> Reduced:
        found = SOURCES.find(code)
        if found is None:
            return load_marshalled, (MAGIC_NUMBER, platform.python_version(), code.co_qualname, marshal.dumps(code))
        source, place = found
        self.sources[source.hash] = source
        return load_code, (source.hash, *place)

    def _reduce_info(self, info: ExceptionInfo) -> Reduced:
        """With its exception as a pickle of its own, or none if it cannot travel: the news of it must, always."""
        texts = (info.type, info.message, info.traceback, info.node, info.pid)
        if info.exception is None:
            return ExceptionInfo, texts
        try:
            body, pickler = _CodePickler.pickled(info.exception)
        except Exception:
            return ExceptionInfo, texts
        self.sources.update(pickler.sources)
        return load_info, (*texts, body)


def load_code(hash: SourceHash, qualname: str, line: int, nth: int) -> CodeType:
    return SOURCES[hash].code_at(Place(qualname, line, nth))


def load_info(type: str, message: str, traceback: str, node: str, pid: Pid, exception: bytes) -> ExceptionInfo:
    error: BaseException | None
    try:
        error = DECODING.codec.loads(exception) if DECODING.codec is not None else pickle.loads(exception)
    except Exception:  # of a class that is not to be had here, for one; the texts tell what it was
        error = None
    return ExceptionInfo(type, message, traceback, node, pid, error)


@lru_cache(maxsize=1024)  # what comes with every call of a function is the same code every time
def load_marshalled(magic: bytes, python: str, qualname: str, data: bytes) -> CodeType:
    if magic != MAGIC_NUMBER:
        raise ForeignCode(
            f"expected code that Python {platform.python_version()} can run, got `{qualname}` as bytecode of "
            f"Python {python}, without its source: run the same minor version on both nodes, "
            "or define it in a cell, the script or an installed module"
        )
    code: CodeType = marshal.loads(data)
    return code
