"""What happens in a notebook, as events for a program that reads as fast as it can: pure, but for `Feed`'s queue."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, Final

from notebook_tui.api.outputs import told
from notebook_tui.api.runs import latest
from notebook_tui.api.told_notebook import cells_json, runtime_json, sections_json
from notebook_tui.api.told_widgets import shown_view, value_json
from notebook_tui.document.notebook import Notebook
from notebook_tui.document.operations import (
    EvaluationFinished,
    EvaluationStarted,
    Operation,
    OutputAdded,
    OutputChanged,
    SetInputValue,
)
from notebook_tui.document.outputs import Output
from notebook_tui.document.state import State
from notebook_tui.session.inputs_as_set import inputs_as_set
from notebook_tui.widgets.views import Input
from notebook_tui.widgets.views_within import views_in

CHARACTERS: Final = 10_000
MOST: Final = 1_000
"""Events that wait for a reader, ..."""
MOST_SIZE: Final = 4_000_000
"""... and their characters."""


def events_of(operation: Operation, before: State, after: State) -> Iterator[dict[str, Any]]:
    """
    >>> from notebook_tui.document.operations import SetTitle
    >>> from notebook_tui.document.apply import apply
    >>> state, operation = State(), SetTitle("Cats")
    >>> list(events_of(operation, state, apply(state, operation)[0]))
    [{'event': 'changed', 'cells': [], 'gone': [], 'title': 'Cats'}]
    """
    match operation:
        case EvaluationStarted(cell_id):
            yield {"event": "started", "cell": cell_id}
        case EvaluationFinished(cell_id) if after.notebook.has_cell(cell_id):
            became = latest(after, cell_id)
            yield {"event": "finished", "cell": cell_id, "status": became.fate, "seconds": became.seconds}
        case OutputAdded(cell_id, output):
            yield {"event": "output", "cell": cell_id, "output": _told(output, after)}
        case OutputChanged(cell_id, ref):
            for output in after.notebook.cell(cell_id).outputs:
                if any(view.ref == ref for view in views_in(output)):
                    yield {"event": "output_changed", "cell": cell_id, "output": _told(output, after)}
        case SetInputValue(ref):
            field = shown_view(after, ref)
            if isinstance(field, Input):
                yield {"event": "input", "widget": ref, **value_json(after, field)}
        case _:
            if before.notebook is not after.notebook:
                yield from _changed(before, after)
    if before.queue != after.queue or before.running != after.running:
        yield from _statuses(before, after)
    if before.runtime is not after.runtime and (told_of := runtime_json(after)) != runtime_json(before):
        yield {"event": "runtime", "runtime": told_of}


def _told(output: Output, state: State) -> dict[str, Any]:
    return told(inputs_as_set(output, state), CHARACTERS, images=False)


def _changed(before: State, after: State) -> Iterator[dict[str, Any]]:
    was, now = ({cell.id: cell for cell in state.notebook.cells()} for state in (before, after))
    new = [cell_id for cell_id, cell in now.items() if was.get(cell_id) is not cell]
    event: dict[str, Any] = {
        "event": "changed",
        "cells": list(cells_json(after, frozenset(new))) if new else [],
        "gone": [cell_id for cell_id in was if cell_id not in now],
    }
    if list(was) != list(now):
        event["order"] = list(now)
    if _outline(before.notebook) != _outline(after.notebook):
        event["sections"] = sections_json(after.notebook)
    if before.notebook.title != after.notebook.title:
        event["title"] = after.notebook.title
    yield event


def _outline(notebook: Notebook) -> list[tuple[str, str, str | None]]:
    return [(each.id, each.name, each.parent) for each in notebook.sections]


def _statuses(before: State, after: State) -> Iterator[dict[str, Any]]:
    busy = dict.fromkeys((*before.queue, *before.running.values(), *after.queue, *after.running.values()))
    others = [
        {"id": cell_id, "status": after.status(cell_id)}
        for cell_id in busy
        if after.notebook.has_cell(cell_id) and before.status(cell_id) != after.status(cell_id)
    ]
    if others:
        yield {"event": "status", "cells": others}


class Feed:
    """Events of one notebook that wait for their reader: bounded, and in the place of too many the whole state."""

    def __init__(self, state: Callable[[], dict[str, Any]], more: Callable[[], None]) -> None:
        """`more` is called when there is something to take."""
        self._state = state
        self._more = more
        self._waiting: deque[tuple[dict[str, Any], int]] = deque()
        self._size = 0
        self._left_out = 0

    def put(self, event: dict[str, Any]) -> None:
        size = len(json.dumps(event))
        if self._left_out:
            self._left_out += 1
        elif len(self._waiting) >= MOST or self._size + size > MOST_SIZE:
            self._left_out = len(self._waiting) + 1
            self._waiting.clear()
            self._size = 0
        else:
            self._waiting.append((event, size))
            self._size += size
        self._more()

    def skipped(self) -> None:
        """Some were not even told here."""
        self._left_out += 1 + len(self._waiting)
        self._waiting.clear()
        self._size = 0
        self._more()

    def take(self) -> list[dict[str, Any]]:
        """The next event; the reader has gone over all before it."""
        if self._left_out:
            left_out, self._left_out = self._left_out, 0
            return [{"event": "behind", "left_out": left_out}, {"event": "resync", "state": self._state()}]
        if not self._waiting:
            return []
        event, size = self._waiting.popleft()
        self._size -= size
        return [event]
