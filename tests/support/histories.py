"""Operations on a small notebook, for Hypothesis: all that there are, sensible and senseless."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from notebook_tui.document import delta as deltas
from notebook_tui.document.notebook import Cell, CellKind, Notebook, Section
from notebook_tui.document.operations import (
    ApplyDelta,
    Arrange,
    CancelEvaluation,
    ClientJoined,
    ClientLeft,
    Connect,
    ContainerDown,
    DeleteCell,
    DeleteSection,
    Ending,
    EraseOutputs,
    EvaluationFinished,
    EvaluationStarted,
    InputBound,
    InputShown,
    InsertCell,
    InsertSection,
    MergeCells,
    MoveCell,
    MoveSection,
    NodesChanged,
    Operation,
    OutputAdded,
    QueueCells,
    Redo,
    RenameSection,
    ReportRevision,
    RestoreCell,
    RuntimeConnected,
    RuntimeConnecting,
    RuntimeDown,
    Saved,
    SetCellKind,
    SetCellMetadata,
    SetCellSource,
    SetInputValue,
    SetNotebookMetadata,
    SetSectionParent,
    SetTitle,
    SplitCell,
    SplitSection,
    Undo,
    VersionsChanged,
)
from notebook_tui.document.outputs import Text
from notebook_tui.document.state import State
from notebook_tui.document.versions import Versions
from tests.support.documents import state_of

START = state_of(
    {"s1": {"c1": "a = 1", "c2": "b = a"}, "s2": {"m": "# text", "c3": "c = b"}, "s3": {"c4": "d = a"}},
    parents={"s3": "s1"},
)
cell_ids = st.sampled_from(["setup", "c1", "c2", "c3", "c4", "m", "new"])
section_ids = st.sampled_from(["s1", "s2", "s3", "s4"])
input_ids = st.sampled_from(["i", "j"])
client_ids = st.sampled_from(["A", "B"])
places = st.integers(-1, 3)
offsets = st.integers(-3, 3)
function = "def f():\n    return a"
texts = st.sampled_from(["", "a = 1", "a = 2", "b = a", "c = b", "d = f()", "import *", "exec(a)", function])
kinds: st.SearchStrategy[CellKind] = st.sampled_from(["code", "markdown"])
times = st.floats(0, 100)
settings = st.sampled_from(["reevaluate_automatically", "continue_on_error", "folded", "unknown"])
endings: st.SearchStrategy[Ending] = st.sampled_from(["ok", "ok", "ok", "error", "interrupted"])
versions = st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from(["", "one", "two"])), max_size=2).map(tuple)
new_cells = st.builds(Cell, st.just("new"), kinds, texts)

edits: st.SearchStrategy[Operation] = st.one_of(
    st.builds(SetTitle, st.sampled_from(["T", "U"])),
    st.builds(SetNotebookMetadata, st.sampled_from(["persist_outputs", "unknown"]), st.booleans()),
    st.builds(InsertSection, places, section_ids, st.just("N")),
    st.builds(RenameSection, section_ids, st.just("R")),
    st.builds(DeleteSection, section_ids, st.booleans(), times),
    st.builds(MoveSection, section_ids, offsets),
    st.builds(SetSectionParent, section_ids, st.none() | section_ids),
    st.builds(SplitSection, section_ids, places, section_ids, st.just("N")),
    st.builds(InsertCell, section_ids, places, new_cells),
    st.builds(DeleteCell, cell_ids, times),
    st.builds(RestoreCell, cell_ids),
    st.builds(MoveCell, cell_ids, offsets),
    st.builds(SetCellSource, cell_ids, texts, times),
    st.builds(SetCellMetadata, cell_ids, settings, st.booleans()),
    st.builds(SetCellKind, cell_ids, kinds),
    st.builds(SplitCell, cell_ids, places, cell_ids),
    st.builds(MergeCells, cell_ids, times),
    st.builds(Undo, times),
    st.builds(Redo, times),
    st.builds(EraseOutputs),
    st.builds(Saved, st.just("x"), st.integers(0, 5), st.just(())),
)
reports: st.SearchStrategy[Operation] = st.one_of(
    st.builds(RuntimeConnecting, st.just("step")),
    st.builds(RuntimeConnected, st.just("here")),
    st.builds(RuntimeDown, st.just("gone")),
    st.builds(ContainerDown, st.sampled_from(["", "s1", "s3", "s4"]), st.just("killed")),
    st.builds(NodesChanged, st.just(("n@h",))),
    st.builds(VersionsChanged, st.tuples(st.tuples(cell_ids, st.just(Versions(("n@h",)))))),
    st.builds(EvaluationStarted, cell_ids, times),
    st.builds(OutputAdded, cell_ids, st.just(Text("stdout", "x"))),
    st.builds(EvaluationFinished, cell_ids, times, endings, versions),
    st.builds(InputShown, cell_ids, input_ids, st.integers(0, 1)),
    st.builds(InputBound, cell_ids, input_ids),
)
wishes: st.SearchStrategy[Operation] = st.one_of(
    st.builds(QueueCells, st.lists(cell_ids, max_size=3).map(tuple), st.booleans()),
    st.builds(CancelEvaluation, cell_ids, st.booleans()),
    st.builds(SetInputValue, input_ids, st.integers(0, 2)),
)


def operations(state: State) -> st.SearchStrategy[Operation]:
    """Anything, but mostly what makes sense now, so that histories get somewhere."""
    kinds_of = [likely(state)] * 8 + [asked(state)] * 3 + [gentle(state)] * 4 + [typing(state)] * 2
    return st.one_of(*kinds_of, edits, reports, wishes)


def likely(state: State) -> st.SearchStrategy[Operation]:
    """What a runtime would report now."""
    if state.runtime.phase == "connecting":
        return st.just(RuntimeConnected("here"))
    if not state.running:
        return asked(state) | st.just(Connect()) if state.runtime.phase == "disconnected" else asked(state)
    running = st.sampled_from(sorted(state.running.values()))
    finished = st.builds(EvaluationFinished, running, times, endings, versions)
    return st.one_of(
        finished,
        finished,
        st.builds(EvaluationStarted, running, times),
        st.builds(InputShown, running, input_ids, st.integers(0, 1)),
        st.builds(InputBound, running, input_ids),
        st.builds(ContainerDown, st.sampled_from(sorted(state.running)), st.just("killed")),
    )


def asked(state: State) -> st.SearchStrategy[Operation]:
    """Of a user who wants something run or stopped."""
    code = [cell.id for cell in state.notebook.cells() if cell.runnable and cell.source]
    waiting = [*state.queue, *state.running.values()]
    wanted: list[st.SearchStrategy[Operation]] = []
    if code:
        some = st.lists(st.sampled_from(code), min_size=1, max_size=2).map(tuple)
        wanted += [st.builds(QueueCells, some, st.just(False)), st.builds(QueueCells, some, st.booleans())]
    if waiting:
        wanted.append(st.builds(CancelEvaluation, st.sampled_from(sorted(waiting)), st.booleans()))
    if state.inputs:
        wanted.append(st.builds(SetInputValue, st.sampled_from(sorted(state.inputs)), st.integers(0, 2)))
    return st.one_of(*wanted, wishes)


def gentle(state: State) -> st.SearchStrategy[Operation]:
    """Edits of what there is, which leave most of it."""
    there = st.sampled_from([cell.id for cell in state.notebook.cells()])
    return st.one_of(
        st.builds(SetCellSource, there, texts.filter(bool), times),
        st.builds(MoveCell, there, offsets),
        st.builds(SetCellMetadata, there, settings, st.just(True)),
        st.builds(SetCellKind, there, st.just("code")),
        st.builds(InsertCell, section_ids, st.integers(0, 2), new_cells),
        st.builds(SetSectionParent, section_ids, st.none() | section_ids),
        st.builds(Undo, times),
        st.builds(Redo, times),
        st.builds(RestoreCell, st.sampled_from([each.cell.id for each in state.bin] or ["c1"])),
    )


def typing(state: State) -> st.SearchStrategy[Operation]:
    """Of clients that have joined, or not; and what a file says that was edited elsewhere."""
    there = st.sampled_from([cell.id for cell in state.notebook.cells()])
    newest = max((text.revision for text in state.texts.values()), default=0)
    revisions = st.integers(max(newest - 1, 0), newest)
    changes = st.tuples(st.integers(0, 2), st.text("ab\n", max_size=2), st.integers(-2, 0)).map(deltas.normal)
    shuffled = st.permutations(state.notebook.sections).map(tuple)
    return st.one_of(
        st.builds(ClientJoined, client_ids),
        st.builds(ClientLeft, client_ids),
        st.builds(ApplyDelta, client_ids, there, changes, revisions, times),
        st.builds(ApplyDelta, client_ids, there, changes, st.just(0), times),
        st.builds(ReportRevision, client_ids, there, revisions),
        shuffled.map(lambda sections: Arrange(_outline(state, sections))),
    )


def _outline(state: State, sections: tuple[Section, ...]) -> Notebook:
    return replace(state.notebook, sections=sections, title="theirs")
