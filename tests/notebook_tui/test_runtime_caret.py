"""What is being typed at the caret, which stands at the `|` of each text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notebook_tui.runtime.caret import (
    AttributeAt,
    CallAt,
    Caret,
    KeyAt,
    MemberAt,
    ModuleAt,
    NameAt,
    Role,
    TextAt,
    Word,
    call_at,
    caret,
    word_at,
)


def split(text: str) -> tuple[str, int]:
    before, after = text.split("|")
    return before + after, len(before)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("|", NameAt("", None)),
        ("x|", NameAt("x", None)),
        ("for i in ra|nge", NameAt("ra", None)),
        ("def f(x|", NameAt("x", None)),
        ("x.|", AttributeAt("x", "")),
        ("x . y. z|", AttributeAt("x . y", "z")),
        ("not x.y|", AttributeAt("x", "y")),
        ("await x.y|", AttributeAt("x", "y")),
        ("f(a, [1, b])[3].c|", AttributeAt("f(a, [1, b])[3]", "c")),
        ("'abc'.up|", AttributeAt("'abc'", "up")),
        ("[1, 2].ap|", AttributeAt("[1, 2]", "ap")),
        ("(\nx\n  .a()\n  # why\n  .b|\n)", AttributeAt("x\n  .a()", "b")),
        ("open_bracket(\nimport os\nos.p|", AttributeAt("os", "p")),
        ("d['pr|ice']", KeyAt("d", "pr", "'")),
        ('d.e["a b|', KeyAt("d.e", "a b", '"')),
        ("['a|", TextAt("a", "'", "")),
        ("x = 'a|'", TextAt("a", "'", "")),
        ("open('a/b|", TextAt("a/b", "'", "open")),
        ("f'{a|}'", NameAt("a", None)),
        ("f'{a.b|", AttributeAt("a", "b")),
        ("f'{x:{a.b|}}'", AttributeAt("a", "b")),
        ("rf'\\{a|", NameAt("a", None)),
        ("f'\\N{DASH} {a|", NameAt("a", None)),
        ("f'{{{a|", NameAt("a", None)),
        ("f'{a[1:2].b|", AttributeAt("a[1:2]", "b")),
        ("f'{a != b|", NameAt("b", None)),
        ("f\"{d['pr|", KeyAt("d", "pr", "'")),
        ('f"{d["pr|', KeyAt("d", "pr", '"')),
        ("f'''{a}\n{b|", NameAt("b", None)),
        ("f'{a\nb|", NameAt("b", None)),
        ("f'{f\"{a|", NameAt("a", None)),
        ("import |", ModuleAt("", "")),
        ("import os, sy|", ModuleAt("", "sy")),
        ("import os.pa|", ModuleAt("os", "pa")),
        ("if x: import o|", ModuleAt("", "o")),
        ("from os|", ModuleAt("", "os")),
        ("from a.b.|", ModuleAt("a.b", "")),
        ("from os im|", NameAt("im", None)),
        ("from os import |", MemberAt("os", "")),
        ("from a.b import (c,\n d|", MemberAt("a.b", "d")),
    ],
)
def test_what_is_typed_is_told(text: str, expected: Caret) -> None:
    assert caret(*split(text)) == expected


@pytest.mark.parametrize(
    "text",
    [
        *(
            "# a|",
            "x = 1 # a|",
            '"""a\n b|',
            "'a' + '''x\ny|'''",
            "d[f'a|",
            "f'a|",
            "f'{{a|",
            "f'{a!r|",
            "f'{a:>1|",
            "f'{a} b|",
            "d['''a|",
        ),
        *("1.|", "1|", "'done'|", "def f|", "async def f|", "class A|", "import os as o|", "with a as b|"),
        *("from . import x|", "from .a import x|", "from .a|", ".x|"),
    ],
)
def test_where_nothing_can_be_proposed_nothing_is(text: str) -> None:
    assert caret(*split(text)) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("f(|", CallAt("f", 0, None, frozenset())),
        ("f(a, |)", CallAt("f", 1, None, frozenset())),
        ("f('a, (|')", CallAt("f", 0, None, frozenset())),
        ("f(g(1, 2), [3, 4], |", CallAt("f", 2, None, frozenset())),
        ("f(a, g(b|", CallAt("g", 0, None, frozenset())),
        ("x.f(a=1, b=|", CallAt("x.f", 1, "b", frozenset({"a", "b"}))),
        ("f(a == 1, |", CallAt("f", 1, None, frozenset())),
        ("f(\n  1,  # one\n  |", CallAt("f", 1, None, frozenset())),
        ("f(\n  a=1,\n  b=|", CallAt("f", 1, "b", frozenset({"a", "b"}))),
        ("f([1, |", None),
        ("(1, |", None),
        ("f'{g(1, |", CallAt("g", 1, None, frozenset())),
        ("f(f'{a}', |", CallAt("f", 1, None, frozenset())),
        ("f(*a, |", CallAt("f", 1, None, frozenset(), unpacked=True)),
        ("f(1) + |", None),
        ("def f(a, |", None),
        ("class A(|", None),
        ("if (|", None),
    ],
)
def test_the_call_around_the_caret_is_told(text: str, expected: CallAt | None) -> None:
    assert call_at(*split(text)) == expected


