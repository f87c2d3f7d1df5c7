"""Inputs: which value a run sees, who is stale once it is another, and how long it is kept."""

from __future__ import annotations

import pytest

from notebook_tui.document.apply import apply
from notebook_tui.document.operations import (
    ContainerDown,
    DeleteCell,
    EvaluationFinished,
    InputBound,
    InputShown,
    Operation,
    QueueCells,
    RuntimeConnected,
    RuntimeDown,
    SetCellMetadata,
    SetInputValue,
    Undo,
)
from notebook_tui.document.rejected import Rejected
from notebook_tui.document.state import State
from tests.support.documents import after, ran, state_of, validities

BOOK = {"s": {"c1": "ask()", "c2": "b = read()", "c3": "c = b", "c4": "d = 4"}}


def showing(cell_id: str = "c1", default: str = "hey") -> list[Operation]:
    """The cell runs, and shows the input i."""
    started, finished = ran(cell_id)
    return [QueueCells((cell_id,), alone=True), started, InputShown(cell_id, "i", default), finished]


def reading(cell_id: str = "c2") -> list[Operation]:
    started, finished = ran(cell_id)
    return [QueueCells((cell_id,), alone=True), started, InputBound(cell_id, "i"), finished]


def ready() -> State:
    connected = after(state_of(BOOK), QueueCells(("c4",), alone=True), RuntimeConnected("here"), *ran("c4"))
    return after(connected, *showing(), *reading(), QueueCells(("c3",), alone=True), *ran("c3"))


def stale(state: State) -> set[str]:
    return {cell_id for cell_id, validity in validities(state).items() if validity == "stale"}


def value(state: State) -> object:
    return state.inputs["i"].value if "i" in state.inputs else "none"


def test_ac23_a_run_sees_the_values_of_its_start_and_is_stale_after_if_they_changed() -> None:
    state = after(ready(), QueueCells(("c2",)), SetInputValue("i", "stuff"))
    assert state.evaluation("c2").inputs["i"].value == "hey"
    state = after(state, InputBound("c2", "i"), *ran("c2"))
    assert stale(state) == {"c2", "c3"}
    assert stale(after(state, SetInputValue("i", "hey"))) == {"c3"}


def test_ac23_who_read_the_input_and_who_reads_from_that_is_stale_on_each_change() -> None:
    assert stale(ready()) == set()
    changed = after(ready(), SetInputValue("i", "stuff"))
    assert stale(changed) == {"c2", "c3"}
    assert stale(after(changed, SetInputValue("i", "hey"))) == set()


def test_ac23_a_run_reads_an_input_that_it_shows_itself() -> None:
    state = after(ready(), QueueCells(("c4",)), InputShown("c4", "new", 5), InputBound("c4", "new"), *ran("c4"))
    assert stale(state) == set()
    assert stale(after(state, SetInputValue("new", 6))) == {"c4"}


def test_ac23_an_input_goes_with_the_cell_that_shows_it() -> None:
    state = after(ready(), DeleteCell("c1"))
    assert (stale(state), value(state)) == ({"c2", "c3"}, "none")
    with pytest.raises(Rejected, match="there is no input i"):
        apply(state, SetInputValue("i", "stuff"))


def test_ac23_an_input_stays_while_something_runs_and_goes_after() -> None:
    state = after(ready(), SetInputValue("i", "stuff"), QueueCells(("c4",), alone=True), DeleteCell("c1"))
    assert value(state) == "stuff"
    assert value(after(state, *ran("c4"))) == "none"


def test_ac23_an_input_goes_too_when_what_ran_ends_with_its_container() -> None:
    running = after(ready(), QueueCells(("c4",), alone=True), DeleteCell("c1"))
    assert value(after(running, ContainerDown("", "killed"))) == "none"
    assert value(after(running, RuntimeDown("gone"))) == "none"


def test_ac23_an_input_stays_that_another_cell_shows_too() -> None:
    state = after(ready(), *showing("c4", "other"), SetInputValue("i", "stuff"), *reading(), DeleteCell("c1"))
    assert (value(state), "c2" in stale(state)) == ("stuff", False)


def test_ac23_the_users_value_outlives_a_new_run_of_the_cell_that_shows_it() -> None:
    state = after(ready(), SetInputValue("i", "stuff"), *reading(), *showing())
    assert value(state) == "stuff"
    assert "c2" not in stale(state)


def test_ac23_an_input_that_the_new_run_does_not_show_is_gone() -> None:
    state = after(ready(), QueueCells(("c1",)), *ran("c1"))
    assert value(state) == "none"
    assert "c2" in stale(state)


def test_ac23_a_cell_that_runs_by_itself_does_so_on_a_new_value() -> None:
    automatic = after(ready(), SetCellMetadata("c3", "reevaluate_automatically", True))
    state = after(automatic, SetInputValue("i", "stuff"))
    assert (state.evaluating, state.queue) == ("c2", ("c3",))


def test_a_cell_that_comes_back_shows_its_input_again_once_it_has_run() -> None:
    state = after(ready(), DeleteCell("c1"), Undo(), *showing())
    assert value(state) == "hey"
    assert "c2" not in stale(state)


@pytest.mark.parametrize(
    ("operation", "reason"),
    [
        (InputShown("c1", "i", "hey"), "the cell c1 does not run"),
        (InputBound("c2", "zz"), "there was no input zz when the cell c2 began"),
        (SetInputValue("zz", 1), "there is no input zz"),
        (SetInputValue("i", {"not": "plain"}), "a text, a number or the like"),  # type: ignore[arg-type]
        (SetInputValue("i", (1, [2])), "a text, a number or the like"),  # type: ignore[arg-type]
        (InputShown("c2", "j", object()), "a text, a number or the like"),  # type: ignore[arg-type]
    ],
)
def test_ac28_an_input_that_makes_no_sense_is_refused_in_words(operation: Operation, reason: str) -> None:
    with pytest.raises(Rejected, match=reason):
        apply(after(ready(), QueueCells(("c2",))), operation)


def test_a_cell_may_read_an_input_twice() -> None:
    state = after(ready(), QueueCells(("c2",)), InputBound("c2", "i"), InputBound("c2", "i"))
    assert apply(state, EvaluationFinished("c2", 2.0, "ok"))[0].evaluation("c2").bound.keys() == {"i"}
