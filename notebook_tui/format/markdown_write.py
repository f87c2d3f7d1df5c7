"""A notebook as `.livemd` text, block for block what Livebook writes; Markdown cells are their own bytes.

What Livebook drops on saving (a heading 1 or 2 inside a Markdown cell, say) is kept here by the same marker that
keeps a Python fence in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from notebook_tui.document.notebook import SETUP_CELL_ID, Cell, Notebook, Section
from notebook_tui.format import kept_outputs, metadata
from notebook_tui.format.blocks import blank, heading_line
from notebook_tui.format.branches import section_metadata
from notebook_tui.format.elements import BREAK, FORCE, OUTPUT, UNCLOSED, needs_force
from notebook_tui.format.fences import fenced
from notebook_tui.format.kept_outputs import Keeper
from notebook_tui.format.open_end import missing_end
from notebook_tui.format.plain_text import shown
from notebook_tui.format.scan import scan
from notebook_tui.format.smart_cells import unsealed
from notebook_tui.format.stamp_comment import with_stamp
from notebook_tui.format.stills import stills

_NO_SETUP = Cell(SETUP_CELL_ID, "code")


def write(notebook: Notebook, *, outputs: bool | None = None) -> str:
    """The file's text. `outputs` overrules the notebook's own `persist_outputs`.

    >>> write(Notebook("Cats", sections=(Section("s", "Purr", (Cell("c", "code", "1 + 1"),)),)))
    '# Cats\\n\\n## Purr\\n\\n```python\\n1 + 1\\n```\\n'
    """
    with_outputs = notebook.persists_outputs if outputs is None else outputs
    text = "\n\n".join(_blocks(notebook, Keeper() if with_outputs else None)) + "\n"
    return with_stamp(text, notebook.stamp)


def _blocks(notebook: Notebook, keeper: Keeper | None) -> Iterator[str]:
    if notebook.leading:
        yield _forced(notebook.leading)
    yield from _metadata(notebook.metadata)
    yield heading_line(1, notebook.title)
    yield from _setup(notebook)
    for section in notebook.sections:
        yield from _metadata(section_metadata(section, notebook.sections))
        yield heading_line(2, section.name)
        yield from _cells(section, keeper)
    if notebook.trailing:
        yield notebook.trailing


def _setup(notebook: Notebook) -> Iterator[str]:
    if notebook.setup != replace(_NO_SETUP, outputs=notebook.setup.outputs):
        yield from _code(notebook.setup, None)
    if notebook.pyproject is not None:
        yield from _code(notebook.pyproject, None)


def _cells(section: Section, keeper: Keeper | None) -> Iterator[str]:
    above: Cell | None = None
    for cell in section.cells:
        if cell.kind == "code":
            yield from _code(cell, keeper)
        else:
            yield from _markdown(cell, after_markdown=above is not None and above.kind == "markdown")
        above = cell


def _code(cell: Cell, keeper: Keeper | None) -> Iterator[str]:
    outputs = () if keeper is None else stills(cell.outputs)
    kept = keeper.kept(outputs) if keeper is not None else []
    keys = unsealed(cell.metadata, cell.source)
    yield from _metadata({**keys, kept_outputs.KEY: kept} if kept else keys)
    yield fenced(cell.language, cell.source)
    for output in outputs:
        yield metadata.render(OUTPUT)
        yield fenced(*shown(output))


def _markdown(cell: Cell, after_markdown: bool) -> Iterator[str]:
    text = _forced(cell.source)
    end = missing_end(text)
    keys = {**cell.metadata, UNCLOSED: True} if end else cell.metadata
    yield from _metadata(keys)
    if blank(text.split("\n")) or (after_markdown and not keys):
        yield metadata.render(BREAK)
    yield f"{text}\n{end}" if end else text


def _metadata(keys: Mapping[str, Any]) -> Iterator[str]:
    if keys:
        yield metadata.render(keys)


def _forced(source: str) -> str:
    """The Markdown with a marker above each block that would be no Markdown without."""
    lines = source.split("\n")
    forced: list[str] = []
    at = 0
    for block in scan(source):
        if needs_force(block):
            forced += [*lines[at : block.start], metadata.render(FORCE), ""]
            at = block.start
    return "\n".join(forced + lines[at:])
