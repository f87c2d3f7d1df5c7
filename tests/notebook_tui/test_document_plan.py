"""What would run, before anything does; and that then just this runs."""

from __future__ import annotations

import pytest

from notebook_tui.document.apply import apply
from notebook_tui.document.notebook import Cell
from notebook_tui.document.operations import (
    EvaluationFinished,
    InsertCell,
    QueueCells,
    RuntimeConnected,
    SetCellMetadata,
    SetCellSource,
)
from notebook_tui.document.plan import Plan, full_evaluation, planned, reevaluation
from notebook_tui.document.rejected import Rejected
from tests.support.documents import after, all_run, ran, state_of

BOOK = {"s1": {"c1": "a = 1", "c2": "b = 2"}, "s2": {"c3": "c = 3", "c4": "d = b"}}
RAN = all_run(state_of(BOOK))


def test_ac21_run_all_is_what_is_outdated_and_what_reads_from_that() -> None:
    assert full_evaluation(RAN) == ()
    assert full_evaluation(after(RAN, SetCellSource("c2", "b = 22"))) == ("c2", "c4")
    assert full_evaluation(after(RAN, InsertCell("s2", 2, Cell("c5", "code", "e = 5")))) == ("c5",)
    assert full_evaluation(RAN, forced=["c2"]) == ("c2", "c4")
    stale = after(RAN, SetCellSource("c2", "b = c1"), QueueCells(("c2",)), *ran("c2"))
    assert full_evaluation(stale) == ("c4",)


def test_ac21_run_all_leaves_out_what_waits_or_runs() -> None:
    state = state_of({"s": {"c1": "a = 1", "c2": "b = 2", "c3": "c = 3"}})
    assert full_evaluation(after(state, QueueCells(("c2",)), RuntimeConnected("here"))) == ("c3",)


def test_ac21_run_all_is_everything_once_the_setup_cell_was_edited() -> None:
    state = after(RAN, SetCellSource("setup", "import os"))
    assert full_evaluation(state) == ("setup", "c1", "c2", "c3", "c4")


def test_ac21_run_all_tries_a_cell_again_that_failed() -> None:
    state = after(RAN, QueueCells(("c3",)), *ran("c3", "error"))
    assert full_evaluation(state) == ("c3",)


def test_ac21_run_again_goes_down_to_the_first_fresh_cell_of_each_line() -> None:
    sections = {
        "s1": {"c1": "a = 1", "c2": "b = 2", "c3": "c = 3"},
        "s2": {"b1": "a", "b2": "b"},
        "s3": {"c4": "d = 4"},
        "s4": {"b3": "a"},
    }
    state = after(state_of(sections, parents={"s2": "s1", "s4": "s1"}), SetCellSource("setup", "import os"))
    asked = QueueCells(("setup", "c1", "c2", "c4", "b1", "b3"), alone=True)
    state = after(state, asked, RuntimeConnected("here"), *ran("setup"), *ran("c1"), *ran("c2"), *ran("c4"))
    state = after(state, *ran("b1"), *ran("b3"))
    assert reevaluation(state) == ("c1", "c2", "b1", "b3")
    assert reevaluation(after(state, SetCellSource("c1", "a = 2"))) == ("c1", "c2", "b1", "b3")


def test_ac21_an_interrupted_cell_is_not_run_again_unless_asked_for() -> None:
    state = after(RAN, QueueCells(("c2",)), *ran("c2", "interrupted"))
    assert reevaluation(state) == ("c1",)


def test_what_is_planned_is_what_is_queued_then() -> None:
    state = after(RAN, SetCellSource("c1", "a = 2"))
    assert planned(state, ["c4"]) == Plan(("c1", "c4"))
    assert planned(state, ["c4"], alone=True) == Plan(("c4",))
    new, _ = apply(state, QueueCells(("c4",)))
    assert {*new.queue, new.evaluating} == {"c1", "c4"}
    assert planned(new, ["c3"]) == Plan(("c3",))


def test_what_runs_only_if_values_change_is_said_apart() -> None:
    sections = {"s": {"c1": "a = 1", "c2": "b = a", "c3": "c = b", "c4": "d = 4", "c5": "e = a", "c6": "f = e"}}
    state = all_run(state_of(sections))
    state = after(state, SetCellMetadata("c6", "reevaluate_automatically", True))
    plan = planned(state, ["c1", "c4"])
    assert plan == Plan(("c1", "c4"), perhaps=("c2", "c3", "c6"))
    state = after(state, QueueCells(("c1", "c4")), EvaluationFinished("c1", 2.0, "ok"))
    assert (state.evaluating, set(state.queue)) == ("c2", {"c3", "c4", "c5", "c6"})


def test_a_plan_says_that_the_setup_cell_takes_a_fresh_runtime() -> None:
    state = all_run(after(state_of(BOOK), SetCellSource("setup", "import os")))
    state = after(state, QueueCells(("c1",)))
    assert planned(state, ["setup", "c2"]) == Plan(("setup", "c1", "c2"), fresh_runtime=True)


def test_what_cannot_be_asked_for_cannot_be_planned() -> None:
    with pytest.raises(Rejected, match="there is no cell zz"):
        planned(RAN, ["zz"])
