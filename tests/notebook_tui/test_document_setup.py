"""The setup cell: what it takes to run it again."""

from __future__ import annotations

from notebook_tui.document.apply import apply
from notebook_tui.document.effects import ConnectRuntime, DisconnectRuntime, StartEvaluation
from notebook_tui.document.operations import QueueCells, RuntimeConnected, SetCellSource
from tests.support.documents import after, ran, reports, state_of, validities

BOOK = after(
    state_of({"s": {"c1": "a = 1", "c2": "b = a", "c3": "c = 3"}}),
    SetCellSource("setup", "import os"),
    QueueCells(("c3",)),
    RuntimeConnected("here"),
    *reports(["setup", "c1", "c2", "c3"]),
)


def test_ac20_running_setup_again_is_a_fresh_runtime_in_which_all_that_waited_runs() -> None:
    waiting = after(BOOK, QueueCells(("c2",)), QueueCells(("c3",), alone=True))
    state, wanted = apply(waiting, QueueCells(("setup",)))
    assert wanted == (DisconnectRuntime(), ConnectRuntime())
    assert (state.runtime.phase, state.queue, state.running) == ("connecting", ("setup", "c3"), {})
    assert state.alone == {"c3"}
    assert validities(state) == {"setup": "aborted", "c1": "aborted", "c2": "aborted", "c3": "aborted"}
    state, wanted = apply(state, RuntimeConnected("there"))
    assert wanted == (StartEvaluation("setup", "import os"),)


def test_ac20_what_those_that_wait_stand_on_runs_again_too() -> None:
    state = after(BOOK, QueueCells(("c1",)), QueueCells(("c3",)), QueueCells(("setup",)))
    assert state.queue == ("setup", "c1", "c2", "c3")


def test_ac20_an_edited_setup_cell_is_run_again_before_any_other() -> None:
    edited = after(BOOK, SetCellSource("setup", "import sys"))
    state, wanted = apply(edited, QueueCells(("c2",)))
    assert wanted == (DisconnectRuntime(), ConnectRuntime())
    assert state.queue == ("setup", "c1", "c2")


def test_ac20_setup_that_is_run_alone_is_run_where_it_is() -> None:
    edited = after(BOOK, SetCellSource("setup", "import sys"))
    state, wanted = apply(edited, QueueCells(("setup",), alone=True))
    assert wanted == (StartEvaluation("setup", "import sys"),)
    assert validities(after(state, *ran("setup")))["c1"] == "evaluated"


def test_ac20_setup_that_has_not_run_in_this_runtime_needs_no_fresh_one() -> None:
    state = after(state_of({"s": {"c1": "a = 1"}}), QueueCells(("c1",)), RuntimeConnected("here"), *ran("c1"))
    state = after(state, SetCellSource("setup", "import os"))
    assert apply(state, QueueCells(("c1",)))[1] == (StartEvaluation("setup", "import os"),)
