"""Above and below are each other's mirror."""

from __future__ import annotations

from hypothesis import given

from notebook_tui.document.lineage import above, below
from notebook_tui.document.notebook import Notebook
from tests.support.documents import state_of
from tests.support.notebooks import notebooks

TREE = state_of(
    {"s1": {"a1": "x", "a2": "x"}, "s2": {"b": "x"}, "s3": {"c1": "x", "c2": "x"}, "s4": {"d": "x"}, "s5": {"e": "x"}},
    parents={"s2": "s1", "s3": "s1", "s5": "s4"},
).notebook


def ids_above(*cell_ids: str) -> str:
    return " ".join(cell.id for cell in above(TREE, cell_ids))


def ids_below(cell_id: str) -> str:
    return " ".join(cell.id for cell in below(TREE, cell_id))


def test_a_branch_continues_its_parent_and_nobody_continues_a_branch() -> None:
    assert ids_above("a1") == "setup"
    assert ids_above("b") == "setup a1 a2"
    assert ids_above("c2") == "setup a1 a2 c1"
    assert ids_above("d") == "setup a1 a2"
    assert ids_above("e") == "setup a1 a2 d"
    assert ids_above("a2", "c2") == "setup a1 a2 c1"
    assert ids_above("setup") == ids_above() == ""


def test_below_is_all_that_would_run_later_on_the_same_line() -> None:
    assert ids_below("setup") == "a1 a2 b c1 c2 d e"
    assert ids_below("a1") == "a2 b c1 c2 d e"
    assert ids_below("c1") == "c2"
    assert ids_below("d") == "e"


@given(notebooks())
def test_a_cell_is_below_exactly_those_above_it(notebook: Notebook) -> None:
    cells = [notebook.setup, *(cell for section in notebook.sections for cell in section.cells)]
    for cell in cells:
        mirrored = [other.id for other in cells if cell in below(notebook, other.id)]
        assert [other.id for other in above(notebook, [cell.id])] == mirrored
