"""What a cell sees, as far as the document tells."""

from __future__ import annotations

from dataclasses import replace

from notebook_tui.document.operations import SetCellSource
from notebook_tui.session.surroundings import MOST_TEXT, surroundings
from tests.support.documents import after, all_run, state_of

CHAIN = {"s": {"a": "x = 1", "text": "# Words", "b": "y = x\nz = 2", "c": "w = y", "d": "v = w"}}


def test_ac38_names_that_only_cells_bound_which_do_not_stand_above_are_hidden() -> None:
    state = all_run(state_of({"s": {"a": "x = 1", "b": "", "c": "x = 2\nnumber = 10\ndef f(): ..."}}))
    assert surroundings(state, "b").hidden == {"number", "f"}
    assert surroundings(state, "c").hidden == set()


def test_names_of_what_a_cell_ran_as_count_and_not_those_of_what_it_has_become() -> None:
    state = after(all_run(state_of({"s": {"a": "", "b": "old = 1"}})), SetCellSource("b", "new = 1"))
    assert surroundings(state, "a").hidden == {"old"}


def test_a_name_that_the_asking_cell_bound_itself_is_not_hidden_from_it() -> None:
    state = all_run(state_of({"s": {"a": "x = 1", "b": "x = 2"}}))
    assert surroundings(state, "a").hidden == set()


def test_of_cells_above_the_texts_count_that_have_not_run_as_they_stand() -> None:
    ran = all_run(state_of(CHAIN))
    state = after(ran, SetCellSource("b", "y = 2"))
    assert surroundings(ran, "d").text == ""
    assert surroundings(state, "d").text == "y = 2"
    assert surroundings(state_of(CHAIN), "c").text == "x = 1\ny = x\nz = 2"
    assert surroundings(state_of(CHAIN), "c").cells_above == ("setup", "a", "b")


def test_a_line_of_the_text_above_tells_its_cell() -> None:
    found = surroundings(state_of(CHAIN), "d")
    assert [found.cell_at(line) for line in range(6)] == [None, ("a", 1), ("b", 1), ("b", 2), ("c", 1), None]


def test_of_long_texts_the_nearest_count() -> None:
    long = "#\n" * (MOST_TEXT // 4) + "x = 1"
    state = state_of({"s": {"a": "far = 1", "b": "pass\n" + long, "c": "pass\n" + long, "d": "near = 1", "e": ""}})
    assert surroundings(state, "e").text == f"pass\n{long}\nnear = 1"


def test_a_branch_sees_its_parent_and_no_other_branch() -> None:
    cells = {"main": {"a": "x = 1"}, "one": {"b": "y = 1"}, "two": {"c": "z = 1"}, "next": {"d": ""}}
    state = all_run(state_of(cells, parents={"one": "main", "two": "main"}))
    two = surroundings(state, "c")
    assert (two.cells_above, two.hidden, two.container) == (("setup", "a"), frozenset({"y"}), "two")
    below = surroundings(state, "d")
    assert (below.cells_above, below.hidden, below.container) == (("setup", "a"), frozenset({"y", "z"}), "")


def test_the_node_of_a_cell_that_is_pinned_to_one_is_told_and_all_is_no_node() -> None:
    state = state_of({"s": {"a": "x"}})
    (section,) = state.notebook.sections

    def node(name: object) -> str:
        cells = (replace(section.cells[0], metadata={"node": name}),)
        notebook = replace(state.notebook, sections=(replace(section, cells=cells),))
        return surroundings(replace(state, notebook=notebook), "a").node

    assert [node("web-2@host"), node("all"), node(5)] == ["web-2@host", "", ""]


def test_a_cell_that_is_gone_sees_nothing_and_fails_not() -> None:
    found = surroundings(state_of(CHAIN), "gone")
    assert (found.text, found.cells_above, found.container, found.node) == ("", (), "", "")
