"""Every view is worth reading where only text can be shown."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notebook_tui.widgets.plot_text import plot_text
from notebook_tui.widgets.table_text import table_text
from notebook_tui.widgets.view_text import content_text
from notebook_tui.widgets.views import Column, Input, Plot, Progress, Series, SeriesKind, Sort, Table


@given(
    st.lists(st.lists(st.text(max_size=30), min_size=5, max_size=5), max_size=4),
    st.integers(10, 100),
)
def test_no_line_of_a_table_is_wider_than_there_is_room(rows: list[list[str]], width: int) -> None:
    table = Table("t", tuple(Column(f"column {index}") for index in range(5)), tuple(map(tuple, rows)), count=len(rows))
    lines = table_text(table, width).splitlines()
    # The last line says which rows these are, and how many columns had no room.
    assert all(sum(2 if _is_wide(each) else 1 for each in line) <= width for line in lines[:-1])


def _is_wide(character: str) -> bool:
    from unicodedata import east_asian_width

    return east_asian_width(character) in "WF"


def test_a_table_says_which_rows_these_are_and_how_they_are_sorted() -> None:
    columns = Column("name"), Column("n", "number")
    table = Table("t", columns, (("b", "2"), ("a", "1")), offset=10, count=400, sort=Sort("n", True), title="Names")
    assert table_text(table, 40).splitlines() == [
        "Names",
        "name  n ▼",
        "────  ───",
        "b       2",
        "a       1",
        "rows 11-12 of 400",
    ]


def test_a_table_without_rows_says_so() -> None:
    assert table_text(Table("t", (Column("a"),), count=0), 20).splitlines()[-1] == "no rows"


@given(
    st.sampled_from(["line", "scatter", "bar", "histogram"]),
    st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=40),
    st.integers(20, 120),
    st.booleans(),
)
def test_any_numbers_make_a_plot_that_fits(kind: SeriesKind, values: list[float], width: int, log_y: bool) -> None:
    points = Series("s", kind, tuple(map(float, range(len(values)))), tuple(values))
    for line in plot_text(Plot("p", (points,), log_y=log_y), width).splitlines():
        assert len(line) <= max(width, 60)


def test_a_plot_without_points_says_so() -> None:
    assert plot_text(Plot("p", (Series("s", "line"),), title="Loss"), 40).splitlines() == ["Loss", "(no points yet)"]


def test_a_rising_line_goes_up_to_the_right() -> None:
    line = Series("s", "line", (0.0, 1.0), (0.0, 1.0))
    rows = plot_text(Plot("p", (line,)), 30, 6).splitlines()[:6]
    first = [next(index for index, each in enumerate(row) if ord(each) > 0x2800) for row in rows]
    assert first == sorted(first, reverse=True)


def test_nothing_is_drawn_where_a_value_is_missing() -> None:
    gap = Series("s", "scatter", (0.0, 1.0, 2.0), (1.0, math.nan, 1.0))
    assert sum(ord(each) > 0x2800 for each in plot_text(Plot("p", (gap,)), 40, 4)) == 2


def test_bars_are_as_long_as_their_values_say() -> None:
    bars = Series("n", "bar", (0.0, 1.0), (10.0, 5.0), ("ten", "five"))
    _, ten, five = plot_text(Plot("p", (bars,)), 60).splitlines()
    assert ten.startswith(" ten █")
    assert ten.endswith(" 10")
    assert ten.count("█") == 2 * five.count("█")


@pytest.mark.parametrize(
    ("field", "text"),
    [
        (Input("i", "text", "Name", "Ada"), "Name: [Ada]"),
        (Input("i", "checkbox", "On", True), "On: [✓]"),
        (Input("i", "select", "Size", 2, (("Small", 1), ("Large", 2))), "Size: [Large]"),
        (Input("i", "secret", "Key"), "Key: [••••]"),
    ],
)
def test_an_input_shows_its_default_but_no_secret(field: Input, text: str) -> None:
    assert content_text(field) == text


def test_progress_of_an_unknown_total_counts() -> None:
    assert content_text(Progress("p", 2_500, None, "rows", 3_725.0)) == "rows  2,500  1:02:05"
