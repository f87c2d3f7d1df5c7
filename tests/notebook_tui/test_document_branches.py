"""Branching sections: what runs beside what, and what ends with a container."""

from __future__ import annotations

import pytest

from notebook_tui.document.apply import apply
from notebook_tui.document.effects import DropContainer, ForgetEvaluation, InterruptEvaluation, StartEvaluation
from notebook_tui.document.operations import (
    CancelEvaluation,
    ContainerDown,
    DeleteSection,
    EvaluationFinished,
    QueueCells,
    RuntimeConnected,
    RuntimeDown,
    Undo,
)
from notebook_tui.document.rejected import Rejected
from notebook_tui.document.state import State
from tests.support.documents import after, effects, ran, reports, state_of, validities

SECTIONS = {"s1": {"c1": "a = 1"}, "s2": {"c2": "b = 2", "c3": "c = 3"}, "s3": {"c4": "d = 4"}}
READY = after(state_of(SECTIONS, parents={"s2": "s1"}), QueueCells(("c1",)), RuntimeConnected("here"), *reports(["c1"]))
"""The second section is a branch of the first; the third goes on with the main line."""


def test_ac12_a_branch_waits_for_the_cells_of_the_main_line_that_it_sees() -> None:
    state = after(READY, QueueCells(("c1",)))
    state, wanted = apply(state, QueueCells(("c2",)))
    assert (wanted, state.running, state.queue) == ((), {"": "c1"}, ("c2",))
    state, wanted = apply(state, EvaluationFinished("c1", 2.0, "ok"))
    assert wanted == (StartEvaluation("c2", "b = 2", "s2", ("c1",)),)


def test_ac12_a_branch_waits_for_no_cell_below_its_parent() -> None:
    # Livebook's own waits here, for it copies what the main flow's process holds.
    state, wanted = apply(after(READY, QueueCells(("c4",))), QueueCells(("c2",)))
    assert wanted == (StartEvaluation("c2", "b = 2", "s2", ("c1",)),)
    assert state.running == {"": "c4", "s2": "c2"}


def test_ac12_a_branch_starts_at_once_where_nothing_runs() -> None:
    assert effects(READY, QueueCells(("c2",))) == (StartEvaluation("c2", "b = 2", "s2", ("c1",)),)


def test_ac12_a_cell_of_a_branch_and_one_of_the_main_line_run_at_the_same_time() -> None:
    state = after(READY, QueueCells(("c2",)), *ran("c2"), QueueCells(("c4",)), QueueCells(("c3",)))
    assert state.running == {"": "c4", "s2": "c3"}
    assert (state.status("c3"), state.status("c4"), state.queue) == ("evaluating", "evaluating", ())
    state = after(state, *ran("c3"))
    assert state.running == {"": "c4"}


def test_ac12_the_main_line_starts_while_a_branch_runs() -> None:
    state, wanted = apply(after(READY, QueueCells(("c2",))), QueueCells(("c4",)))
    assert wanted == (StartEvaluation("c4", "d = 4", "", ("c1",)),)
    assert state.running == {"s2": "c2", "": "c4"}


def test_two_branches_of_one_section_run_beside_each_other() -> None:
    sections = {"s1": {"c1": "a = 1"}, "s2": {"c2": "a"}, "s3": {"c3": "a"}}
    state = after(state_of(sections, parents={"s2": "s1", "s3": "s1"}), QueueCells(("c2", "c3")))
    state, _ = apply(state, RuntimeConnected("here"))
    assert effects(after(state, *ran("c1")[:1]), ran("c1")[1]) == (
        StartEvaluation("c2", "a", "s2", ("c1",)),
        StartEvaluation("c3", "a", "s3", ("c1",)),
    )


def both_running() -> State:
    """c1 and c2 have run, c4 runs on the main line and c3 in the branch."""
    return after(READY, QueueCells(("c2",)), *ran("c2"), QueueCells(("c4",)), QueueCells(("c3",)))


def test_ac18_an_interrupt_in_a_branch_leaves_the_main_line_alone() -> None:
    state, wanted = apply(both_running(), CancelEvaluation("c3"))
    assert wanted == (InterruptEvaluation("c3"),)
    state = after(state, EvaluationFinished("c3", 3.0, "interrupted"))
    assert state.running == {"": "c4"}
    assert validities(state) == {"c1": "evaluated", "c2": "evaluated", "c3": "aborted", "c4": "fresh"}


def test_ac18_the_last_step_ends_the_main_line_with_its_values_and_no_branch() -> None:
    state, wanted = apply(both_running(), CancelEvaluation("c4", drop=True))
    assert (wanted, state.running[""]) == ((DropContainer(""),), "c4")
    state, wanted = apply(state, ContainerDown("", "killed"))
    assert (wanted, state.running) == ((), {"s2": "c3"})
    # What the branch got from the main line is gone: to run it again that must run first.
    assert validities(state) == {"c1": "aborted", "c2": "evaluated", "c3": "fresh", "c4": "aborted"}
    assert after(state, *ran("c3")).running == {}


def test_ac18_the_last_step_in_a_branch_ends_its_values_alone() -> None:
    state, wanted = apply(both_running(), CancelEvaluation("c3", drop=True))
    assert wanted == (DropContainer("s2"),)
    state = after(state, ContainerDown("s2", "killed"))
    assert state.running == {"": "c4"}
    assert validities(state) == {"c1": "evaluated", "c2": "aborted", "c3": "aborted", "c4": "fresh"}


def test_ac25_a_runtime_that_goes_down_ends_all_that_runs() -> None:
    state = after(both_running(), RuntimeDown("gone"))
    assert (state.running, state.queue) == ({}, ())
    assert validities(state) == {"c1": "aborted", "c2": "aborted", "c3": "aborted", "c4": "aborted"}


def test_a_branch_that_is_deleted_while_it_runs_is_stopped_and_its_container_free_after() -> None:
    state, wanted = apply(both_running(), DeleteSection("s2", with_cells=True))
    assert wanted == (InterruptEvaluation("c3"), ForgetEvaluation("c2"))
    assert state.running == {"": "c4", "s2": "c3"}
    with pytest.raises(Rejected, match="can come back once it has stopped"):
        apply(state, Undo())
    assert effects(state, CancelEvaluation("c3", drop=True)) == (DropContainer("s2"),)
    assert after(state, ContainerDown("s2", "killed")).running == {"": "c4"}
    state, wanted = apply(state, EvaluationFinished("c3", 3.0, "interrupted"))
    assert (wanted, state.running) == ((ForgetEvaluation("c3"),), {"": "c4"})
    assert after(state, Undo()).notebook == both_running().notebook


@pytest.mark.parametrize(
    ("operation", "reason"),
    [
        (CancelEvaluation("c3", drop=True), "expected a cell that runs"),
        (ContainerDown("s1", "killed"), "expected a branching section, s1 is none"),
        (ContainerDown("zz", "killed"), "there is no section zz"),
    ],
    ids=str,
)
def test_ac28_what_is_no_container_does_not_end(operation: CancelEvaluation | ContainerDown, reason: str) -> None:
    with pytest.raises(Rejected, match=reason):
        apply(after(READY, QueueCells(("c2", "c3"))), operation)
