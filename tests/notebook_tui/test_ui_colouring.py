"""Colours of a text that changes: what is coloured piece by piece looks as what is coloured at once."""

from __future__ import annotations

from dataclasses import fields
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st
from rich.style import Style
from rich.text import Text

from notebook_tui.ui.drawing import colouring as coloured
from notebook_tui.ui.drawing.colouring import Colouring
from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.drawing.syntax import MAX_LINES, code_lines

INK = Palette(**{role.name: Style(meta={"role": role.name}) for role in fields(Palette)})
LINE = st.sampled_from(
    [
        "def f(x):",
        "    return x",
        '"""',
        "'''a",
        "x = 1  # why",
        "",
        "class A:",
        "    '''",
        "from a import (",
        "    b,",
        ")",
        "import a, \\",
        "b = f'{x",
        "}'",
        "@decorated",
        "# '''",
        "y = '\\",
        "z'",
        "  if",
        "else: pass",
    ]
)
LINES = st.lists(LINE, min_size=1, max_size=12)


def looks(lines: list[Text]) -> list[list[tuple[str, str]]]:
    """Each line as its characters with their roles."""
    found: list[list[tuple[str, str]]] = []
    for line in lines:
        roles = [""] * len(line.plain)
        for span in line.spans:
            assert isinstance(span.style, Style)
            roles[span.start : span.end] = [str(span.style.meta.get("role"))] * (span.end - span.start)
        found.append(list(zip(line.plain, roles, strict=True)))
    return found


@given(LINES, st.lists(st.tuples(st.integers(0, 12), st.integers(0, 3), st.lists(LINE, max_size=3)), max_size=5))
def test_a_text_that_was_changed_has_the_colours_of_one_that_is_new(
    lines: list[str], changes: list[tuple[int, int, list[str]]]
) -> None:
    colouring = Colouring("python", INK)
    colouring.lines(lines)
    for place, taken, put in changes:
        lines = [*lines[:place], *put, *lines[place + taken :]] or [""]
        assert looks(colouring.lines(lines)) == looks(code_lines("\n".join(lines), "python", INK))


def test_only_what_changed_is_coloured_anew() -> None:
    functions = [f"def f{n}(x):\n    return x\n" for n in range(100)]
    lines = "\n".join(functions).split("\n")
    colouring = Colouring("python", INK)
    before = colouring.lines(lines)
    lines[151] = "    return y"
    after = colouring.lines(lines)
    assert after[151].plain == "    return y"
    assert sum(one is not other for one, other in zip(before, after, strict=True)) < 6


def test_a_text_that_is_too_long_is_plain_and_cheap() -> None:
    lines = ["x = 1"] * (MAX_LINES + 1)
    colouring = Colouring("python", INK)
    assert not colouring.lines(lines)[0].spans
    with patch.object(coloured, "plain_line", wraps=coloured.plain_line) as made:
        assert colouring.lines([*lines[:700], "y = 2", *lines[700:]])[700].plain == "y = 2"
        assert made.call_count == 1
    assert colouring.lines(["x = 1"])[0].spans, "it has colours again once it is short enough"


def test_another_language_is_coloured_too() -> None:
    assert Colouring("markdown", INK).lines(["# a", "b"])[0].spans
