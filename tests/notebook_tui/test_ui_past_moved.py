"""What can be undone of a text that others change meanwhile: one's own edits, all of them, and nothing of theirs."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from textual.document._document import EditResult, Location
from textual.document._history import EditHistory
from textual.widgets.text_area import Edit

from notebook_tui.document import delta as deltas
from notebook_tui.document.delta import Delta
from notebook_tui.ui.editing.past_moved import move_past


def location(text: str, offset: int) -> Location:
    return text.count("\n", 0, offset), offset - (text.rfind("\n", 0, offset) + 1)


def offset(text: str, place: Location) -> int:
    return sum(len(line) + 1 for line in text.split("\n")[: place[0]]) + place[1]


def done(text: str, start: int, end: int, put: str, history: EditHistory) -> str:
    """As the editor makes an edit."""
    edit = Edit(put, location(text, start), location(text, end), maintain_selection_offset=True)
    after = text[:start] + put + text[end:]
    edit._edit_result = EditResult(location(after, start + len(put)), text[start:end])
    history.checkpoint()
    history.record(edit)
    return after


def undone(text: str, history: EditHistory) -> str:
    for edit in reversed(history._pop_undo() or []):
        assert edit._edit_result is not None
        start, end = offset(text, edit.top), offset(text, edit._edit_result.end_location)
        text = text[:start] + edit._edit_result.replaced_text + text[end:]
    return text


def redone(text: str, history: EditHistory) -> str:
    for edit in history._pop_redo() or []:
        start, end = offset(text, edit.top), offset(text, edit.bottom)
        text = text[:start] + edit.text + text[end:]
    return text


def theirs(data: st.DataObject, text: str, mark: str) -> Delta:
    """Others only put something in, which nobody else writes."""
    return deltas.normal((data.draw(st.integers(0, len(text))), mark))


@settings(max_examples=150)
@given(st.data())
def test_taking_back_all_of_ones_own_edits_leaves_what_others_wrote(data: st.DataObject) -> None:
    history, text, others = EditHistory(50, 2.0, 100), "one\ntwo", ""
    for number in range(data.draw(st.integers(1, 8))):
        if data.draw(st.booleans()):
            start = data.draw(st.integers(0, len(text)))
            end = data.draw(st.integers(start, len(text)))
            # Nobody takes out what others wrote, for it would come back by undoing that.
            if not any(mark in text[start:end] for mark in others):
                text = done(text, start, end, data.draw(st.sampled_from(["", "x", "y\nz"])), history)
        else:
            mark = chr(0x4E00 + number)
            change = theirs(data, text, mark)
            move_past(history, text, change)
            text, others = deltas.apply(text, change), others + mark
    full, steps = text, len(history.undo_stack)
    for _ in range(steps):
        text = undone(text, history)
    assert "".join(each for each in text if each not in others) == "one\ntwo"
    assert sorted(each for each in text if each in others) == sorted(others)
    late = theirs(data, text, "!")
    move_past(history, text, late)
    text = deltas.apply(text, late)
    for _ in range(steps):
        text = redone(text, history)
    assert sorted(text) == sorted(full + "!")
    assert "".join(each for each in text if each not in others + "!") == "".join(
        each for each in full if each not in others
    )


def test_a_history_of_another_text_is_forgotten() -> None:
    history = EditHistory(50, 2.0, 100)
    done("a long text", 5, 11, "x", history)
    move_past(history, "a", ("b",))
    assert history.undo_stack == []
