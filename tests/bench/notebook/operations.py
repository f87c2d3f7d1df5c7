"""How long the document takes for one operation on a long notebook in which every cell has run, and what it holds.

`python -m tests.bench.notebook.operations` prints one JSON line per figure. Each operation is measured many times, on
cells all over the notebook; `ratio` figures compare with a notebook of a tenth of the cells. Times are the processor's,
for on a machine that others use as well no other means anything.
"""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Iterator
from time import process_time

from notebook_tui.document.apply import apply
from notebook_tui.document.notebook import Cell, Notebook, Section
from notebook_tui.document.operations import (
    ApplyDelta,
    CancelEvaluation,
    ClientJoined,
    ClientLeft,
    DeleteCell,
    EvaluationFinished,
    EvaluationStarted,
    InputShown,
    InsertCell,
    MoveCell,
    MoveSection,
    Operation,
    OutputAdded,
    QueueCells,
    Redo,
    ReportRevision,
    RestoreCell,
    RuntimeConnected,
    RuntimeDown,
    SetCellMetadata,
    SetCellSource,
    SetInputValue,
    SetTitle,
    Undo,
)
from notebook_tui.document.outputs import Text
from notebook_tui.document.state import State
from tests.bench.lines import emit, percentile

CELLS = 5_000
CHARACTERS = 4_000
"""Of a cell: 20 MB in all."""
ROUNDS = 40
SECTION = 25
READS = 3
_LINE = "    total = total + sum(value * {n} for value in values if value > threshold)\n"


def notebook(cells: int) -> Notebook:
    """Each cell defines a name and reads three of cells above; one in five is Markdown."""
    draw = random.Random(7)
    made = [_cell(n, draw) for n in range(cells)]
    starts = range(0, cells, SECTION)
    return Notebook(
        "Bench", sections=tuple(Section(f"s{at}", f"Part {at}", tuple(made[at : at + SECTION])) for at in starts)
    )


def _cell(n: int, draw: random.Random) -> Cell:
    if n % 5 == 4:
        return Cell(f"c{n}", "markdown", "Some *words* about what comes next. " * (CHARACTERS // 36))
    read = (
        [f"v{other}" for other in {draw.randrange(max(n - 40, 0), n) for _ in range(READS)} if other % 5 != 4]
        if n
        else []
    )
    body = _LINE.format(n=n) * (CHARACTERS // len(_LINE))
    return Cell(
        f"c{n}",
        "code",
        f"def f{n}(values, threshold, total=0):\n{body}    return total\nv{n} = {' + '.join(read) or '0'}",
    )


class Bench:
    """One notebook, and how long each operation on it took."""

    def __init__(self, cells: int) -> None:
        self.state = State(notebook(cells))
        self.took: dict[str, list[float]] = {}
        self.starts: list[str] = []
        ids = tuple(cell.id for cell in self.state.notebook.cells() if cell.runnable and cell.source)
        for operation in [QueueCells(ids), RuntimeConnected("here"), ClientJoined("me")]:
            self.do(operation)
        self.run_all()
        self.took.clear()

    def do(self, operation: Operation, name: str = "") -> None:
        start = process_time()
        self.state, _ = apply(self.state, operation)
        self.took.setdefault(name or type(operation).__name__, []).append(process_time() - start)

    def run_all(self) -> None:
        """Each with values that are new."""
        while self.state.evaluating is not None:
            cell_id = self.state.evaluating
            self.do(EvaluationStarted(cell_id, 1.0))
            self.do(OutputAdded(cell_id, Text("stdout", "hello\n")))
            self.do(EvaluationFinished(cell_id, 2.0, "ok", ((f"v{cell_id[1:]}", str(self.state.runs)),)))

    def finish(self, name: str) -> None:
        """Of the cell that runs; what it has run next is called off."""
        cell_id = self.state.evaluating
        assert cell_id is not None
        self.do(EvaluationStarted(cell_id, 1.0))
        self.do(EvaluationFinished(cell_id, 2.0, "ok", ((f"v{cell_id[1:]}", str(self.state.runs)),)), name)
        while self.state.evaluating is not None:
            again = self.state.evaluating
            self.do(CancelEvaluation(again))
            self.do(EvaluationFinished(again, 2.0, "interrupted"), "interrupted")

    def round(self, cell_id: str, n: int) -> None:
        source = self.state.notebook.cell(cell_id).source
        self.do(SetCellSource(cell_id, f"{source}\nx{n} = 1", n * 10.0))
        self.do(ApplyDelta("me", cell_id, ("# ",), self.state.texts[cell_id].revision, n * 10.0 + 1))
        self.do(ReportRevision("me", cell_id, self.state.texts[cell_id].revision))
        self.do(Undo())
        self.do(Redo())
        self.do(SetCellMetadata(cell_id, "continue_on_error", True))
        self.do(InsertCell(self.state.notebook.sections[n].id, 3, Cell(f"new{n}", "code", f"v{n} = 1")))
        self.do(DeleteCell(cell_id))
        self.do(RestoreCell(cell_id))
        self.do(QueueCells((cell_id,), alone=True), "QueueCells alone")
        self.do(InputShown(cell_id, f"i{n}", 0))
        self.finish("EvaluationFinished")
        self.do(SetInputValue(f"i{n}", n))
        self.do(MoveCell(cell_id, -2))
        self.do(MoveSection(self.state.notebook.sections[n + 1].id, 1))
        self.do(SetTitle(f"Title {n}"))
        self.do(QueueCells((cell_id,)))
        self.finish("EvaluationFinished")

    @property
    def samples(self) -> Iterator[float]:
        for each in self.took.values():
            yield from each


def measured(cells: int) -> Bench:
    bench = Bench(cells)
    draw = random.Random(3)
    code = [cell.id for section in bench.state.notebook.sections for cell in section.cells if cell.runnable]
    for n in range(min(ROUNDS, cells // SECTION - 2)):
        bench.round(draw.choice(code), n)
    return bench


def held(cells: int) -> int:
    """Bytes that the state holds, the notebook and the index of its names included, once all has run."""
    tracemalloc.start()
    bench = Bench(cells)
    size = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert bench.state.evaluations
    return size


def main() -> None:
    small, large = measured(CELLS // 10), measured(CELLS)
    for name, took in sorted(large.took.items()):
        for metric, q in (("median", 50), ("p95", 95)):
            emit("document", name, metric, "ms", percentile(took, q) * 1000, cells=CELLS, times=len(took))
    for metric, q in (("median", 50), ("p95", 95), ("max", 100)):
        emit("document", "all operations", metric, "ms", percentile([*large.samples], q) * 1000, cells=CELLS)
    ratio = percentile([*large.samples], 50) / percentile([*small.samples], 50)
    emit("document", "all operations", "ratio", "x", ratio, cells=CELLS, against=CELLS // 10)
    down = process_time()
    apply(large.state, RuntimeDown("gone"))
    emit("document", "RuntimeDown", "once", "ms", (process_time() - down) * 1000, cells=CELLS)
    big, little = held(CELLS), held(CELLS // 10)
    emit("document", "memory", "per cell", "kB", big / CELLS / 1000, cells=CELLS)
    emit("document", "memory", "ratio", "x", big / little / 10, cells=CELLS, against=CELLS // 10)
    left = process_time()
    apply(large.state, ClientLeft("me"))
    emit("document", "ClientLeft", "once", "ms", (process_time() - left) * 1000, cells=CELLS)


if __name__ == "__main__":
    main()
