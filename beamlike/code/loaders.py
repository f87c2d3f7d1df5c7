"""What pickles with code call where they are read: each looks something up at the node that reads, or makes it."""

from __future__ import annotations

import pickle
from types import CodeType, FunctionType
from typing import Any, Final

from cloudpickle import cloudpickle

from beamlike.code.classes import fill_class, make_class
from beamlike.code.decoding import DECODING, decoder
from beamlike.code.far_module import belongs, function_belongs, module_named
from beamlike.code.reducers import fill_cell
from beamlike.code.shared import load_shared
from beamlike.code.source import Place, Source, SourceHash
from beamlike.code.sources import SOURCES
from beamlike.kernel.terms import ExceptionInfo, Pid


def load_image(number: int) -> Any:
    return decoder().image(number)


def load_content(key: bytes) -> Any:
    return decoder().content(key)


def load_code(hash: SourceHash, qualname: str, line: int, nth: int) -> CodeType:
    if DECODING.codec is not None:
        DECODING.codec.names(hash)
    return SOURCES.code_at(hash, Place(qualname, line, nth))


def load_code_in(source: Source, qualname: str, line: int, nth: int) -> CodeType:
    origin = DECODING.codec.there if DECODING.codec is not None else ""
    return SOURCES.code_in(source, Place(qualname, line, nth), origin)


def fill_function(function: FunctionType, state: Any) -> None:
    """One that its module has under its name."""
    cloudpickle._function_setstate(function, state)
    function_belongs(function)


def load_info(type: str, message: str, traceback: str, node: str, pid: Pid, exception: bytes) -> ExceptionInfo:
    error: BaseException | None
    try:
        error = DECODING.codec.loads(exception) if DECODING.codec is not None else pickle.loads(exception)
    except Exception:  # of a class that is not to be had here, for one; the texts tell what it was
        error = None
    return ExceptionInfo(type, message, traceback, node, pid, error)


LOADERS: Final = frozenset(
    {load_code, load_code_in, load_content, load_image, load_info, load_shared, make_class}
    | {belongs, module_named, fill_cell, fill_class, fill_function}
    | {cloudpickle._make_function, cloudpickle._function_setstate}
)
"""What every pickle of code names, so that the question how they travel need not be asked."""
