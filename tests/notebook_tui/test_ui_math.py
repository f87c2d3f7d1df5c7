"""LaTeX's mathematics as Unicode."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from notebook_tui.ui.math.reading import _Reader, _Unreadable, math_rows

WORDS = [
    *(
        "\\frac",
        "\\sqrt",
        "\\sum",
        "\\int",
        "_",
        "^",
        "{",
        "}",
        "\\left(",
        "\\right)",
        "\\left[",
        "\\right.",
        "&",
        "\\\\",
        "x",
        "12",
    ),
    *(
        "\\begin{pmatrix}",
        "\\end{pmatrix}",
        "\\begin{cases}",
        "\\end{cases}",
        "\\begin{aligned}",
        "\\end{aligned}",
        " ",
        "+",
        "=",
    ),
    *(
        "\\text{a b}",
        "\\mathbb",
        "\\mathbf",
        "\\hat",
        "\\overline",
        "\\alpha",
        "\\unknown",
        "\\",
        "[",
        "]",
        "'",
        "\\binom",
        "\\not",
        "%",
    ),
]


@given(st.lists(st.one_of(st.sampled_from(WORDS), st.text(max_size=2)), max_size=40).map("".join), st.booleans())
@settings(deadline=None)
def test_any_text_is_set_in_some_rows(source: str, tall: bool) -> None:
    rows = math_rows(source, tall)
    assert rows
    if not tall and "\n" not in source:
        assert len(rows) == 1


@given(st.lists(st.sampled_from([word for word in WORDS if word not in ("\\", "%")]), max_size=30).map("".join))
@settings(deadline=None)
@example(r"\frac\sqrt\sqrt&")
def test_a_box_is_one_rectangle(source: str) -> None:
    try:
        box = _Reader(source, True).everything()
    except _Unreadable:
        return
    assert 0 <= box.base < box.height
    assert len({cell_len(row) for row in box.rows}) == 1, box.rows


@pytest.mark.parametrize(
    ("source", "row"),
    [
        (r"e^{i\pi} + 1 = 0", "e^(iπ) + 1 = 0"),
        (r"x_{n+1} = -x_n", "xₙ₊₁ = −xₙ"),
        (r"\hat{y} = \sigma(W x)", "ŷ = σ(Wx)"),
        (r"A \in \mathbb{R}^{2 \times 2}", "A ∈ ℝ^(2×2)"),
        (r"\frac{a+b}{2} \leq \sqrt{x}", "(a + b)/2 ≤ √x̅"),
        (r"\sin x + \log(x)", "sin x + log(x)"),
        (r"f: A \to B", "f : A → B"),
        (r"\text{if } x > 0", "if x > 0"),
        (r"\left\{ x \mid x \ne y \right\}", "{x ∣ x ≠ y}"),
        (r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}", "(1 2; 3 4)"),
        (r"\unknown{x}", r"\unknownx"),
        (r"a \\ b", "a; b"),
        ("", ""),
    ],
)
def test_among_words_a_formula_is_one_row(source: str, row: str) -> None:
    assert math_rows(source, tall=False) == (row,)


@pytest.mark.parametrize(
    ("source", "rows"),
    [
        (r"\frac{a}{b+c}", ["  a", "─────", "b + c"]),
        (r"\sum_{i=1}^{n} i", [" n", " ∑  i", "i=1"]),
        (r"\lim_{x \to 0} f(x)", ["lim f(x)", "x→0"]),
        (r"\left( \frac{a}{b} \right)^2", ["   2", "⎛a⎞", "⎜─⎟", "⎝b⎠"]),
        (r"\begin{bmatrix} 1 & 2 \\ 3 & 40 \end{bmatrix}", ["⎡1  2 ⎤", "⎣3  40⎦"]),
        (r"f = \begin{cases} 1 & x \\ 0 & y \\ 2 & z \end{cases}", ["    ⎧1  x", "f = ⎨0  y", "    ⎩2  z"]),
        (r"\begin{aligned} a &= b \\ &= c \end{aligned}", ["a = b", "  = c"]),
        (r"\binom{n}{k}", ["⎛n⎞", "⎜ ⎟", "⎝k⎠"]),
        (r"e^{x^q}", ["  q", " x", "e"]),
    ],
)
def test_displayed_it_takes_as_many_as_it_needs(source: str, rows: list[str]) -> None:
    assert list(math_rows(source)) == rows


def test_what_nests_too_deep_is_shown_as_it_was_written() -> None:
    source = "\\frac{" * 100 + "x" + "}{y}" * 100
    assert math_rows(source) == (source,)
