"""Queue, runs and runtime by the acceptance cases: a list of operations, one more, and what then holds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from notebook_tui.document.apply import apply
from notebook_tui.document.effects import ConnectRuntime, InterruptEvaluation, StartEvaluation
from notebook_tui.document.notebook import Cell
from notebook_tui.document.operations import (
    CancelEvaluation,
    Connect,
    DeleteCell,
    EraseOutputs,
    EvaluationFinished,
    EvaluationStarted,
    InsertCell,
    MoveCell,
    MoveSection,
    NodesChanged,
    Operation,
    OutputAdded,
    QueueCells,
    RuntimeConnected,
    RuntimeConnecting,
    RuntimeDown,
    Saved,
    SetCellSource,
    SetSectionParent,
    VersionsChanged,
)
from notebook_tui.document.outputs import Result, Text
from notebook_tui.document.rejected import Rejected
from notebook_tui.document.state import RuntimeStatus, State
from notebook_tui.document.versions import Versions
from tests.support.documents import after, all_run, effects, ran, reports, state_of, validities

PLAIN = state_of({"s1": {"c1": "a = 1", "c2": "b = 2"}, "s2": {"m": "# text", "c3": "c = 3", "c4": "d = 4"}})


def test_a_clock_that_is_set_back_makes_no_run_shorter_than_nothing() -> None:
    state = after(PLAIN, QueueCells(("c1",)), RuntimeConnected("here"), EvaluationStarted("c1", 5.0))
    assert after(state, EvaluationFinished("c1", 4.0, "ok")).evaluation("c1").took == 0.0


def test_ac09_the_first_run_connects_once_and_cells_wait_meanwhile() -> None:
    state, wanted = apply(PLAIN, QueueCells(("c1",)))
    assert (wanted, state.runtime.phase, state.queue) == ((ConnectRuntime(),), "connecting", ("c1",))
    state, wanted = apply(state, QueueCells(("c3",)))
    assert (wanted, state.queue, state.evaluating) == ((), ("c1", "c2", "c3"), None)
    state, wanted = apply(state, RuntimeConnected("here"))
    assert (wanted, state.evaluating) == ((StartEvaluation("c1", "a = 1"),), "c1")


def test_ac09_setup_runs_first_and_an_empty_one_not_at_all() -> None:
    state = after(PLAIN, SetCellSource("setup", "import math"), QueueCells(("c3",)))
    assert state.queue == ("setup", "c1", "c2", "c3")
    assert after(PLAIN, QueueCells(("c1",))).queue == ("c1",)


def test_ac10_a_cell_that_is_run_alone_takes_nothing_outdated_with_it_and_keeps_what_waits() -> None:
    state, wanted = apply(after(PLAIN, Connect(), RuntimeConnected("here")), QueueCells(("c3",), alone=True))
    assert (wanted, state.queue, state.evaluating) == ((StartEvaluation("c3", "c = 3"),), (), "c3")
    state = after(state, QueueCells(("c2",)), QueueCells(("c4",), alone=True))
    assert state.queue == ("c1", "c2", "c4")


def test_a_cell_starts_when_the_one_before_it_is_over() -> None:
    state = after(PLAIN, QueueCells(("c1", "c2")), RuntimeConnected("here"), EvaluationStarted("c1", 5.0))
    assert state.status("c1") == "evaluating"
    assert state.status("c2") == "queued"
    state, wanted = apply(state, EvaluationFinished("c1", 7.5, "ok"))
    assert wanted == (StartEvaluation("c2", "b = 2", above=("c1",)),)
    run = state.evaluation("c1")
    assert (run.validity, run.started_at, run.took, run.source) == ("evaluated", 5.0, 2.5, "a = 1")


def test_ac10_only_what_is_outdated_above_is_run_too() -> None:
    state = state_of({"s1": {"c1": "a = 1", "c2": "b = a"}, "s2": {"c3": "c = 3", "c4": "d = 4"}})
    state = after(state, QueueCells(("c2",)), RuntimeConnected("here"), *reports(["c1", "c2"]))
    state = after(state, QueueCells(("c1",)), *ran("c1"))
    assert validities(state) == {"c1": "evaluated", "c2": "stale", "c3": "fresh", "c4": "fresh"}
    state, wanted = apply(state, QueueCells(("c4",)))
    assert (wanted, state.queue) == ((StartEvaluation("c2", "b = a", above=("c1",)),), ("c3", "c4"))


def test_ac10_a_cell_edited_since_it_ran_is_outdated() -> None:
    state = after(all_run(PLAIN), SetCellSource("c2", "b = 22"))
    assert state.changed("c2")
    state, wanted = apply(state, QueueCells(("c4",)))
    assert (wanted, state.queue) == ((StartEvaluation("c2", "b = 22", above=("c1",)),), ("c4",))


def test_ac11_a_branch_pulls_only_its_own_ancestors() -> None:
    sections = {"s1": {"c1": "a = 1"}, "s2": {"c2": "b = 2"}, "s3": {"c3": "c = a"}}
    state = after(state_of(sections, parents={"s3": "s1"}), QueueCells(("c3",)), RuntimeConnected("here"))
    assert (state.evaluating, state.queue, state.status("c2")) == ("c1", ("c3",), "ready")


FIVE = state_of({"s": {"c1": "a = 1", "c2": "b = a", "c3": "c = b", "c4": "d = 4", "c5": "e = 5"}})


def test_ac15_what_a_run_makes_stale_is_run_before_what_waits_below() -> None:
    state = after(all_run(FIVE), QueueCells(("c1", "c5")))
    assert (state.evaluating, state.queue) == ("c1", ("c5",))
    state, wanted = apply(state, EvaluationFinished("c1", 3.0, "ok"))
    assert (wanted, state.queue) == ((StartEvaluation("c2", "b = a", above=("c1",)),), ("c3", "c5"))
    assert state.status("c4") == "ready"


def test_ac15_what_comes_out_as_it_was_runs_nothing_else() -> None:
    state = after(all_run(FIVE), QueueCells(("c1",)), *ran("c1", versions={"a": "one"}))
    state = after(state, QueueCells(("c2", "c3")), *reports(["c2", "c3"]))
    state = after(state, QueueCells(("c1", "c5")), *ran("c1", versions={"a": "one"}))
    assert (state.evaluating, state.queue) == ("c5", ())


def test_ac17_an_error_stops_the_flow_below_it() -> None:
    state = after(PLAIN, QueueCells(("c1", "c2", "c3", "c4")), RuntimeConnected("here"), *ran("c1"))
    state, wanted = apply(state, EvaluationFinished("c2", 3.0, "error"))
    assert (wanted, state.queue, state.evaluating) == ((), (), None)
    assert validities(state) == {"c1": "evaluated", "c2": "evaluated", "c3": "fresh", "c4": "fresh"}
    assert state.evaluation("c2").errored


def test_ac17_a_cell_below_one_that_failed_can_be_run() -> None:
    state = after(PLAIN, QueueCells(("c1",)), RuntimeConnected("here"), *ran("c1", "error"))
    assert effects(state, QueueCells(("c2",))) == (StartEvaluation("c2", "b = 2"),)


def test_ac17_with_continue_on_error_the_rest_runs_on() -> None:
    cell = Cell("c0", "code", "1 / 0", metadata={"continue_on_error": True})
    state = after(PLAIN, InsertCell("s1", 0, cell), QueueCells(("c1",)), RuntimeConnected("here"))
    assert effects(state, EvaluationFinished("c0", 3.0, "error")) == (StartEvaluation("c1", "a = 1"),)
    assert effects(state, EvaluationFinished("c0", 3.0, "interrupted")) == ()


def test_ac17_an_error_on_the_main_line_leaves_a_branch_from_above_it_alone() -> None:
    sections = {"s1": {"c1": "a = 1"}, "s2": {"c2": "b = 2"}, "s3": {"c3": "c = a"}, "s4": {"c4": "d = 4"}}
    state = state_of(sections, parents={"s3": "s1"})
    state = after(state, QueueCells(("c2", "c3", "c4")), RuntimeConnected("here"), *ran("c1"))
    assert state.running == {"": "c2", "s3": "c3"}
    state = after(state, EvaluationFinished("c2", 3.0, "error"))
    assert (state.running, state.queue) == ({"s3": "c3"}, ())


def test_ac18_stopping_a_cell_keeps_the_values_of_the_others() -> None:
    state = after(PLAIN, QueueCells(("c2", "c3")), RuntimeConnected("here"), *ran("c1"))
    state, wanted = apply(state, CancelEvaluation("c2"))
    assert (wanted, state.evaluating, state.queue) == ((InterruptEvaluation("c2"),), "c2", ())
    state = after(state, EvaluationFinished("c2", 3.0, "interrupted"))
    assert validities(state) == {"c1": "evaluated", "c2": "aborted", "c3": "fresh", "c4": "fresh"}
    assert state.evaluation("c2").interrupted


def test_ac18_a_cell_that_will_not_stop_can_be_told_again() -> None:
    state = after(PLAIN, QueueCells(("c1",)), RuntimeConnected("here"), CancelEvaluation("c1"))
    assert effects(state, CancelEvaluation("c1")) == (InterruptEvaluation("c1"),)


def test_ac18_what_an_interrupted_cell_has_bound_is_seen_by_a_cell_that_is_run_alone() -> None:
    state = after(PLAIN, QueueCells(("c1",)), RuntimeConnected("here"), *ran("c1", "interrupted"))
    assert effects(state, QueueCells(("c2",), alone=True)) == (StartEvaluation("c2", "b = 2", above=("c1",)),)
    state = after(PLAIN, QueueCells(("c1",)), RuntimeConnected("here"), *ran("c1", "error"))
    assert effects(state, QueueCells(("c2",), alone=True)) == (StartEvaluation("c2", "b = 2"),)


def test_ac18_an_interrupted_cell_is_run_again_before_those_below() -> None:
    state = after(PLAIN, QueueCells(("c1",)), RuntimeConnected("here"), *ran("c1", "interrupted"))
    assert effects(state, QueueCells(("c2",))) == (StartEvaluation("c1", "a = 1"),)


def test_ac19_cancelling_a_waiting_cell_frees_those_that_wait_for_it() -> None:
    state = after(PLAIN, QueueCells(("c1", "c2", "c3")), RuntimeConnected("here"))
    state, wanted = apply(state, CancelEvaluation("c2"))
    assert (wanted, state.queue, state.evaluating) == ((), (), "c1")


def test_ac25_a_runtime_that_goes_down_takes_values_and_nodes_with_it() -> None:
    state = after(PLAIN, QueueCells(("c1", "c2", "c3")), RuntimeConnected("here"), NodesChanged(("n@h",)))
    state = after(state, VersionsChanged((("c1", Versions(("n@h",))),)))
    state = after(state, OutputAdded("c1", Text("stdout", "hi")), *ran("c1"))
    state, wanted = apply(state, RuntimeDown("killed"))
    assert wanted == ()
    assert state.runtime == RuntimeStatus("disconnected", lost="killed")
    assert validities(state) == {"c1": "aborted", "c2": "aborted", "c3": "fresh", "c4": "fresh"}
    assert (state.queue, state.evaluating, state.evaluation("c2").interrupted) == ((), None, True)
    assert state.notebook.cell("c1").outputs == (Text("stdout", "hi"),)


def test_ac25_connecting_may_fail_and_be_tried_again() -> None:
    state = after(PLAIN, QueueCells(("c1",)), RuntimeConnecting("asking"), RuntimeDown("no route"))
    assert (state.runtime.lost, state.queue) == ("no route", ())
    state, wanted = apply(state, Connect())
    assert (wanted, state.runtime.phase, state.runtime.lost) == ((ConnectRuntime(),), "connecting", "no route")
    assert after(state, RuntimeConnected("here")).runtime == RuntimeStatus("connected", "here")


def test_ac24_output_comes_in_order_and_may_come_late() -> None:
    state = after(all_run(PLAIN), OutputAdded("c1", Result("1")), OutputAdded("c1", Text("stdout", "late")))
    assert state.notebook.cell("c1").outputs == (Result("1"), Text("stdout", "late"))


def test_ac24_output_makes_the_notebook_dirty_only_if_it_is_kept() -> None:
    added = OutputAdded("c1", Text("stdout", "hi"))
    assert not after(PLAIN, added).dirty
    keeping = replace(PLAIN, notebook=replace(PLAIN.notebook, metadata={"persist_outputs": True}))
    assert after(keeping, added).dirty
    assert after(keeping, added, EraseOutputs()).revision == 2


def test_a_new_run_begins_without_the_output_of_the_last() -> None:
    state = after(all_run(PLAIN), OutputAdded("c1", Text("stdout", "old")), QueueCells(("c1",)))
    assert state.notebook.cell("c1").outputs == ()


def test_erasing_outputs_keeps_what_the_cells_are_worth() -> None:
    state = after(all_run(PLAIN), OutputAdded("c1", Text("stdout", "hi")))
    erased = after(state, EraseOutputs())
    assert erased.notebook.cell("c1").outputs == ()
    assert erased.evaluations == state.evaluations


def test_a_save_is_of_the_revision_it_wrote() -> None:
    state = after(PLAIN, SetCellSource("c1", "a = 2"), SetCellSource("c1", "a = 3"))
    assert after(state, Saved("a.livemd", 1)).dirty
    saved = after(state, Saved("a.livemd", 2))
    assert (saved.dirty, saved.path) == (False, "a.livemd")


def test_asking_for_cells_that_wait_or_run_already_is_asking_for_the_others() -> None:
    state = after(PLAIN, QueueCells(("c1", "c2")), RuntimeConnected("here"))
    assert after(state, QueueCells(("c1", "c2", "c3"))).queue == ("c2", "c3")


def test_the_queue_follows_the_order_of_the_document() -> None:
    state = after(PLAIN, QueueCells(("c4", "c2")), InsertCell("s1", 0, Cell("new", "code", "n = 1")))
    assert state.queue == ("c1", "c2", "c3", "c4")


def test_ac22_cells_that_wait_at_or_below_a_moved_one_wait_no_longer() -> None:
    waiting = after(PLAIN, QueueCells(("c4",)))
    assert after(waiting, MoveCell("c3", -3)).queue == ("c1",)
    assert after(waiting, MoveCell("c4", -1)).queue == ("c1", "c2")
    assert after(waiting, MoveCell("m", -1)).queue == ("c1", "c2", "c3", "c4")
    assert after(waiting, MoveSection("s2", -1)).queue == ()


def test_ac22_a_move_on_the_main_line_leaves_a_branch_from_above_it_waiting() -> None:
    sections = {"s1": {"c1": "a = 1"}, "s2": {"c2": "b = 2", "c3": "c = 3"}, "s3": {"c4": "d = a"}}
    waiting = after(state_of(sections, parents={"s3": "s1"}), QueueCells(("c3", "c4")))
    assert after(waiting, MoveCell("c2", 1)).queue == ("c1", "c4")
    assert after(waiting, SetSectionParent("s3", None)).queue == ("c1", "c2", "c3")


def test_a_deleted_cell_waits_no_longer() -> None:
    assert after(PLAIN, QueueCells(("c2",)), DeleteCell("c1")).queue == ("c2",)


CONNECTED = all_run(PLAIN)
RUNNING = after(CONNECTED, QueueCells(("c1",)))
WAITING = after(RUNNING, QueueCells(("c2",)))
REFUSALS: list[tuple[str, State, Operation, str]] = [
    ("unknown cell", PLAIN, QueueCells(("zz",)), "there is no cell zz"),
    ("Markdown", PLAIN, QueueCells(("m",)), "expected a Python cell to run, got a Markdown one"),
    ("no cells", PLAIN, QueueCells(()), "expected a cell to run"),
    ("running", RUNNING, QueueCells(("c1",)), "that neither waits nor runs already"),
    ("waiting", WAITING, QueueCells(("c2",)), "that neither waits nor runs already"),
    ("cancel idle", CONNECTED, CancelEvaluation("c1"), "the cell neither waits nor runs"),
    ("cancel unknown", PLAIN, CancelEvaluation("zz"), "there is no cell zz"),
    ("start other", RUNNING, EvaluationStarted("c2", 1.0), "the cell c2 does not run"),
    ("finish other", RUNNING, EvaluationFinished("c2", 1.0, "ok"), "the cell c2 does not run"),
    ("finish none", CONNECTED, EvaluationFinished("c1", 1.0, "ok"), "the cell c1 does not run"),
    ("output unknown", PLAIN, OutputAdded("zz", Result("1")), "there is no cell zz"),
    ("connect twice", CONNECTED, Connect(), "expected the runtime to be disconnected, it is connected"),
    ("connected unasked", PLAIN, RuntimeConnected("x"), "expected the runtime to be connecting"),
    ("step unasked", CONNECTED, RuntimeConnecting("x"), "expected the runtime to be connecting, it is connected"),
    ("down twice", PLAIN, RuntimeDown("x"), "expected the runtime to be connecting or connected"),
    ("versions of none", PLAIN, VersionsChanged(()), "expected the runtime to be connected"),
    ("nodes of none", PLAIN, NodesChanged(("a@h",)), "expected the runtime to be connected"),
    ("saved the future", PLAIN, Saved("x", 1), "expected a revision from 0 to 0"),
    ("move running", RUNNING, MoveCell("c1", 2), "cannot leave its section"),
]


@pytest.mark.parametrize(
    ("state", "operation", "reason"), [row[1:] for row in REFUSALS], ids=[row[0] for row in REFUSALS]
)
def test_ac28_what_makes_no_sense_is_refused_in_words(state: State, operation: Operation, reason: str) -> None:
    with pytest.raises(Rejected, match=reason):
        apply(state, operation)
