"""Plots in the terminal: axes, lines, bars, histograms, and the legend that shows one series alone."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from notebook_tui.ui.drawing.palette import Palette, palette_of
from notebook_tui.ui.drawing.rows import strip_of
from notebook_tui.ui.drawing.theme import DAY, NIGHT
from notebook_tui.ui.outputs.looks import Looks
from notebook_tui.ui.outputs.plot_legend import WHOLE_LEGEND
from notebook_tui.ui.outputs.plot_rows import plot_rows
from notebook_tui.ui.outputs.row import OutputRow
from notebook_tui.ui.outputs.spots import ShowSeries
from notebook_tui.ui.plots.canvas import Canvas
from notebook_tui.ui.plots.chart import extent
from notebook_tui.ui.plots.dots import dots_of
from notebook_tui.ui.plots.scale import Scale, log_ticks, room_ahead, rounded_ends, ticks
from notebook_tui.ui.plots.time_ticks import time_ticks
from notebook_tui.ui.plots.track import track_of
from notebook_tui.widgets.views import Plot, Series, SeriesKind
from tests.support.fake_session import code
from tests.support.screen import Terminal, in_terminal

NAN, INF = math.nan, math.inf
ANY = st.floats(allow_nan=True, allow_infinity=True)


def line(name: str, *y: float, kind: SeriesKind = "line", x: tuple[float, ...] | None = None) -> Series:
    return Series(name, kind, tuple(map(float, range(len(y)))) if x is None else x, tuple(map(float, y)))


def plot(*series: Series, **more: object) -> Plot:
    return Plot("p", series, **more)  # type: ignore[arg-type]


def rows(shown: Plot, width: int = 60, alone: str | None = None, height: int = 24) -> list[OutputRow]:
    looks = Looks(series={"p": alone} if alone else {})
    return list(plot_rows(shown, width, Palette(), looks, height))


def texts(shown: Plot, width: int = 60, alone: str | None = None, height: int = 24) -> list[str]:
    return [row.text.plain.rstrip() for row in rows(shown, width, alone, height)]


def dots(series: Series, columns: int, height: int, joined: bool = True, log_y: bool = False) -> list[str]:
    """The dots of a series alone, as crosses, from its least to its greatest value."""
    track = track_of(series, log_y)
    across, up = Scale(track.x_low, track.x_high, columns), Scale(track.y_low, track.y_high, height)
    masks = dots_of(track, across, up, joined)
    return ["".join("x" if mask >> row & 1 else "." for mask in masks) for row in range(height)]


def test_a_line_goes_from_point_to_point() -> None:
    assert dots(line("a", 0, 2, 0), 5, 3) == ["..x..", ".x.x.", "x...x"]
    assert dots(line("a", 0, 3), 2, 4) == [".x", ".x", "x.", "x."]


def test_points_are_not_joined() -> None:
    assert dots(line("a", 0, 2, 0, kind="scatter"), 5, 3, joined=False) == ["..x..", ".....", "x...x"]


@pytest.mark.parametrize("gap", [NAN, INF, -INF])
def test_where_there_is_no_number_there_is_a_gap(gap: float) -> None:
    assert dots(line("a", 1, 1, gap, 1, 1), 5, 1) == ["xx.xx"]


def test_on_a_logarithmic_axis_what_is_not_above_zero_is_a_gap() -> None:
    assert dots(line("a", 1, 10, 0, -5, 100), 5, 3, log_y=True) == ["....x", ".x...", "x...."]


def test_of_very_many_points_the_highest_and_the_lowest_of_each_column_are_seen() -> None:
    y = [0.0] * 1_000_000
    y[123_456], y[765_432] = 5.0, -3.0
    shown = dots(line("a", *y), 100, 9)
    assert [row.count("x") for row in shown] == [1, 1, 1, 1, 1, 100, 1, 1, 1]
    assert shown[0].index("x") == round(123_456 / 1e6 * 99)
    assert shown[8].index("x") == round(765_432 / 1e6 * 99)


@given(st.lists(st.integers(-50, 50), min_size=60, max_size=300), st.integers(2, 12), st.integers(2, 16))
def test_thinned_out_points_cover_as_much_as_all_of_them(y: list[int], columns: int, height: int) -> None:
    series = line("a", *y)
    track = track_of(series, False)
    across, up = Scale(track.x_low, track.x_high, columns), Scale(track.y_low, track.y_high, height)
    thinned = dots_of(track, across, up, True)
    for x, value in zip(series.x, series.y, strict=True):
        row = height - 1 - up.at(value)
        near = thinned[across.at(x)] | thinned[max(0, across.at(x) - 1)] | thinned[min(columns - 1, across.at(x) + 1)]
        # A value halfway between two rows may be rounded to either.
        assert near & (0b111 << row >> 1), (x, value)
    assert all(thinned)


@given(st.floats(-1e300, 1e300), st.floats(-1e300, 1e300), st.integers(1, 400), ANY.filter(math.isfinite))
def test_every_value_has_a_place(low: float, high: float, steps: int, value: float) -> None:
    scale = Scale(min(low, high), max(low, high), steps)
    assert 0 <= scale.at(value) < steps


@given(st.floats(-1e12, 1e12), st.floats(1e-6, 1e12), st.integers(2, 20))
@example(0.0, 1.0, 6)
@example(8.0, 1e-06, 2)
def test_ticks_are_within_the_axis_few_rising_and_labelled_apart(low: float, span: float, most: int) -> None:
    high = low + span
    found = ticks(low, high, most)
    assert 1 <= len(found) <= most
    slack = max(abs(low), abs(high), span) * 1e-6
    assert all(low - slack <= tick.value <= high + slack for tick in found)
    assert [tick.value for tick in found] == sorted({tick.value for tick in found})
    if span > max(abs(low), abs(high)) / 1_000:
        assert len({tick.label for tick in found}) == len(found)


@given(st.floats(-1e9, 1e9), st.floats(1e-3, 1e9), st.integers(2, 12))
def test_rounded_ends_hold_all_values_and_waste_little(low: float, span: float, most: int) -> None:
    high = low + span
    below, above = rounded_ends(low, high, most)
    slack = max(abs(low), abs(high)) * 1e-9
    assert below <= low + slack
    assert above >= high - slack
    assert above - below <= (high - low) * 1.16 + slack


@given(st.floats(-1e9, 1e9), st.floats(1e-3, 1e9))
def test_room_ahead_of_growing_curves_is_little_and_stays_for_a_while(low: float, span: float) -> None:
    high = low + span
    end = room_ahead(low, high)
    assert high <= end <= high + (high - low) / 32 + max(abs(low), abs(high)) * 1e-9
    assert room_ahead(low, (high + end) / 2) == pytest.approx(end)


def test_a_curve_without_a_new_point_is_not_drawn_again_while_others_grow() -> None:
    """As what was made of it is kept, the same object comes for as long as the axes end where they did."""

    def dots_at(steps: int) -> object:
        others = (line(f"c{n}", *range(steps)) for n in range(20))
        across, _ = extent([track_of(each, False) for each in (still, *others)], False, 10)
        return dots_of(track_of(still, False), Scale(*across, 100), Scale(0.0, 1.0, 40), True)

    still = line("still", *(n % 2 for n in range(60)))
    assert dots_at(66) is dots_at(67)
    assert dots_at(67) is not dots_at(90)


@given(st.integers(-300, 300), st.integers(0, 100), st.integers(1, 12))
def test_ticks_of_powers_of_ten_are_powers_of_ten(low: int, span: int, most: int) -> None:
    found = log_ticks(float(low), float(low + span), most)
    assert 1 <= len(found) <= max(most, 1)


@given(st.datetimes(datetime(1995, 1, 1), datetime(2090, 1, 1)), st.integers(3, 3_000_000_00), st.integers(2, 12))
def test_ticks_of_times_are_within_the_axis_and_few(start: datetime, seconds: int, most: int) -> None:
    low = start.replace(tzinfo=UTC).timestamp()
    found = time_ticks(low, low + seconds, most, UTC)
    assert len(found) <= most
    assert all(low <= tick.value <= low + seconds for tick in found)


def test_times_are_round_in_the_zone_of_the_viewer() -> None:
    zone = timezone(timedelta(hours=5, minutes=30))
    start = datetime(2026, 3, 1, 8, 10, tzinfo=zone).timestamp()
    assert [tick.label for tick in time_ticks(start, start + 4 * 3600, 5, zone)] == ["09:00", "10:00", "11:00", "12:00"]
    days = datetime(2026, 3, 1, tzinfo=UTC).timestamp()
    assert [tick.label for tick in time_ticks(days, days + 3 * 86_400, 4)] == ["01 Mar", "02 Mar", "03 Mar", "04 Mar"]


@given(
    st.lists(
        st.tuples(st.sampled_from(["line", "scatter", "bar", "histogram"]), st.lists(ANY, max_size=30)), max_size=6
    ),
    st.integers(1, 120),
    st.integers(1, 40),
    st.booleans(),
)
@example([("bar", [-1.1125369292536007e-308, 1.1125369292536007e-308])], 1, 1, False)
@example([("bar", [0.875, -1.0])], 39, 1, False)
def test_any_numbers_become_rows_that_fit(
    drawn: list[tuple[SeriesKind, list[float]]], width: int, height: int, log_y: bool
) -> None:
    series = [line(f"s{at}", *y, kind=kind) for at, (kind, y) in enumerate(drawn)]
    shown = rows(plot(*series, log_y=log_y), width, None, height)
    assert shown
    for row in shown:
        assert row.text.cell_len <= max(width, 30), row.text.plain
        assert all(0 <= spot.start < spot.end <= row.text.cell_len for spot in row.spots)


def test_title_axes_and_legend_stand_around_the_lines() -> None:
    shown = texts(plot(line("train", 3, 1, 0.5), line("test", 3, 2, 1), title="Loss", x_label="step", y_label="nats"))
    assert shown[:2] == ["Loss", "nats"]
    assert "┬" in shown[-5]
    assert shown[-4].split() == ["0.0", "0.5", "1.0", "1.5", "2.0"]
    assert shown[-3].strip() == "step"
    assert shown[-2:] == ["● train 0.5   0.5 … 3", "■ test    1   1 … 3"]


def test_each_line_carries_its_sign_so_that_no_colour_is_needed() -> None:
    shown = "\n".join(texts(plot(line("a", 0, 1, 2), line("b", 2, 1.5, 1)))[:-2])
    assert shown.count("●") >= 2
    assert shown.count("■") >= 2


def test_a_chart_is_no_higher_than_there_is_room() -> None:
    shown = plot(line("train", 3, 1), line("test", 3, 2), title="Loss", x_label="step")
    assert [len(rows(shown, 100, None, height)) for height in (14, 20)] == [14, 20]


def test_one_series_alone_is_drawn_alone_and_all_are_named() -> None:
    both = plot(line("a", 0, 1), line("b", 5, 6))
    shown = rows(both, 60, "b")
    assert not any(row.text.plain.startswith("0") for row in shown)
    assert shown[-1].text.plain.endswith("◂ alone")
    assert shown[-2].text.plain.startswith("● a")
    assert [spot.touch for row in shown for spot in row.spots] == [ShowSeries("p", "a"), ShowSeries("p", "b")]
    assert texts(both, 60, "gone") == texts(both, 60)


def test_a_press_on_a_name_means_that_series() -> None:
    (entry, *_) = [row for row in rows(plot(*(line(f"run {n}", n, n + 1) for n in range(6)))) if row.spots]
    assert [entry.text.plain[spot.start : spot.end].split()[1:3] for spot in entry.spots[:2]] == [
        ["run", "0"],
        ["run", "1"],
    ]


def test_the_legend_of_very_many_series_folds_and_opens() -> None:
    many = plot(*(line(f"run {n}", n, n + 1) for n in range(64)))
    folded = [row for row in rows(many) if row.spots]
    assert len(folded) == 4
    last = folded[-1].spots[-1]
    assert last.touch == ShowSeries("p", WHOLE_LEGEND)
    assert "more" in folded[-1].text.plain
    named = [spot for row in rows(many, 60, WHOLE_LEGEND) for spot in row.spots]
    assert len(named) == 65
    assert "run 50" in "\n".join(texts(many, 60, "run 50"))


def test_bars_begin_at_one_zero_and_stand_below_each_other() -> None:
    two = Series("m", "bar", (0.0, 1.0), (2.0, -1.0), ("a", "漢"))
    shown = texts(plot(two), 30)
    assert shown[0] == " a         ████████████████ 2"
    assert shown[1] == "漢 ████████ -1"


def test_of_a_great_many_bars_the_rest_is_counted() -> None:
    many = Series("m", "bar", tuple(map(float, range(500))), (1.0,) * 500, tuple(map(str, range(500))))
    assert texts(plot(many))[-2] == "… 300 more"


def test_a_histogram_stands_on_its_axis() -> None:
    shown = texts(plot(line("h", *([1.0] * 30), *([2.0] * 10), kind="histogram")), 40, None, 12)
    assert "█" in shown[0]
    assert any("┬" in row for row in shown)
    assert shown[-1].startswith("● h 40 values")


def test_without_a_point_it_says_so() -> None:
    assert texts(plot(title="Loss")) == ["Loss", "(no points yet)"]
    assert "(no points yet)" in texts(plot(line("a", NAN)))


def test_names_cannot_command_the_terminal() -> None:
    shown = rows(plot(line("\x1b[31ma\n", 1, 2), title="\x1b]0;x\x07", x_label="\r"))
    assert not any(ord(letter) < 0x20 for row in shown for letter in strip_of(row.text).text)


@pytest.mark.parametrize("theme", [NIGHT, DAY])
def test_twelve_series_have_inks_of_their_own(theme: object) -> None:
    inks = palette_of(theme.variables).series  # type: ignore[attr-defined]
    assert len({ink.color for ink in inks}) == 12


def test_the_series_on_top_gives_a_character_its_ink() -> None:
    canvas = Canvas(1, 1, [(0, (0b0001, 0b0001)), (1, (0b1000, 0))])
    assert canvas.row_of(0, 1) == 0
    assert canvas.row_of(0, 0) is None


def test_what_did_not_change_is_not_drawn_again() -> None:
    shown = plot(line("a", 1, 2, 3))
    assert rows(shown)[3] is rows(shown)[3]


@in_terminal(code("a", "plot", plot(line("loss", 3, 2, 1), title="Loss")))
async def test_a_plot_stands_among_the_outputs_of_its_cell(shown: Terminal) -> None:
    assert "● loss 1   1 … 3" in shown.text
    assert "┤" in shown.text


@in_terminal(code("a", "plot", plot(line("train", 3, 2, 1), line("test", 4, 3, 2))))
async def test_enter_on_a_name_shows_that_series_alone_and_again_all(shown: Terminal) -> None:
    await shown.press("j", "j", "j", "tab", "tab", "enter")
    await shown.shows("◂ alone")
    assert "■ test  2   2 … 4 ◂ alone" in shown.text.replace("▸", " ").replace("▶", " ")
    await shown.press("enter")
    await shown.hides("◂ alone")


@in_terminal(code("a", "plot", plot(*(line(f"run {n}", n, n + 1) for n in range(40)))), size=(80, 40))
async def test_the_last_entry_of_a_folded_legend_names_all(shown: Terminal) -> None:
    await shown.press("j", "j", "j", "shift+tab")
    assert "run 39" not in shown.text
    await shown.press("enter")
    await shown.shows("run 39")
    await shown.shows("fewer names")
