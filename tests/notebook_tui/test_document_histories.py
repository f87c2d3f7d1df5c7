"""Random histories of a notebook, sensible operations and senseless ones, and what holds after each step."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notebook_tui.document.apply import apply
from notebook_tui.document.effects import (
    ConnectRuntime,
    Effect,
    ForgetEvaluation,
    InterruptEvaluation,
    StartEvaluation,
)
from notebook_tui.document.flow import Flow
from notebook_tui.document.notebook import Cell, CellKind
from notebook_tui.document.operations import (
    CancelEvaluation,
    Connect,
    DeleteCell,
    DeleteSection,
    EraseOutputs,
    EvaluationFinished,
    EvaluationStarted,
    InsertCell,
    InsertSection,
    MoveCell,
    NodesChanged,
    Operation,
    OutputAdded,
    QueueCells,
    RenameSection,
    RuntimeConnected,
    RuntimeConnecting,
    RuntimeDown,
    Saved,
    SetCellSource,
    SetTitle,
    VersionsChanged,
)
from notebook_tui.document.outputs import Text
from notebook_tui.document.rejected import Rejected
from notebook_tui.document.state import State
from notebook_tui.document.upkeep import is_outdated
from notebook_tui.document.validity import settled
from notebook_tui.document.versions import Versions
from tests.support.documents import all_run, sources, state_of

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1200)]

START = state_of(
    {"s1": {"c1": "a = 1", "c2": "b = a"}, "s2": {"m": "# text", "c3": "c = b"}, "s3": {"c4": "d = a"}},
    parents={"s3": "s1"},
)
cell_ids = st.sampled_from(["setup", "c1", "c2", "c3", "c4", "m", "new"])
section_ids = st.sampled_from(["s1", "s2", "s3", "s4"])
places = st.integers(-1, 3)
texts = st.sampled_from(["", "a = 1", "a = 2", "b = a", "c = b", "d = a", "import *", "exec(a)"])
kinds: st.SearchStrategy[CellKind] = st.sampled_from(["code", "markdown"])
times = st.floats(0, 100)

edits = st.one_of(
    st.builds(SetTitle, st.just("T")),
    st.builds(InsertSection, places, section_ids, st.just("N")),
    st.builds(RenameSection, section_ids, st.just("R")),
    st.builds(DeleteSection, section_ids, st.booleans()),
    st.builds(InsertCell, section_ids, places, st.builds(Cell, st.just("new"), kinds, texts)),
    st.builds(DeleteCell, cell_ids),
    st.builds(MoveCell, cell_ids, places),
    st.builds(SetCellSource, cell_ids, texts),
    st.builds(EraseOutputs),
    st.builds(Saved, st.just("x"), st.integers(0, 5)),
)
reports = st.one_of(
    st.builds(RuntimeConnecting, st.just("step")),
    st.builds(RuntimeConnected, st.just("here")),
    st.builds(RuntimeDown, st.just("gone")),
    st.builds(NodesChanged, st.just(("n@h",))),
    st.builds(VersionsChanged, st.tuples(st.tuples(cell_ids, st.just(Versions(("n@h",)))))),
    st.builds(EvaluationStarted, cell_ids, times),
    st.builds(OutputAdded, cell_ids, st.just(Text("stdout", "x"))),
    st.builds(EvaluationFinished, cell_ids, times, st.sampled_from(["ok", "error", "interrupted"])),
)
wishes = st.builds(QueueCells, st.lists(cell_ids, max_size=3).map(tuple)) | st.builds(CancelEvaluation, cell_ids)


def likely(state: State) -> st.SearchStrategy[Operation]:
    """What a runtime would report now, so that histories get somewhere."""
    if state.runtime.phase == "connecting":
        return st.just(RuntimeConnected("here"))
    if state.evaluating is not None:
        return st.builds(
            EvaluationFinished, st.just(state.evaluating), times, st.sampled_from(["ok", "ok", "error", "interrupted"])
        )
    return wishes | st.just(Connect())


def violations(state: State) -> Iterator[str]:
    cells = {cell.id: cell for cell in state.notebook.cells()}
    order = [cell_id for cell_id in cells if cell_id in state.queue]
    if len(cells) != len(list(state.notebook.cells())):
        yield "an id occurs twice"
    if list(state.queue) != order:
        yield "the queue is not in the order of the document"
    if not all(cells[cell_id].runnable for cell_id in order):
        yield "what cannot run waits"
    if state.evaluating is not None and not (state.runtime.phase == "connected" and state.evaluating in cells):
        yield "a cell runs without a runtime, or is gone"
    if state.evaluating in state.queue:
        yield "a cell waits that runs"
    if state.queue and state.runtime.phase != "connecting" and state.evaluating is None:
        yield "cells wait for nothing"
    if state.runtime.nodes and state.runtime.phase != "connected":
        yield "there are nodes without a runtime"
    if not set(state.evaluations) <= set(cells):
        yield "a run is known of a cell that is gone"
    if settled(replace(state, flow=Flow())) != state:
        yield "a run is not called what it is"
    yield from _lies_about_runs(state, cells)


def _lies_about_runs(state: State, cells: dict[str, Cell]) -> Iterator[str]:
    for cell_id, read_from in sources(state).items():
        if state.evaluation(cell_id).validity == "evaluated":
            if any(is_outdated(cells[other], state.evaluation(other)) for other in read_from):
                yield f"{cell_id} is called evaluated and reads from what is outdated"
            if state.evaluation(cell_id).source is None:
                yield f"{cell_id} is called evaluated and never ran"


def check_effects(before: State, operation: Operation, after: State, wanted: tuple[Effect, ...]) -> None:
    for effect in wanted:
        match effect:
            case ConnectRuntime():
                assert (before.runtime.phase, after.runtime.phase) == ("disconnected", "connecting")
            case StartEvaluation(cell_id, source):
                assert after.evaluating == cell_id
                assert after.notebook.cell(cell_id).source == source
                assert after.runs == before.runs + 1
            case InterruptEvaluation(cell_id):
                assert before.evaluating == cell_id == after.evaluating
            case ForgetEvaluation(cell_id):
                assert cell_id in before.evaluations
                assert cell_id not in after.evaluations
    assert len(set(wanted)) == len(wanted)
    starts = [effect for effect in wanted if isinstance(effect, StartEvaluation)]
    assert bool(starts) == (after.runs != before.runs)


@given(st.data())
def test_ac28_every_history_keeps_what_a_notebook_promises(data: st.DataObject) -> None:
    start = data.draw(st.sampled_from([START, all_run(START)]))
    state, accepted = start, []
    for _ in range(data.draw(st.integers(1, 25))):
        operation = data.draw(st.one_of(likely(state), edits, reports, wishes))
        bytes_before = pickle.dumps(state)
        try:
            new, wanted = apply(state, operation)
        except Rejected:
            assert pickle.dumps(state) == bytes_before
            continue
        check_effects(state, operation, new, wanted)
        state = new
        accepted.append(operation)
        assert list(violations(state)) == []
    again = start
    for operation in accepted:
        again, _ = apply(again, operation)
    assert again == state


@given(st.lists(edits, max_size=6), st.lists(wishes, max_size=6))
def test_whatever_waits_is_run_in_the_end_and_holds_if_nothing_fails(
    before: list[Operation], asked: list[Operation]
) -> None:
    state = START
    for operation in [*before, *asked]:
        try:
            state, _ = apply(state, operation)
        except Rejected:
            continue
    waiting = set(state.queue)
    if state.runtime.phase == "connecting":
        state, _ = apply(state, RuntimeConnected("here"))
    ran = []
    while state.evaluating is not None:
        ran.append(state.evaluating)
        state, _ = apply(state, EvaluationFinished(state.evaluating, 1.0, "ok"))
    assert set(ran) == waiting
    assert len(ran) == len(waiting)
    assert all(state.evaluation(cell_id).validity == "evaluated" for cell_id in ran)


@given(st.lists(edits, max_size=8), st.sampled_from(["c1", "c2", "c3", "c4"]))
def test_after_a_run_that_succeeds_the_cell_and_all_it_reads_from_hold(history: list[Operation], cell_id: str) -> None:
    state = START
    for operation in [*history, QueueCells((cell_id,)), RuntimeConnected("here")]:
        try:
            state, _ = apply(state, operation)
        except Rejected:
            continue
    while state.evaluating is not None:
        state, _ = apply(state, EvaluationFinished(state.evaluating, 1.0, "ok"))
    if cell_id in state.evaluations:
        assert {state.evaluation(other).validity for other in {cell_id, *sources(state)[cell_id]}} == {"evaluated"}
