"""The variables of a notebook are told without running anything of theirs, however hostile they are."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

import pytest

from notebook_tui.runtime.bindings import MISSING, Bindings, Bound
from notebook_tui.runtime.measured import measured
from notebook_tui.runtime.preview import preview
from notebook_tui.runtime.variable_questions import ListVariables, ShowVariable, Variable, Variables
from notebook_tui.runtime.variables import MOST, answered


class Ran(AssertionError):
    """Code of a value was run."""


class Hostile:
    """Each thing that a curious program might call."""

    def __init__(self) -> None:
        self.size = 3

    def _ran(self, *_: object) -> NoReturn:
        raise Ran

    __repr__ = __str__ = __len__ = __iter__ = __sizeof__ = __eq__ = __hash__ = __bool__ = _ran
    __getattr__ = __dir__ = __format__ = __getitem__ = __contains__ = __reduce__ = _ran

    @property
    def shape(self) -> NoReturn:
        raise Ran

    @property
    def nbytes(self) -> NoReturn:
        raise Ran


class Meta(type):
    def __repr__(cls) -> str:
        raise Ran

    def __getattribute__(cls, name: str) -> object:
        raise Ran


class OddList(list[int]):
    def __len__(self) -> int:
        raise Ran

    def __iter__(self) -> NoReturn:
        raise Ran

    def __repr__(self) -> str:
        raise Ran


def told(value: object) -> Variable:
    found = answered(ListVariables(()), {"it": ("c", value)})
    assert isinstance(found, Variables)
    return found.shown[0]


def test_nothing_of_a_value_runs() -> None:
    # Here and in a loop: a runner of tests would look at them, too.
    of_meta = Meta("OfMeta", (), {})
    for value in (Hostile(), OddList([1, 2]), [Hostile()], {"a": Hostile()}, Hostile, of_meta, [of_meta], Meta):
        assert told(value).name == "it"
        assert answered(ShowVariable("it", ()), {"it": ("c", value)}) is not None


def test_a_hostile_object_is_told_by_its_class_and_what_lies_in_its_dictionary() -> None:
    assert (told(Hostile()).type, told(Hostile()).preview) == ("Hostile", "Hostile(size=3)")
    assert (told(OddList([1, 2])).type, told(OddList([1, 2])).size) == ("OddList", "2 items")


@pytest.mark.parametrize(
    ("value", "size", "text"),
    [
        ([1, 2.5, "x"], "3 items", "[1, 2.5, 'x']"),
        ((1,), "1 item", "(1,)"),
        ({"a": (1, 2)}, "1 entry", "{'a': (1, 2)}"),
        (frozenset({1}), "1 item", "frozenset(1)"),
        (None, "", "None"),
        (10**1000, "", "<int of 3,322 bits>"),
        (list(range(1000)), "1,000 items", "[0, 1, 2, 3, 4, 5, …]"),
        ([[[1]]], "1 item", "[[[…]]]"),
        ([len, Path, measured], "3 items", "[<builtin_function_or_method>, Path, measured()]"),
    ],
)
def test_what_the_interpreter_made_is_written_out(value: object, size: str, text: str) -> None:
    assert (measured(value)[0], preview(value)) == (size, text)


def test_a_preview_is_bounded_whatever_it_is_of() -> None:
    endless: list[Any] = []
    endless.append(endless)
    for value in ("x" * 10**6, ["y" * 1000] * 1000, endless, {"k" * 500: "v" * 500}):
        assert len(preview(value)) <= 80


def test_arrays_are_told_by_shape_type_and_bytes() -> None:
    numpy = pytest.importorskip("numpy")
    array = numpy.arange(12.0).reshape(3, 4)
    assert (told(array).size, told(array).bytes) == ("3 × 4", 96)
    assert told(array).preview == "float64 [0, 1, 2, 3, 4, 5, …]"

    class Odd(numpy.ndarray):  # type: ignore[misc, name-defined]
        @property
        def shape(self) -> NoReturn:
            raise Ran

    assert told(array.view(Odd)).size == ""
    objects = numpy.empty(1, dtype=object)
    objects[0] = Hostile()
    assert told(objects).preview == "object"


def test_frames_are_told_by_columns_and_first_rows() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"n": range(100), "odd": [Hostile()] * 100})
    assert told(frame).size == "100 × 2"
    detail = answered(ShowVariable("it", ()), {"it": ("c", frame)})
    assert detail is not None
    assert not isinstance(detail, Variables)
    assert detail.columns[0] == ("n", "int64")
    assert detail.rows[1] == ("1", "Hostile(size=3)")


def test_no_library_is_imported_to_tell_of_a_value() -> None:
    before = set(sys.modules)
    told([Hostile(), Path("x")])
    assert set(sys.modules) == before


def test_modules_and_private_names_are_left_out_and_so_is_what_is_too_much() -> None:
    owners: dict[str, tuple[str, object]] = {f"x{number:05}": ("c", number) for number in range(MOST + 3)}
    owners |= {"_x": ("c", 1), "os": ("c", ModuleType("os"))}
    found = answered(ListVariables(()), owners)
    assert isinstance(found, Variables)
    assert (len(found.shown), found.more) == (MOST, 3)
    assert answered(ShowVariable("gone", ()), owners) is None


def test_each_value_is_told_with_the_cell_that_bound_it_last() -> None:
    bindings = Bindings()
    bindings.record("a", Bound("", frozenset(), values={"x": 1, "y": 2}))
    bindings.record("b", Bound("", frozenset(), values={"x": 3, "y": MISSING}))
    assert bindings.owners(["a", "b", "never ran"]) == {"x": ("b", 3)}
    assert bindings.owners(["a"]) == {"x": ("a", 1), "y": ("a", 2)}
