"""A class arrives as what its definition made of it, and stays one class however often it is sent."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from beamlike.code.making import without_hooks
from beamlike.code.notebook_module import NotebookModule
from tests.support.cells import run_cell
from tests.support.second_interpreter import SecondInterpreter


@pytest.fixture
def notebook() -> Iterator[NotebookModule]:
    with contextlib.closing(NotebookModule("kinds")) as module:
        yield module


def test_nothing_of_its_definition_runs_again(there: SecondInterpreter, notebook: NotebookModule) -> None:
    names = run_cell(
        notebook,
        """
        class Noting:
            def __set_name__(self, owner, name):
                self.named = [*getattr(self, "named", []), name]
        class Meta(type):
            made = []
            def __new__(meta, name, bases, namespace, *, table):
                Meta.made.append(("new", name))
                return super().__new__(meta, name, bases, namespace, **({"table": table} if bases else {}))
            def __init__(cls, name, bases, namespace, *, table):
                Meta.made.append(("init", name))
        class Model(metaclass=Meta, table="models"):
            def __init_subclass__(cls, *, table):
                Meta.made.append(("subclass", cls.__name__))
        class User(Model, table="users"):
            field = Noting()
        def seen(user):
            return Meta.made, type(user).field.named, user
        """,
    )
    before = list(names["Meta"].made)
    made, named, back = there.call(names["seen"], names["User"]())
    assert (made, named) == (before, ["field"])
    assert type(back) is names["User"]
    assert names["Meta"].made == before


def test_a_class_that_is_made_over_there_keeps_to_the_bases_here(
    there: SecondInterpreter, notebook: NotebookModule
) -> None:
    names = run_cell(
        notebook,
        """
        subclasses = []
        class Base:
            def __init_subclass__(cls, **_):
                subclasses.append(cls.__name__)
            def who(self):
                return type(self).__name__
        def derived(name):
            class Derived(Base):
                def who(self):
                    return super().who() + "!"
            Derived.__name__ = name
            return Derived(), list(subclasses)
        """,
    )
    back, over_there = there.call(names["derived"], "Own")
    assert isinstance(back, names["Base"])
    assert back.who() == "Own!"
    assert (over_there, names["subclasses"]) == (["Derived"], [])
    assert type(there.call(list, [back])[0]) is type(back)


def test_a_hook_or_metaclass_of_a_library_that_lacks_its_keyword_is_left_out(
    there: SecondInterpreter, notebook: NotebookModule
) -> None:
    names = run_cell(
        notebook,
        """
        from tests.support.plugins import Plugin, Table

        class Mine(Plugin, name="mine"):
            def run(self):
                return isinstance(self, Plugin)
        class User(metaclass=Table, table="users"):
            def run(self):
                return type(self).table, isinstance(User, Table)
        """,
    )
    mine = names["Mine"]()
    assert there.call(mine.run)
    assert there.call(names["User"]().run) == ("users", True)
    assert type(there.call(list, [mine])[0]) is names["Mine"]
    assert names["Plugin"].known.pop("mine") is names["Mine"]


def test_hooks_run_for_what_other_threads_define_meanwhile() -> None:
    defined: list[str] = []

    class Base:
        def __init_subclass__(cls) -> None:
            defined.append(cls.__name__)

    def define(name: str) -> type:
        return type(name, (Base,), {})

    own = vars(Base)["__init_subclass__"]
    with without_hooks([Base]), ThreadPoolExecutor(1) as another:
        define("Mine")
        another.submit(define, "Theirs").result()
    define("Later")
    assert defined == ["Theirs", "Later"]
    assert vars(Base)["__init_subclass__"] is own


def test_what_is_patched_added_and_deleted_here_is_so_there(there: SecondInterpreter, notebook: NotebookModule) -> None:
    names = run_cell(
        notebook,
        """
        class Door:
            colour = "red"
            def knock(self):
                return "once"
            def ring(self):
                return "ding"
        def look(door):
            return door.knock(), door.colour, hasattr(door, "ring"), getattr(door, "new", None), door
        """,
    )
    *seen, back = there.call(names["look"], names["Door"]())
    assert seen == ["once", "red", True, None]
    names["Door"].knock = run_cell(notebook, "def knock(self): return 'twice'", "cell 2")["knock"]
    names["Door"].new = 5
    del names["Door"].ring
    del names["Door"].colour
    names["Door"].colour = "blue"
    for door in (back, names["Door"]()):
        assert there.call(names["look"], door)[:4] == ("twice", "blue", False, 5)


def test_two_cells_that_define_a_class_of_one_name_make_two(there: SecondInterpreter, notebook: NotebookModule) -> None:
    text = "class Point:\n    def where(self):\n        return {version}, isinstance(self, Point)"
    first = run_cell(notebook, text.format(version=1), "cell 1")["Point"]
    second = run_cell(notebook, text.format(version=2), "cell 2")["Point"]
    points = there.call(list, [first(), second()])
    assert [type(point) for point in points] == [first, second]
    for point, expected in zip(points, [(1, False), (2, True)], strict=True):
        assert point.where() == there.call(point.where) == expected


def test_methods_see_globals_as_they_are_when_called(there: SecondInterpreter, notebook: NotebookModule) -> None:
    names = run_cell(notebook, "class Bill:\n    def due(self):\n        return 10 * rate")
    bill = names["Bill"]()
    for rate in (2, 3, 3, 4):
        run_cell(notebook, f"rate = {rate}", "cell 2")
        assert there.call(bill.due) == bill.due() == 10 * rate


def test_a_cached_function_has_a_cache_of_its_own_there(there: SecondInterpreter, notebook: NotebookModule) -> None:
    names = run_cell(
        notebook,
        """
        import functools

        @functools.cache
        def slow(n):
            return n * factor
        def twice(n):
            return slow(n), slow(n), slow.cache_info().hits
        factor = 2
        """,
    )
    slow: Any = names["slow"]
    assert there.call(names["twice"], 4) == (8, 8, 1)
    assert slow.cache_info().currsize == 0
    run_cell(notebook, "factor = 3", "cell 2")
    assert there.call(names["twice"], 4) == (12, 12, 1)


def test_what_holds_for_its_slots_holds_there(there: SecondInterpreter, notebook: NotebookModule) -> None:
    names = run_cell(
        notebook,
        """
        class Slotted:
            __slots__ = ("x", "__hidden")
            def hide(self):
                self.__hidden = self.x
                try:
                    self.other = 1
                except AttributeError:
                    return self.__hidden
        """,
    )
    slotted = names["Slotted"]()
    slotted.x = 4
    assert there.call(slotted.hide) == 4
    assert there.call(list, [slotted])[0].x == 4


def test_members_are_there_as_they_are_here(there: SecondInterpreter, notebook: NotebookModule) -> None:
    names = run_cell(
        notebook,
        """
        import enum

        class Plain(enum.Enum):
            A = 1
        class Listed(enum.Enum):
            A = [1]
        def look():
            return getattr(Plain.A, "note", None), Listed.A.value
        """,
    )
    for _ in range(4):  # often enough to be known over there
        assert there.call(names["look"]) == (None, [1])
    names["Plain"].A.note = "added"
    names["Listed"].A.value.append(2)
    assert there.call(names["look"]) == ("added", [1, 2])
    names["Plain"].A.note = "changed"
    assert there.call(names["look"]) == ("changed", [1, 2])


def test_who_is_registered_later_is_so_there(there: SecondInterpreter, notebook: NotebookModule) -> None:
    names = run_cell(
        notebook,
        """
        import abc

        class Sized(abc.ABC): ...
        class Own: ...
        def is_sized():
            return issubclass(Own, Sized)
        """,
    )
    for _ in range(4):
        assert there.call(names["is_sized"]) is False
    names["Sized"].register(names["Own"])
    assert there.call(names["is_sized"]) is True
