"""Cells that run again by themselves: when, with what else, and when not."""

from __future__ import annotations

from notebook_tui.document.apply import apply
from notebook_tui.document.operations import (
    DeleteCell,
    EvaluationFinished,
    QueueCells,
    RuntimeConnected,
    SetCellMetadata,
    SetCellSource,
)
from notebook_tui.document.state import State
from tests.support.documents import after, all_run, ran, reports, state_of, validities


def automatic(*cell_ids: str) -> list[SetCellMetadata]:
    return [SetCellMetadata(cell_id, "reevaluate_automatically", True) for cell_id in cell_ids]


BOOK = {"s": {"c1": "a = 1", "c2": "b = a", "c3": "c = b", "c4": "d = c", "c5": "e = 5"}}


def ready() -> State:
    """All have run but c4, which, as c3, is to run by itself."""
    ids = ("c1", "c2", "c3", "c5")
    state = after(state_of(BOOK), *automatic("c3", "c4"), QueueCells(ids, alone=True))
    return after(state, RuntimeConnected("here"), *reports(ids))


def test_ac16_what_it_reads_from_is_run_first_and_a_fresh_cell_never_runs_by_itself() -> None:
    state = after(ready(), QueueCells(("c1",)), *ran("c1"))
    assert (state.evaluating, state.queue) == ("c2", ("c3",))
    state = after(state, *ran("c2"))
    assert (state.evaluating, state.queue) == ("c3", ())
    state = after(state, *ran("c3"))
    assert (state.evaluating, state.queue, validities(state)["c4"]) == (None, (), "fresh")


def test_ac16_equal_values_run_nothing_by_themselves() -> None:
    state = after(ready(), QueueCells(("c1",)), *ran("c1", versions={"a": "one"}), *reports(["c2", "c3"]))
    state = after(state, QueueCells(("c1",)), *ran("c1", versions={"a": "one"}))
    assert (state.evaluating, state.queue) == (None, ())


def test_ac16_a_stale_cell_runs_once_it_is_to_run_by_itself() -> None:
    state = after(all_run(state_of(BOOK)), QueueCells(("c1",)), *ran("c1"))
    assert (validities(state)["c3"], state.evaluating) == ("stale", None)
    state = after(state, *automatic("c3"))
    assert (state.evaluating, state.queue) == ("c2", ("c3",))


def test_ac16_a_cell_that_it_reads_from_is_deleted() -> None:
    state = after(all_run(state_of(BOOK)), *automatic("c4"), DeleteCell("c3"))
    assert state.evaluating == "c4"


def test_ac16_typing_runs_nothing_by_itself() -> None:
    state = after(ready(), SetCellSource("c1", "a = 2"))
    assert (validities(state)["c3"], state.evaluating, state.queue) == ("stale", None, ())
    state = after(ready(), SetCellSource("c3", "c = b + 1"))
    assert (state.evaluating, state.queue) == (None, ())


def failed() -> State:
    state = after(ready(), QueueCells(("c1", "c5")))
    return after(state, EvaluationFinished("c1", 3.0, "error"))


def test_ac17_nothing_below_an_error_runs_by_itself_until_it_is_mended() -> None:
    state = failed()
    assert (state.evaluating, state.queue, validities(state)["c3"]) == (None, (), "stale")
    state = after(state, SetCellSource("c1", "a = 2"), QueueCells(("c1",)), *ran("c1"))
    assert (state.evaluating, state.queue) == ("c2", ("c3",))


def test_ac17_below_a_cell_with_continue_on_error_others_go_on_to_run_by_themselves() -> None:
    state = after(ready(), SetCellMetadata("c1", "continue_on_error", True), QueueCells(("c1", "c5")))
    state, wanted = apply(state, EvaluationFinished("c1", 3.0, "error"))
    assert [getattr(effect, "cell_id", "") for effect in wanted] == ["c2"]
    assert state.queue == ("c3", "c4", "c5")
