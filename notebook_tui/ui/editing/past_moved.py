"""What can be undone and redone of a text that somebody else has changed: the same edits, where they stand now.

Each edit is moved past the other's change, and the change past the edit, from the newest to the oldest; so taking back
one's own edit leaves what others wrote meanwhile.
"""

from __future__ import annotations

from textual.document._document import EditResult, Selection
from textual.document._history import EditHistory
from textual.widgets.text_area import Edit

from notebook_tui.document import delta as deltas
from notebook_tui.document.delta import Delta
from notebook_tui.ui.editing.locations import location_at, offset_of


def move_past(history: EditHistory, text: str, change: Delta) -> None:
    """Edits of `text` become edits of what the change makes of it; where that cannot be, none is left."""
    try:
        undone = _undo_moved([*history._undo_stack], text, change)
        redone = _redo_moved([*history._redo_stack], text, change)
    except ValueError:  # they are of some other text
        history.clear()
        return
    history._undo_stack.clear()
    history._undo_stack.extend(undone)
    history._redo_stack.clear()
    history._redo_stack.extend(redone)
    history.checkpoint()


def _undo_moved(batches: list[list[Edit]], text: str, change: Delta) -> list[list[Edit]]:
    moved: list[list[Edit]] = []
    for batch in reversed(batches):
        of_batch: list[Edit] = []
        for edit in reversed(batch):
            assert edit._edit_result is not None
            start, end = offset_of(text, edit.top), offset_of(text, edit._edit_result.end_location)
            back = (start, edit._edit_result.replaced_text, start - end)
            before = deltas.apply(text, back)
            passed = deltas.transform(back, change)
            now, then = deltas.apply(text, change), deltas.apply(before, passed)
            first, last, put_back = _piece(now, deltas.transform(change, back, first=True))
            start_then, end_then = location_at(then, first), location_at(then, first + len(put_back))
            anew = Edit(now[first:last], start_then, end_then, edit.maintain_selection_offset)
            anew._edit_result = EditResult(location_at(now, last), put_back)
            if edit._original_selection is not None:
                places = (offset_of(before, place) for place in edit._original_selection)
                anew._original_selection = Selection(
                    *(location_at(then, deltas.transform_position(passed, place)) for place in places)
                )
            of_batch.insert(0, anew)
            text, change = before, passed
        moved.insert(0, of_batch)
    return moved


def _redo_moved(batches: list[list[Edit]], text: str, change: Delta) -> list[list[Edit]]:
    moved: list[list[Edit]] = []
    for batch in reversed(batches):
        of_batch: list[Edit] = []
        for edit in batch:
            start, end = offset_of(text, edit.top), offset_of(text, edit.bottom)
            forth = (start, edit.text, start - end)
            now = deltas.apply(text, change)
            first, last, put = _piece(now, deltas.transform(change, forth, first=True))
            anew = Edit(put, location_at(now, first), location_at(now, last), edit.maintain_selection_offset)
            anew._original_selection, anew._edit_result = edit._original_selection, edit._edit_result
            of_batch.append(anew)
            text, change = deltas.apply(text, forth), deltas.transform(forth, change)
        moved.insert(0, of_batch)
    return moved


def _piece(text: str, change: Delta) -> tuple[int, int, str]:
    """The one piece of the text that the change makes another, and what it becomes."""
    start = change[0] if change and not isinstance(change[0], str) and change[0] > 0 else 0
    end = max(start, deltas.span(change))
    inner = change[1:] if start else change
    return start, end, deltas.apply(text[start:end], inner)
