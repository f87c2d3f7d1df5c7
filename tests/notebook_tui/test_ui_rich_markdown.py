"""Markdown beyond the plain: tasks, footnotes, alerts, links, formulas, diagrams, HTML, pictures."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.style import Style

from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.drawing.rows import strip_of
from notebook_tui.ui.markdown.blocks import markdown_rows
from notebook_tui.ui.markdown.html_text import markdown_of
from notebook_tui.ui.pictures.gallery import Gallery, Pictures
from notebook_tui.ui.pictures.graphics import Graphics
from tests.support.fake_session import code, prose
from tests.support.pictures import png
from tests.support.screen import Terminal, in_terminal

PIECES = [
    *(
        "$",
        "$$",
        "\\frac{a}{b}",
        "x^2",
        "[^1]",
        "[^1]: note\n",
        "- [ ] ",
        "- [x] ",
        "> [!NOTE]\n",
        "> ",
        "```mermaid\n",
    ),
    *(
        "graph TD\nA-->B\n",
        "sequenceDiagram\nA->>B: hi\n",
        "```\n",
        "<b>",
        "</b>",
        "<table><tr><td>",
        "<!-- c -->",
        "<br>",
    ),
    *(
        "![i](a.png)",
        "![i](data:image/png;base64,xx)",
        "word ",
        "\n",
        "\n\n",
        "    ",
        "|a|b|\n|-|-|\n|c|d|\n",
        "漢",
        "\x1b[",
    ),
]
TAGS = [
    "<p>",
    "</p>",
    "<b>",
    "</b>",
    "<table>",
    "<tr>",
    "<td>",
    "<th>",
    "</table>",
    "<ul>",
    "<ol>",
    "<li>",
    "</ul>",
    "<pre>",
    "</pre>",
    "<a href='x'>",
    "</a>",
    "<br>",
    "<h2>",
    "<script>",
    "</script>",
    "&lt;",
    "text ",
    "*",
    "|",
    "<blockquote>",
    "<",
    "\x00",
    "<td colspan=99>",
]


def plain(source: str, width: int = 40) -> list[str]:
    return [row.plain for row in markdown_rows(source, width, Palette())]


@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=4)), max_size=25).map("".join), st.integers(12, 60))
@settings(deadline=None)
def test_any_text_becomes_rows_that_cannot_command_the_terminal(source: str, width: int) -> None:
    for row in markdown_rows(source, width, Palette()):
        assert not any(ord(letter) < 0x20 or 0x7F <= ord(letter) < 0xA0 for letter in strip_of(row).text)


@given(st.lists(st.one_of(st.sampled_from(TAGS), st.text(max_size=4)), max_size=30).map("".join), st.integers(12, 60))
@settings(deadline=None)
def test_any_html_can_be_read(source: str, width: int) -> None:
    markdown_rows(markdown_of(source), width, Palette())


@pytest.mark.parametrize(
    ("source", "rows"),
    [
        ("- [x] done\n- [ ] not *yet*", ["[✓] done", "[ ] not yet"]),
        ("- [x](http://a.b)", ["• x ‹http://a.b›"]),
        ("a[^n]\n\n[^n]: why", ["a[n]", "", "────────────", "[n] why"]),
        ("> [!WARNING]\n> Mind *it*.", ["│ ! Warning", "│ Mind it."]),
        ("> [!NOTE]", ["│ i Note"]),
        ("> [!OTHER]\n> x", ["│ [!OTHER] x"]),
        ("a<br>b", ["a", "b"]),
        ("a <!-- not shown --> b", ["a  b"]),
        ("a <kbd>x</kbd>", ["a <kbd>x</kbd>"]),
        ("<div>Hello <b>you</b></div>", ["Hello you"]),
        ("It costs $5 and $6.", ["It costs $5 and $6."]),
        ("so $x_1^2$ is", ["so x₁² is"]),
        ("$$\n\\frac{1}{2}\n$$", ["  1", "  ─", "  2"]),
        ("$$\\frac{1}{2}$$", ["  1", "  ─", "  2"]),
        ("```math\na^2\n```", ["  a²"]),
        ("```mermaid\ngraph LR; A-->B\n```", ["┌───┐   ┌───┐", "│ A ├──▶│ B │", "└───┘   └───┘"]),
        ("```mermaid\npie\n```", ["mermaid, not drawn here; its source:", "┆ pie"]),
        ("[a](javascript:alert)", ["[a](javascript:alert)"]),
    ],
)
def test_each_kind_reads_well(source: str, rows: list[str]) -> None:
    assert plain(source) == rows


def test_a_wide_formula_is_set_in_rows_that_fit() -> None:
    rows = plain("$$ \\frac{" + " + ".join("abcdefgh") + "}{x} = " + " + ".join("ijklmnop") + " $$", 30)
    assert all(len(row) <= 30 for row in rows)
    assert rows[0].startswith("(a + b")


def test_a_diagram_that_is_too_wide_is_turned_or_shown_as_its_source() -> None:
    chain = "graph LR\n" + "\n".join(f"n{at}-->n{at + 1}" for at in range(8))
    assert "▼" in "".join(plain(f"```mermaid\n{chain}\n```", 40))
    assert plain("```mermaid\nsequenceDiagram\nA->>B: " + "long " * 20 + "\n```", 40)[0].startswith(
        "mermaid, not drawn"
    )


@pytest.mark.parametrize(
    ("address", "safe"),
    [
        ("https://a.b/c?d=e", True),
        ("mailto:a@b.c", True),
        ("file:///etc/passwd", False),
        ("ftp://a", False),
        ("a.html", False),
    ],
)
def test_only_harmless_addresses_become_links_of_the_terminal(address: str, safe: bool) -> None:
    (row,) = markdown_rows(f"[words]({address})", 80, Palette())
    links = {style.link for span in row.spans if isinstance(style := span.style, Style) and style.link}
    assert links == ({address} if safe else set())
    assert address in row.plain or not safe


def test_an_address_cannot_end_the_sequence_that_names_it() -> None:
    (row,) = markdown_rows("[w](<https://a/\x1b]8;;\x07>)", 80, Palette())
    assert "\x1b" not in strip_of(row).text
    assert all("\x1b" not in (span.style.link or "") for span in row.spans if isinstance(span.style, Style))


@pytest.mark.parametrize(
    ("html", "rows"),
    [
        ("<h1>T</h1><p>a<p>b", ["T", "", "a", "", "b"]),
        ("<ul><li>a<ul><li>b</ul><li>c</ul>", ["• a", "  ◦ b", "• c"]),
        ("<ol><li>a<li>b</ol>", ["1. a", "2. b"]),
        ("<pre>x  = 1\ny</pre>", ["┆ x  = 1", "┆ y"]),
        ("<script>alert(1)</script>seen<style>p{}</style>", ["seen"]),
        ("1 * 2 * 3 &lt; a_b_c", ["1 * 2 * 3 < a_b_c"]),
        ("<blockquote>q</blockquote>", ["│ q"]),
        (
            "<table><thead><tr><th></th><th>x</th></tr></thead><tbody><tr><th>0</th><td>1.5</td></tr><tr><th>1</th><td>10</td></tr></table>",
            ["     x", "─  ───", "0  1.5", "1   10"],
        ),
        ("<table><tr><td>a|b</td><td>c</td></table>", ["", "───  ─", "a|b  c"]),
    ],
)
def test_html_is_shown_as_what_can_be_read_of_it(html: str, rows: list[str]) -> None:
    assert [row.rstrip() for row in plain(markdown_of(html))] == rows


def test_a_picture_in_the_text_is_shown_with_what_it_shows() -> None:
    gallery = Gallery()
    gallery.use(Graphics("blocks"))
    data = base64.b64encode(png("r", scale=64)).decode()
    source = f"![a dot](data:image/png;base64,{data})"
    markdown_rows(source, 40, Palette(), Pictures(0, gallery))
    gallery.wait(10)
    rows = [row.plain for row in markdown_rows(source, 40, Palette(), Pictures(0, gallery))]
    assert rows == ["▀" * 8] * 4 + ["a dot"]
    gallery.close()


@in_terminal(prose("p", "so $\\alpha^2$\n\n- [x] done"), code("a", "x"))
async def test_a_cell_is_drawn_so(shown: Terminal) -> None:
    assert "so α²" in shown.text
    assert "[✓] done" in shown.text
