"""Items are made anew for the cells to which something happened, and no others; none is forgotten."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from notebook_tui.document.evaluations import Evaluation
from notebook_tui.document.notebook import Cell, Notebook, Section
from notebook_tui.document.outputs import Text
from notebook_tui.document.state import State
from notebook_tui.ui.cells.items import CellItem, items_of
from notebook_tui.ui.cells.known_items import KnownItems
from notebook_tui.ui.cells.whys import Whys

CELLS = tuple(Cell(f"c{number}", "code", f"x = {number}") for number in range(20))
RUNS = {cell.id: Evaluation("evaluated", source=cell.source, took=0.1, run=1) for cell in CELLS}
SHOWN = State(Notebook(sections=(Section("s", "Section", CELLS),)), evaluations=RUNS)


def printed(state: State) -> State:
    cell = replace(state.notebook.cell("c3"), outputs=(Text("stdout", "a line\n"),))
    return replace(state, notebook=state.notebook.with_cell(cell))


def test_output_makes_one_item_anew() -> None:
    known = KnownItems()
    before = known.of(SHOWN, {})
    after = known.of(printed(SHOWN), {})
    anew = [new.id for old, new in zip(before, after, strict=True) if isinstance(new, CellItem) and old is not new]
    assert anew == ["c3"]
    assert after == items_of(printed(SHOWN), Whys())


CHANGES: dict[str, Callable[[State], State]] = {
    "printed": printed,
    "queued": lambda state: replace(state, queue=("c5",)),
    "running": lambda state: replace(state, running={"": "c6"}),
    "ran": lambda state: replace(
        state, evaluations={**state.evaluations, "c7": Evaluation("evaluated", errored=True, source="x = 7", run=2)}
    ),
    "moved": lambda state: replace(
        state, notebook=replace(state.notebook, sections=(Section("s", "Section", CELLS[::-1]),))
    ),
    "renamed": lambda state: replace(state, notebook=replace(state.notebook, title="Another")),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_happened_is_seen(name: str) -> None:
    known = KnownItems()
    known.of(SHOWN, {})
    changed = CHANGES[name](SHOWN)
    assert changed != SHOWN
    assert known.of(changed, {}) == items_of(changed, Whys())
    assert known.of(SHOWN, {}) == items_of(SHOWN, Whys())


def test_interrupts_are_counted() -> None:
    known = KnownItems()
    running = replace(SHOWN, running={"": "c6"})
    assert known.of(running, {}) != known.of(running, {"c6": 1})
