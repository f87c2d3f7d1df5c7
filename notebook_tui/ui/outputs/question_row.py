"""The row in which a cell waits for a line: the end of what it has printed, and room to type."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.text import Text

from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.drawing.printable import printable_row
from notebook_tui.ui.outputs.questions import Question
from notebook_tui.ui.outputs.row import OutputRow
from notebook_tui.ui.outputs.spots import Reply, Spot

_MARK: Final = "?"
_LEAST_ROOM: Final = 16


def with_question(
    rows: Sequence[OutputRow], questions: Sequence[Question], cell_id: str, width: int, palette: Palette
) -> tuple[OutputRow, ...]:
    """The rows, and the line that the cell waits for in a row of its own; the first, where several are wanted.

    A prompt that was printed last is not said twice: the room stands behind it.
    """
    question = next((each for each in questions if each.cell_id == cell_id), None)
    if question is None:
        return tuple(rows)
    rows = list(rows)
    prompt = Text(printable_row(question.prompt.rpartition("\n")[2]), end="")
    if rows and question.prompt and rows[-1].text.plain.rstrip() == prompt.plain.rstrip():
        prompt = rows.pop().text.copy()
    if prompt.cell_len + _LEAST_ROOM > width:
        rows.append(OutputRow(" ", palette.muted, prompt))
        prompt = Text(end="")
    start = prompt.cell_len
    ends = start < width
    prompt.append("_" * (width - start) if ends else "", palette.faint)
    return (*rows, OutputRow(_MARK, palette.running, prompt, (Spot(start, width, Reply(question.name)),)))
