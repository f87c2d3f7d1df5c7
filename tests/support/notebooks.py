"""Notebooks as a file can hold them, drawn at random, with all that makes a file hard to read back."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import Any

from hypothesis import strategies as st

from notebook_tui.document.notebook import PYPROJECT_CELL_ID, SETUP_CELL_ID, Cell, Notebook, Section, Stamp
from notebook_tui.document.outputs import Display, Error, Exported, Result, Still, Text
from notebook_tui.format.markdown_write import write
from notebook_tui.format.smart_cells import sealed
from notebook_tui.format.stamp_comment import taken

FRAGMENTS = [
    *["", "", "  ", "text", "    indented", "\t", "trailing  ", "a\x0cb", "\u2028", "\\", "é → 😀", "x = 1  # y"],
    *["# Title", "## Section", "### Part", "#", "##", "# # #", "## closed ##", "===", "---", "* * *"],
    *["```python", "```", "````", "~~~", "~~~python", "```sh", "~~~ a`b", "```python x", "    ```", "```elixir"],
    *["- item", "  ```python", "      ```python", "1. one", "> quote", "> ```python", "[a]: b", "| a | b |"],
    *["<!-- comment -->", "<!-- open", "-->", "<!-->", "<div>", "<pre>", "</pre>", "<?php", "<![CDATA[", "<!X"],
    '<!-- livebook:{"output":true} -->',
    '<!-- livebook:{"force_markdown":true} -->',
    '<!-- livebook:{"break_markdown":true} -->',
    '<!-- livebook:{"unclosed":true} -->',
    '<!-- livebook:{"branch_parent_index":0} -->',
    '<!-- livebook:{"offset":9,"stamp":{"token":"t","version":1}} -->',
    '  <!-- livebook:{"a":1} -->',
    "<!-- livebook:{broken} -->",
]
_CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0\r")

texts = st.text(_CHARACTERS, max_size=30)
markdown = st.lists(st.sampled_from(FRAGMENTS) | texts, max_size=12).map("\n".join)
"""Any text, mostly made of what a reader of notebooks may stumble over."""
names = texts.map(lambda text: " ".join(text.splitlines()).strip()) | st.sampled_from(["C #", "#", "a ## b", "`x`"])
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(), values, max_size=3),
    max_leaves=6,
)
metadata = st.dictionaries(st.sampled_from(["kind", "a-->b", "é", ""]), json_values, max_size=2)
smart = st.fixed_dictionaries(
    {"livebook_object": st.just("smart_cell"), "kind": texts, "attrs": st.just("e30") | metadata},
    optional={"chunks": st.just([[0, 3], [5, 2]]) | st.none(), "k": json_values},
)
printable = st.lists(texts | st.sampled_from(["\x1b[31m", "\x1b]0;t\x07", "\n"]), max_size=4).map("".join)
any_text = (
    printable | st.text(max_size=20) | markdown | st.sampled_from(["", "\n", "a\r\n", "a\0b", "\ud800", "x\x1b["])
)
media_types = st.sampled_from(["text/plain", "text/html", "image/png", "application/json", "text/markdown", "a b"])
outputs: st.SearchStrategy[Still] = st.one_of(
    st.builds(Text, st.sampled_from(["stdout", "stderr"]), any_text),
    st.builds(Result, any_text),
    st.builds(Error, any_text, any_text, any_text, st.none() | st.integers(1, 99)),
    st.builds(Exported, st.sampled_from(["vega-lite", "python", "text/html x", "a`b", " c", ""]), any_text),
    st.lists(st.tuples(media_types, any_text | st.binary(max_size=20)), min_size=1, unique_by=lambda form: form[0])
    .map(tuple)
    .map(Display),
)


@st.composite
def cells(draw: st.DrawFn) -> Cell:
    kind = draw(st.sampled_from(["code", "markdown"]))
    if kind == "markdown":
        return Cell("", "markdown", draw(markdown), metadata=draw(metadata))
    language = draw(st.sampled_from(["python", "python", "elixir", "erlang", "pyproject.toml"]))
    shown = tuple(draw(st.lists(outputs, max_size=3)))
    source, keys = draw(markdown), draw(metadata | smart)
    return Cell("", "code", source, language, shown, sealed(keys, source))


@st.composite
def _setup_cells(draw: st.DrawFn) -> tuple[Cell, Cell | None]:
    language = draw(st.sampled_from(["python", "elixir"]))
    setup = Cell(SETUP_CELL_ID, "code", draw(st.just("") | markdown), language, metadata=draw(metadata))
    pyproject = Cell(PYPROJECT_CELL_ID, "code", draw(markdown), "pyproject.toml", metadata=draw(metadata))
    return setup, draw(st.sampled_from([None, None, pyproject]))


@st.composite
def _sections(draw: st.DrawFn) -> tuple[Section, ...]:
    sections: list[Section] = []
    number = count(1)
    for place in range(draw(st.integers(0, 4))):
        roots = [section.id for section in sections if section.parent is None]
        parent = draw(st.sampled_from([None, *roots]))
        own = tuple(replace(cell, id=f"cell-{next(number)}") for cell in draw(st.lists(cells(), max_size=4)))
        sections.append(Section(f"section-{place + 1}", draw(names), own, parent, draw(metadata)))
    return tuple(sections)


@st.composite
def notebooks(draw: st.DrawFn) -> Notebook:
    setup, pyproject = draw(_setup_cells())
    keys: dict[str, Any] = draw(metadata)
    leading = draw(st.sampled_from(["", "<!-- vim: tw=80 -->", "<!--\nof two\n\nlines -->\n\n<!-- and one -->"]))
    trailing = draw(st.sampled_from(["", '<!-- livebook:{"kept":1} -->']))
    notebook = Notebook(draw(names), setup, pyproject, draw(_sections()), keys, leading, trailing)
    return replace(notebook, stamp=draw(st.sampled_from([None, stamp_of(write(notebook, outputs=True))])))


def stamp_of(text: str) -> Stamp | None:
    """The stamp that Livebook would write below that text."""
    _, stamp = taken(
        f'{text}\n<!-- livebook:{{"offset":{len(text.encode())},"stamp":{{"token":"t","version":1}}}} -->\n'
    )
    return stamp