def test_a_call_is_told_only_where_the_name_of_an_argument_may_stand() -> None:
    call = CallAt("f", 1, None, frozenset({"a"}))
    assert caret(*split("f(a=1, b|")) == NameAt("b", call)
    assert caret(*split("f(a=1, b=c|")) == NameAt("c", None)
    assert caret(*split("f(a=1, 2 + b|")) == NameAt("b", None)


@pytest.mark.parametrize(
    ("text", "word"),
    [("os.pa|th.join", "os.path"), ("|os.path", "os"), ("f(x|)", "x"), ("f()|", None), ("x = |", None), ("if|", None)],
)
def test_the_word_under_the_caret_is_told(text: str, word: str | None) -> None:
    found = word_at(*split(text))
    assert (found and found.expression) == word


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("f'{os.pa|th}'", Word("os.path", 6, 10)),
        ("print(f'a {x:{wid|th}} {y}')", Word("width", 14, 19)),
        ("f'wor|d {x}'", None),
    ],
)
def test_the_word_in_an_f_string_is_told_with_its_place_in_the_source(text: str, word: Word | None) -> None:
    assert word_at(*split(text)) == word


@pytest.mark.parametrize(
    ("text", "role"),
    [
        *(("try: pass\nexcept |", "exception"), ("try: pass\nexcept (A, B|", "exception"), ("raise V|", "exception")),
        *(("@cach|", "decorator"), ("x @ y|", ""), ("raise V from e|", ""), ("except f(x|", ""), ("x = 1 + y|", "")),
    ],
)
def test_what_may_be_caught_raised_or_decorate_is_asked_for(text: str, role: Role) -> None:
    at = caret(*split(text))
    assert isinstance(at, NameAt)
    assert at.role == role


pieces = st.sampled_from(
    [
        *"()[]{}.,:;=#\\\n '\"",
        '"""',
        "a",
        "b1",
        "import ",
        "from ",
        " as ",
        "def ",
        "f'",
        'f"',
        "\\N{",
        "1.",
        "é",
        "\t",
        "class ",
    ]
)


@given(st.lists(pieces, max_size=30).map("".join), st.data())
def test_no_text_is_too_broken(source: str, data: st.DataObject) -> None:
    offset = data.draw(st.integers(0, len(source)))
    call_at(source, offset)
    word_at(source, offset)
    match caret(source, offset):
        case KeyAt(typed=typed) | TextAt(typed=typed):
            assert source[:offset].endswith(typed)
        case None:
            pass
        case at:
            assert source[:offset].endswith(at.prefix)
