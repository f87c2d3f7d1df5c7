"""What one viewer asks for, in the order in which it was asked: text change by change, and all else after the text
that was typed before it.

Of each cell's text one change is under way at a time (`typed_text`), so what is typed meanwhile waits for its echo, and
what is asked for after that waits too: a cell runs with the text that its user saw. Nothing waits where nothing is
under way, which is so for anybody who types alone over a quick line.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from beamlike.kernel.record import frozen
from notebook_tui.document.delta import Delta
from notebook_tui.document.edits import clean_source
from notebook_tui.document.operations import ApplyDelta, InsertCell, Operation, ReportRevision, SetCellSource
from notebook_tui.document.state import State
from notebook_tui.document.texts import Text
from notebook_tui.document.typed_text import TypedText

REPORT_EVERY = 16
"""Revisions of a text after which somebody who does not type in it says which one they have."""


@frozen
class _Change:
    """The next change of that cell's text that waits."""

    cell_id: str
    at: float


class Typist:
    """`send` gets each operation in its turn, from `go_on` on; `sent` tells how many this viewer has sent so far, in
    whatever way, as the session counts what it has handled. While the session is out of reach nothing is sent, and what
    is asked for waits; what is done to the notebook here meanwhile is `written`."""

    def __init__(self, state: State, send: Callable[[Operation], None], sent: Callable[[], int]) -> None:
        self.id = ""
        """As which client it types."""
        self._pauses = True
        self._coming: set[str] = set()
        """Cells that were made while the session was out of reach, and are asked for."""
        self._state = state
        self._send = send
        self._sent = sent
        self._texts: dict[str, TypedText] = {}
        self._open: set[str] = set()
        self._queue: deque[_Change | Operation] = deque()
        self._numbers: dict[str, int] = {}
        """Of the changes that are under way, by cell: which of all that was sent."""
        self._reported: dict[str, int] = {}

    @property
    def waits(self) -> bool:
        """Whether something is still to be sent."""
        return bool(self._queue)

    @property
    def unsettled(self) -> dict[str, str]:
        """The texts, by cell, of which the session has not all, as far as that was heard."""
        return {cell_id: text.text for cell_id, text in self._texts.items() if not text.is_settled}

    # What the user does.

    def open(self, cell_id: str) -> str:
        """Its text, with all that was typed here: what an editor shows that exchanges changes from now on. KeyError if
        there is no such cell."""
        text = self._text(cell_id)
        text.exchange(())
        self._open.add(cell_id)
        return text.text

    def has_news(self, cell_id: str) -> bool:
        """Whether an exchange would change the editor."""
        text = self._texts.get(cell_id)
        return text is not None and text.has_news

    def close(self, cell_id: str) -> None:
        """No editor shows that cell any more."""
        self._open.discard(cell_id)
        self._tidy(cell_id)

    def exchange(self, cell_id: str, typed: Delta, at: float) -> Delta:
        """Send what was typed in the editor since the last exchange; what it has to change, for others did meanwhile.
        Of a cell that is gone that is nothing."""
        if cell_id not in self._texts:
            return ()
        typed = tuple(clean_source(part) if isinstance(part, str) else part for part in typed)
        text = self._texts[cell_id]
        waited = text.waits
        news = text.exchange(typed, apart=not self._is_last(cell_id))
        self._changed(cell_id, text.waits - waited, at)
        return news

    def ask(self, operation: Operation) -> None:
        """Send it, after what was typed before. A text as a whole becomes the change that makes it."""
        if isinstance(operation, SetCellSource) and self._state.notebook.has_cell(operation.cell_id):
            text = self._text(operation.cell_id)
            waited = text.waits
            text.replace(operation.source, apart=not self._is_last(operation.cell_id))
            self._changed(operation.cell_id, text.waits - waited, operation.at)
            self._tidy(operation.cell_id)
        else:
            self._queue.append(operation)
            self._go_on()

    def _text(self, cell_id: str) -> TypedText:
        if cell_id not in self._texts:
            self._texts[cell_id] = TypedText(self._state.notebook.cell(cell_id).source)
        return self._texts[cell_id]

    def _is_last(self, cell_id: str) -> bool:
        """Whether what is typed there now can go with the change that waits last."""
        last = self._queue[-1] if self._queue else None
        return isinstance(last, _Change) and last.cell_id == cell_id

    def _changed(self, cell_id: str, more: int, at: float) -> None:
        if more:
            self._queue.append(_Change(cell_id, at))
        elif self._is_last(cell_id):
            self._queue[-1] = _Change(cell_id, at)
        self._go_on()

    def source(self, cell_id: str) -> str | None:
        """With all that was typed; None if nobody here types there."""
        text = self._texts.get(cell_id)
        return None if text is None else text.text

    def _go_on(self) -> None:
        while self._queue and not self._pauses:
            first = self._queue[0]
            if not isinstance(first, _Change):
                self._send(self._taken(first))
                continue
            text = self._texts[first.cell_id]
            if text.is_under_way:
                return
            self._queue.popleft()
            revision = self._revision(first.cell_id)
            self._numbers[first.cell_id] = self._sent() + 1
            self._reported[first.cell_id] = revision
            self._send(ApplyDelta(self.id, first.cell_id, text.take(), revision, first.at))

    def _taken(self, operation: Operation) -> Operation:
        self._queue.popleft()
        return operation

    def _revision(self, cell_id: str) -> int:
        return self._state.texts.get(cell_id, Text()).revision

    # Whether there is a way to the session.

    def go_on(self, id: str) -> None:
        """The session knows this client now."""
        self.id, self._pauses = id, False
        self._go_on()

    def pause(self) -> tuple[Operation, ...]:
        """The session is out of reach. What was asked for and not sent, but for text, is handed back."""
        self._pauses = True
        asked = tuple(each for each in self._queue if not isinstance(each, _Change))
        self._queue = deque(each for each in self._queue if isinstance(each, _Change))
        return asked

    def written(self, state: State) -> None:
        """The notebook was changed here meanwhile, and this is what was made of it."""
        before, self._state = self._state, state
        for cell_id, text in [*self._texts.items()]:
            if not state.notebook.has_cell(cell_id):
                self._forget(cell_id)
            elif (source := state.notebook.cell(cell_id).source) != text.text:
                waited = text.waits
                text.replace(source, apart=not self._is_last(cell_id))
                self._changed(cell_id, text.waits - waited, 0.0)
        self._coming |= {cell.id for cell in state.notebook.cells()} - {cell.id for cell in before.notebook.cells()}

    def rejoined(self, state: State, handled: int | None) -> None:
        """There is a way again. The session had handled so many of what was sent from here; None: it does not know.
        What was typed is sent again as far as it was not handled; nothing else is, for its user saw that nothing came
        of it."""
        self._state = state
        self._reported.clear()
        for cell_id, text in [*self._texts.items()]:
            if not state.notebook.has_cell(cell_id):
                self._make_anew(cell_id, text)
                continue
            source = state.notebook.cell(cell_id).source
            number = self._numbers.pop(cell_id, 0)
            was_handled = text.looks_accepted(source) if handled is None else number <= handled
            if text.is_under_way and was_handled:
                text.echoed(source)
            elif text.is_under_way:
                text.unsent()
                self._queue.appendleft(_Change(cell_id, 0.0))
                text.heard(source)
            else:
                text.heard(source)

    def _make_anew(self, cell_id: str, text: TypedText) -> None:
        """One that was made here comes with the text that it has; another is gone."""
        if cell_id in self._coming:
            self._drop_changes(cell_id)
            self._texts[cell_id] = TypedText(text.text)
        else:
            self._forget(cell_id)

    # What the session does.

    def applied(self, operation: Operation, state: State) -> None:
        """It has applied that, and this is its state now."""
        before, self._state = self._state, state
        if state.notebook is not before.notebook or isinstance(operation, ApplyDelta):
            for cell_id, text in [*self._texts.items()]:
                self._hear(cell_id, text, operation)
        if state.texts is not before.texts:
            self._report(before)
        self._go_on()

    def _hear(self, cell_id: str, text: TypedText, operation: Operation) -> None:
        if not self._state.notebook.has_cell(cell_id):
            if cell_id not in self._coming:
                self._forget(cell_id)
            return
        self._coming.discard(cell_id)
        source = self._state.notebook.cell(cell_id).source
        change: Delta | None = None
        if isinstance(operation, ApplyDelta) and operation.cell_id == cell_id:
            if operation.client_id == self.id:
                text.echoed(source)
                self._settle(cell_id)
                return
            known = self._state.texts.get(cell_id)
            change = known.deltas[-1] if known is not None and known.deltas else None
        text.heard(source, change)

    def refused(self, operation: Operation) -> None:
        """It does not do that."""
        if isinstance(operation, InsertCell):
            self._coming.discard(operation.cell.id)
        if isinstance(operation, ApplyDelta) and operation.cell_id in self._texts:
            self._texts[operation.cell_id].refused()
            self._drop_changes(operation.cell_id)
            self._settle(operation.cell_id)
        self._go_on()

    def resynced(self, state: State, handled: int) -> None:
        """Its state after operations that were not told, when it had handled so many of what was sent from here."""
        self._state = state
        for cell_id, text in [*self._texts.items()]:
            if not state.notebook.has_cell(cell_id):
                if cell_id not in self._coming:
                    self._forget(cell_id)
            elif text.is_under_way and self._numbers[cell_id] <= handled:
                text.echoed(state.notebook.cell(cell_id).source)
                self._settle(cell_id)
            else:
                text.heard(state.notebook.cell(cell_id).source)
        self._go_on()

    def _forget(self, cell_id: str) -> None:
        """The cell is gone, and what waits to be typed in it."""
        del self._texts[cell_id]
        self._open.discard(cell_id)
        self._drop_changes(cell_id)
        self._settle(cell_id)

    def _drop_changes(self, cell_id: str) -> None:
        self._queue = deque(each for each in self._queue if not (isinstance(each, _Change) and each.cell_id == cell_id))

    def _settle(self, cell_id: str) -> None:
        """What was under way there is so no more."""
        self._numbers.pop(cell_id, None)
        self._tidy(cell_id)

    def _tidy(self, cell_id: str) -> None:
        text = self._texts.get(cell_id)
        if text is not None and text.is_settled and cell_id not in self._open:
            del self._texts[cell_id]

    def _report(self, before: State) -> None:
        """The session keeps what somebody may not have seen: so they say, now and then, what they have."""
        for cell_id, known in self._state.texts.items():
            if known is before.texts.get(cell_id):
                continue
            text = self._texts.get(cell_id)
            if text is not None and text.is_under_way:
                continue  # what is under way was made for an older one
            if known.revision - self._reported.get(cell_id, 0) >= REPORT_EVERY:
                self._reported[cell_id] = known.revision
                self._send(ReportRevision(self.id, cell_id, known.revision))
