"""What travels along with a function that goes by value: the variables that it uses, by name."""

from __future__ import annotations

import dis
from collections.abc import Callable, Iterator
from functools import wraps
from inspect import CO_OPTIMIZED
from types import CodeType, FunctionType
from typing import TypeVar
from weakref import ref

from beamlike.kernel.record import frozen

A = TypeVar("A")

_GLOBAL_OPERATIONS = {"LOAD_GLOBAL", "STORE_GLOBAL", "DELETE_GLOBAL"}
_OF_CLASS_BODIES = {"LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"}


@frozen
class Captured:
    """A value, and how the function comes by it, such as "the global `lock`"."""

    how: str
    value: object


def captured_by(function: FunctionType) -> Iterator[Captured]:
    """The values that go along whenever `function` does.

    >>> factor = 2
    >>> def scaled(n, by=3): return factor * n * by
    >>> [(captured.how, captured.value) for captured in captured_by(scaled)]
    [('the global `factor`', 2), ('the default of `by`', 3)]
    """
    scope = function.__globals__
    for name in global_names(function.__code__):
        if name in scope:
            yield Captured(f"the global `{name}`", scope[name])
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            yield Captured(f"the enclosing function's `{name}`", cell.cell_contents)
        except ValueError:  # not assigned yet
            continue
    for name, value in _defaults(function).items():
        yield Captured(f"the default of `{name}`", value)
    for name, value in vars(function).items():
        yield Captured(f"its own attribute `{name}`", value)


def asked_once(question: Callable[[CodeType], A]) -> Callable[[CodeType], A]:
    """A question about code whose answer is remembered for as long as the code lives."""
    answers: dict[int, tuple[ref[CodeType], A]] = {}  # by identity: to hash code is to hash all its constants

    @wraps(question)
    def answer(code: CodeType) -> A:
        known = answers.get(id(code))
        if known is None:
            number = id(code)
            known = answers[number] = ref(code, lambda _: answers.pop(number)), question(code)
        return known[1]

    return answer


@asked_once
def global_names(code: CodeType) -> tuple[str, ...]:
    """The globals that `code` and what stands inside it name, in the order in which they do.

    >>> def make():
    ...     class Inner:
    ...         size = limit
    ...     return Inner
    >>> global_names(make.__code__)
    ('__name__', 'limit')
    """
    names = dict.fromkeys(_names_in(code, _GLOBAL_OPERATIONS))
    for inner in codes_in(code):
        names |= dict.fromkeys(global_names(inner))
        if not inner.co_flags & CO_OPTIMIZED:  # the body of a class, whose names are globals where it has none itself
            names |= dict.fromkeys(_names_in(inner, _OF_CLASS_BODIES))
    return tuple(names)


def codes_in(code: CodeType) -> Iterator[CodeType]:
    """What stands directly inside it."""
    return (const for const in code.co_consts if isinstance(const, CodeType))


def _names_in(code: CodeType, operations: set[str]) -> Iterator[str]:
    return (instruction.argval for instruction in dis.get_instructions(code) if instruction.opname in operations)


def _defaults(function: FunctionType) -> dict[str, object]:
    code = function.__code__
    positional = code.co_varnames[: code.co_argcount]
    values = function.__defaults__ or ()
    return {
        **dict(zip(positional[len(positional) - len(values) :], values, strict=True)),
        **(function.__kwdefaults__ or {}),
    }
