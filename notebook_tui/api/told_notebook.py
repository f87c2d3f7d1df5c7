"""A notebook as JSON: its cells with what became of them."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from notebook_tui.document.evaluations import Evaluation
from notebook_tui.document.notebook import Cell, Notebook
from notebook_tui.document.reasons import NeverRan, why, words
from notebook_tui.document.state import State
from notebook_tui.runtime.messages import InputWanted
from notebook_tui.session.presence import Present


def digest_of(source: str) -> str:
    """Of a cell's text: the same for the same text.

    >>> digest_of("1 + 1") == digest_of("1 + 1"), len(digest_of(""))
    (True, 16)
    """
    return hashlib.blake2b(source.encode(), digest_size=8).hexdigest()


def state_json(state: State, cells: Collection[str] = (), *, sources: bool = True) -> dict[str, Any]:
    """All of it, or of the cells only those of these ids."""
    return {
        "title": state.notebook.title,
        "trusted": state.trusted,
        "dirty": state.dirty,
        "runtime": runtime_json(state),
        "sections": sections_json(state.notebook),
        "cells": list(cells_json(state, cells, sources=sources)),
        "revision": state.revision,
    }


def runtime_json(state: State) -> dict[str, Any]:
    runtime = state.runtime
    return {"phase": runtime.phase, "text": runtime.text, "lost": runtime.lost}


def sections_json(notebook: Notebook) -> list[dict[str, Any]]:
    return [{"id": each.id, "name": each.name, "parent": each.parent} for each in notebook.sections]


def cells_json(state: State, cells: Collection[str] = (), *, sources: bool = True) -> Iterator[dict[str, Any]]:
    """
    >>> from notebook_tui.document.notebook import Section
    >>> state = State(Notebook(sections=(Section("s", "S", (Cell("c", "code", "1"),)),)))
    >>> [(cell["id"], cell["label"], cell["result"]) for cell in cells_json(state)]
    [('setup', 'setup', 'none'), ('c', '1', 'none')]
    """
    waiting, running = frozenset(state.queue), frozenset(state.running.values())
    for cell, section, label in _labelled(state.notebook):
        if not cells or cell.id in cells:
            status = "evaluating" if cell.id in running else "queued" if cell.id in waiting else "ready"
            yield _cell(state, cell, section, label, status, sources=sources)


def _labelled(notebook: Notebook) -> Iterator[tuple[Cell, str | None, str]]:
    """As `Notebook.label`, of all at once."""
    yield notebook.setup, None, notebook.setup.id
    if notebook.pyproject is not None:
        yield notebook.pyproject, None, notebook.pyproject.id
    number = 0
    for section in notebook.sections:
        for cell in section.cells:
            number += cell.runnable
            yield cell, section.id, str(number) if cell.runnable else cell.id


def _cell(state: State, cell: Cell, section: str | None, label: str, status: str, *, sources: bool) -> dict[str, Any]:
    run = state.evaluation(cell.id).standing
    reasons = [words(each, state.notebook) for each in why(state, cell.id) if not isinstance(each, NeverRan)]
    told: dict[str, Any] = {
        "id": cell.id,
        "label": label,
        "kind": cell.kind,
        "section": section,
        "digest": digest_of(cell.source),
        "status": status,
        "result": result_of(run),
        "stale": "; ".join(reasons),
        "seconds": run.took,
        "outputs": len(cell.outputs),
    }
    if sources:
        told["source"] = cell.source
    if cell.kind == "code" and cell.language != "python":
        told["language"] = cell.language
    return told


def no_cell(notebook: Notebook, named: str, what: str = "cell") -> str:
    """To who named one that is not there, perhaps a cell by the number that people see.

    >>> from notebook_tui.document.notebook import Section
    >>> print(no_cell(Notebook(sections=(Section("s", "S", (Cell("c1", "code"),)),)), "1").replace("; ", ";\\n"))
    there is no cell with the id 1;
    there are 2 cells, each named by its id, as state tells it;
    the one that people see as 1 has the id c1
    """
    cells = list(_labelled(notebook))
    words = (
        f"there is no {what} with the id {named}; there are {len(cells)} cells, each named by its id, as state tells it"
    )
    seen_so = next((cell.id for cell, _, label in cells if label == named), None)
    return words if seen_so is None else f"{words}; the one that people see as {named} has the id {seen_so}"


def result_of(run: Evaluation) -> str:
    """What became of it in one word.

    >>> result_of(Evaluation()), result_of(Evaluation("evaluated", errored=True))
    ('none', 'failed')
    """
    if run.validity == "fresh":
        return "none"
    if run.validity == "aborted":
        return "interrupted" if run.interrupted else "lost"
    return "failed" if run.errored else "ok"


def people_json(people: Iterable[Present], you: int) -> list[dict[str, Any]]:
    return [
        {
            "name": each.name,
            "role": each.role,
            "cell": each.where.cell_id,
            "doing": each.doing,
            "you": each.number == you,
        }
        for each in people
    ]


def question_json(wanted: InputWanted) -> dict[str, Any]:
    return {"id": wanted.question, "cell": wanted.cell_id, "prompt": wanted.prompt, "hidden": wanted.hidden}


def questions_json(questions: Iterable[InputWanted]) -> list[dict[str, Any]]:
    return [question_json(each) for each in questions]
