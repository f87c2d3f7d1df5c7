"""Why a run is worth nothing any more: each reason by a case, and its words."""

from __future__ import annotations

import pytest

from notebook_tui.document.notebook import Cell
from notebook_tui.document.operations import (
    DeleteCell,
    InputBound,
    InputShown,
    InsertCell,
    MoveCell,
    Operation,
    QueueCells,
    RuntimeDown,
    SetCellSource,
    SetInputValue,
)
from notebook_tui.document.reasons import (
    AnythingChanged,
    ComesFromElsewhere,
    Edited,
    InputChanged,
    Interrupted,
    NeedsRun,
    NeverRan,
    Reason,
    ValueChanged,
    ValuesLost,
    why,
    words,
)
from notebook_tui.document.rejected import Rejected
from tests.support.documents import after, all_run, ran, state_of, validities

BOOK = {"s": {"c1": "a = 1", "c2": "b = a", "c3": "c = a + b", "c4": "exec(c)", "m": "# text"}}
RAN = all_run(state_of(BOOK))
ASKED = [QueueCells(("c1",), alone=True), InputShown("c1", "i", 1), InputBound("c1", "i"), *ran("c1")]
CASES: list[tuple[list[Operation], str, list[Reason], str]] = [
    ([], "c3", [], ""),
    ([], "m", [], ""),
    ([InsertCell("s", 0, Cell("n", "code", "n = 1"))], "n", [NeverRan()], "it has not run yet"),
    ([SetCellSource("c2", "b = 3")], "c2", [Edited()], "its text has changed since it ran"),
    ([QueueCells(("c2",)), *ran("c2", "interrupted")], "c2", [Interrupted()], "its last run was interrupted"),
    ([RuntimeDown("gone")], "c2", [ValuesLost()], "its values are lost: where it ran has ended"),
    ([QueueCells(("c1",)), *ran("c1")], "c2", [ValueChanged("a", "c1")], "cell 1 has given a another value"),
    ([SetCellSource("c1", "a = 2")], "c2", [NeedsRun("a", "c1")], "cell 1, which gives a, must run first"),
    ([DeleteCell("c1")], "c2", [ComesFromElsewhere("a", ("c1",), ())], "a is no longer defined above"),
    ([MoveCell("c1", 1)], "c2", [ComesFromElsewhere("a", ("c1",), ())], "a is no longer defined above"),
    (
        [InsertCell("s", 1, Cell("n", "code", "a = 3"))],
        "c2",
        [ComesFromElsewhere("a", ("c1",), ("n",))],
        "a comes from cell 2 now",
    ),
    (
        [InsertCell("s", 1, Cell("n", "code", "if b:\n    a = 3"))],
        "c2",
        [ComesFromElsewhere("a", ("c1",), ("n", "c1"))],
        "a comes from cell 1 and cell 2 now",
    ),
    (
        [QueueCells(("c1",)), *ran("c1")],
        "c3",
        [ValueChanged("a", "c1"), NeedsRun("b", "c2")],
        "cell 1 has given a another value",
    ),
    (
        [SetCellSource("c2", "b = 3")],
        "c4",
        [AnythingChanged()],
        "it may read any name, and something above has changed",
    ),
    ([*ASKED, SetInputValue("i", 2)], "c1", [InputChanged("i")], "an input that it read has another value"),
    (
        [SetCellSource("setup", "print = 1")],
        "c4",
        [AnythingChanged()],
        "it may read any name, and something above has changed",
    ),
]


@pytest.mark.parametrize(("history", "cell_id", "expected", "said"), CASES, ids=[str(row[2]) for row in CASES])
def test_why_a_cell_is_to_be_run(history: list[Operation], cell_id: str, expected: list[Reason], said: str) -> None:
    state = after(RAN, *history)
    reasons = why(state, cell_id)
    assert list(reasons) == expected
    assert [words(reason, state.notebook) for reason in reasons][:1] == ([said] if said else [])


def test_the_setup_cell_is_called_by_its_name() -> None:
    notebook = RAN.notebook
    assert words(NeedsRun("x", "setup"), notebook) == "the setup cell, which gives x, must run first"
    assert words(ComesFromElsewhere("x", (), ("setup",)), notebook) == "x is now defined by the setup cell"


def test_each_stale_cell_has_a_reason_and_no_other_has() -> None:
    for history, *_ in CASES:
        state = after(RAN, *history)
        for cell_id, validity in validities(state).items():
            assert bool(why(state, cell_id)) == (validity != "evaluated" or state.changed(cell_id))


def test_there_is_no_reason_for_a_cell_that_is_none() -> None:
    with pytest.raises(Rejected, match="there is no cell zz"):
        why(RAN, "zz")
