"""A notebook in lines that can be read out: no boxes, no colours, no column that means something."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from notebook_tui.document.notebook import SETUP_CELL_ID, Cell, Notebook
from notebook_tui.document.reasons import why
from notebook_tui.document.reasons import words as reason_words
from notebook_tui.document.state import State
from notebook_tui.ui.cells.stamp import duration
from notebook_tui.ui.drawing.printable import printable

_SEQUENCE: Final = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\))")


class Wrong(Exception):
    """A command that cannot be done; the message says what was expected."""


def bare(text: str) -> str:
    """The text without colours, and without anything else that would command the terminal: whoever wrote the notebook
    is a stranger until it is trusted, and whoever listens hears no colours.

    >>> bare("\\x1b[31mred\\x1b[0m \\x1b]52;c;aGk=\\x07 10%\\r20%\\x1b")
    'red  10%\\r20%␛'
    """
    if text.isprintable():
        return text
    return "\r".join(map(printable, _SEQUENCE.sub("", text).split("\r")))


def names(notebook: Notebook) -> dict[str, str]:
    """What each cell is called here, by id: cells that run by their number, as in messages, texts by `t` and theirs.

    >>> from notebook_tui.document.notebook import Section
    >>> cells = (Cell("a", "markdown", "Hi"), Cell("b", "code", "1"))
    >>> names(Notebook(sections=(Section("s", "S", cells),)))
    {'setup': 'setup', 'a': 't1', 'b': '1'}
    """
    found = {SETUP_CELL_ID: "setup"}
    numbers = {True: 0, False: 0}
    for section in notebook.sections:
        for cell in section.cells:
            numbers[cell.runnable] += 1
            found[cell.id] = f"{'' if cell.runnable else 't'}{numbers[cell.runnable]}"
    return found


def called(name: str) -> str:
    """
    >>> called("2"), called("t1"), called("setup")
    ('cell 2', 'text t1', 'setup cell')
    """
    return "setup cell" if name == "setup" else f"text {name}" if name.startswith("t") else f"cell {name}"


def outline(state: State) -> Iterator[str]:
    """The title, and a line for each section and cell."""
    notebook = state.notebook
    known = names(notebook)
    yield notebook.title
    yield _line(notebook.setup, "setup", state)
    for section in notebook.sections:
        yield f"section {section.name}"
        yield from (_line(cell, known[cell.id], state) for cell in section.cells)


def _line(cell: Cell, name: str, state: State) -> str:
    first = next((line for line in cell.source.splitlines() if line.strip()), "empty")
    said = f", {standing(state, cell.id)}" if cell.runnable else ""
    return f"{called(name)}{said}: {first.strip()}"


def standing(state: State, cell_id: str) -> str:
    """What became of the cell, in words alone.

    >>> from notebook_tui.document.notebook import Section
    >>> standing(State(Notebook(sections=(Section("s", "S", (Cell("a", "code", "1"),)),))), "a")
    'not run'
    """
    if cell_id in state.running.values():
        return "running"
    if cell_id in state.queue:
        return "waiting"
    run = state.evaluation(cell_id)
    took = f" after {duration(run.took)}" if run.took is not None else ""
    if run.validity == "fresh":
        return "not run"
    if run.validity == "aborted":
        return "interrupted" if run.interrupted else "its values are lost"
    ended = f"failed{took}" if run.errored else f"done{took}"
    reasons = why(state, cell_id)
    return f"{ended}, stale: {reason_words(reasons[0], state.notebook)}" if reasons else ended


def numbered(source: str) -> Iterator[str]:
    """
    >>> list(numbered("a = 1\\nb"))
    ['line 1: a = 1', 'line 2: b']
    """
    return (f"line {number}: {line}" for number, line in enumerate(source.split("\n"), 1))
