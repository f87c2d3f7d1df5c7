"""A notebook as one page: it shows what there is, holds it all, and neither acts nor loads anything."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given

from notebook_tui.document.notebook import Cell, Notebook, Section
from notebook_tui.document.outputs import Display, Error, Output, Result, Text
from notebook_tui.format.html_colours import coloured
from notebook_tui.format.html_kept import kept
from notebook_tui.format.html_write import COLOURED, pictures_of, write_html
from notebook_tui.format.ipynb import read_ipynb
from notebook_tui.format.markdown_read import read
from tests.support.notebooks import markdown, notebooks

PNG = b"\x89PNG"
DATA = "data:image/png;base64,iVBORw=="


class Page(HTMLParser):
    """Which tags a page opens and closes, and with which attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.wrongly_closed: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "br", "hr", "img", "col"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.open.pop() != tag:
            self.wrongly_closed.append(tag)


def shown(*outputs: Output) -> str:
    return body(Cell("c", "code", "1", outputs=outputs))


def body(*cells: Cell) -> str:
    return write_html(Notebook("T", sections=(Section("s", "S", cells),))).partition("<main>")[2]


@pytest.mark.soak
@pytest.mark.timeout(1200)
@given(notebooks())
def test_every_notebook_is_a_page_that_holds_all_and_does_nothing(notebook: Notebook) -> None:
    text = write_html(notebook)
    text.encode()
    page = Page(text)
    assert (page.open, page.wrongly_closed) == ([], [])
    for tag, said in page.tags:
        assert tag not in ("script", "iframe", "object", "link", "form", "svg")
        assert not [name for name in said if name.startswith("on")]
        assert (said.get("src") or "data:").startswith("data:")


@pytest.mark.soak
@pytest.mark.timeout(1200)
@given(markdown)
def test_html_of_others_is_closed_and_harmless(html: str) -> None:
    text = kept(html)
    page = Page(text)
    assert (page.open, page.wrongly_closed) == ([], [])
    assert kept(text) == text


@pytest.mark.parametrize(
    ("html", "stays"),
    [
        ("<script>x</script>a", "a"),
        ("<script>x", ""),
        ("<svg><title></svg>a", "a"),
        ("<ScRiPt>x</sCrIpT >a", "a"),
        ('<a href="javascript:x">a</a>', "<a>a</a>"),
        ('<a href=" https://x">a', "<a>a</a>"),
        ('<a href="https://x">a', '<a href="https://x" rel="noopener noreferrer">a</a>'),
        ('<img src="https://x/y.png" alt="cat">', "[cat]"),
        ("<img src=data:text/html,x>", "[data:text/html,x]"),
        (f'<img src="{DATA}" onerror="x" width=3>', f'<img src="{DATA}" width="3">'),
        ("</main></body>a", "a"),
        ("<b><i>a</b>c", "<b><i>a</i></b>c"),
        ("a < b &lt; &amp;lt;", "a &lt; b &lt; &amp;lt;"),
        ('<td style="background:url(//x)" onclick=x colspan=2>a', '<td colspan="2">a</td>'),
        ('<td style="text-align:right">a', '<td align="right">a</td>'),
        ("<style>*{}</style><form><input></form>", ""),
    ],
)
def test_what_acts_or_loads_is_left_out(html: str, stays: str) -> None:
    assert kept(html) == stays


def test_the_browser_is_told_to_run_and_load_nothing() -> None:
    policy = Page(write_html(Notebook())).tags
    assert next(said["content"] for tag, said in policy if "http-equiv" in said).startswith("default-src 'none'; ")  # type: ignore[union-attr]


def test_title_sections_prose_and_code_stand_in_order() -> None:
    text = write_html(
        read("# A & B\n\n```python\nsetup = 1\n```\n\n## One\n\n*x*\n\n```python\ny = 2\n```\n\n## Two\n")[0]
    )
    places = [
        text.index(part)
        for part in ("<h1>A &amp; B</h1>", "setup", "<nav>", ">One</h2>", "<em>x</em>", ">y<", ">Two</h2>")
    ]
    assert places == sorted(places)


def test_code_has_colours_and_another_language_its_name() -> None:
    assert '<span class="k">def</span>' in body(Cell("c", "code", "def f(): ..."))
    assert '<p class="note">elixir</p>' in body(Cell("c", "code", "IO.puts 1", "elixir"))


def test_a_notebook_too_large_for_colours_is_there_in_plain_text() -> None:
    text = body(Cell("a", "markdown", "x" * COLOURED), Cell("b", "code", "def f(): ... < 1"))
    assert '<pre class="code">def f(): ... &lt; 1</pre>' in text


def test_each_kind_of_output_shows() -> None:
    assert '<pre class="output printed stderr">a</pre>' in shown(Text("stderr", "a\n"))
    assert '<pre class="output"><span class="fg1">2</span></pre>' in shown(Result("\x1b[31m2\x1b[0m"))
    assert '<pre class="output error">frames\nE: m</pre>' in shown(Error("E", "m", "frames\n", 1))
    assert f'<img class="output" src="{DATA}" alt="plot">' in shown(
        Display((("image/png", PNG), ("text/plain", "plot")))
    )


def test_of_several_forms_the_best_shows_that_needs_no_script() -> None:
    table = "<table><tr><td>1</table>"
    assert "<td>1</td>" in shown(Display((("text/html", table), ("text/plain", "t"))))
    assert '<pre class="output">t</pre>' in shown(
        Display((("text/html", "<div id=p></div><script>x"), ("text/plain", "t")))
    )
    assert "<em>b</em>" in shown(Display((("text/plain", "t"), ("text/markdown", "*b*"))))
    assert "data:image/svg+xml;base64," in shown(Display((("image/svg+xml", "<svg/>"),)))


def test_pictures_beside_the_notebook_and_of_jupyters_cells_stand_in_the_page() -> None:
    notebook, _ = read(
        "# T\n\n## S\n\n![cat](files/cat.png) ![](files/../dog.png) ![](files/x.txt) ![gone](files/gone.png)\n"
    )
    assert pictures_of(notebook) == ("cat.png", "gone.png")
    text = write_html(notebook, {"cat.png": PNG})
    assert f'<img src="{DATA}" alt="cat">' in text
    assert "[gone]" in text
    cell = {"cell_type": "markdown", "id": "a", "metadata": {}, "source": "![](attachment:a.png)"}
    cell["attachments"] = {"a.png": {"image/png": "iVBORw=="}}
    file = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    assert f'<img src="{DATA}"' in write_html(read_ipynb(json.dumps(file))[0])


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("a\x1b[1;32mb\x1b[22mc\x1b[0md", 'a<span class="bold fg2">b</span><span class="fg2">c</span>d'),
        ("\x1b[91ma\x1b[39mb", '<span class="fg9">a</span>b'),
        ("\x1b[38;5;1ma\x1b[38;2;1;2;3mb", '<span class="fg1">a</span>b'),
        ("\x1b[48;5;200ma\x1b[44mb\x1b[m", 'a<span class="bg4">b</span>'),
        ("\x1b[2K<\x1b]0;t\x07", "&lt;"),
        ("\x1b[99999999999999999999ma", "a"),
    ],
)
def test_the_colours_of_a_terminal_stay(text: str, html: str) -> None:
    assert coloured(text) == html


def test_no_rule_of_the_style_ends_it() -> None:
    style = re.search("<style>(.*?)</style>", write_html(Notebook()), re.DOTALL)
    assert style is not None
    assert style[1].count("{") == style[1].count("}") > 50
