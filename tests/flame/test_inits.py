"""Which functions that make a value are the same after they have travelled."""

from __future__ import annotations

import functools
import threading
from array import array
from collections.abc import Callable
from typing import Any

import pytest

from flame.inits import is_same


class Unclear:
    """Cannot be compared, as an array."""

    def __init__(self, content: int) -> None:
        self.content = content

    def __eq__(self, other: object) -> bool:
        raise ValueError("the truth of it is ambiguous")

    __hash__ = None  # type: ignore[assignment]


class Loader:
    def __init__(self, path: str) -> None:
        self.path = path

    def load(self, key: str) -> str:
        return self.path + key

    def __call__(self, key: str) -> str:
        return self.path + key


def load(model: object, key: str) -> object:
    return model, key


def closing_over(value: object) -> Callable[[str], object]:
    return lambda key: (value, key)


def with_default(value: object) -> Callable[[str], object]:
    def init(key: str, model: object = value, *, more: object = value) -> object:
        return model, more, key

    return init


def closing_over_itself(value: object) -> Callable[[int], object]:
    def init(depth: int) -> object:
        return init(depth - 1) if depth else value

    return init


def closing_over_another(value: object) -> Callable[[str], object]:
    def helper() -> object:
        return value

    return lambda key: (helper(), key)


def a_partial(value: object) -> Callable[..., object]:
    return functools.partial(load, value)


def a_method(value: object) -> Callable[..., object]:
    return Loader(str(value)).load


def an_object(value: object) -> Callable[..., object]:
    return Loader(str(value))


kinds = [closing_over, with_default, closing_over_itself, closing_over_another, a_partial, a_method, an_object]


@pytest.mark.parametrize("kind", kinds)
@pytest.mark.parametrize(("value", "other"), [(1, 2), ("a", "b"), ((1, [2]), (1, [3]))])
def test_what_brings_the_same_along_is_the_same(kind: Callable[[Any], Any], value: Any, other: Any) -> None:
    assert is_same(kind(value), kind(value))
    assert not is_same(kind(value), kind(other))


@pytest.mark.parametrize("kind", kinds[:5])
def test_what_cannot_be_compared_is_if_it_is_pickled_as_the_same(kind: Callable[[Any], Any]) -> None:
    assert is_same(kind(Unclear(1)), kind(Unclear(1)))
    assert not is_same(kind(Unclear(1)), kind(Unclear(2)))
    assert is_same(kind([array("d", [1.0])]), kind([array("d", [1.0])]))
    assert not is_same(kind(threading.Lock()), kind(threading.Lock()))


def test_other_code_is_another_function() -> None:
    assert not is_same(lambda key: 1, lambda key: 2)
    assert not is_same(closing_over(1), a_partial(1))
    assert is_same(len, len)
    assert is_same(Loader, Loader)
