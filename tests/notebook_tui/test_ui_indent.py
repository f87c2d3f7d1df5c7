"""Indentation and comments of Python lines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notebook_tui.ui.editing.comment import commented
from notebook_tui.ui.editing.indent import dedented, indented
from notebook_tui.ui.editing.line_breaks import indent_after

lines = st.lists(st.from_regex(r"[ ]{0,9}[a-z]{0,3}", fullmatch=True), min_size=1, max_size=6)


@pytest.mark.parametrize(
    ("line", "indent"),
    [
        ("x = 1", ""),
        ("    x = 1", "    "),
        ("def f():", "    "),
        ("    if x:  # why", "        "),
        ("x = {", "    "),
        ("    return x", ""),
        ("        break", "    "),
        ("returned = 1", ""),
        ("    returned = 1", "    "),
        ("", ""),
    ],
)
def test_the_next_line_begins_where_python_wants_it(line: str, indent: str) -> None:
    assert indent_after(line) == indent


@given(lines)
def test_lines_indented_and_dedented_are_as_before(lines: list[str]) -> None:
    written = [line for line in lines if line.strip()]
    assert dedented(indented(written)) == written


@given(lines)
def test_lines_commented_and_uncommented_are_as_before(lines: list[str]) -> None:
    assert commented(commented(lines)) == lines or not any(line.strip() for line in lines)


def test_a_comment_among_code_is_commented_too() -> None:
    assert commented(["# a", "b"]) == ["# # a", "# b"]
