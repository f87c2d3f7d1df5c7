"""Every kind of view as rows: within its width, harmless, with its places where they are seen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notebook_tui.ui.cells.view_heights import view_height
from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.drawing.rows import strip_of
from notebook_tui.ui.outputs.looks import Looks
from notebook_tui.ui.outputs.marked_row import index_at, marked_row
from notebook_tui.ui.outputs.output_strips import inline_view
from notebook_tui.ui.outputs.spots import Fill, OpenTab, Shift, ShowSeries, SortBy, TurnPage
from notebook_tui.ui.outputs.view_rows import NARROWEST, view_rows
from notebook_tui.widgets.views import (
    Branch,
    Button,
    Column,
    Content,
    Form,
    Frame,
    Grid,
    Input,
    Keyboard,
    Plot,
    Progress,
    Series,
    Sort,
    Table,
    Tabs,
    Text,
    TextStream,
    Tree,
)
from tests.support.views import contents

TEN = Table("t", (Column("name"), Column("age", "number")), tuple((f"p{n}", str(n)) for n in range(10)), 10, 95)
WIDE = Table("w", tuple(Column(f"column {n}") for n in range(30)), (tuple(str(n) for n in range(30)),), count=1)
TREE = Tree("tree", (Branch("", 0, "all", "open"), Branch("a", 1, "part", "closed"), Branch("b", 1, "leaf")))


def lines(view: Content, width: int = 72, looks: Looks | None = None) -> list[str]:
    return [row.text.plain.rstrip() for row in view_rows(view, width, Palette(), looks or Looks())]


def touches(view: Content, width: int = 72, looks: Looks | None = None) -> list[object]:
    rows = view_rows(view, width, Palette(), looks or Looks())
    return [spot.touch for row in rows for spot in row.spots]


@given(contents, st.integers(NARROWEST, 100))
def test_no_view_leaves_its_width_or_leaks_a_control_character(view: Content, width: int) -> None:
    for row in view_rows(view, width, Palette(), Looks()):
        strip = strip_of(row.text)
        assert strip.cell_length <= width
        assert all(ord(each) >= 0x20 and not 0x7F <= ord(each) < 0xA0 for each in strip.text)
        for spot in row.spots:
            assert 0 <= spot.start < spot.end <= row.text.cell_len


@given(contents, st.integers(NARROWEST, 100))
def test_a_mark_at_a_place_changes_no_width_and_no_word_of_the_place(view: Content, width: int) -> None:
    for row in view_rows(view, width, Palette(), Looks()):
        for spot in row.spots:
            marked = marked_row(row, spot.touch, Palette())
            assert marked.text.cell_len <= max(width, row.text.cell_len + 1)
            start, end = index_at(row.text.plain, spot.start), index_at(row.text.plain, spot.end)
            assert marked.text.plain[start:end] == row.text.plain[start:end]


@pytest.mark.parametrize("width", [40, 72, 140])
@pytest.mark.parametrize(
    "view",
    [
        TEN,
        WIDE,
        TREE,
        Tabs("x", (("One", TEN), ("Two", TREE))),
        Grid("g", (TREE, TEN, Button("b", "Again")), 2, boxed=True),
        Grid("g", (TREE, TEN, Button("b", "Again")), 2),
        Frame("f", (TREE, Text("stdout", "a\nb\n"))),
        Frame("f", (), "nothing yet"),
        TextStream("s", "a\nb\n"),
        Progress("p", 1, 2),
        Input("i", "text", "Name"),
        Form("f", (("a", Input("f/a", "text", "Name")), ("b", Input("f/b", "checkbox", "Yes")))),
        Keyboard("k"),
        Plot("p", (Series("loss", "line", (0.0, 1.0, 2.0), (4.0, 2.0, 1.0)),), "Loss", "step"),
        Plot("p", (Series("bytes", "bar", (0.0, 1.0), (3.0, 4.0), ("text", "pictures")),)),
    ],
    ids=lambda view: type(view).__name__,
)
def test_the_guessed_height_of_a_view_is_nearly_its_height(view: Content, width: int) -> None:
    assert abs(view_height(view, width) - len(view_rows(view, width, Palette(), Looks()))) <= 2


def test_a_table_says_which_rows_and_leads_to_the_others_and_sorts_by_its_headings() -> None:
    assert lines(TEN)[0] == "    name  age"
    assert lines(TEN)[2] == "11  p0      0"
    assert lines(TEN)[-1] == "rows 11-20 of 95  ‹ previous  next ›"
    assert touches(TEN) == [SortBy("t", "name"), SortBy("t", "age"), TurnPage("t", 0), TurnPage("t", 20)]


def test_a_sorted_table_marks_its_heading_and_one_that_cannot_be_sorted_has_no_places_there() -> None:
    table = Table("t", (Column("n", "number"),), (("1",),), count=1, sort=Sort("n", True), sortable=False)
    assert lines(table) == ["n ▼", "───", "  1", "1 row"]
    assert touches(table) == []


def test_a_table_that_is_too_wide_says_how_many_columns_are_hidden_and_shows_others_where_wanted() -> None:
    assert "23 of 30 columns hidden" in lines(WIDE)[-1]
    assert touches(WIDE)[-1] == Shift("w", 7)
    further = Looks(columns={"w": 7})
    assert lines(WIDE, looks=further)[0].startswith("column 7")
    assert touches(WIDE, looks=further)[-2:] == [Shift("w", 0), Shift("w", 14)]


def test_a_page_that_was_turned_to_stands_in_the_place_of_the_first() -> None:
    page = Table("t", TEN.columns, (("last", "1"),), 94, 95)
    assert "95  last    1" in lines(TEN, looks=Looks(pages={"t": page}))


def test_the_open_tab_is_told_by_the_rule_below_it() -> None:
    tabs = Tabs("x", (("One", Text("stdout", "first")), ("Two", Text("stdout", "second"))))
    assert lines(tabs, 20) == [" One  Two", "━━━━━───────────────", "first"]
    assert lines(tabs, 20, Looks(tabs={"x": 1})) == [" One  Two", "─────━━━━━──────────", "second"]
    assert touches(tabs) == [OpenTab("x", 0), OpenTab("x", 1)]


def test_a_grid_stands_side_by_side_and_below_each_other_where_it_is_narrow() -> None:
    grid = Grid("g", (Button("a", "One"), Button("b", "Two")), 2)
    assert lines(grid, 44) == ["[ One ]                [ Two ]"]
    assert lines(grid, 20) == ["[ One ]", "", "[ Two ]"]
    assert lines(Grid("g", (Button("a", "One"),), 1, boxed=True), 16) == [
        "╭──────────────╮",
        "│ [ One ]      │",
        "╰──────────────╯",
    ]


@pytest.mark.parametrize(
    ("width", "line"),
    [
        (72, "● rows  ━━━━━━━━━━━━────────────  50 %  500/1,000  0:10  50/s  0:10 left"),
        (40, "● rows  ━━━━─────  50 %  500/1,000  0:10"),
        (20, "● rows  50 %"),
    ],
)
def test_a_bar_of_progress_leaves_out_what_does_not_fit(width: int, line: str) -> None:
    assert lines(Progress("p", 500, 1000, "rows", 10.0), width) == [line]


def test_the_state_of_a_bar_is_told_by_a_glyph() -> None:
    assert lines(Progress("p", 2, 2, "all", 0.1, "done"))[0].startswith("✓ all  ━━")
    assert lines(Progress("p", 1, 2, "all", 0.1, "failed"))[0].startswith("✗ all  ")
    assert lines(Progress("p", 1200, None, "files", 75)) == ["● files  1,200  1:15  16/s"]


@pytest.mark.parametrize(
    ("field", "value", "line"),
    [
        (Input("i", "text", "Name", "nobody"), "Ada", "Name  [ Ada"),
        (Input("i", "number", "Size", 8, low=1, high=64), 9, "Size  [ 9              ]  1 to 64"),
        (Input("i", "select", "Mode", "f", options=(("Fast", "f"), ("Exact", "e"))), "e", "Mode  [ Exact ▾ ]"),
        (Input("i", "checkbox", "Shuffle", True), False, "[ ] Shuffle"),
        (Input("i", "range", "Rate", 0, low=0, high=10), 5, "Rate  ├━━━━━━━━━━━━●───────────┤ 5  0 to 10"),
        (Input("i", "date", "Since"), "2026-01-31", "Since  [ 2026-01-31   ]"),
        (Input("i", "file", "Data"), "/tmp/x", "Data  [ /tmp/x"),
        (Input("i", "secret", "Token"), "secret 0123", "Token  [ ••••••"),
    ],
)
def test_an_input_shows_its_label_and_what_it_holds_now(field: Input, value: object, line: str) -> None:
    looks = Looks(values={"i": value})  # type: ignore[dict-item]
    assert lines(field, looks=looks)[0].startswith(line)
    assert touches(field, looks=looks) == [Fill("i")]
    assert "0123" not in "".join(lines(field, looks=looks))


def test_inputs_of_a_cell_begin_in_one_column() -> None:
    fields = Input("a", "text", "A", "x"), Input("b", "checkbox", "All of them"), Input("c", "date", "Since", "y")
    rows = [row.text.plain for row in inline_view(fields, 60, 10, Palette()).rows]
    assert rows[0].startswith("A      [ x")
    assert rows[2].startswith("Since  [ y")


def test_views_that_can_be_used_are_shown_whole_beside_text_that_is_cut() -> None:
    buttons = [Button(f"b{n}", f"B{n}") for n in range(30)]
    view = inline_view([Text("stdout", "x\n" * 50), *buttons], 40, 10, Palette())
    shown = [row.text.plain for row in view.rows]
    assert shown == ["x"] * 10 + [f"[ B{n} ]" for n in range(30)]
    assert view.hidden_lines == 40


def test_a_plot_with_a_legend_is_shown_whole_where_other_text_has_taken_the_room() -> None:
    plot = Plot("p", (Series("a", "line", (0.0, 1.0), (0.0, 1.0)), Series("b", "line", (0.0, 1.0), (1.0, 0.0))))
    view = inline_view([plot, Text("stdout", "x\n" * 50)], 60, 14, Palette())
    assert {spot.touch for row in view.rows for spot in row.spots} == {ShowSeries("p", "a"), ShowSeries("p", "b")}
