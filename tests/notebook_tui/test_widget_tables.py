"""Tables of every kind are read page by page, and sorted where the data is."""

from __future__ import annotations

import datetime
from collections import deque
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import pytest

from notebook_tui.widgets.table_rows import PULLED, rows_of
from notebook_tui.widgets.views import Sort


@dataclass
class Person:
    name: str
    age: int | None


class Point(NamedTuple):
    x: float
    y: float


def test_dicts_have_the_columns_of_all_and_gaps_where_one_is_missing() -> None:
    rows = rows_of([{"a": 1}, {"b": "x"}])
    assert [(column.name, column.kind) for column in rows.columns] == [("a", "number"), ("b", "text")]
    assert rows.page(0, 10, None) == (("1", ""), ("", "x"))


def test_dataclasses_named_tuples_tuples_and_values_are_rows() -> None:
    assert rows_of([Person("Ada", 36)]).page(0, 1, None) == (("Ada", "36"),)
    assert [column.name for column in rows_of([Point(1, 2)]).columns] == ["x", "y"]
    assert rows_of([(1, 2, 3), (4,)]).page(0, 2, None) == (("1", "2", "3"), ("4", "", ""))
    assert rows_of(["a", "b"]).page(1, 1, None) == (("b",),)


def test_sorting_puts_what_is_missing_last_both_ways() -> None:
    rows = rows_of([Person("b", 2), Person("c", None), Person("a", 1)])
    assert [row[0] for row in rows.page(0, 3, Sort("age"))] == ["a", "b", "c"]
    assert [row[0] for row in rows.page(0, 3, Sort("age", True))] == ["b", "a", "c"]


def test_values_of_several_types_can_be_sorted() -> None:
    rows = rows_of([{"v": "x"}, {"v": 3}, {"v": 1.5}, {"v": [1]}])
    assert [row[0] for row in rows.page(0, 4, Sort("v"))] == ["1.5", "3", "[1]", "x"]


def test_an_unknown_column_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(ValueError, match="expected one of the columns name, age"):
        rows_of([Person("a", 1)]).page(0, 1, Sort("size"))


def test_an_iterator_is_pulled_only_as_far_as_somebody_looks() -> None:
    pulled = 0

    def numbers() -> Iterator[dict[str, int]]:
        nonlocal pulled
        for pulled in range(1, 1_000_001):
            yield {"n": pulled}

    rows = rows_of(numbers())
    assert pulled == PULLED
    assert rows.count is None
    assert not rows.sortable
    assert rows.page(150, 2, None) == (("151",), ("152",))
    assert pulled <= 153
    assert rows.page(0, 1, None) == (("1",),)


def test_an_iterator_that_is_over_has_a_count() -> None:
    rows = rows_of(iter([{"n": 1}, {"n": 2}]))
    assert rows.count == 2


def test_columns_of_unequal_length_are_refused() -> None:
    with pytest.raises(ValueError, match="a has 2, b has 1"):
        rows_of({"a": [1, 2], "b": [3]})


def test_columns_without_rows_have_their_names_before_the_first_row_comes() -> None:
    rows = rows_of({"child": [], "ready": []})
    assert [column.name for column in rows.columns] == ["child", "ready"]
    assert (rows.count, rows.page(0, 5, Sort("ready"))) == (0, ())


@pytest.mark.parametrize("value", ["text", b"bytes", 3, None])
def test_what_is_no_table_is_refused_in_words(value: Any) -> None:
    with pytest.raises(TypeError, match="expected a table, such as a list of dicts or a dataframe"):
        rows_of(value)


def test_times_and_truths_are_known_as_such() -> None:
    rows = rows_of([{"at": datetime.date(2026, 1, 2), "ok": True}])
    assert [column.kind for column in rows.columns] == ["time", "truth"]


def test_a_value_whose_str_raises_costs_only_its_own_cell() -> None:
    class Hostile:
        def __str__(self) -> str:
            raise RuntimeError("no")

    assert rows_of([{"a": Hostile(), "b": 1}]).page(0, 1, None) == (("<Hostile: RuntimeError>", "1"),)


def test_pandas_frames_are_sorted_and_cut_in_place() -> None:
    pandas = pytest.importorskip("pandas")
    rows = rows_of(pandas.DataFrame({"n": [3, 1, 2], "s": ["c", "a", "b"]}))
    assert [(column.name, column.kind) for column in rows.columns][:2] == [("index", "number"), ("n", "number")]
    assert rows.count == 3
    assert [row[1:] for row in rows.page(0, 2, Sort("n"))] == [("1", "a"), ("2", "b")]
    assert [row[1] for row in rows.page(0, 3, Sort("n", True))] == ["3", "2", "1"]


def test_polars_frames_and_lazy_frames_are_read_by_page() -> None:
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame({"n": [3, None, 2], "s": ["c", "a", "b"]})
    for data, count in ((frame, 3), (frame.lazy(), None)):
        rows = rows_of(data)
        assert rows.count == count
        assert rows.page(0, 3, Sort("n")) == (("2", "b"), ("3", "c"), ("", "a"))


def test_arrays_of_one_and_two_dimensions_are_tables() -> None:
    numpy = pytest.importorskip("numpy")
    rows = rows_of(numpy.array([[3, 1], [2, 5]]))
    assert rows.page(0, 2, Sort("0")) == (("2", "5"), ("3", "1"))
    assert rows_of(numpy.arange(3)).count == 3
    with pytest.raises(TypeError, match="got 2 x 2 x 2"):
        rows_of(numpy.zeros((2, 2, 2)))


def test_missing_values_of_frames_and_arrays_come_last_both_ways() -> None:
    pandas, numpy = pytest.importorskip("pandas"), pytest.importorskip("numpy")
    values = [2.0, float("nan"), 3.0, 1.0]
    for rows, at in ((rows_of(pandas.DataFrame({"0": values})), 1), (rows_of(numpy.array(values)), 0)):
        assert [row[at] for row in rows.page(0, 4, Sort("0"))] == ["1.0", "2.0", "3.0", "nan"]
        assert [row[at] for row in rows.page(0, 4, Sort("0", True))] == ["3.0", "2.0", "1.0", "nan"]


def test_a_pandas_column_of_several_types_can_be_sorted() -> None:
    pandas = pytest.importorskip("pandas")
    rows = rows_of(pandas.DataFrame({"v": ["b", 3, "a"]}, index=[7, 7, 8]))
    assert [row[1] for row in rows.page(0, 3, Sort("v"))] == ["3", "a", "b"]


def test_a_deque_and_a_lazy_sequence_are_read_by_page() -> None:
    class Lazy:
        read: ClassVar[list[int]] = []

        def __len__(self) -> int:
            return 1_000_000

        def __getitem__(self, index: int) -> dict[str, int]:
            self.read.append(index)
            return {"n": index}

    assert rows_of(deque([1, 2, 3])).page(1, 5, None) == (("2",), ("3",))
    assert rows_of(Lazy()).page(500_000, 1, None) == (("500000",),)
    assert len(Lazy.read) < 200


def test_a_list_that_has_grown_is_sorted_anew() -> None:
    data = [3, 1]
    rows = rows_of(data)
    assert rows.page(0, 5, Sort("value")) == (("1",), ("3",))
    data.append(2)
    assert rows.page(0, 5, Sort("value")) == (("1",), ("2",), ("3",))


def test_rows_that_come_later_are_refused_with_what_to_do() -> None:
    async def rows() -> AsyncIterator[int]:
        yield 1

    with pytest.raises(TypeError, match=r"nb.table\(\[row async for row in rows\]\)"):
        rows_of(rows())
