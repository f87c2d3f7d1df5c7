"""Markdown as rows of text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notebook_tui.ui.drawing.palette import palette_of
from notebook_tui.ui.drawing.rows import strip_of
from notebook_tui.ui.drawing.theme import NIGHT
from notebook_tui.ui.markdown.blocks import markdown_rows

PALETTE = palette_of(
    {"primary": NIGHT.primary, "secondary": NIGHT.secondary or "", "surface": "#000000", **NIGHT.variables}
)
PIECES = [
    "# ",
    "## ",
    "- ",
    "1. ",
    "> ",
    "```\n",
    "|a|b|\n|-|-:|\n|c|d|\n",
    "**",
    "*",
    "`",
    "~~",
    "[x](http://y)",
    "![i](p.png)",
    "<b>",
    "&amp;",
    "\n",
    "\n\n",
    "    ",
    "---\n",
    "word ",
    "漢字",
    "🙂",
    "\x1b[31m",
    "\t",
    "  \n",
    "\\",
]


def plain(source: str, width: int = 40) -> list[str]:
    return [row.plain for row in markdown_rows(source, width, PALETTE)]


@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=6)), max_size=25).map("".join), st.integers(12, 60))
def test_any_text_becomes_rows_without_control_characters(source: str, width: int) -> None:
    for row in markdown_rows(source, width, PALETTE):
        assert not any(ord(character) < 0x20 or 0x7F <= ord(character) < 0xA0 for character in strip_of(row).text)


@given(
    st.lists(
        st.sampled_from(["word ", "longer-word ", "**bold** ", "`code` ", "漢字 ", "\n\n", "- ", "> "]), max_size=30
    ).map("".join)
)
def test_prose_lists_and_quotes_keep_the_width(source: str) -> None:
    assert all(row.cell_len <= 30 for row in markdown_rows(source, 30, PALETTE))


@pytest.mark.parametrize(
    ("source", "rows"),
    [
        ("Hello\nworld", ["Hello world"]),
        ("a  \nb", ["a", "b"]),
        ("# One\ntext", ["One", "", "text"]),
        ("- a\n- b\n  - c", ["• a", "• b", "  ◦ c"]),
        ("- a\n\n- b", ["• a", "", "• b"]),
        ("9. a\n10. b", [" 9. a", "10. b"]),
        ("> quoted", ["│ quoted"]),
        ("```python\nx = 1\n```", ["┆ x = 1"]),
        ("[text](https://a.b)", ["text ‹https://a.b›"]),
        ("<https://a.b>", ["https://a.b"]),
        ("![alt](p.png)", ["image: alt ‹p.png›"]),
        ("***", ["─" * 40]),
        ("", []),
    ],
)
def test_each_kind_of_block_and_span_reads_well(source: str, rows: list[str]) -> None:
    assert plain(source) == rows


def test_a_table_is_aligned_and_wraps_inside_its_columns() -> None:
    source = "| name | value |\n|:--|--:|\n| a | 1 |\n| b | a rather long text that must wrap |"
    assert plain(source, 30) == [
        "name                     value",
        "────  ────────────────────────",
        "a                            1",
        "b      a rather long text that",
        "                     must wrap",
    ]


def test_emphasis_and_code_are_told_apart_by_more_than_words() -> None:
    (row,) = markdown_rows("plain **bold** *slanted* `code`", 60, PALETTE)
    styles = {row.plain[span.start : span.end]: span.style for span in row.spans}
    assert styles["bold"] == PALETTE.strong
    assert styles["slanted"] == PALETTE.emphasis
    assert styles["code"] == PALETTE.builtin + PALETTE.panel
