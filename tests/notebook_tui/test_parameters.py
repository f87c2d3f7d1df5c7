"""`--set`: names that a notebook assigns, and the values that a run gives them instead."""

from __future__ import annotations

import ast
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notebook_tui.document.notebook import Cell, Notebook, Section
from notebook_tui.document.parameters import parameters, set_parameters
from notebook_tui.document.rejected import Rejected


def notebook(*sources: str) -> Notebook:
    cells = tuple(Cell(f"c{number}", "code", source) for number, source in enumerate(sources, 1))
    return Notebook(sections=(Section("s", "S", cells),))


def test_the_first_assignment_at_the_top_level_is_the_one_that_is_set() -> None:
    cells = notebook("def f():\n    n = 1", "if True:\n    n = 2", "n = 3", "n = 4")
    assert set_parameters(cells, {"n": "5"}) == {"c3": "n = 5"}


def test_the_setup_cell_has_parameters_too() -> None:
    cells = replace(notebook("n = 1"), setup=Cell("setup", "code", "n = 0"))
    assert set_parameters(cells, {"n": "5"}) == {"setup": "n = 5"}


def test_what_is_no_plain_assignment_is_no_parameter() -> None:
    cells = notebook("a = b = 1", "c, d = 1, 2", "e += 1", "f: int", "x.y = 1", "not python", "for g in []: pass")
    assert parameters(cells) == ()


def test_a_name_that_no_cell_assigns_is_refused_with_those_that_can_be_set() -> None:
    with pytest.raises(Rejected, match="as in m = 1; these can be set: n, name"):
        set_parameters(notebook("n = 1\nname = 'Ada'"), {"m": "1"})
    with pytest.raises(Rejected, match="these can be set: none"):
        set_parameters(notebook("1 + 1"), {"m": "1"})


def test_values_over_several_lines_and_beside_each_other_are_replaced_whole() -> None:
    cells = notebook("é = (1,\n  2); b = 'é'  # last\nx = f(\n 1)")
    new = set_parameters(cells, {"é": "ü", "b": "[1, 'a']", "x": "None"})
    assert new == {"c1": "é = 'ü'; b = [1, 'a']  # last\nx = None"}


@pytest.mark.parametrize("value", ["1 # all", "1; import os", "__import__('os')", "'open", "(", "", "\0", "1\n2"])
def test_a_value_is_data_and_never_code(value: str) -> None:
    (source,) = set_parameters(notebook("n = 0; rest = 1"), {"n": value}).values()
    first, rest = ast.parse(source).body
    assert isinstance(first, ast.Assign)
    assert isinstance(rest, ast.Assign)
    ast.literal_eval(first.value)


@given(
    st.recursive(
        st.integers() | st.booleans() | st.text() | st.floats(allow_nan=False, allow_infinity=False),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=8,
    )
)
def test_any_literal_arrives_as_the_value_that_it_is(value: object) -> None:
    (source,) = set_parameters(notebook("before = '€'; n = 'old'; after = 2"), {"n": repr(value)}).values()
    names: dict[str, object] = {}
    exec(source, names)
    assert (names["before"], names["n"], names["after"]) == ("€", value, 2)
