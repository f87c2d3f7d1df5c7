"""Which nodes run which version of a cell, read off what they hold."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from beamlike.code.holdings import Holding, Kept
from notebook_tui.runtime.versions import Behind, CellVersions, cell_versions

HERE = "here@host"
NAMES = {"x": "notebook n, cell 1", "y": "notebook n, cell 2"}


def held(version: int, kept: Kept = "lent", cell: int = 1) -> Holding:
    at = datetime.fromtimestamp(version, UTC)
    return Holding(f"notebook n, cell {cell}", "cell", f"hash {version}", None, at, kept)


def test_nodes_that_run_the_newest_and_nothing_else_are_current() -> None:
    nodes = {HERE: [held(2, "newest")], "a@h": [held(2)], "b@h": [held(1, "in use"), held(2)], "c@h": [held(1)]}
    behind = (Behind("b@h", 1.0), Behind("c@h", 1.0))
    assert cell_versions(NAMES, HERE, nodes) == (CellVersions("x", (HERE, "a@h"), behind),)


def test_a_cell_that_runs_nowhere_else_is_not_told_of() -> None:
    nodes = {HERE: [held(2, "newest"), held(1, "in use")], "a@h": [held(1, cell=2)], "b@h": []}
    assert cell_versions(NAMES, HERE, nodes) == ()


def test_behind_is_told_with_the_newest_of_the_older_versions() -> None:
    nodes = {HERE: [held(3, "newest")], "a@h": [held(1, "in use"), held(2, "in use")]}
    assert cell_versions(NAMES, HERE, nodes) == (CellVersions("x", (HERE,), (Behind("a@h", 2.0),)),)


versions = st.lists(st.builds(held, st.integers(1, 3), cell=st.integers(1, 2)), max_size=4)


@given(st.dictionaries(st.sampled_from("abcdefg"), versions))
def test_each_node_that_holds_something_of_a_cell_is_on_one_side(nodes: dict[str, list[Holding]]) -> None:
    found = cell_versions(NAMES, HERE, {HERE: [held(3, "newest"), held(3, "newest", cell=2)], **nodes})
    for cell in found:
        behind = {one.node for one in cell.behind}
        assert behind.isdisjoint(cell.current)
        theirs = {node for node, held in nodes.items() if any(one.name == NAMES[cell.cell_id] for one in held)}
        assert behind | set(cell.current) == theirs | {HERE}
        assert all(any(one.hash != "hash 3" for one in nodes[node]) for node in behind)
