"""Doctests of what a cell defines."""

from __future__ import annotations

import asyncio
import sys
from contextlib import redirect_stdout
from textwrap import dedent, indent

import pytest

import beamlike as bl
from beamlike.kernel import group_leader
from notebook_tui.runtime.doctests import docstrings, run_doctests
from notebook_tui.runtime.outcome import Doctest


def defined(examples: str) -> str:
    body = indent(dedent(examples).strip(), "    ")
    return f'def f(x=1):\n    """\n{body}\n    """\n    print("out", x)\n    return x\n'


def ran(source: str) -> tuple[Doctest, ...]:
    """As a cell's code runs: with a router in place, and a leader."""
    names: dict[str, object] = {}
    exec(source, names)

    async def main() -> tuple[Doctest, ...]:
        async with bl.Node("doctests@127.0.0.1", secret="s"):
            group_leader.set_leader(bl.self())
            with redirect_stdout(group_leader.Router(sys.stdout, "stdout")):
                return await run_doctests(source, names)

    return asyncio.run(main())


@pytest.mark.parametrize(
    "examples",
    [
        ">>> f()\nout 1\n1",
        ">>> x = f(2)\nout 2\n>>> x\n2\n>>> None",
        ">>> for i in range(2): i\n0\n1",
        ">>> if True:\n...     'a'\n'a'",
        ">>> def g():\n...     5\n...     return 6\n>>> g()\n6",
        ">>> 1 / 0\nTraceback (most recent call last):\n    ...\nZeroDivisionError: division by zero",
        ">>> 1 / 0  # doctest: +IGNORE_EXCEPTION_DETAIL\nTraceback (most recent call last):\nZeroDivisionError: x",
        ">>> list(range(100))  # doctest: +ELLIPSIS\n[0, 1, ..., 99]",
        ">>> no_such_thing()  # doctest: +SKIP",
        ">>> import asyncio\n>>> await asyncio.sleep(0, 7)\n7",
        ">>> raise SystemExit(2)\nTraceback (most recent call last):\nSystemExit: 2",
    ],
)
def test_examples_that_are_right(examples: str) -> None:
    (doctest,) = ran(defined(examples))
    assert (doctest.name, doctest.line, doctest.trouble) == ("f", 2, "")


@pytest.mark.parametrize(
    ("examples", "line", "trouble"),
    [
        (">>> 1 + 1\n2\n>>> f()\nout 2\n1", 5, "Expected:\n    out 2\n    1\nGot:\n    out 1\n    1\n"),
        (">>> 1 + 1", 3, "Got:\n    2\n"),
        (">>> 1 / 0\n5", 3, "Got:\n    ZeroDivisionError: division by zero\n"),
        (">>> 7\nTraceback (most recent call last):\nValueError", 3, "Got:\n    7\n"),
        (">>> 1 +\n", 3, "SyntaxError"),
        (">>> 1 / 0\nTraceback (most recent call last):\nValueError: x", 3, "ZeroDivisionError"),
    ],
)
def test_an_example_that_is_wrong_is_told_with_its_line(examples: str, line: int, trouble: str) -> None:
    (doctest,) = ran(defined(examples))
    assert doctest.line == line
    assert trouble in doctest.trouble


def test_functions_classes_and_methods_are_looked_at_and_each_has_names_of_its_own() -> None:
    source = dedent('''
        async def f():
            """>>> y = 1"""
        class A:
            """
            >>> 'y' in globals()
            False
            """
            def g(self):
                """
                >>> A().g()
                3
                """
                return 3
        def without(): "nothing"
    ''')
    assert [(found.name, found.line) for found in docstrings(source)] == [("f", 3), ("A", 5), ("A.g", 10)]
    assert [doctest.trouble for doctest in ran(source)] == ["", "", ""]


def test_examples_that_cannot_be_read_are_told_of() -> None:
    (doctest,) = ran(defined("    >>> 1\nback at the margin\n  >>>2"))
    assert (doctest.line, doctest.examples) == (2, 0)
    assert "lacks blank after >>>" in doctest.trouble


def test_a_flood_of_differences_is_cut() -> None:
    (doctest,) = ran(defined(">>> 'x' * 1_000_000\n''"))
    assert len(doctest.trouble) < 3_000


def test_code_of_no_cell_has_none() -> None:
    assert asyncio.run(run_doctests(defined(">>> 1\n2"), {})) == ()
