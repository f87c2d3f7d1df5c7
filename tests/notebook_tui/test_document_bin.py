"""The bin: what is deleted can be had again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from notebook_tui.document.apply import apply
from notebook_tui.document.bin import Binned
from notebook_tui.document.effects import ForgetEvaluation, InterruptEvaluation, StartEvaluation
from notebook_tui.document.notebook import Cell
from notebook_tui.document.operations import (
    DeleteCell,
    DeleteSection,
    EvaluationFinished,
    InsertCell,
    OutputAdded,
    QueueCells,
    Redo,
    RestoreCell,
    SetCellSource,
    Undo,
)
from notebook_tui.document.outputs import Result
from notebook_tui.document.rejected import Rejected
from tests.support.documents import after, all_run, ran, state_of, validities

RAN = after(
    all_run(state_of({"s1": {"c1": "a = 1", "c2": "b = a"}, "s2": {"c3": "c = 3", "c4": "d = 4"}})),
    OutputAdded("c1", Result("1")),
)


def test_ac26_the_bin_holds_what_was_deleted_without_outputs_and_where_it_was() -> None:
    state, wanted = apply(RAN, DeleteCell("c1", at=7.0))
    assert state.bin == (Binned(Cell("c1", "code", "a = 1"), "s1", "s1", 0, 7.0),)
    assert wanted == (ForgetEvaluation("c1"),)
    assert validities(state)["c2"] == "stale"


def test_ac26_a_cell_comes_back_where_it_was_as_if_it_had_never_run() -> None:
    state = after(RAN, DeleteCell("c1"), RestoreCell("c1"))
    assert state.notebook.section("s1").cells[0] == Cell("c1", "code", "a = 1")
    assert (validities(state)["c1"], state.bin) == ("fresh", ())


def test_ac26_a_cell_whose_section_is_gone_comes_back_at_the_end_of_the_last_one() -> None:
    state = after(RAN, DeleteSection("s1", with_cells=True, at=7.0))
    assert [(each.cell.id, each.section_name, each.index, each.at) for each in state.bin] == [
        ("c1", "s1", 0, 7.0),
        ("c2", "s1", 1, 7.0),
    ]
    state = after(state, RestoreCell("c1"))
    assert [cell.id for cell in state.notebook.section("s2").cells] == ["c3", "c4", "c1"]


def test_ac26_without_a_section_nothing_comes_back() -> None:
    state = after(RAN, DeleteSection("s1", with_cells=True), DeleteSection("s2", with_cells=True))
    with pytest.raises(Rejected, match="there is no section to put the cell into"):
        apply(state, RestoreCell("c1"))
    with pytest.raises(Rejected, match="there is no cell zz in the bin"):
        apply(state, RestoreCell("zz"))


def test_ac26_a_waiting_cell_that_is_deleted_waits_no_longer() -> None:
    state = after(RAN, QueueCells(("c1",)), QueueCells(("c3", "c4")), DeleteCell("c3"))
    assert (state.evaluating, state.queue) == ("c1", ("c4",))


def test_ac26_a_running_cell_that_is_deleted_is_stopped_and_what_is_below_waits_no_longer() -> None:
    state = after(RAN, QueueCells(("c1", "c3")))
    state, wanted = apply(state, DeleteCell("c1"))
    assert (wanted, state.queue, state.running) == ((InterruptEvaluation("c1"),), (), {"": "c1"})
    assert [each.cell.id for each in state.bin] == ["c1"]
    state, wanted = apply(state, QueueCells(("c3",)))
    assert (wanted, state.queue) == ((), ("c2", "c3"))
    state, wanted = apply(state, EvaluationFinished("c1", 3.0, "interrupted"))
    assert wanted == (ForgetEvaluation("c1"), StartEvaluation("c2", "b = a", above=()))
    assert "c1" not in state.evaluations
    assert after(state, RestoreCell("c1")).evaluation("c1").validity == "fresh"


def test_ac26_a_deleted_cell_that_has_not_stopped_yet_does_not_come_back() -> None:
    state = after(RAN, QueueCells(("c1",)), DeleteCell("c1"))
    for operation in (Undo(), RestoreCell("c1"), InsertCell("s1", 0, Cell("c1", "code"))):
        with pytest.raises(Rejected, match="can come back once it has stopped"):
            apply(state, operation)
    assert after(state, *ran("c1")[1:], Undo()).notebook.has_cell("c1")


def test_a_cell_that_came_back_otherwise_is_in_no_bin() -> None:
    deleted = after(RAN, DeleteCell("c1"))
    assert after(deleted, Undo()).bin == ()
    assert after(deleted, InsertCell("s2", 0, Cell("c1", "code", "a = 1"))).bin == ()


def test_what_an_undo_takes_away_is_in_the_bin_and_its_redo_has_it_back() -> None:
    state = after(RAN, InsertCell("s1", 2, Cell("n", "code", "n = 1")), Undo(at=8.0))
    assert [(each.cell.source, each.at) for each in state.bin] == [("n = 1", 8.0)]
    assert after(state, Redo()).bin == ()
    restored = after(RAN, DeleteCell("c1", at=1.0), RestoreCell("c1"), Undo(at=9.0))
    assert [(each.cell.id, each.at) for each in restored.bin] == [("c1", 9.0)]
    again = after(RAN, DeleteCell("c1", at=1.0), Undo(), Redo(at=3.0))
    assert [(each.cell.id, each.at) for each in again.bin] == [("c1", 3.0)]


def test_the_bin_keeps_the_last_text() -> None:
    state = after(RAN, SetCellSource("c1", "a = 11"), DeleteCell("c1"))
    assert [each.cell.source for each in state.bin] == ["a = 11"]
    assert replace(state.bin[0], cell=Cell("c1", "code")).section_name == "s1"
