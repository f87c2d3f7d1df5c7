"""Views change by records, and few changes do what many would have done."""

from __future__ import annotations

import math
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notebook_tui.widgets.changes import (
    POINTS,
    Appended,
    Became,
    CardsHung,
    Change,
    PointsAppended,
    Rendered,
    TextAppended,
    Unfitting,
    bounded,
    change_size,
    changed,
    changed_within,
    combined,
    refs_in,
)
from notebook_tui.widgets.contents import LINES, OUTPUTS, TOTAL, content_size, joined
from notebook_tui.widgets.views import (
    Card,
    Content,
    Display,
    Frame,
    Gallery,
    Grid,
    Plot,
    Series,
    Tabs,
    Text,
    TextStream,
    View,
)

TEXT = st.text("ab\n\r", max_size=6)
CONTENTS: st.SearchStrategy[tuple[Content, ...]] = st.lists(
    st.one_of(
        st.builds(Text, st.sampled_from(["stdout", "stderr"]), TEXT.filter(bool)),
        st.builds(TextStream, st.sampled_from("xyz"), TEXT),
        st.just(Display((("text/plain", "d"),))),
    ),
    max_size=3,
).map(tuple)


@st.composite
def series(draw: st.DrawFn) -> Series:
    count = draw(st.integers(0, 3))
    values = st.tuples(*[st.floats(-5, 5)] * count)
    return Series(draw(st.sampled_from("ab")), "line", draw(values), draw(values))


def frames() -> st.SearchStrategy[tuple[View, list[Change]]]:
    change = st.one_of(st.builds(Rendered, CONTENTS), st.builds(Appended, CONTENTS))
    whole = st.builds(Became, st.builds(Frame, st.just("f"), CONTENTS))
    return st.tuples(st.builds(Frame, st.just("f"), CONTENTS), st.lists(change | whole, max_size=6))


def streams() -> st.SearchStrategy[tuple[View, list[Change]]]:
    change = st.builds(TextAppended, TEXT) | st.just(Became(TextStream("s")))
    return st.tuples(st.builds(TextStream, st.just("s"), TEXT), st.lists(change, max_size=6))


def plots() -> st.SearchStrategy[tuple[View, list[Change]]]:
    several = st.lists(series(), max_size=2, unique_by=lambda each: each.name).map(tuple)
    change = st.builds(PointsAppended, several, st.frozensets(st.sampled_from("ab"))) | st.just(Became(Plot("p")))
    return st.tuples(st.builds(Plot, st.just("p"), several), st.lists(change, max_size=6))


@st.composite
def galleries(draw: st.DrawFn) -> tuple[View, list[Change]]:
    """What is hung, one by one: new cards, and now and then one in the place of another."""
    view = Gallery("g", page_size=draw(st.integers(1, 6)), columns=draw(st.integers(1, 4)))
    changes: list[Change] = []
    count = 0
    for word in draw(st.lists(st.sampled_from("abc"), max_size=20)):
        number = draw(st.integers(0, count))
        count = max(count, number + 1)
        card = Card(number, Display((("text/plain", word),)), word)
        changes.append(CardsHung((card,), count, draw(st.integers(0, max(0, count - 8)))))
    return view, changes


@given(st.one_of(frames(), streams(), plots(), galleries()))
def test_combined_changes_do_what_all_of_them_do(history: tuple[View, list[Change]]) -> None:
    view, changes = history
    view = changed(view, changes[0]) if changes else view
    one_by_one = reduce(changed, changes, view)
    few: tuple[Change, ...] = reduce(combined, changes, ())
    assert _same(reduce(changed, few, view), one_by_one)
    assert len(few) <= 2


def _same(left: View, right: View) -> bool:
    """Of a plot the order of series is nobody's promise."""
    if isinstance(left, Plot) and isinstance(right, Plot):
        return {each.name: each for each in left.series} == {each.name: each for each in right.series}
    return left == right


