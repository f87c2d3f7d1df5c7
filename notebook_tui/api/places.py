"""Where a new cell or section goes that a program asks for: pure but for ids, the answer is operations."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Final

from notebook_tui.api.told_notebook import no_cell
from notebook_tui.document.find import find_section
from notebook_tui.document.notebook import Cell, Notebook
from notebook_tui.document.operations import InsertCell, InsertSection
from notebook_tui.document.rejected import Rejected

NEW_SECTION: Final = "Section"


def inserting(
    notebook: Notebook, cell: Cell, after: str | None, section_id: str
) -> Iterator[InsertSection | InsertCell]:
    """The operations that put the cell after a cell, first into a section, or at the end; `section_id` names a section
    that is made for it if there is none. `Rejected` if there is no such place.

    >>> list(inserting(Notebook(), Cell("c", "code"), None, "s"))
    [InsertSection(index=0, section_id='s', name='Section'), InsertCell(section_id='s', index=0, cell=...)]
    """
    for section in notebook.sections:
        if section.id == after:
            yield InsertCell(section.id, 0, cell)
            return
    if after is not None and not notebook.has_cell(after):
        raise Rejected(no_cell(notebook, after, "cell or section"))
    section_at, index = notebook.places[after] if after is not None else (len(notebook.sections) - 1, -1)
    if not notebook.sections:
        yield InsertSection(0, section_id, NEW_SECTION)
        yield InsertCell(section_id, 0, cell)
    elif section_at < 0:
        yield InsertCell(notebook.sections[0].id, 0, cell)  # after the setup cell
    else:
        into = notebook.sections[section_at]
        yield InsertCell(into.id, len(into.cells) if after is None else index + 1, cell)


def inserting_section(notebook: Notebook, name: str, after: str | None, section_id: str) -> InsertSection:
    if after is None:
        return InsertSection(len(notebook.sections), section_id, name)
    found = find_section(notebook, after)
    return InsertSection(notebook.sections.index(found) + 1, section_id, name)


def new_id() -> str:
    """Of a cell or a section."""
    return secrets.token_hex(8)
