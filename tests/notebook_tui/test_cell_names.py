"""What a cell reads and defines: by table, and against what running the code shows."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notebook_tui.document.names import Names, names
from tests.support.programs import NAMES, programs
from tests.support.rerun import comparable

TABLE = [
    ("x = 1\ny = x + z", "z", "x y"),
    ("x = x + 1", "x", "x"),
    ("n += 1", "n", "n"),
    ("(x := x + 1)", "x", "x"),
    ("try:\n    x = 1\nfinally:\n    y = x", "x", "x y"),
    ("a, *b = c", "c", "a b"),
    ("def f(a, b=default):\n    return a + b + later", "default later", "f"),
    ("def f():\n    return g()\ndef g():\n    return f()", "", "f g"),
    ("def f():\n    x = 1\n    def g():\n        nonlocal x\n        x = y\n    return g", "y", "f"),
    ("@dec(arg)\nclass A(Base, metaclass=Meta):\n    k = outer\n    m = k", "dec arg Base Meta outer", "A"),
    ("class A:\n    k = 1\n    def m(self):\n        return k", "k", "A"),
    ("class A:\n    x = 1\n    class B:\n        y = x", "x", "A"),
    ("def f():\n    c = 1\n    class A:\n        c = c", "c", "f"),
    ("class A:\n    k = 1\n    ks = [k for v in [k]]", "k", "A"),
    ("ys = [q * w for q in items if q]", "w items", "ys"),
    ("[y for x in rows for y in x]", "rows", ""),
    ("x = [x for x in x]", "x", "x"),
    ("f = lambda v, *w, k=d: v + w + k + g", "d g", "f"),
    ("import os.path, numpy as np\nfrom a import b as c", "", "os np c"),
    ("x.y = v\nz[i] = w", "x v z i w", ""),
    ("with open(path) as file:\n    file.read()", "open path", "file"),
    ("for i in range(3):\n    print(i)", "range print", ""),
    ("try:\n    import a\nexcept ImportError as e:\n    a = e", "ImportError", "a"),
    ("try:\n    x = 1\nfinally:\n    y = 2", "", "x y"),
    ("x = 1\ntry:\n    del x\nfinally:\n    x", "x", ""),
    ("x: Ann = 3\ny: Other", "Ann Other", "x"),
    ("s = f'{value!r:>{width}}'", "value width", "s"),
    ("r = await fetch(u)\nasync with c as d:\n    pass", "fetch u c", "r d"),
    ("async for i in s:\n    pass", "s", ""),
    ("x = 1\ndel x\nprint(x)", "print x", ""),
    ("global x\nx = 1", "", "x"),
]
BRANCHES = [
    ("if c:\n    x = 1", "", "x"),
    ("if c:\n    x = 1\nelse:\n    x = 2", "x", ""),
    ("for i in r:\n    x = i", "", "i x"),
    ("while c:\n    x = 1", "", "x"),
    ("with suppress(E):\n    x = 1", "", "x"),
    ("try:\n    x = 1\nexcept E:\n    pass", "", "x"),
    (
        "match m:\n    case {'k': v, **rest}:\n        x = 1\n    case [w, *ws] | {'a': w, 'b': ws}:\n        pass",
        "",
        "v rest x w ws",
    ),
    ("match m:\n    case 1:\n        x = 1\n    case 2:\n        x = 2", "", "x"),
    ("c and (x := 1)", "", "x"),
    ("try:\n    x = y = 1\nexcept E:\n    del x\nfinally:\n    z = x", "z", "x y"),
    ("x = 1\ntry:\n    del x\n    x = 2\nfinally:\n    y = x", "x y", ""),
    ("x = 1\ntry:\n    pass\nfinally:\n    del x", "", "x"),
    ("try:\n    x = 1\nfinally:\n    try:\n        pass\n    finally:\n        del x", "", "x"),
    ("def f():\n    global x\n    del x\nx = 1", "f", "x"),
    ("def g():\n    global n\n    n = 1", "g", "n"),
    ("x = 1\ndel x", "", "x"),
]
DYNAMIC = [
    ("from math import *", False, True),
    ("exec(code)", True, True),
    ("globals()['k'] = 1", True, True),
    ("def f():\n    return eval('x')", True, True),
    ("eval = 1\nprint(eval)", False, False),
]


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


@pytest.mark.parametrize(("source", "reads", "defines"), TABLE, ids=[row[0] for row in TABLE])
def test_what_a_cell_reads_and_defines(source: str, reads: str, defines: str) -> None:
    found = names(source)
    assert (found.reads, found.defines) == (words(reads), words(defines))


@pytest.mark.parametrize(("source", "defines", "may_define"), BRANCHES, ids=[row[0] for row in BRANCHES])
def test_what_only_some_branch_defines_is_perhaps_defined(source: str, defines: str, may_define: str) -> None:
    found = names(source)
    assert (found.defines, found.may_define) == (words(defines), words(may_define))


@pytest.mark.parametrize(("source", "reads", "defines"), DYNAMIC, ids=[row[0] for row in DYNAMIC])
def test_code_that_looks_names_up_by_itself_may_read_and_define_any(source: str, reads: bool, defines: bool) -> None:
    found = names(source)
    assert (found.reads_anything, found.defines_anything) == (reads, defines)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="type parameters came with Python 3.12")
def test_a_type_parameter_is_no_name_of_the_cell() -> None:
    assert names("def first[T](items: list[T]) -> T:\n    return items[0]").reads == {"list"}


@pytest.mark.parametrize("source", ["x =", "%matplotlib inline", "x = 1\x00", "(" * 5000, "-" * 100_000 + "1"])
def test_a_text_that_is_no_python_has_no_names(source: str) -> None:
    assert names(source) == Names()


def test_an_odd_escape_in_a_cell_warns_nobody() -> None:
    assert names(r"x = '\d'").defines == {"x"}


Outcome = tuple[Mapping[str, object], str]


def run(source: str, before: Mapping[str, object]) -> Outcome:
    """The values after, and what was raised."""
    space: dict[str, Any] = {"suppress": contextlib.suppress, "nullcontext": contextlib.nullcontext, **before}
    raised = ""
    try:
        exec(compile(source, "<cell>", "exec"), space)
    except (NameError, TypeError, AssertionError, AttributeError) as error:
        raised = type(error).__name__
    return {name: comparable(space[name]) for name in (*NAMES, "result") if name in space}, raised


values = st.fixed_dictionaries({}, optional={name: st.integers(0, 3) for name in NAMES})


@given(programs, values, st.none() | st.integers(0, 3))
def test_a_name_that_makes_a_difference_is_read(source: str, before: dict[str, int], other: int | None) -> None:
    first, first_raised = run(source, before)
    for name in set(NAMES) - names(source).reads:
        changed = {key: value for key, value in {**before, name: other}.items() if value is not None}
        second, second_raised = run(source, changed)
        assert first_raised == second_raised
        untouched = first.get(name) == before.get(name) and second.get(name) == changed.get(name)
        for key in {*first, *second} - ({name} if untouched else set()):
            assert first.get(key) == second.get(key)


@given(programs, values)
def test_only_what_is_said_to_be_defined_changes_and_all_of_it_is_there_at_the_end(
    source: str, before: dict[str, int]
) -> None:
    after, raised = run(source, before)
    found = names(source)
    assert {name for name in NAMES if after.get(name) != before.get(name)} <= found.defines | found.may_define
    if not raised:
        assert found.defines & set(NAMES) <= set(after)
