"""Code that stands in no cell and in no script.

- What a function of the standard library made, as `contextlib.contextmanager` makes helpers, goes by name: that
  function is everywhere, with the code inside it.
- Any other, such as `eval` makes, goes as bytecode with its magic number, which is checked on arrival: loading
  another Python's bytecode can crash the interpreter.
"""

from __future__ import annotations

import inspect
import marshal
import platform
import sys
from functools import lru_cache
from importlib import import_module
from importlib.util import MAGIC_NUMBER
from operator import attrgetter
from types import CodeType, FunctionType

from beamlike.code.reducers import Reduced
from beamlike.code.source import within
from beamlike.kernel.errors import BeamlikeError


class ForeignCode(BeamlikeError, TypeError):
    """Code came that is of another Python version, and this one cannot run it."""


def reduce_unsourced(code: CodeType) -> Reduced:
    """By name where that will do, else as bytecode."""
    module = _library_module(code.co_filename)
    alike = _library_codes(module, code.co_qualname) if module is not None else []
    for nth, candidate in enumerate(alike):
        if candidate is code:
            return load_library_code, (platform.python_version(), module, code.co_qualname, nth, code.co_freevars)
    return load_marshalled, (MAGIC_NUMBER, platform.python_version(), code.co_qualname, marshal.dumps(code))


def load_library_code(python: str, module: str, qualname: str, nth: int, variables: tuple[str, ...]) -> CodeType:
    alike = _library_codes(module, qualname)
    if nth < len(alike) and alike[nth].co_freevars == variables:
        return alike[nth]
    raise ForeignCode(
        f"expected `{qualname}` of the standard library's {module} as Python {python} has it, and the one of "
        f"Python {platform.python_version()} is made otherwise: run the same minor version on both nodes"
    )


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


@lru_cache(maxsize=1024)
def _library_module(filename: str) -> str | None:
    """The module of the standard library that this file is, if it is one."""
    if filename.startswith("<frozen "):
        name = filename.removeprefix("<frozen ").removesuffix(">")
        return name if _is_of_the_library(name) and name in sys.modules else None
    for name, module in sys.modules.copy().items():
        if _is_of_the_library(name) and getattr(module, "__file__", None) == filename:
            return name
    return None


def _is_of_the_library(module: str) -> bool:
    return module.partition(".")[0] in sys.stdlib_module_names


@lru_cache(maxsize=1024)
def _library_codes(module: str, qualname: str) -> list[CodeType]:
    """The code objects of that name inside the function that the name opens with; none if there is no such function."""
    outermost = qualname.partition(".<locals>.")[0]
    try:
        found = attrgetter(outermost)(import_module(module))
    except (ImportError, AttributeError):
        return []
    function = inspect.unwrap(getattr(found, "__func__", found))
    if not isinstance(function, FunctionType):
        return []
    return [code for code in within(function.__code__) if code.co_qualname == qualname]
