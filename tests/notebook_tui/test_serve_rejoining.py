"""What a viewer wrote while its session was out of reach comes into the session, whatever others did meanwhile."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from notebook_tui.document.apply import apply
from notebook_tui.document.notebook import Cell, Notebook, Section
from notebook_tui.document.operations import DeleteCell, InsertCell, Operation, QueueCells, SetCellSource, SetTitle
from notebook_tui.document.rejected import Rejected
from notebook_tui.document.state import State
from notebook_tui.session.rejoining import NOT_NOW, Offline, Sent, carried_over

BASE = Notebook("T", sections=(Section("s", "S", tuple(Cell(name, "code", f"{name} = 1\nend") for name in "abc")),))

_texts = st.sampled_from(["a = 1\nend", "x", "x\nend", "b = 1\nmore\nend", "", "first\nb = 1\nend"])
_edits: st.SearchStrategy[Operation] = st.one_of(
    st.builds(SetTitle, st.sampled_from(["T", "U", "V"])),
    st.builds(SetCellSource, st.sampled_from("abcde"), _texts),
    st.builds(DeleteCell, st.sampled_from("abc")),
    st.builds(
        lambda name, index, text: InsertCell("s", index, Cell(name, "code", text)),
        st.sampled_from("de"),
        st.integers(0, 2),
        _texts,
    ),
)


def after(notebook: Notebook, edits: list[Operation]) -> Notebook:
    state = State(notebook)
    for edit in edits:
        try:
            state, _ = apply(state, edit)
        except Rejected:
            continue
    return state.notebook


@given(st.lists(_edits, max_size=6))
def test_where_nobody_else_wrote_the_session_has_what_the_viewer_has(mine: list[Operation]) -> None:
    wanted = after(BASE, mine)
    carried = carried_over(BASE, wanted, BASE)
    assert after(BASE, list(carried.operations)) == wanted
    assert carried.lost == ()


@given(st.lists(_edits, max_size=6), st.integers(0, 6))
def test_what_had_arrived_before_the_connection_was_lost_is_not_done_twice(mine: list[Operation], arrived: int) -> None:
    wanted, there = after(BASE, mine), after(BASE, mine[:arrived])
    carried = carried_over(BASE, wanted, there)
    now = after(there, list(carried.operations))
    ids = [cell.id for cell in now.cells()]
    assert len(ids) == len(set(ids))
    if arrived >= len(mine):
        assert now == wanted


@given(st.lists(_edits, max_size=5), st.lists(_edits, max_size=5))
def test_every_line_that_the_viewer_wrote_is_there_or_told_to_be_lost(
    mine: list[Operation], theirs: list[Operation]
) -> None:
    wanted, there = after(BASE, mine), after(BASE, theirs)
    carried = carried_over(BASE, wanted, there)
    now = after(there, list(carried.operations))
    before = {cell.id: cell.source for cell in BASE.cells()}
    for cell in wanted.cells():
        if cell.source in ("", before.get(cell.id)):
            continue
        sources = {each.id: each.source for each in now.cells()}
        told = " ".join(carried.lost)
        for line in set(cell.source.split("\n")) - set(before.get(cell.id, "").split("\n")):
            assert line in sources.get(cell.id, "") or line in told or "not kept" in told


def test_both_texts_stay_where_both_changed_the_same_lines() -> None:
    mine, theirs = after(BASE, [SetCellSource("a", "mine")]), after(BASE, [SetCellSource("a", "theirs")])
    assert carried_over(BASE, mine, theirs).operations == (SetCellSource("a", "theirs\nmine"),)


def test_a_deleted_cell_that_was_changed_meanwhile_is_told_with_its_text() -> None:
    mine, theirs = after(BASE, [SetCellSource("a", "long thought")]), after(BASE, [DeleteCell("a")])
    carried = carried_over(BASE, mine, theirs)
    assert carried.operations == ()
    assert "long thought" in carried.lost[0]


def test_only_the_text_can_be_changed_meanwhile_and_what_was_underway_is_part_of_it() -> None:
    offline = Offline(State(BASE), (SetTitle("underway"),))
    assert offline.write(QueueCells(("a",))) == NOT_NOW
    assert offline.write(SetCellSource("a", "y")) == ""
    carried = offline.carried_over(BASE)
    assert carried.operations == (SetTitle("underway"), SetCellSource("a", "y"))


def test_what_the_session_has_told_is_underway_no_more() -> None:
    sent = Sent()
    for title in "abc":
        sent.add(SetTitle(title))
    sent.applied(SetTitle("of another"))
    sent.applied(SetTitle("b"))
    assert sent.take() == (SetTitle("c"),)
    assert sent.take() == ()
