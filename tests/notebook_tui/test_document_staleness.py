"""Which runs hold: by cases, and against a simulated notebook in which every cell can simply be run again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notebook_tui.document.notebook import Cell
from notebook_tui.document.operations import (
    DeleteCell,
    InsertCell,
    MoveCell,
    QueueCells,
    RuntimeConnected,
    SetCellSource,
)
from notebook_tui.document.state import State
from tests.support.documents import after, all_run, ran, reports, sources, state_of, validities
from tests.support.programs import programs
from tests.support.rerun import Rerun

CHAIN = all_run(state_of({"s": {"c1": "a = 1", "c2": "b = a", "c3": "c = 3", "c4": "d = b"}}))


def stale(state: State) -> set[str]:
    return {cell_id for cell_id, validity in validities(state).items() if validity == "stale"}


def test_ac13_a_new_run_makes_stale_who_reads_from_it_and_nobody_else() -> None:
    state = after(CHAIN, QueueCells(("c1",)), *ran("c1"))
    assert stale(state) == {"c2", "c4"}
    assert stale(after(state, QueueCells(("c4",)), *reports(["c2", "c4"]))) == set()


def test_ac13_who_reads_from_a_cell_holds_until_its_new_run_has_shown_another_value() -> None:
    running = after(CHAIN, QueueCells(("c1",)))
    assert stale(running) == set()
    assert stale(after(running, *ran("c1"))) == {"c2", "c4"}


def test_ac13_a_run_that_gives_equal_values_makes_nothing_stale() -> None:
    state = after(CHAIN, QueueCells(("c1",)), *ran("c1", versions={"a": "one"}))
    state = after(state, QueueCells(("c4",)), *reports(["c2", "c4"]))
    assert stale(after(state, QueueCells(("c1",)), *ran("c1", versions={"a": "one"}))) == set()
    assert stale(after(state, QueueCells(("c1",)), *ran("c1", versions={"a": "two"}))) == {"c2", "c4"}
    assert stale(after(state, QueueCells(("c1",)), *ran("c1", versions={"a": ""}))) == {"c2", "c4"}


def test_a_cell_that_failed_may_not_have_defined_its_names() -> None:
    state = state_of({"s": {"c1": "a = 1", "c2": "a = 1 / 0", "c3": "a"}})
    state = after(state, QueueCells(("c2",)), RuntimeConnected("here"), *ran("c1"), *ran("c2", "error"))
    state = after(state, QueueCells(("c3",)), *ran("c3"))
    assert stale(after(state, QueueCells(("c1",)), *ran("c1"))) == {"c3"}


def test_ac13_branches_see_their_parent_and_nobody_sees_them() -> None:
    sections = {"s1": {"c1": "x = 1"}, "s2": {"c2": "a = 1"}, "s3": {"c5": "a"}, "s4": {"c6": "a"}, "s5": {"c7": "a"}}
    state = all_run(state_of(sections, parents={"s3": "s2", "s4": "s1"}))
    assert stale(after(state, QueueCells(("c2",)), *ran("c2"))) == {"c5", "c7"}
    assert stale(after(state, QueueCells(("c5",)), *ran("c5"))) == set()


def test_ac13_branches_of_one_parent_do_not_see_each_other() -> None:
    sections = {"s1": {"c1": "a = 1"}, "s2": {"c2": "a = 2"}, "s3": {"c3": "a"}}
    assert sources(state_of(sections, parents={"s2": "s1", "s3": "s1"}))["c3"] == {"c1"}


def test_what_reads_from_an_edited_cell_is_stale_until_the_edit_is_undone() -> None:
    edited = after(CHAIN, SetCellSource("c1", "a = 2"))
    assert (stale(edited), edited.changed("c1")) == ({"c2", "c4"}, True)
    assert stale(after(edited, SetCellSource("c1", "a = 1"))) == set()


def test_ac22_moving_a_cell_there_and_back_changes_nothing() -> None:
    moved = after(CHAIN, MoveCell("c2", -1))
    assert stale(moved) == {"c2", "c4"}
    back = after(moved, MoveCell("c2", 1))
    assert replace(back, revision=CHAIN.revision, past=()) == CHAIN


def test_ac22_moving_a_cell_that_nobody_reads_from_makes_nothing_stale() -> None:
    assert stale(after(CHAIN, MoveCell("c3", -2))) == set()


def test_who_reads_from_a_deleted_cell_is_stale() -> None:
    assert stale(after(CHAIN, DeleteCell("c2"))) == {"c4"}


def test_a_new_cell_that_defines_the_name_again_comes_between() -> None:
    assert stale(after(CHAIN, InsertCell("s", 1, Cell("n", "code", "a = 9")))) == {"c2", "c4"}
    assert stale(after(CHAIN, InsertCell("s", 1, Cell("n", "code", "if e:\n    a = 9")))) == {"c2", "c4"}
    assert stale(after(CHAIN, InsertCell("s", 3, Cell("n", "code", "a = 9")))) == set()
    assert stale(after(CHAIN, InsertCell("s", 1, Cell("n", "markdown", "a = 9")))) == set()


UNKNOWN = all_run(state_of({"s": {"c1": "a = 1", "c2": "exec(code)", "c3": "c = 3", "c4": "globals()['a']"}}))


def test_ac14_a_cell_that_may_read_anything_is_stale_after_any_change_above_it() -> None:
    assert stale(after(UNKNOWN, QueueCells(("c1",)), *ran("c1"))) == {"c2", "c4"}
    assert stale(after(UNKNOWN, SetCellSource("c1", "b = 1"))) == {"c2", "c4"}
    assert stale(after(UNKNOWN, DeleteCell("c1"))) == {"c2", "c4"}
    known = after(UNKNOWN, QueueCells(("c1",)), *ran("c1", versions={"a": "x"}))
    known = after(known, QueueCells(("c4",)), *reports(["c2", "c4"]))
    assert stale(after(known, QueueCells(("c1",)), *ran("c1", versions={"a": "x"}))) == set()


def test_ac14_a_move_that_brings_other_names_into_its_sight_makes_it_stale() -> None:
    assert stale(after(UNKNOWN, MoveCell("c3", -1))) == {"c2", "c4"}
    assert stale(after(UNKNOWN, MoveCell("c3", 1))) == {"c4"}
    assert stale(after(UNKNOWN, MoveCell("c3", -1), MoveCell("c3", 1))) == set()


def test_ac14_a_star_import_may_define_whatever_is_read_below() -> None:
    state = all_run(state_of({"s": {"c1": "a = 1", "c2": "from m import *", "c3": "a", "c4": "d = 4"}}))
    assert stale(after(state, QueueCells(("c2",)), *ran("c2"))) == {"c3"}


def test_a_value_that_changed_while_its_reader_ran_leaves_the_reader_stale() -> None:
    state = after(CHAIN, QueueCells(("c2",)), SetCellSource("c1", "a = 2"), *ran("c2"))
    assert stale(state) == {"c2", "c4"}


@pytest.mark.parametrize(
    ("above", "reader", "expected"),
    [
        (["x = 1", "x = 2"], "x", {"c1"}),
        (["x = 1", "if a:\n    x = 2"], "x", {"c0", "c1"}),
        (["x = 1", "from math import *"], "x", {"c0", "c1"}),
        (["from math import *", "x = 1"], "x", {"c1"}),
        (["from math import *", "y = 1"], "x", {"c0"}),
        (["x = 1", "y = 2"], "exec(x)", {"c0", "c1"}),
        (["exec('x = 1')", "y = 2"], "x + y", {"c0", "c1"}),
        (["x = 1", "def f():\n    return x"], "f()", {"c0", "c1"}),
        (["x = 1", "def f():\n    return x", "x = 2"], "f()", {"c1", "c2"}),
        (["x = 1", "def f():\n    return x", "g = f", "h = g"], "h()", {"c0", "c3"}),
        (["x = 1", "f = lambda: x", "y = f()"], "y", {"c2"}),
        (["x = 1", "class A:\n    def m(self):\n        return x"], "A().m()", {"c0", "c1"}),
        (["def f():\n    return g()", "def g():\n    return x", "x = 1"], "f()", {"c0", "c1", "c2"}),
        (["x = []", "x.append(1)"], "x", {"c0", "c1"}),
        (["x = []", "x[0] = 1"], "x", {"c0", "c1"}),
        (["x = []", "x.pop(0).y.z += 1", "del x[0]"], "x", {"c0", "c1", "c2"}),
        (["x = []", "x += [1]"], "x", {"c1"}),
        (["x = []", "y = x"], "y", {"c1"}),
        (["x = 1", "x ="], "x", {"c0"}),
    ],
)
def test_whom_a_cell_reads_from(above: list[str], reader: str, expected: set[str]) -> None:
    cells = {f"c{place}": source for place, source in enumerate([*above, reader])}
    assert sources(state_of({"s": cells}))[f"c{len(above)}"] == expected


places = st.integers(0, 3)
steps = st.one_of(
    st.tuples(st.just(Rerun.run), places),
    st.tuples(st.just(Rerun.edit), places, programs),
    st.tuples(st.just(Rerun.move), places, st.sampled_from([-1, 1])),
)


@given(st.lists(programs, min_size=4, max_size=4), st.lists(steps, max_size=6), places)
def test_a_run_that_holds_would_come_out_the_same_again(
    sources: list[str], history: list[tuple[Callable[..., None], Any]], place: int
) -> None:
    book = Rerun(sources)
    book.run(place)
    for step, *arguments in history:
        step(book, *arguments)
    if book.holds(place):
        before, runs = book.shown[f"c{place}"], len(book.runs)
        book.run(place)
        if f"c{place}" in book.runs[runs:]:
            assert book.shown[f"c{place}"] == before
