"""Random histories of a notebook, sensible operations and senseless ones, and what holds after each step."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notebook_tui.document.apply import apply
from notebook_tui.document.effects import (
    ConnectRuntime,
    DisconnectRuntime,
    DropContainer,
    Effect,
    ForgetEvaluation,
    InterruptEvaluation,
    StartEvaluation,
)
from notebook_tui.document.lineage import above
from notebook_tui.document.operations import EvaluationFinished, Operation, QueueCells, Redo, RuntimeConnected, Undo
from notebook_tui.document.plan import planned
from notebook_tui.document.rejected import Rejected
from notebook_tui.document.state import State
from tests.support.documents import all_run, sources, state_of
from tests.support.histories import START, edits, operations, reports, wishes
from tests.support.invariants import violations

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1200)]


def check_effects(before: State, after: State, wanted: tuple[Effect, ...]) -> None:
    for effect in wanted:
        match effect:
            case ConnectRuntime():
                assert before.runtime.phase == "disconnected" or DisconnectRuntime() in wanted
                assert after.runtime.phase == "connecting"
            case DisconnectRuntime():
                assert (before.runtime.phase, after.runtime.phase) == ("connected", "connecting")
                assert after.running == {}
            case StartEvaluation():
                check_start(before, after, effect)
            case DropContainer(container):
                assert before.running[container] == after.running[container]
            case InterruptEvaluation(cell_id):
                assert cell_id in before.running.values()
                assert cell_id in after.running.values()
            case ForgetEvaluation(cell_id):
                assert cell_id in before.evaluations or cell_id in before.running.values()
                assert cell_id not in after.evaluations
                assert cell_id not in after.running.values()
    assert len(set(wanted)) == len(wanted)
    starts = [effect for effect in wanted if isinstance(effect, StartEvaluation)]
    assert len(starts) == after.runs - before.runs


def check_start(before: State, after: State, start: StartEvaluation) -> None:
    """It runs in its container, and sees cells above it that have values, in the order of the document."""
    assert after.running[start.container] == start.cell_id
    assert after.notebook.container_of(start.cell_id) == start.container
    assert after.notebook.cell(start.cell_id).source == start.source
    chain = [cell.id for cell in above(after.notebook, {start.cell_id})]
    assert [cell_id for cell_id in chain if cell_id in start.above] == list(start.above)
    assert all(after.evaluation(cell_id).standing.defines for cell_id in start.above)
    if start.container:
        # What a branch starts from is complete.
        busy = {*after.queue, *after.running.values()}
        assert busy.isdisjoint(cell_id for cell_id in chain if not after.notebook.container_of(cell_id))


@given(st.data())
def test_ac28_every_history_keeps_what_a_notebook_promises(data: st.DataObject) -> None:
    start = data.draw(st.sampled_from([START, all_run(START)]))
    state, accepted = start, []
    for _ in range(data.draw(st.integers(1, 25))):
        operation = data.draw(operations(state))
        bytes_before = pickle.dumps(state)
        try:
            new, wanted = apply(state, operation)
        except Rejected:
            assert pickle.dumps(state) == bytes_before
            continue
        check_effects(state, new, wanted)
        state = new
        accepted.append(operation)
        assert list(violations(state)) == []
    again = start
    for operation in accepted:
        again, _ = apply(again, operation)
    assert again == state
    assert pickle.loads(pickle.dumps(state)) == state


def history_of(start: State, operations: list[Operation]) -> State:
    state = start
    for operation in operations:
        try:
            state, _ = apply(state, operation)
        except Rejected:
            continue
    return state


def run_on(state: State) -> tuple[State, list[str]]:
    """All that waits is run, and nothing fails."""
    ran: list[str] = []
    while state.evaluating is not None:
        ran.append(state.evaluating)
        state, _ = apply(state, EvaluationFinished(state.evaluating, 1.0, "ok"))
    return state, ran


# Cells that run by themselves are another matter: they may come in between.
plain_edits = edits.filter(lambda edit: "reevaluate_automatically" not in str(edit))


@given(st.lists(plain_edits, max_size=6), st.lists(wishes, max_size=6))
def test_whatever_waits_is_run_in_the_end_and_holds_if_nothing_fails(
    before: list[Operation], asked: list[Operation]
) -> None:
    state = history_of(START, [*before, *asked])
    waiting, alone = set(state.queue), state.alone
    if state.runtime.phase == "connecting":
        state, _ = apply(state, RuntimeConnected("here"))
    state, ran = run_on(state)
    assert set(ran) == waiting
    assert len(ran) == len(waiting)
    if not alone:
        assert all(state.evaluation(cell_id).validity == "evaluated" for cell_id in ran)


@given(st.lists(plain_edits, max_size=8), st.sampled_from(["c1", "c2", "c3", "c4"]))
def test_after_a_run_that_succeeds_the_cell_and_all_it_reads_from_hold(history: list[Operation], cell_id: str) -> None:
    state = history_of(START, [*history, QueueCells((cell_id,)), RuntimeConnected("here")])
    state, _ = run_on(state)
    if cell_id in state.evaluations:
        assert {state.evaluation(other).validity for other in {cell_id, *sources(state)[cell_id]}} == {"evaluated"}


@given(st.lists(edits | wishes | reports, max_size=8), st.lists(st.sampled_from(["c1", "c2", "c3", "c4"]), max_size=2))
def test_what_is_planned_is_what_is_queued(history: list[Operation], asked: list[str]) -> None:
    state = history_of(all_run(START), history)
    try:
        plan = planned(state, asked)
    except Rejected as refusal:
        with pytest.raises(Rejected, match=str(refusal)):
            apply(state, QueueCells(tuple(asked)))
        return
    new, wanted = apply(state, QueueCells(tuple(asked)))
    begun = [effect.cell_id for effect in wanted if isinstance(effect, StartEvaluation)]
    assert {*new.queue, *begun} - set(state.queue) == set(plan.cells) - set(state.queue)
    assert plan.fresh_runtime == (DisconnectRuntime() in wanted)


@given(st.lists(edits, max_size=10))
def test_undoing_everything_brings_back_every_text_and_its_place(history: list[Operation]) -> None:
    state = history_of(START, history)
    end, steps = state, len(state.past)
    for _ in range(steps):
        state, _ = apply(state, Undo(5.0))
    assert texts(state) == texts(START)
    for _ in range(steps):
        state, _ = apply(state, Redo(6.0))
    assert texts(state) == texts(end)


def texts(state: State) -> object:
    notebook = state.notebook
    cells = [(cell.id, cell.kind, cell.source, dict(cell.metadata)) for cell in notebook.cells()]
    headings = [(each.id, each.name, each.parent, len(each.cells)) for each in notebook.sections]
    return notebook.title, dict(notebook.metadata), cells, headings


BRANCHES = state_of({"s1": {"c1": "a = 1"}, "s2": {"c2": "a"}, "s3": {"c3": "a"}}, parents={"s2": "s1", "s3": "s1"})


@given(st.permutations(["c1", "c2", "c3"]), st.data())
def test_in_whatever_order_cells_are_asked_for_and_end_each_runs_once(asked: list[str], data: st.DataObject) -> None:
    state = history_of(BRANCHES, [*(QueueCells((cell_id,)) for cell_id in asked), RuntimeConnected("here")])
    ran: list[str] = []
    while state.running:
        cell_id = data.draw(st.sampled_from(sorted(state.running.values())))
        ran.append(cell_id)
        state, _ = apply(state, EvaluationFinished(cell_id, 1.0, "ok"))
    assert (ran[0], sorted(ran)) == ("c1", ["c1", "c2", "c3"])
