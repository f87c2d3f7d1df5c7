"""What is defined in a cell works in an interpreter that never saw the cell, and comes back as what it was."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from beamlike.code.notebook_module import NotebookModule
from tests.support.cells import run_cell
from tests.support.second_interpreter import SecondInterpreter


@pytest.fixture
def notebook() -> Iterator[NotebookModule]:
    with contextlib.closing(NotebookModule("trips")) as module:
        yield module


def test_a_function_with_defaults_and_annotations(there: SecondInterpreter, notebook: NotebookModule) -> None:
    names = run_cell(
        notebook,
        """
        def scaled(n: int, by: int = 2, *, plus: float = 0.5) -> float:
            "Scales."
            return n * by + plus

        def described():
            return scaled.__annotations__, scaled.__doc__, scaled.__qualname__, scaled.__module__
        """,
    )
    assert there.call(names["scaled"], 4) == 8.5
    annotations = {"n": int, "by": int, "plus": float, "return": float}
    assert there.call(names["described"]) == (annotations, "Scales.", "scaled", "notebook_trips")


def test_a_closure_keeps_what_it_closed_over(there: SecondInterpreter, notebook: NotebookModule) -> None:
    names = run_cell(
        notebook,
        """
        def adder(n):
            def add(m):
                return n + m
            return add
        add_five = adder(5)
        """,
    )
    assert there.call(names["add_five"], 2) == 7


def test_each_of_two_lambdas_on_one_line(there: SecondInterpreter, notebook: NotebookModule) -> None:
    names = run_cell(notebook, "up, down = lambda n: n + 1, lambda n: n - 1")
    assert (there.call(names["up"], 10), there.call(names["down"], 10)) == (11, 9)


def test_an_async_function_and_generators(there: SecondInterpreter, notebook: NotebookModule) -> None:
    names = run_cell(
        notebook,
        """
        import asyncio

        def squares(n):
            yield from (i * i for i in range(n))

        async def slowly(items):
            for item in items:
                await asyncio.sleep(0)
                yield item

        async def collect(n):
            return [item async for item in slowly(squares(n))]
        """,
    )
    assert there.call(names["collect"], 4) == [0, 1, 4, 9]


def test_functions_that_call_themselves_and_each_other(there: SecondInterpreter, notebook: NotebookModule) -> None:
    names = run_cell(
        notebook,
        """
        def factorial(n):
            return 1 if n < 2 else n * factorial(n - 1)

        def even(n):
            return n == 0 or odd(n - 1)

        def odd(n):
            return n != 0 and even(n - 1)
        """,
    )
    assert there.call(names["factorial"], 10) == 3628800
    assert (there.call(names["even"], 11), there.call(names["odd"], 11)) == (False, True)


def test_decorated_and_cached_functions(there: SecondInterpreter, notebook: NotebookModule) -> None:
    names = run_cell(
        notebook,
        """
        import functools

        def twice(function):
            @functools.wraps(function)
            def wrapper(*args):
                return function(*args) * 2
            return wrapper

        @twice
        def name(n):
            return f"<{n}>"

        @functools.lru_cache(maxsize=8)
        def fibonacci(n):
            return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)

        def cached():
            return fibonacci(80), fibonacci.cache_parameters()["maxsize"]
        """,
    )
    assert there.call(names["name"], 7) == "<7><7>"
    assert there.call(names["fibonacci"], 80) == 23416728348467685
    assert there.call(names["cached"]) == (23416728348467685, 8)


def test_the_notebooks_own_state_goes_by_value(there: SecondInterpreter, notebook: NotebookModule) -> None:
    names = run_cell(
        notebook,
        """
        counts = {"calls": 0}

        def count():
            counts["calls"] += 1
            return counts["calls"]
        """,
    )
    assert (there.call(names["count"]), there.call(names["count"])) == (1, 1)
    assert names["counts"] == {"calls": 0}


def test_a_class_with_inheritance_and_super(there: SecondInterpreter, notebook: NotebookModule) -> None:
    names = run_cell(
        notebook,
        """
        from functools import cached_property

        class Shape:
            kind = "shape"
            def __init__(self, side):
                self.side = side
            def describe(self):
                return f"{self.kind} of {self.area}"

        class Square(Shape):
            kind = "square"
            def describe(self):
                return super().describe() + "!"
            @cached_property
            def area(self):
                return self.side ** 2
            @classmethod
            def unit(cls):
                return cls(1)
            @staticmethod
            def corners():
                return 4
        """,
    )
    square = names["Square"](3)
    assert there.call(square.describe) == "square of 9!"
    assert there.call(names["Square"].unit).side == 1
    assert there.call(names["Square"].corners) == 4


def test_what_comes_back_is_of_the_notebooks_class(there: SecondInterpreter, notebook: NotebookModule) -> None:
    names = run_cell(
        notebook,
        """
        class Animal: ...
        class Dog(Animal):
            def __init__(self, name):
                self.name = name
        def renamed(dog):
            assert isinstance(dog, Dog)
            return Dog(dog.name + "!")
        """,
    )
    back = there.call(names["renamed"], names["Dog"]("Rex"))
    assert type(back) is names["Dog"]
    assert isinstance(back, names["Animal"])
    assert back.name == "Rex!"


def test_a_class_is_left_as_it_is_by_what_comes_back(there: SecondInterpreter, notebook: NotebookModule) -> None:
    names = run_cell(
        notebook,
        """
        greeting = "hello"
        class Host:
            def greet(self):
                return greeting
        def same(host):
            return host
        """,
    )
    host, greet = names["Host"](), names["Host"].greet
    assert there.call(names["same"], host).greet() == "hello"
    assert names["Host"].greet is greet
    run_cell(notebook, "greeting = 'good evening'", "cell 2")
    assert host.greet() == "good evening"
    assert there.call(host.greet) == "good evening"


def test_a_class_that_comes_back_is_not_registered_again(there: SecondInterpreter, notebook: NotebookModule) -> None:
    names = run_cell(
        notebook,
        """
        plugins = []
        class Plugin:
            def __init_subclass__(cls, **kwargs):
                plugins.append(cls)
        class Ink(Plugin): ...
        def same(plugin):
            return plugin
        """,
    )
    for _ in range(2):
        assert type(there.call(names["same"], names["Ink"]())) is names["Ink"]
    assert names["plugins"] == [names["Ink"]]


def test_a_class_patched_here_is_updated_there(there: SecondInterpreter, notebook: NotebookModule) -> None:
    names = run_cell(
        notebook,
        """
        class Door:
            def knock(self):
                return "once"
        def use(door):
            return door.knock(), door
        """,
    )
    knocks, back = there.call(names["use"], names["Door"]())
    assert (knocks, type(back)) == ("once", names["Door"])
    names = run_cell(notebook, "def knock(self):\n    return 'twice'\nDoor.knock = knock", "cell 2")
    assert there.call(names["use"], back)[0] == "twice"


def test_a_dataclass_and_one_that_extends_it_over_there(there: SecondInterpreter, notebook: NotebookModule) -> None:
    names = run_cell(
        notebook,
        """
        import dataclasses
        from dataclasses import dataclass, field

        @dataclass(frozen=True, slots=True, order=True)
        class Word:
            text: str
            count: int = 1
            seen: list = field(default_factory=list, compare=False)

        def extended(word):
            @dataclass(frozen=True)
            class Counted(Word):
                more: int = 0
            try:
                Counted()
            except TypeError:
                return dataclasses.replace(word, count=Counted("x", 4).count)
        """,
    )
    word = names["Word"]("light")
    back = there.call(names["extended"], word)
    assert back == names["Word"]("light", 4)
    assert type(back) is names["Word"]


def test_enum_members_stay_themselves(there: SecondInterpreter, notebook: NotebookModule) -> None:
    names = run_cell(
        notebook,
        """
        import enum

        class Colour(enum.Enum):
            RED = 1
            BLUE = 2
            def other(self):
                return Colour.BLUE if self is Colour.RED else Colour.RED
        """,
    )
    assert there.call(names["Colour"].RED.other) is names["Colour"].BLUE


def test_types_that_pickle_would_send_by_name(there: SecondInterpreter, notebook: NotebookModule) -> None:
    names = run_cell(
        notebook,
        """
        from collections import namedtuple
        from typing import Callable, NamedTuple, NewType, ParamSpec, TypeVar

        Identity = NewType("Identity", int)
        P, T = ParamSpec("P"), TypeVar("T")
        Point = namedtuple("Point", "x y")

        class Pair(NamedTuple):
            left: int
            right: int = 0

        def call(function: Callable[P, T], who: Identity) -> tuple:
            return Point(function(who), 2), Pair(Identity(1))
        """,
    )
    point, pair = there.call(names["call"], abs, -3)
    assert (point, pair) == ((3, 2), (1, 0))
    assert (type(point), type(pair)) == (names["Point"], names["Pair"])


def test_a_redefined_function_runs_anew(there: SecondInterpreter, notebook: NotebookModule) -> None:
    first = run_cell(notebook, "def which(): return 'first'", "cell 2")["which"]
    assert there.call(first) == "first"
    second = run_cell(notebook, "def which(): return 'second'", "cell 2")["which"]
    assert there.call(second) == "second"
    assert there.call(first) == "first"


def test_a_function_that_ran_hot_here_is_still_found_by_its_place(
    there: SecondInterpreter, notebook: NotebookModule
) -> None:
    names = run_cell(notebook, "def total(items): return sum(item.real for item in items)")
    for _ in range(100):  # enough for the interpreter to specialise the bytecode
        names["total"]([1, 2.0])
    assert there.call(names["total"], [1, 2.0]) == 3.0
    assert there.call(lambda total: total.__code__.co_filename, names["total"]) == (names["total"].__code__.co_filename)


def test_a_function_goes_on_from_there_and_back(there: SecondInterpreter, notebook: NotebookModule) -> None:
    names = run_cell(notebook, "def maker(n):\n    def made():\n        return n\n    return made")
    made = there.call(names["maker"], 3)
    assert made() == 3
    assert made.__code__ is names["maker"].__code__.co_consts[1]
