"""What a viewer writes while its session is out of reach, and how that comes into the session when it is back."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Collection
from dataclasses import replace
from typing import Final

import beamlike as bl
from beamlike.kernel.record import frozen
from beamlike.kernel.terms import NOCONNECTION, Reason
from notebook_tui.document.apply import apply
from notebook_tui.document.notebook import Notebook
from notebook_tui.document.operations import (
    ApplyDelta,
    Arrange,
    Edit,
    History,
    InsertCell,
    InsertSection,
    Operation,
    SetCellSource,
)
from notebook_tui.document.rejected import Rejected
from notebook_tui.document.state import State
from notebook_tui.session.merging.difference import operations_between, outline
from notebook_tui.session.merging.lines import merged_lines
from notebook_tui.session.messages import LEFT, Joined

logger = logging.getLogger("notebook_tui.session")

MOST_SENT: Final = 200
HEARD_SECONDS: Final = 10.0
"""What was sent longer ago has been applied, or refused."""
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 1.0
"""Between two looks for a session that is out of reach."""
LOST: Final = "the session cannot be reached: its server is gone, or busy. What you write is kept here until it is back"
NOT_NOW: Final = "the session cannot be reached, so nothing but the text can be changed until it is back"
BACK: Final = "the session is back"


class OutOfReach(bl.NotConnected):
    """The session is out of reach for now; its viewer looks for it."""


def may_come_back(reason: Reason) -> bool:
    """Whether a session that has ended so, as a viewer sees it, may be found again.

    >>> may_come_back("noconnection"), may_come_back(("shutdown", LEFT)), may_come_back("shutdown")
    (True, True, False)
    """
    return reason in (NOCONNECTION, ("shutdown", LEFT))


async def found_again(join: Callable[[], Awaitable[Joined]]) -> Joined:
    """Joins as soon as the session can be: `join` raises OSError, ValueError or BeamlikeError while it cannot."""
    pause = FIRST_PAUSE
    while True:
        try:
            return await join()
        except (OSError, ValueError, bl.BeamlikeError) as error:
            logger.debug("the session is not there yet: %s", error)
        await asyncio.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)


class Sent:
    """Edits on their way to the session: those that it has not told all viewers of. Of changes of a text the typist
    knows that."""

    def __init__(self) -> None:
        self._sent: deque[tuple[float, Operation]] = deque(maxlen=MOST_SENT)

    def add(self, operation: Operation) -> None:
        if isinstance(operation, Edit | History) and not isinstance(operation, ApplyDelta):
            self._sent.append((time.monotonic(), operation))

    def applied(self, operation: Operation) -> None:
        """Those before it were, too, or were refused: a session takes what a viewer sends in order."""
        if any(operation == each for _, each in self._sent):
            while self._sent.popleft()[1] != operation:
                pass

    def take(self) -> tuple[Operation, ...]:
        since = time.monotonic() - HEARD_SECONDS
        waiting = tuple(operation for at, operation in self._sent if at >= since)
        self._sent.clear()
        return waiting


class Offline:
    """A viewer's notebook, out of reach of its session: `base` is what that had, as far as the viewer knows."""

    def __init__(self, state: State, underway: tuple[Operation, ...]) -> None:
        self._base = state.notebook
        self.state = state
        for operation in underway:
            self.write(operation)

    def write(self, operation: Operation) -> str:
        """Changes the text here. Empty, or in words why it does not."""
        if not isinstance(operation, Edit | History):
            return NOT_NOW
        try:
            self.state, _ = apply(self.state, operation)
        except Rejected as refusal:
            return str(refusal)
        return ""

    def carried_over(self, now: Notebook, but: Collection[str] = ()) -> Carried:
        """As the session has the notebook `now`; but for the texts of these cells, if that has them."""
        mine = self.state.notebook
        for cell_id in but:
            if now.has_cell(cell_id) and mine.has_cell(cell_id) and self._base.has_cell(cell_id):
                mine = mine.with_cell(replace(mine.cell(cell_id), source=self._base.cell(cell_id).source))
        return carried_over(self._base, mine, now)


@frozen
class Carried:
    operations: tuple[Operation, ...]
    """Bring what was written into the session's notebook."""
    lost: tuple[str, ...]
    """What cannot be brought there, in words."""


def carried_over(base: Notebook, mine: Notebook, now: Notebook) -> Carried:
    """What led from `base` to `mine`, as operations on what others have made of `base` meanwhile: `now`. Equal ids mean
    the same cell. Where both changed the same lines of a cell, both stay.

    >>> from notebook_tui.document.operations import SetTitle
    >>> carried_over(Notebook("a"), Notebook("b"), Notebook("a")).operations
    (SetTitle(title='b'),)
    """
    operations: list[Operation] = []
    lost: list[str] = []
    state = State(now)
    for operation in operations_between(base, mine):
        fitted = _fitted(operation, base, now)
        if isinstance(fitted, str):
            lost += [fitted] if fitted else []
            continue
        try:
            state, _ = apply(state, fitted)
        except Rejected as refusal:
            lost.append(f"what you changed meanwhile is not kept where {refusal}")
        else:
            operations.append(fitted)
    return Carried(tuple(operations), tuple(lost))


def _fitted(operation: Operation, base: Notebook, now: Notebook) -> Operation | str:
    """The operation on `now`; else in words why there is none, which are empty if none is needed."""
    match operation:
        case InsertCell(cell=cell) if now.has_cell(cell.id):
            return _changed(cell.id, "", cell.source, now)
        case InsertSection(section_id=section_id) if any(each.id == section_id for each in now.sections):
            return ""
        case SetCellSource(cell_id, source):
            if not now.has_cell(cell_id):
                return f"a cell that you changed meanwhile has been deleted; you had written:\n{source}"
            return _changed(cell_id, base.cell(cell_id).source, source, now)
        case Arrange():
            if outline(now, now) != outline(base, base):
                return "others have arranged the cells meanwhile, so how you did is not kept"
    return operation


def _changed(cell_id: str, before: str, source: str, now: Notebook) -> Operation | str:
    there = now.cell(cell_id).source
    merged = merged_lines(before, there, source)
    if merged is None:
        merged = f"{there}\n{source}" if there else source
    return SetCellSource(cell_id, merged) if merged != there else ""
