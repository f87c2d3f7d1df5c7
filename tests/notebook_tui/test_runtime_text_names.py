"""The names that a text binds before the caret, which stands at the `|` of each text."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notebook_tui.document.names import names
from notebook_tui.runtime.text_names import Bound, TextNames, text_names

OURS = sorted((Path(__file__).parents[2] / "notebook_tui").rglob("*.py"))
METHOD = "class A:\n    k = 1\n    def m(self, a: int = f(3), /, *args, b=dict(c=1), **kw) -> x:\n        got = 1\n"


def found(text: str) -> TextNames:
    before, after = text.split("|")
    return text_names(before + after, len(before))


@pytest.mark.parametrize(
    ("text", "shared"),
    [
        ("x, (y, *z) = 1|", ["x", "y", "z"]),
        ("a = b = 1|", ["a", "b"]),
        ("q: int = 3|", ["q"]),
        ("q: dict[str, int]|", ["q"]),
        ("a.b = c[d] = f(g) = 1|", []),
        ("a == b; c != d; e <= f|", []),
        ("f(key=1, other=2)|", []),
        ("for i, (j, k) in l: w = 1; v = 2|", ["i", "j", "k", "w", "v"]),
        ("with o as f, g as (h, l): pass|", ["f", "h", "l"]),
        ("try: pass\nexcept E as e: pass|", ["e"]),
        ("if (n := 1) == 2: m += 1|", ["n", "m"]),
        ("def f(a): b = 1\nclass C: c = 1\nasync def g(): pass\nx|", ["f", "C", "g"]),
        ("import os.path, a.b as c|", ["os", "c"]),
        ("from a import (b,\n  c as d,  # e\n)|", ["b", "d"]),
        ("x = 'y = 1'  # z = 1|", ["x"]),
        ("x = (1,\nimport os\n|", ["x", "os"]),
        ("x = 1\n|y = 1", ["x"]),
        ("from a import|", []),
        ("print('x =', y)|", []),
    ],
)
def test_what_the_text_binds_is_found(text: str, shared: list[str]) -> None:
    assert list(found(text).shared) == shared


@pytest.mark.parametrize(
    ("text", "local"),
    [
        (METHOD + "        |", ["self", "a", "args", "b", "kw", "got"]),
        (METHOD + "    |", ["k", "m"]),
        (METHOD + "|", []),
        ("def f(a):\n    def g(b):\n        |", ["a", "g", "b"]),
        ("def f(a):\n    if a:\n        b = 1\n    |", ["a", "b"]),
        ("def f(a): return |", ["a"]),
        ("async def f(a):\n  async with x as y:\n    async for z in y:\n      |", ["a", "y", "z"]),
    ],
)
def test_arguments_and_names_of_the_functions_around_are_local(text: str, local: list[str]) -> None:
    assert list(found(text).local) == local


def test_what_is_imported_is_told_with_its_module() -> None:
    shared = found("import os.path, a.b as c\nfrom d.e import f as g\n|").shared
    assert shared == {
        "os": Bound("module", 7, "os"),
        "c": Bound("module", 23, "a.b"),
        "g": Bound("variable", 46, "d.e", "f"),
    }


def test_a_name_is_found_where_it_was_bound_last() -> None:
    bound = found("x = 1\nx = 2\n|").find("x")
    assert bound is not None
    assert bound.start == 6


@pytest.mark.parametrize("path", OURS, ids=lambda path: str(path.relative_to(OURS[0].parent)))
def test_of_whole_files_it_finds_what_their_syntax_tree_tells(path: Path) -> None:
    source = path.read_text()
    told = names(source)
    assert told.defines <= text_names(source, len(source)).shared.keys() <= told.defines | told.may_define


pieces = st.sampled_from(
    [
        *"()[]{}.,:;=*#\\\n '\"",
        "    ",
        "a",
        "b1",
        "import ",
        "from ",
        " as ",
        "def ",
        "class ",
        "for ",
        " in ",
        "async ",
    ]
)


@given(st.lists(pieces, max_size=40).map("".join), st.data())
def test_no_text_is_too_broken(source: str, data: st.DataObject) -> None:
    offset = data.draw(st.integers(0, len(source)))
    bound = text_names(source, offset)
    for name, it in {**bound.shared, **bound.local}.items():
        assert source.startswith(name, it.start)