def test_a_change_reaches_a_view_inside_tabs_inside_a_grid() -> None:
    grid = Grid("g", (Tabs("t", (("one", TextStream("s", "a")), ("two", Text("stdout", "x")))),), 2)
    after = changed_within(grid, "s", TextAppended("b"))
    assert after == Grid("g", (Tabs("t", (("one", TextStream("s", "ab")), ("two", Text("stdout", "x")))),), 2)
    assert refs_in(after) == ("g", "t", "s")


def test_a_change_of_another_kind_of_view_is_refused_in_words() -> None:
    with pytest.raises(Unfitting, match="a Frame cannot be changed by TextAppended"):
        changed(Frame("f"), TextAppended("x"))


def test_text_in_a_frame_is_joined_and_keeps_its_last_lines() -> None:
    frame = Frame("f")
    for number in range(LINES + 100):
        frame = changed(frame, Appended((Text("stdout", f"{number}\n"),)))  # type: ignore[assignment]
    (text,) = frame.contents
    assert isinstance(text, Text)
    assert text.text.startswith("…\n")
    assert text.text.endswith(f"{LINES + 99}\n")
    assert text.text.count("\n") == LINES + 1


def test_a_frame_keeps_only_so_many_contents() -> None:
    contents: tuple[Content, ...] = ()
    for number in range(OUTPUTS + 10):
        contents = joined(contents, Display((("text/plain", str(number)),)))
    assert len(contents) == OUTPUTS + 1  # and the mark
    assert contents[-1] == Display((("text/plain", str(OUTPUTS + 9)),))


def test_a_line_of_many_points_keeps_its_peak_and_both_ends() -> None:
    count = 50 * POINTS
    y = [0.0] * count
    y[count // 3] = 100.0
    kept = bounded(Series("a", "line", tuple(map(float, range(count))), tuple(y)))
    assert len(kept.x) == len(kept.y) <= POINTS
    assert max(kept.y) == 100.0
    assert (kept.x[0], kept.x[-1]) == (0.0, float(count - 1))
    assert list(kept.x) == sorted(kept.x)


def test_bars_keep_their_last_and_their_labels_with_them() -> None:
    count = POINTS + 5
    labels = tuple(map(str, range(count)))
    kept = bounded(Series("a", "bar", tuple(map(float, range(count))), tuple([1.0] * count), labels))
    assert (len(kept.x), kept.labels[0], kept.labels[-1]) == (POINTS, "5", str(count - 1))


def test_sizes_count_what_is_inside() -> None:
    assert content_size(Grid("g", (Text("stdout", "x" * 100), TextStream("s", "y" * 50)), 2)) >= 150


@given(st.lists(st.integers(1, 3), max_size=12))
def test_what_waits_of_a_frame_is_bounded_in_size_and_comes_to_the_same(sizes: list[int]) -> None:
    pieces = [Display((("text/plain", str(size) * (size * TOTAL // 4)),)) for size in sizes]
    frame, few = Frame("f", (Text("stdout", "before"),)), reduce(combined, [Appended((each,)) for each in pieces], ())
    assert sum(change_size(each) for each in few) <= 3 * TOTAL
    one_by_one = reduce(changed, [Appended((each,)) for each in pieces], frame)
    assert reduce(changed, few, frame) == one_by_one


def test_a_thousand_contents_that_wait_are_the_last_ones_with_a_mark() -> None:
    changes = [Appended((Display((("text/plain", str(number)),)),)) for number in range(OUTPUTS + 500)]
    few: tuple[Change, ...] = reduce(combined, changes, ())
    assert reduce(changed, few, Frame("f")) == reduce(changed, changes, Frame("f"))


def test_a_gap_hides_no_peak() -> None:
    count = 4 * POINTS
    y = [math.nan if number % 4 == 0 else 0.0 for number in range(count)]
    y[1001] = 9.0
    kept = bounded(Series("a", "line", tuple(map(float, range(count))), tuple(y)))
    assert 9.0 in kept.y


def test_bars_that_come_without_labels_have_their_places_for_labels() -> None:
    bars = Plot("p", (Series("n", "bar", (0.0,), (1.0,), ("Mon",)),))
    more = changed(bars, PointsAppended((Series("n", "bar", (1.0,), (2.0,)),)))
    assert isinstance(more, Plot)
    assert more.series[0].labels == ("Mon", "1")
