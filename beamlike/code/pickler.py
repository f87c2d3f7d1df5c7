"""Terms as pickles in which code is named by source and place, and everything that it uses goes by value.

`dumps` writes up to two pickles: the sources that the other side lacks, if any, which go ahead, and the term.
What a code object becomes:

- of a known source (a cell, the running script): `load_code(hash, qualname, line, nth)`;
- of an older version of one: `load_code_in(source, qualname, line, nth)`, with its text (see `lending`);
- any other: see `unsourced`.

A term without code and exceptions, which is most, goes through `_PlainPickler`: it writes the same, is cheaper to
make, and gives up at the first thing that needs more.
"""

from __future__ import annotations

import io
import pickle
from types import CodeType, FunctionType
from typing import Any

import cloudpickle

from beamlike.code.by_value import is_private_of_the_library, module_goes_by_value
from beamlike.code.classes import reduce_class
from beamlike.code.decoding import DECODING
from beamlike.code.peer import Peer
from beamlike.code.reducers import REDUCERS, Reduced, reduce_exception
from beamlike.code.source import Place, Source, SourceHash
from beamlike.code.sources import SOURCES
from beamlike.code.unsourced import reduce_unsourced
from beamlike.code.untravelable import explain
from beamlike.code.weight import HEAVY, warn_of_heavy_captures
from beamlike.distribution.terms_codec import Encoded, LargeBuffers
from beamlike.kernel.terms import ExceptionInfo, Pid

PROTOCOL = 5


def dumps(term: object, peer: Peer) -> Encoded:
    """`term` for `peer`, which counts as having the sources in it from then on. CannotTravel says which part cannot."""
    try:
        body, large = _dump_plain(term)
    except Exception:  # whatever it was: the full pickler decides
        return _dump_in_full(term, peer)
    return Encoded(body, large.kept, peer.ahead({}))


def _dump_plain(term: object) -> tuple[bytes, LargeBuffers]:
    file, large = io.BytesIO(), LargeBuffers()
    _PlainPickler(file, PROTOCOL, buffer_callback=large).dump(term)
    return file.getvalue(), large


def _dump_in_full(term: object, peer: Peer) -> Encoded:
    large = LargeBuffers()
    try:
        body, pickler = _CodePickler.pickled(term, large, peer)
    except Exception as error:
        raise explain(term, _fails, error) from error
    if len(body) + large.size > HEAVY:
        warn_of_heavy_captures(pickler.functions, _weight)
    # Last of all: a failure must not count on what has not been sent.
    return Encoded(body, large.kept, peer.ahead(pickler.sources))


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
            if module_goes_by_value(value.__module__) or is_private_of_the_library(value.__module__):
                raise _NeedsMore
        elif kind in REDUCERS or isinstance(value, BaseException):
            raise _NeedsMore
        return NotImplemented


class _CodePickler(cloudpickle.Pickler):  # type: ignore[misc]
    def __init__(self, file: io.BytesIO, large: LargeBuffers | None = None, peer: Peer | None = None) -> None:
        super().__init__(file, PROTOCOL, buffer_callback=large)
        self._peer = peer
        self._inside: dict[SourceHash, Source] = {}
        self.sources: dict[SourceHash, Source] = {}
        self.functions: list[FunctionType] = []

    @classmethod
    def pickled(
        cls, term: object, large: LargeBuffers | None = None, peer: Peer | None = None
    ) -> tuple[bytes, _CodePickler]:
        """`term` in bytes, and the pickler, which knows what went into them. Large buffers go to `large`, if given;
        without a `peer` all sources count as known."""
        file = io.BytesIO()
        pickler = cls(file, large, peer)
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
        elif issubclass(kind, type):
            reduced = reduce_class(value)
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
        return reduced

    def _function_getnewargs(self, function: FunctionType) -> Reduced:
        """cloudpickle's, with the cells themselves, so that functions which share a variable do so there too."""
        code, scope, *_ = super()._function_getnewargs(function)
        return code, scope, None, None, function.__closure__

    def _reduce_code(self, code: CodeType) -> Reduced:
        found = SOURCES.find(code)
        if found is None:
            return reduce_unsourced(code)
        source, place = found
        if self._peer is None or self._peer.may_name(source.hash):
            self.sources[source.hash] = source
            return load_code, (source.hash, *place)
        # One object for all of its code in this term, so that the text is in it once.
        return load_code_in, (self._inside.setdefault(source.hash, source), *place)

    def _reduce_info(self, info: ExceptionInfo) -> Reduced:
        """With its exception as a pickle of its own, or none if it cannot travel: the news of it must, always."""
        texts = (info.type, info.message, info.traceback, info.node, info.pid)
        if info.exception is None:
            return ExceptionInfo, texts
        try:
            body, pickler = _CodePickler.pickled(info.exception, peer=self._peer)
        except Exception:
            return ExceptionInfo, texts
        self.sources.update(pickler.sources)
        return load_info, (*texts, body)


def load_code(hash: SourceHash, qualname: str, line: int, nth: int) -> CodeType:
    if DECODING.codec is not None:
        DECODING.codec.names(hash)
    return SOURCES.code_at(hash, Place(qualname, line, nth))


def load_code_in(source: Source, qualname: str, line: int, nth: int) -> CodeType:
    origin = DECODING.codec.there if DECODING.codec is not None else ""
    return SOURCES.code_in(source, Place(qualname, line, nth), origin)


def load_info(type: str, message: str, traceback: str, node: str, pid: Pid, exception: bytes) -> ExceptionInfo:
    error: BaseException | None
    try:
        error = DECODING.codec.loads(exception) if DECODING.codec is not None else pickle.loads(exception)
    except Exception:  # of a class that is not to be had here, for one; the texts tell what it was
        error = None
    return ExceptionInfo(type, message, traceback, node, pid, error)
