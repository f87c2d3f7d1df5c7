"""Code that stands in no cell: what the library makes goes by name, the rest as bytecode."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import functools
import reprlib
import typing
from collections.abc import Iterator
from types import CodeType, FunctionType, ModuleType

import pytest

from beamlike.code.source import within
from beamlike.code.unsourced import ForeignCode, load_library_code, load_marshalled, reduce_unsourced


def codes_inside(module: ModuleType) -> Iterator[CodeType]:
    """Those that its functions make others of."""
    for function in vars(module).values():
        if isinstance(function, FunctionType) and function.__module__ == module.__name__:
            _, *inside = within(function.__code__)
            yield from inside


@pytest.mark.parametrize(
    "module", [contextlib, functools, dataclasses, reprlib, typing, asyncio.tasks], ids=lambda module: module.__name__
)
def test_code_inside_a_function_of_the_library_goes_by_name(module: ModuleType) -> None:
    codes = list(codes_inside(module))
    assert codes
    for code in codes:
        load, args = reduce_unsourced(code)
        assert load is load_library_code
        assert load(*args) is code


def test_code_of_the_same_name_in_one_function_is_told_apart() -> None:
    alike: dict[str, list[CodeType]] = {}
    for module in (contextlib, functools, dataclasses, reprlib, typing):
        for code in codes_inside(module):
            alike.setdefault(f"{module.__name__} {code.co_qualname}", []).append(code)
    assert any(len(codes) > 1 for codes in alike.values())


def test_a_library_that_makes_it_otherwise_is_refused_in_words() -> None:
    @contextlib.contextmanager
    def held() -> Iterator[None]:
        yield

    _, (python, *place, variables) = reduce_unsourced(held.__code__)
    with pytest.raises(ForeignCode, match=r"`contextmanager\.<locals>\.helper` of the standard library's contextlib"):
        load_library_code(python, *place, (*variables, "cached"))
    with pytest.raises(ForeignCode, match="run the same minor version on both nodes"):
        load_library_code(python, "contextlib", "gone.<locals>.helper", 0, variables)


def test_any_other_code_goes_as_bytecode() -> None:
    code = eval("lambda: 5").__code__
    load, args = reduce_unsourced(code)
    assert load is load_marshalled
    assert load(*args) == code
